"""`ntg audit-leakage`: the verdict on this code and configuration, and what each guard catches."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from ntg_assets.cli.json_answers import print_json
from ntg_assets.cli.lines import say
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings, load_settings
from ntg_assets.errors import ConfigurationError, LeakageError
from ntg_assets.evaluation.leakage.findings import CAN_BE_MADE
from ntg_assets.evaluation.leakage.plants import PLANTS, Edit, Plant
from ntg_assets.evaluation.leakage.rehearsal_settings import rehearsal_settings
from ntg_assets.evaluation.leakage.remaking import find_verdict, remade
from ntg_assets.evaluation.leakage.verdicts import SHIPPED, as_json, fingerprint
from ntg_assets.modules import ROOT

TESTS = "tests"
GUARDS = ("graph", "declared reads", "dates", "re-making", TESTS)
LEAKAGE_TESTS = "leakage"
# tests of the guards that are asked themselves
OTHER_GUARDS = (
    "leakage/test_asset_graph.py",
    "leakage/test_remaking.py",
    "leakage/test_leakage_comparison.py",
    "leakage/test_plants.py",  # it asks that nothing is planted yet
)
COPIED = ("configs", "pyproject.toml", "ntg_assets_tests", "data/sample")
LIMIT_SECONDS = 600


def tell_verdict(
    settings: Settings, paths: Paths, console: Console, *, in_json: bool = False
) -> None:
    """Print the verdict, found where none is known; for programs (`in_json`) every comparison, on
    standard output.

    Raises:
        LeakageError: something differs.
    """
    verdict = remade(settings, workspace=paths.workspace, tell=console.print)
    broken = verdict.filter(pl.col("n_violations") > 0)
    name = fingerprint(rehearsal_settings(settings))
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


def write_shipped(settings: dict[str, Settings], console: Console) -> None:
    """Find the verdicts of the shipped configurations anew and write them beside the code.

    Raises:
        LeakageError: one of them is not clean.
    """
    verdicts: dict[str, list[list[object]]] = {}
    for config, configured in settings.items():
        rehearsed = rehearsal_settings(configured)
        name = fingerprint(rehearsed)
        if name not in verdicts:
            verdict = find_verdict(rehearsed)
            if verdict["n_violations"].sum() or verdict["rule"][0] == CAN_BE_MADE:
                raise LeakageError(f"{config}: {verdict['detail'].drop_nulls()[0]}")
            verdicts[name] = [list(row) for row in verdict.iter_rows()]
        console.print(f"{config}: {name}, {len(verdicts[name])} comparisons, nothing differs")
    SHIPPED.write_text(as_json(verdicts), encoding="utf-8")


def tell_unproved(settings: dict[str, Settings], console: Console) -> None:
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


def tell_matrix(kinds: list[str], console: Console, *, home: Path) -> None:
    """Plant each leak in a copy and print which guards catch it.

    Raises:
        ConfigurationError: there is no such plant.
        LeakageError: a plant is caught by no guard; of all plants: a guard is needed for none.
    """
    if unknown := [kind for kind in kinds if kind not in PLANTS]:
        raise ConfigurationError(
            f"No leak {unknown[0]!r} can be planted; there are {', '.join(PLANTS)}, and all."
        )
    caught = {kind: _caught_by(kind, console, home=home) for kind in kinds}
    console.print(matrix(caught))
    if missed := [kind for kind, by_guard in caught.items() if not any(by_guard.values())]:
        raise LeakageError(f"Nobody catches {', '.join(missed)}.")
    if set(kinds) == set(PLANTS) and (idle := needless_guards(caught)):
        raise LeakageError(f"Every leak that {', '.join(idle)} catches is caught without it.")


def _caught_by(kind: str, console: Console, *, home: Path) -> dict[str, str | None]:
    """Plant one leak, and say which guards catch it."""
    by_guard = catch(PLANTS[kind], home=home)
    marks = ", ".join(name for name, reason in by_guard.items() if reason) or "nobody"
    console.print(f"{kind}: {PLANTS[kind].what}; caught by {marks}", soft_wrap=True)
    return by_guard


def matrix(caught: dict[str, dict[str, str | None]]) -> Table:
    """Lay out plant x guard."""
    table = Table("plant", *GUARDS, title="which guard catches which planted leak")
    for kind, by_guard in caught.items():
        table.add_row(kind, *("caught" if by_guard.get(guard) else "" for guard in GUARDS))
    return table


def needless_guards(caught: dict[str, dict[str, str | None]]) -> list[str]:
    """List the guards that are the only catcher of no plant."""
    alone = {
        next(name for name, reason in by_guard.items() if reason)
        for by_guard in caught.values()
        if sum(bool(reason) for reason in by_guard.values()) == 1
    }
    return [guard for guard in GUARDS if guard not in alone]


def catch(plant: Plant, *, home: Path) -> dict[str, str | None]:
    """Plant a leak in a copy of the code and ask every guard.

    Args:
        plant: The leak.
        home: The project folder; where it holds the tests, they are a guard too.
    """
    with planted(plant, home=home) as copy:
        said = _run(copy, "-m", "ntg_assets.cli.leakage.leakage_guards")
        try:
            by_guard: dict[str, str | None] = json.loads(said.stdout)
        except json.JSONDecodeError:
            by_guard = {"graph": _last_line(said.stderr)}  # it cannot even be loaded
        by_guard[TESTS] = _by_tests(copy, plant)
        return by_guard


@contextmanager
def planted(plant: Plant, *, home: Path) -> Iterator[Path]:
    """Copy the code, exchange the words, and take the copy away afterwards."""
    with tempfile.TemporaryDirectory(prefix="ntg-plant-") as folder:
        copy = Path(folder)
        shutil.copytree(ROOT, copy / ROOT.name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in COPIED:
            source = home / name
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, copy / name, ignore=ignored)
            elif source.exists():
                shutil.copy(source, copy / name)
        for edit in plant.edits:
            _exchange(copy / ROOT.name / edit.file, edit)
        yield copy


def _exchange(file: Path, edit: Edit) -> None:
    """Write a file with the words of an edit exchanged; they must stand in it once."""
    text = file.read_text(encoding="utf-8")
    if text.count(edit.words) != 1:
        raise LeakageError(
            f"{edit.file} holds {edit.words!r} {text.count(edit.words)} times, so the leak"
            " cannot be planted. Mend evaluation/leakage/plants/."
        )
    file.write_text(text.replace(edit.words, edit.instead), encoding="utf-8")


def _by_tests(copy: Path, plant: Plant) -> str | None:
    folder = copy / "ntg_assets_tests"
    if not folder.exists():
        return None
    modules = [str(folder / name) for name in (LEAKAGE_TESTS, *plant.tests)]
    options = ["-q", "-x", "-p", "no:cacheprovider", "-m", "not slow", "--tb=no"]
    options += [f"--ignore={folder / name}" for name in OTHER_GUARDS]
    done = _run(copy, "-m", "pytest", *options, *modules)
    return _last_line(done.stdout) if done.returncode == 1 else None


def _run(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # `-m` looks into the working folder first: the copy, wherever another one is installed
    return subprocess.run(  # noqa: S603  # this interpreter over a copy of this code
        [sys.executable, *arguments],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_SECONDS,
    )


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it ended without a word"
