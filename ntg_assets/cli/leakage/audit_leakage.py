"""`ntg audit-leakage`: the verdict on this code and configuration."""

import json
from pathlib import Path

import polars as pl
from rich.console import Console

from ntg_assets.cli.json_answers import print_json
from ntg_assets.cli.lines import say
from ntg_assets.cli.loading import loading
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings, load_settings
from ntg_assets.errors import LeakageError
from ntg_assets.evaluation.leakage.findings import CAN_BE_MADE
from ntg_assets.evaluation.leakage.other_night import nights
from ntg_assets.evaluation.leakage.rehearsal_settings import rehearsal_settings
from ntg_assets.evaluation.leakage.remaking import find_verdict
from ntg_assets.evaluation.leakage.verdict_on_code import remade
from ntg_assets.evaluation.leakage.verdicts import (
    SHIPPED,
    as_json,
    fingerprint,
    known_verdict,
)
from ntg_assets.orchestration.collection import load_assets


def render_verdict(
    settings: Settings, paths: Paths, console: Console, *, in_json: bool = False
) -> None:
    """Print the verdict, found where none is known; for programs (`in_json`) every comparison, on
    standard output.

    Raises:
        LeakageError: something differs.
    """
    name = fingerprint(rehearsal_settings(settings))
    if known_verdict(name, workspace=paths.workspace) is None:
        _load_assets()
    verdict = remade(settings, workspace=paths.workspace, tell=console.print)
    broken = verdict.filter(pl.col("n_violations") > 0)
    if in_json:
        print_json({"fingerprint": name, "comparisons": verdict.to_dicts()})
    else:
        for detail in verdict["detail"].drop_nulls():
            say(console, detail)
    if broken.height:
        raise LeakageError(
            f"{broken.height} of {verdict.height} tables differ with another future (fingerprint"
            f" {name}): {broken['detail'][0]}"
        )
    if verdict["rule"][0] == CAN_BE_MADE:
        raise LeakageError(f"{verdict['detail'][0]} (fingerprint {name})")
    if not in_json:
        say(console, f"fingerprint {name}: {verdict.height} comparisons, nothing differs")


def _load_assets() -> None:
    """Load what is made before any of it is: here nothing is looked at for garbage."""
    with loading():
        load_assets()


def write_shipped(settings: dict[str, Settings], console: Console) -> None:
    """Find the verdicts of the shipped configurations anew and write them beside the code.

    Raises:
        LeakageError: one of them is not clean.
    """
    _load_assets()
    verdicts: dict[str, list[list[object]]] = {}
    with nights() as night:
        for config, configured in settings.items():
            rehearsed = rehearsal_settings(configured)
            name = fingerprint(rehearsed)
            if name not in verdicts:
                verdict = find_verdict(rehearsed, night=night)
                if verdict["n_violations"].sum() or verdict["rule"][0] == CAN_BE_MADE:
                    raise LeakageError(f"{config}: {verdict['detail'].drop_nulls()[0]}")
                verdicts[name] = [list(row) for row in verdict.iter_rows()]
            console.print(f"{config}: {name}, {len(verdicts[name])} comparisons, nothing differs")
    SHIPPED.write_text(as_json(verdicts), encoding="utf-8")


def render_unproved(settings: dict[str, Settings], console: Console) -> None:
    """Say whether the verdicts beside the code belong to it as it is.

    Raises:
        LeakageError: one does not.
    """
    proved = json.loads(SHIPPED.read_text(encoding="utf-8")) if SHIPPED.exists() else {}
    names = {
        config: fingerprint(rehearsal_settings(configured))
        for config, configured in settings.items()
    }
    if missing := [config for config, name in names.items() if name not in proved]:
        raise LeakageError(
            f"No verdict beside the code belongs to {', '.join(missing)} as they are now. Run `ntg"
            " audit-leakage --write` and commit what it writes."
        )
    console.print(f"{len(names)} configurations, each with a verdict on the code as it is")


def shipped_settings(home: Path) -> dict[str, Settings]:
    """Read the configurations that come with the code, by their file."""
    return {
        f"configs/{file.name}": load_settings(file, home=home)
        for file in sorted((home / "configs").glob("*.yaml"))
        if file.name != "base.yaml"
    }
