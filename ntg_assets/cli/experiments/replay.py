"""Derive a decision again from its receipt, and hold it against what is published."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from ntg_assets.cli.experiments.published_evidence import evidence_tables, open_published
from ntg_assets.cli.experiments.trace import what_became
from ntg_assets.cli.json_answers import print_json
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.errors import ConfigurationError, NotEnoughDataError, StorageError
from ntg_assets.experiments.decision.decisions import RULE_VERSION
from ntg_assets.experiments.decision.receipt_inputs import ReplayMismatchError, inputs_of
from ntg_assets.experiments.decision.receipts import hold_against, replay, sha256_of
from ntg_assets.experiments.decision.trace import trace_logs
from ntg_assets.publish.verify import verify_among
from ntg_assets.storage.connection import Connection, MissingTableError

MOST_NAMED = 10
# where decisions, and logs of NTG's own, are published
HELD_FOLDERS = ("outputs/experiments", "outputs/reports", "outputs/radar")
SHOWN_DIGITS = 12


def render_replay(
    experiment: str | None,
    *,
    settings: Settings,
    paths: Paths,
    console: Console,
    receipt_file: Path | None = None,
    as_json: bool = False,
) -> None:
    """Derive a decision again from its receipt; every number must come out the same,
    and all that it rests on must still be there.

    Args:
        experiment: The experiment; None: the one that the receipt in the file names.
        settings: The configuration.
        paths: Where the published store lies.
        console: Where to tell it.
        receipt_file: A receipt in a JSON file; None: the published one.
        as_json: Whether to tell it as JSON.

    Raises:
        ReplayMismatchError: anything comes out differently, or the receipt is not the published
        one.
        NotEnoughDataError: no decision of that experiment is published.
        StorageError: what is published was changed since.
        ConfigurationError: neither an experiment nor a receipt is named.
    """
    paths = paths.pinned()
    receipt_given = None if receipt_file is None else read_receipt(_text_of(receipt_file))
    if receipt_given is None and experiment is None:
        raise ConfigurationError("name an experiment, or a receipt with --receipt FILE.")
    again = None if receipt_given is None else replay(receipt_given)
    name = experiment or str((again or {})["decision"]["experiment"])
    if again is not None and not paths.published_store.exists():
        outcome = _outcome(again, name, said="nothing is published")
        verdict = (
            "the arithmetic of the receipt is coherent. Nothing is published here to hold it"
            " against, so whether it is genuine is not known."
        )
        _render_outcome(name, outcome, verdict, console=console, as_json=as_json, is_held=False)
        return
    receipt, outcome = _held_against_the_store(
        name, receipt_given, again, settings=settings, paths=paths
    )
    files = verify_among(paths, HELD_FOLDERS)
    logs = _held_against_the_logs(name, receipt, paths=paths, published=files)
    verdict = f"{_what_came_out(receipt)}, from the published sums{logs}."
    _render_outcome(name, outcome, verdict, console=console, as_json=as_json, is_held=True)


def _render_outcome(
    name: str, outcome: str, verdict: str, *, console: Console, as_json: bool, is_held: bool
) -> None:
    """Say what a replay came to, and whether it was held against a publication."""
    if as_json:
        print_json(
            {
                "experiment": name,
                "decision": outcome,
                "sentence": verdict,
                "is_held_against": is_held,
            }
        )
    else:
        console.print(f"{name}: {outcome}; {verdict}", highlight=False, soft_wrap=True)


def _held_against_the_store(
    experiment: str,
    receipt_given: Mapping[str, Any] | None,
    again: Mapping[str, Any] | None,
    *,
    settings: Settings,
    paths: Paths,
) -> tuple[Mapping[str, Any], str]:
    """Hold a receipt (the published one where none is given) against the store;
    return it and what is in force by it.
    """
    with open_published(settings, paths) as store:
        text, in_force = _published_receipt(store, experiment)
        stored = evidence_tables(store)
    published = read_receipt(text)
    receipt = receipt_given or published
    outcome = _outcome(
        again or replay(receipt), experiment, said=f"the published table says {in_force}"
    )
    hold_against(receipt, stored)
    if receipt_given is None and outcome != in_force:
        raise ReplayMismatchError(
            f"the receipt leads to {outcome} for {experiment}, the published table says {in_force}"
            f" for {experiment}."
        )
    if (digest := sha256_of(receipt)) != (other := sha256_of(published)):
        raise ReplayMismatchError(
            f"this receipt is not the published one of {experiment} (SHA-256"
            f" {digest[:SHOWN_DIGITS]} for {other[:SHOWN_DIGITS]}), though its arithmetic is"
            " coherent. Take the published one from outputs/experiments/decisions.parquet."
        )
    return receipt, outcome


def _outcome(again: Mapping[str, Any], experiment: str, *, said: str) -> str:
    """Return what is in force by a replayed receipt, once it is one of this experiment."""
    if (other := again["decision"]["experiment"]) != experiment:
        raise ReplayMismatchError(
            f"the receipt leads to {again['in_force']} for {other}, {said} for {experiment}."
        )
    return str(again["in_force"])


def _what_came_out(receipt: Mapping[str, Any]) -> str:
    if (version := receipt["rule_version"]) != RULE_VERSION:
        return (
            f"the receipt follows rule version {version}, and version {RULE_VERSION} comes to the"
            " same outcome"
        )
    return "every readout, gate and number comes out as the receipt says"


def _held_against_the_logs(
    experiment: str, receipt: Mapping[str, Any], *, paths: Paths, published: Mapping[Path, str]
) -> str:
    """Say what holds of the log files; a file that is not as it was read ends the replay."""
    definition, evidence = inputs_of(receipt)
    read = {file.file_name for file in evidence.files}
    logs = [
        log
        for log in trace_logs(definition, evidence, home=paths.home, published=published)
        if log.file_name in read
    ]
    if changed := [f"{log.file_name} {what_became(log, paths)}" for log in logs if log.change]:
        raise ReplayMismatchError(
            f"{experiment}: the decision comes out of its receipt and the published sums, but"
            f" {len(changed)} of {len(logs)} log files are not what it was read from:"
            f" {'; '.join(changed[:MOST_NAMED])}."
        )
    return f"; its {len(logs)} log files are as they were read" if logs else ""


def read_receipt(text: str) -> dict[str, Any]:
    """Read a receipt.

    Raises:
        ReplayMismatchError: it is no JSON object.
    """
    try:
        receipt = json.loads(text)
    except ValueError as error:
        raise ReplayMismatchError(f"the receipt is damaged: it is no JSON ({error}).") from None
    if not isinstance(receipt, dict):
        raise ReplayMismatchError("the receipt is damaged: it is no JSON object.")
    return receipt


def _published_receipt(store: Connection, experiment: str) -> tuple[str, str]:
    try:
        rows = store.execute(
            "select experiment, receipt, decision from experiments.decisions order by experiment"
        ).fetchall()
    except MissingTableError:
        raise StorageError(
            "the published store holds no decisions. Run `ntg run-all` to publish them."
        ) from None
    by_experiment = {name: (receipt, decision) for name, receipt, decision in rows}
    if experiment not in by_experiment:
        names = ", ".join(list(by_experiment)[:MOST_NAMED]) or "none"
        raise NotEnoughDataError(
            f"no decision of experiment {experiment!r} is published; known: {names}."
        )
    return by_experiment[experiment]


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(
            f"{file.name} cannot be read ({error.__class__.__name__}). Name a JSON file with a"
            " receipt."
        ) from None
