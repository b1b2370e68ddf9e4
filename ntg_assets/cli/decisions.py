"""Look behind a decision: derive it again from its receipt, walk back to the files it came from."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console

from ntg_assets.errors import NotEnoughDataError, StorageError
from ntg_assets.experiments.evidence import EvidenceTables
from ntg_assets.experiments.receipts import ReplayMismatchError, hold_against, replay
from ntg_assets.experiments.trace import trace
from ntg_assets.settings import Paths, Settings
from ntg_assets.storage.connection import connect

MOST_NAMED = 10


def tell_replay(experiment: str, *, settings: Settings, paths: Paths, console: Console, receipt_file: Path | None = None) -> None:
    """Derive a decision again from its receipt; every number must come out the same, and rest on the published tables.

    Args:
        experiment: The experiment.
        settings: The configuration.
        paths: Where the published store lies.
        console: Where to tell it.
        receipt_file: A receipt in a JSON file; None: the published one.

    Raises:
        ReplayMismatchError: anything comes out differently.
        NotEnoughDataError: no decision of that experiment is published.
    """
    with open_published(settings, paths) as store:
        published, in_force = _published_receipt(store, experiment)
        stored = evidence_tables(store)
    receipt = read_receipt(published if receipt_file is None else _text_of(receipt_file))
    again = replay(receipt)
    hold_against(receipt, stored)
    if again["decision"]["experiment"] != experiment or (receipt_file is None and again["in_force"] != in_force):
        said = f"{again['in_force']} for {again['decision']['experiment']}"
        raise ReplayMismatchError(f"the receipt leads to {said}, the published table says {in_force} for {experiment}.")
    told = "every readout, gate and number comes out as the receipt says, from the published sums"
    console.print(f"{experiment}: {again['in_force']}; {told}.", highlight=False, soft_wrap=True)


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


def evidence_tables(store: duckdb.DuckDBPyConnection) -> EvidenceTables:
    """Read the published tables on which decisions rest.

    Raises:
        StorageError: the publication does not hold them.
    """
    try:
        found = {name: store.table(f"experiments.{name}").pl() for name in ("arm_traffic", "metric_sums", "metric_quantiles", "daily_sums")}
    except duckdb.CatalogException:
        raise StorageError("the published store holds no sums of experiments. Run `ntg run-all` to publish them.") from None
    with suppress(duckdb.CatalogException):  # publications of before logs were counted do not hold it, and their receipts say nothing of it
        found["log_contents"] = store.table("experiments.log_contents").pl()
    return EvidenceTables(**found)


def _published_receipt(store: duckdb.DuckDBPyConnection, experiment: str) -> tuple[str, str]:
    try:
        rows = store.execute("select experiment, receipt, decision from experiments.decisions order by experiment").fetchall()
    except duckdb.CatalogException:
        raise StorageError("the published store holds no decisions. Run `ntg run-all` to publish them.") from None
    found = {name: (receipt, decision) for name, receipt, decision in rows}
    if experiment not in found:
        known = ", ".join(list(found)[:MOST_NAMED]) or "none"
        raise NotEnoughDataError(f"no decision of experiment {experiment!r} is published; known: {known}.")
    return found[experiment]


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{file.name} cannot be read ({error.__class__.__name__}). Name a JSON file with a receipt.") from None


def tell_trace(experiment: str, *, settings: Settings, paths: Paths, console: Console) -> None:
    """Print the way from a decision back to the source files."""
    with open_published(settings, paths) as store:
        way = trace(store, experiment, home=paths.home)
    console.print(f"{way.experiment}: {way.decision} (readout {way.readout_key}, inputs {way.inputs_sha256[:12]})", highlight=False)
    for step in way.steps:
        console.print(
            f"  {step.table:<28} {step.n_rows:>12,} rows  {step.content_hash:<28} {step.meaning}", highlight=False, soft_wrap=True
        )
    for name, digest in way.files:
        console.print(f"  {name}  sha256 {digest}", highlight=False, soft_wrap=True)


@contextmanager
def open_published(settings: Settings, paths: Paths) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published store for reading."""
    if not paths.published_store.exists():
        raise StorageError("nothing is published yet. Run `ntg run-all` first.")
    with connect(paths.published_store, engine=settings.engine, read_only=True) as connection:
        yield connection
