"""Look behind a decision: derive it again from its receipt, walk back to the files it came from."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
from rich.console import Console

from ntg_assets.errors import NotEnoughDataError, StorageError
from ntg_assets.experiments.receipts import replay
from ntg_assets.experiments.trace import trace
from ntg_assets.settings import Paths, Settings
from ntg_assets.storage.connection import connect


def tell_replay(experiment: str, *, settings: Settings, paths: Paths, console: Console) -> None:
    """Derive the published decision of an experiment again from its receipt; every number must come out the same."""
    with open_published(settings, paths) as store:
        found = store.execute("select receipt from experiments.decisions where experiment = $id", {"id": experiment}).fetchall()
        if not found:
            known = [name for (name,) in store.execute("select experiment from experiments.decisions order by experiment").fetchall()]
            raise NotEnoughDataError(f"no decision of experiment {experiment!r} is published; known: {', '.join(known) or 'none'}.")
    again = replay(json.loads(found[0][0]))
    decided = again["in_force"]["decision"] if isinstance(again["in_force"], dict) else again["in_force"]
    console.print(
        f"{experiment}: {decided}; every readout, gate and number comes out as the receipt says.", highlight=False, soft_wrap=True
    )


def tell_trace(experiment: str, *, settings: Settings, paths: Paths, console: Console) -> None:
    """Print the way from a decision back to the source files."""
    with open_published(settings, paths) as store:
        way = trace(store, experiment)
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
