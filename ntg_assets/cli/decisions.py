"""Look behind a decision: derive it again from its receipt,
hold it against what is published, walk back to the files it came from.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from ntg_assets.cli.json_answers import print_json
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.errors import ConfigurationError, NotEnoughDataError, StorageError
from ntg_assets.experiments.data.evidence_tables import EvidenceTables
from ntg_assets.experiments.decision.decisions import RULE_VERSION
from ntg_assets.experiments.decision.receipts import (
    ReplayMismatchError,
    hold_against,
    inputs_of,
    replay,
    sha256_of,
)
from ntg_assets.experiments.decision.trace import TracedLog, trace, trace_logs
from ntg_assets.history.forgets import read_forgets, told_by_a_forget
from ntg_assets.publish.manifest import read_manifest
from ntg_assets.publish.verify import verify_among
from ntg_assets.storage.connection import Connection, MissingTableError, connect  # noqa: TID251  # of the published store

MOST_NAMED = 10
# where decisions, and logs of NTG's own, are published
HELD_FOLDERS = ("outputs/experiments", "outputs/reports", "outputs/radar")
SHOWN_DIGITS = 12


def tell_replay(
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
    given = None if receipt_file is None else read_receipt(_text_of(receipt_file))
    if given is None and experiment is None:
        raise ConfigurationError("name an experiment, or a receipt with --receipt FILE.")
    again = None if given is None else replay(given)
    name = experiment or str((again or {})["decision"]["experiment"])
    if again is not None and not paths.published_store.exists():
        outcome = _outcome(again, name, said="nothing is published")
        told = (
            "the arithmetic of the receipt is coherent. Nothing is published here to hold it"
            " against, so whether it is genuine is not known."
        )
        _tell_outcome(name, outcome, told, console=console, as_json=as_json, is_held=False)
        return
    receipt, outcome = _held_against_the_store(name, given, again, settings=settings, paths=paths)
    files = verify_among(paths, HELD_FOLDERS)
    logs = _held_against_the_logs(name, receipt, paths=paths, published=files)
    told = f"{_what_came_out(receipt)}, from the published sums{logs}."
    _tell_outcome(name, outcome, told, console=console, as_json=as_json, is_held=True)


def _tell_outcome(
    name: str, outcome: str, told: str, *, console: Console, as_json: bool, is_held: bool
) -> None:
    """Say what a replay came to, and whether it was held against a publication."""
    if as_json:
        print_json(
            {"experiment": name, "decision": outcome, "sentence": told, "is_held_against": is_held}
        )
    else:
        console.print(f"{name}: {outcome}; {told}", highlight=False, soft_wrap=True)


def _held_against_the_store(
    experiment: str,
    given: Mapping[str, Any] | None,
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
    receipt = given or published
    outcome = _outcome(
        again or replay(receipt), experiment, said=f"the published table says {in_force}"
    )
    hold_against(receipt, stored)
    if given is None and outcome != in_force:
        raise ReplayMismatchError(
            f"the receipt leads to {outcome} for {experiment}, the published table says {in_force}"
            f" for {experiment}."
        )
    if (one := sha256_of(receipt)) != (other := sha256_of(published)):
        raise ReplayMismatchError(
            f"this receipt is not the published one of {experiment} (SHA-256 {one[:SHOWN_DIGITS]}"
            f" for {other[:SHOWN_DIGITS]}), though its arithmetic is coherent. Take the published"
            " one from outputs/experiments/decisions.parquet."
        )
    return receipt, outcome


def _outcome(again: Mapping[str, Any], experiment: str, *, said: str) -> str:
    """Return what is in force by a replayed receipt, once it is one of this experiment."""
    if (found := again["decision"]["experiment"]) != experiment:
        raise ReplayMismatchError(
            f"the receipt leads to {again['in_force']} for {found}, {said} for {experiment}."
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
    if changed := [f"{log.file_name} {_told(log, paths)}" for log in logs if log.change]:
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


def evidence_tables(store: Connection) -> EvidenceTables:
    """Read the published tables on which decisions rest.

    Raises:
        StorageError: the publication does not hold them.
    """
    names = ("arm_traffic", "metric_sums", "metric_quantiles", "daily_sums")
    try:
        found = {name: store.table(f"experiments.{name}").pl() for name in names}
    except MissingTableError:
        raise StorageError(
            "the published store holds no sums of experiments. Run `ntg run-all` to publish them."
        ) from None
    # older publications do not hold them, and their receipts say nothing of them
    for name in (
        "experiment_sources",
        "log_contents",
        "metric_shapes",
        "metric_contrasts",
        "self_tests",
        "traffic_by_day",
    ):
        with suppress(MissingTableError):
            found[name] = store.table(f"experiments.{name}").pl()
    return EvidenceTables(**found)


def _published_receipt(store: Connection, experiment: str) -> tuple[str, str]:
    try:
        rows = store.execute(
            "select experiment, receipt, decision from experiments.decisions order by experiment"
        ).fetchall()
    except MissingTableError:
        raise StorageError(
            "the published store holds no decisions. Run `ntg run-all` to publish them."
        ) from None
    found = {name: (receipt, decision) for name, receipt, decision in rows}
    if experiment not in found:
        known = ", ".join(list(found)[:MOST_NAMED]) or "none"
        raise NotEnoughDataError(
            f"no decision of experiment {experiment!r} is published; known: {known}."
        )
    return found[experiment]


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(
            f"{file.name} cannot be read ({error.__class__.__name__}). Name a JSON file with a"
            " receipt."
        ) from None


def tell_trace(
    experiment: str, *, settings: Settings, paths: Paths, console: Console, as_json: bool = False
) -> None:
    """Print the way from a decision back to the source files."""
    paths = paths.pinned()
    with open_published(settings, paths) as store:
        way = trace(store, experiment, home=paths.home, published=_written(paths))
    way = replace(way, logs=tuple(replace(log, change=_told(log, paths)) for log in way.logs))
    forgets = read_forgets(paths.data)
    if as_json:
        forgot = [{"at": one.at, "n_users": len(one.hashes)} for one in forgets]
        print_json({**asdict(way), "changed_by_forgets": forgot})
        return
    console.print(
        f"{way.experiment}: {way.decision} (readout {way.readout_key}, inputs"
        f" {way.inputs_sha256[:12]})",
        highlight=False,
    )
    for step in way.steps:
        console.print(
            f"  {step.table:<28} {step.n_rows:>12,} rows  {step.content_hash:<28} {step.meaning}",
            highlight=False,
            soft_wrap=True,
        )
    for log in way.logs:
        told = f"  {log.change}" if log.change else ""
        console.print(
            f"  {log.file_name}  sha256 {log.sha256}{told}", highlight=False, soft_wrap=True
        )
    for name, digest in way.files:
        console.print(f"  {name}  sha256 {digest}", highlight=False, soft_wrap=True)
    for forget in forgets:
        console.print(
            f"  the log was changed by a forget on {forget.at.date().isoformat()}:"
            f" {len(forget.hashes)} user(s) are left out of what is read and published",
            highlight=False,
            soft_wrap=True,
        )


def _told(log: TracedLog, paths: Paths) -> str:
    """Say what became of a log file: whether we changed it ourselves, when somebody was
    forgotten.
    """
    if not log.change:
        return ""
    return told_by_a_forget(paths.data, paths.home / log.file_name) or log.change


def _written(paths: Paths) -> dict[Path, str]:
    """SHA-256 of what this publication wrote; nothing where no manifest says."""
    if not paths.manifest.is_file():
        return {}
    return {
        (paths.published / file.path).resolve(): file.sha256
        for file in read_manifest(paths.manifest).files
    }


@contextmanager
def open_published(settings: Settings, paths: Paths) -> Iterator[Connection]:
    """Open the published store for reading."""
    paths = paths.pinned()
    if not paths.published_store.exists():
        raise StorageError("nothing is published yet. Run `ntg run-all` first.")
    with connect(paths.published_store, engine=settings.engine, read_only=True) as connection:
        yield connection
