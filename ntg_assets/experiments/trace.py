"""Walk back from a decision to the files: which tables it came from, and what they held."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.receipts import inputs_of
from ntg_assets.experiments.source_settings import InterventionSource, LogSource, ReplaySource, Source
from ntg_assets.sql import Table
from ntg_assets.storage.tables import content_hash

REPLAY_ONLY = frozenset({"strategy_lists", "ranking_weights", "taste_graph", "split_boundaries"})  # logs rest on none of these
PATH = (
    ("experiments", "decisions", "the decision and its receipt"),
    ("experiments", "readouts", "what each arm changed"),
    ("experiments", "metric_sums", "the exact sums behind every statistic"),
    ("experiments", "arm_traffic", "who was given and who saw which arm, counted"),
    ("experiments", "log_contents", "what the experiment's logs hold, and what was left out"),
    ("experiments", "daily_sums", "the primary metric by days since the exposure"),
    ("experiments", "unit_metrics", "what each unit did"),
    ("experiments", "exposures", "who saw what"),
    ("experiments", "assignments", "who was given which arm"),
    ("backtest", "strategy_lists", "the list of each ranking strategy"),
    ("backtest", "ranking_weights", "the weights of the blend"),
    ("backtest", "taste_graph", "the taste graph"),
    ("backtest", "split_boundaries", "where TRAIN ends"),
    ("ingest", "events", "the events"),
    ("ingest", "load_ledger", "the files they were loaded from"),
)


@dataclass(frozen=True)
class TraceStep:
    """One table on the way from a decision back to the files; the hash is the same for the same rows."""

    table: str
    meaning: str
    n_rows: int
    content_hash: str


@dataclass(frozen=True)
class Trace:
    """Where a decision came from.

    Attributes:
        experiment: The experiment.
        decision: What is in force.
        readout_key: The readout it rests on.
        inputs_sha256: SHA-256 of everything in its receipt.
        steps: Tables, from the decision back to the load ledger; those that the store does not hold are left out.
        files: Source files with their SHA-256, the experiment's own logs as they are now.
    """

    experiment: str
    decision: str
    readout_key: str
    inputs_sha256: str
    steps: tuple[TraceStep, ...]
    files: tuple[tuple[str, str], ...]


def trace(connection: duckdb.DuckDBPyConnection, experiment: str, *, home: Path) -> Trace:
    """Walk back from the decision of an experiment.

    Args:
        connection: The published store.
        experiment: The experiment.
        home: Project folder, below which its own logs lie.

    Raises:
        NotEnoughDataError: the store holds no decision of that experiment.
    """
    known = {(schema, table) for schema, table in connection.sql("select schema_name, table_name from duckdb_tables()").fetchall()}
    rows = []
    if ("experiments", "decisions") in known:
        wanted = "select decision, readout_key, inputs_sha256, receipt from experiments.decisions where experiment = $experiment"
        rows = connection.sql(wanted, params={"experiment": experiment}).fetchall()
    if not rows:
        raise NotEnoughDataError(
            f"the store holds no decision of experiment {experiment!r}. Name one of `experiments.decisions`, or run the pipeline."
        )
    decision, readout_key, inputs_sha256, receipt = rows[0]
    source = inputs_of(json.loads(receipt))[0].source
    passed_over = frozenset() if isinstance(source, ReplaySource) else REPLAY_ONLY
    path = [(schema, table, meaning) for schema, table, meaning in PATH if (schema, table) in known and table not in passed_over]
    steps = tuple(_step(connection, Table(schema, table), meaning) for schema, table, meaning in path)
    files = _files(connection) if ("ingest", "load_ledger") in known else ()
    return Trace(experiment, decision, readout_key, inputs_sha256, steps, (*log_files(source, home=home), *files))


def log_files(source: Source, *, home: Path) -> Iterator[tuple[str, str]]:
    """Hash the files that an experiment's own logs lie in; one that is gone is named as gone."""
    if isinstance(source, ReplaySource):
        return
    patterns = [*(source.exposures.files if isinstance(source, LogSource) else source.assignments)]
    patterns += source.outcomes.files if source.outcomes else []
    patterns += source.delivered.files if isinstance(source, InterventionSource) and source.delivered else []
    for pattern in patterns:
        found = [home / pattern] if (home / pattern).is_file() else sorted(home.glob(pattern))
        for file in found:
            with file.open("rb") as content:
                yield str(file.relative_to(home)), hashlib.file_digest(content, "sha256").hexdigest()
        if not found:
            yield pattern, "gone"


def _step(connection: duckdb.DuckDBPyConnection, table: Table, meaning: str) -> TraceStep:
    hashed = content_hash(connection, table)
    return TraceStep(f"{table.schema}.{table.name}", meaning, int(hashed.split("-")[0], 16), hashed)


def _files(connection: duckdb.DuckDBPyConnection) -> tuple[tuple[str, str], ...]:
    return tuple(connection.sql("select distinct file_name, sha256 from ingest.load_ledger order by file_name").fetchall())
