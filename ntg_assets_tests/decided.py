"""Two decided experiments on logs, published, on which replays and traces are tested."""

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import polars as pl
from rich.console import Console

from ntg_assets.cli.experiments.replay import render_replay
from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.configuration.experiments.settings import ExperimentsSettings
from ntg_assets.configuration.paths import Paths
from ntg_assets.experiments import results
from ntg_assets.experiments.data import summed_tables
from ntg_assets.experiments.data.evidence_tables import EvidenceTables
from ntg_assets.experiments.data.logs.log_files import (
    log_sources,
    mark_changes,
)
from ntg_assets.experiments.decision.receipt_inputs import inputs_of
from ntg_assets.experiments.decision.receipts import make_receipt
from ntg_assets.publish.manifest import Manifest, describe_file, write_manifest
from ntg_assets.storage.run import run
from ntg_assets_tests.unit.test_experiments_many import definition, traffic, units

ID = "e0"
SETTINGS: Any = SimpleNamespace(engine=EngineSettings())
LOGS = {
    "seen.csv": "user_id,experiment,arm,exposed_at\n1,e0,control,2026-01-05\n",
    "paid.csv": "user_id,happened_at,amount\n1,2026-01-06,2.5\n",
}
SOURCE = {
    "kind": "log",
    "exposures": {"files": ["seen.csv"], "experiment": "experiment"},
    "outcomes": {"files": ["paid.csv"], "value": "amount"},
}


def published(folder: Path, **changed: Callable[[pl.DataFrame], pl.DataFrame]) -> Paths:
    """Publish two decided experiments on logs,
    with some tables changed before the manifest was written.
    """
    folder.mkdir(exist_ok=True)
    paths = Paths(home=folder, workspace=folder)
    for name, text in LOGS.items():
        (folder / name).write_text(text, encoding="utf-8")
    definitions = ExperimentsSettings.model_validate(
        {"definitions": [definition(n, source=SOURCE) for n in range(2)]}
    ).definitions
    read = log_sources(definitions, home=folder)
    values, files = units(2), mark_changes(read, read)
    made: dict[str, pl.DataFrame] = {
        "arm_traffic": traffic(values),
        "metric_sums": run(summed_tables.metric_sums(values, definitions=definitions)),
        "metric_quantiles": run(summed_tables.metric_quantiles(values, definitions=definitions)),
        "daily_sums": pl.DataFrame(
            schema={"experiment": pl.String, "arm": pl.String, "day": pl.Int64}
        ),
        "experiment_sources": files,
    }
    evidence = EvidenceTables(
        made["arm_traffic"],
        made["metric_sums"],
        made["metric_quantiles"],
        daily_sums=made["daily_sums"],
        experiment_sources=files,
    )
    made["readouts"] = results.readouts(definitions, evidence)
    made["decisions"] = results.decisions(definitions, evidence, readouts=made["readouts"])
    write(
        paths,
        {name: changed[name](rows) if name in changed else rows for name, rows in made.items()},
    )
    return paths


def write(paths: Paths, made: Mapping[str, pl.DataFrame]) -> None:
    """Write a store, a Parquet file of the decisions, and the manifest of both."""
    parquet = paths.workspace / "outputs" / "experiments" / "decisions.parquet"
    for file in (paths.published_store, parquet):
        file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(paths.published_store)) as store:
        store.execute("create schema experiments")
        for name, rows in made.items():
            store.register("incoming", rows)
            # our own names
            store.execute(f"create table experiments.{name} as select * from incoming")
    made["decisions"].write_parquet(parquet)
    files = [describe_file(paths.published_store, workspace=paths.workspace, kind="store")]
    files.append(describe_file(parquet, workspace=paths.workspace, kind="table"))
    write_manifest(
        Manifest(
            generation="one",
            source="a world",
            configuration="of the test",
            as_of="now",
            files=files,
        ),
        paths.manifest,
    )


def replayed(paths: Any, experiment: str | None = ID, *, receipt: Path | None = None) -> str:
    said = io.StringIO()
    render_replay(
        experiment,
        settings=SETTINGS,
        paths=paths,
        console=Console(file=said, width=400),
        receipt_file=receipt,
    )
    return said.getvalue()


def edited(change: Callable[[dict[str, Any]], object]) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Change the receipt of the first experiment in the table of decisions."""

    def edit(rows: pl.DataFrame) -> pl.DataFrame:
        receipt = json.loads(rows["receipt"][0])
        change(receipt)
        return rows.with_columns(
            receipt=pl.when(pl.col("experiment") == ID)
            .then(pl.lit(json.dumps(receipt)))
            .otherwise("receipt")
        )

    return edit


def receipt_of(paths: Any, experiment: str = ID) -> dict[str, Any]:
    with duckdb.connect(str(paths.published_store), read_only=True) as store:
        found = store.execute(
            "select receipt from experiments.decisions where experiment = $1", [experiment]
        ).fetchall()
    return dict(json.loads(found[0][0]))


def forged(receipt: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Change the inputs of a receipt and make everything in it anew, so that it is coherent."""
    change(receipt["inputs"])
    return make_receipt(*inputs_of(receipt))
