"""Walk back from a decision to the files: which tables it came from, and what they held."""

from dataclasses import dataclass

import duckdb

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.sql import Table
from ntg_assets.storage.tables import content_hash

PATH = (
    ("experiments", "decisions", "the decision and its receipt"),
    ("experiments", "readouts", "what each arm changed"),
    ("experiments", "metric_sums", "the exact sums behind every statistic"),
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
        files: Source files with their SHA-256.
    """

    experiment: str
    decision: str
    readout_key: str
    inputs_sha256: str
    steps: tuple[TraceStep, ...]
    files: tuple[tuple[str, str], ...]


def trace(connection: duckdb.DuckDBPyConnection, experiment: str) -> Trace:
    """Walk back from the decision of an experiment.

    Raises:
        NotEnoughDataError: the store holds no decision of that experiment.
    """
    known = {(schema, table) for schema, table in connection.sql("select schema_name, table_name from duckdb_tables()").fetchall()}
    rows = []
    if ("experiments", "decisions") in known:
        wanted = "select decision, readout_key, inputs_sha256 from experiments.decisions where experiment = $experiment"
        rows = connection.sql(wanted, params={"experiment": experiment}).fetchall()
    if not rows:
        raise NotEnoughDataError(
            f"the store holds no decision of experiment {experiment!r}. Name one of `experiments.decisions`, or run the pipeline."
        )
    steps = tuple(_step(connection, Table(schema, table), meaning) for schema, table, meaning in PATH if (schema, table) in known)
    files = _files(connection) if ("ingest", "load_ledger") in known else ()
    decision, readout_key, inputs_sha256 = rows[0]
    return Trace(experiment, decision, readout_key, inputs_sha256, steps, files)


def _step(connection: duckdb.DuckDBPyConnection, table: Table, meaning: str) -> TraceStep:
    hashed = content_hash(connection, table)
    return TraceStep(f"{table.schema}.{table.name}", meaning, int(hashed.split("-")[0], 16), hashed)


def _files(connection: duckdb.DuckDBPyConnection) -> tuple[tuple[str, str], ...]:
    return tuple(connection.sql("select distinct file_name, sha256 from ingest.load_ledger order by file_name").fetchall())
