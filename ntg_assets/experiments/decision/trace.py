"""Walk back from a decision to the files: which tables it came from, and what they held."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.data.logs.log_files import change_since, log_sources, patterns_of
from ntg_assets.experiments.decision.receipt_inputs import inputs_of
from ntg_assets.sql import Table
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.versions import content_hash

# logs rest on none of these
REPLAY_ONLY = frozenset({"strategy_lists", "ranking_weights", "taste_graph", "split_boundaries"})
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
    ("experiments", "experiment_sources", "the files of the logs, before they were read"),
    ("backtest", "strategy_lists", "the list of each ranking strategy"),
    ("backtest", "ranking_weights", "the weights of the blend"),
    ("backtest", "taste_graph", "the taste graph"),
    ("backtest", "split_boundaries", "where TRAIN ends"),
    ("ingest", "events", "the events"),
    ("ingest", "load_ledger", "the files they were loaded from"),
)


WITHOUT_FILES = "as it is now: the receipt does not say what was read"


@dataclass(frozen=True)
class TraceStep:
    """One table on the way from a decision back to the files;
    the hash is the same for the same rows.
    """

    table: str
    meaning: str
    n_rows: int
    content_hash: str


@dataclass(frozen=True)
class TracedLog:
    """One file of the experiment's own logs: its SHA-256 as it was read,
    and what has become of it since; empty when nothing has.
    """

    file_name: str
    sha256: str
    change: str


@dataclass(frozen=True)
class Trace:
    """Where a decision came from.

    Attributes:
        experiment: The experiment.
        decision: What is in force.
        readout_key: The readout it rests on.
        inputs_sha256: SHA-256 of everything in its receipt.
        steps: Tables, from the decision back to the load ledger; those that the store does not hold
        are left out.
        logs: Files of the experiment's own logs.
        files: Source files of the interaction log with their SHA-256 as they were loaded.
    """

    experiment: str
    decision: str
    readout_key: str
    inputs_sha256: str
    steps: tuple[TraceStep, ...]
    logs: tuple[TracedLog, ...]
    files: tuple[tuple[str, str], ...]


def trace(
    connection: Connection,
    experiment: str,
    *,
    home: Path,
    published: Mapping[Path, str] | None = None,
) -> Trace:
    """Walk back from the decision of an experiment.

    Args:
        connection: The published store.
        experiment: The experiment.
        home: Project folder, below which its own logs lie.
        published: SHA-256 of the files that the publication itself wrote.

    Raises:
        NotEnoughDataError: the store holds no decision of that experiment.
    """
    stored = "select schema_name, table_name from duckdb_tables()"
    sources = {(schema, table) for schema, table in connection.sql(stored).fetchall()}
    decision, readout_key, inputs_sha256, receipt = _decision_of(connection, experiment, sources)
    definition, evidence = inputs_of(json.loads(receipt))
    passed_over = frozenset() if definition.is_replay else REPLAY_ONLY
    steps = tuple(
        _step(connection, Table(schema, table), meaning)
        for schema, table, meaning in PATH
        if (schema, table) in sources and table not in passed_over
    )
    files = _files(connection) if ("ingest", "load_ledger") in sources else ()
    logs = tuple(trace_logs(definition, evidence, home=home, published=published))
    return Trace(experiment, decision, readout_key, inputs_sha256, steps, logs, files)


def _decision_of(
    connection: Connection, experiment: str, sources: set[tuple[str, str]]
) -> tuple[str, str, str, str]:
    """Read decision, key of its readout, hash of its inputs, and receipt."""
    rows: list[tuple[str, str, str, str]] = []
    if ("experiments", "decisions") in sources:
        wanted = (
            "select decision, readout_key, inputs_sha256, receipt from experiments.decisions where"
            " experiment = $experiment"
        )
        rows = connection.sql(wanted, params={"experiment": experiment}).fetchall()
    if not rows:
        raise NotEnoughDataError(
            f"the store holds no decision of experiment {experiment!r}. Name one of"
            " `experiments.decisions`, or run the pipeline."
        )
    return rows[0]


def trace_logs(
    experiment: ExperimentSettings,
    evidence: Evidence,
    *,
    home: Path,
    published: Mapping[Path, str] | None = None,
) -> Iterator[TracedLog]:
    """Hold the files of an experiment's own logs against what was read,
    and name those that came since.

    A receipt that does not say what was read (older ones) leaves only what the files hold now,
    which is told as such.
    """
    for file in evidence.files:
        remark = "" if file.stood_still else "changed while it was read"
        remark = remark or change_since(file, home=home, published=published)
        yield TracedLog(file.file_name, file.sha256, remark)
    later = log_sources([experiment], home=home).unique("file_name", maintain_order=True)
    yield from _came_since(evidence, later)
    if not evidence.files and later.is_empty():
        yield from (
            TracedLog(pattern, "gone", "the receipt does not say what was read")
            for _, pattern in patterns_of(experiment)
        )


def _came_since(evidence: Evidence, later: pl.DataFrame) -> Iterator[TracedLog]:
    read = {file.file_name for file in evidence.files}
    remark = "came after the others were read" if read else WITHOUT_FILES
    for name, sha256 in later.select("file_name", "sha256").iter_rows():
        if name not in read:
            yield TracedLog(name, sha256, remark)


def _step(connection: Connection, table: Table, meaning: str) -> TraceStep:
    hashed = content_hash(connection, table)
    return TraceStep(f"{table.schema}.{table.name}", meaning, int(hashed.split("-")[0], 16), hashed)


def _files(connection: Connection) -> tuple[tuple[str, str], ...]:
    return tuple(
        connection.sql(
            "select distinct file_name, sha256 from ingest.load_ledger order by file_name"
        ).fetchall()
    )
