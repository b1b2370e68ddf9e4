"""`ntg replay` and `ntg trace` on what can go wrong: each ends in one clear sentence."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import polars as pl
import pytest
from rich.console import Console

from ntg_assets.cli.decisions import tell_replay, tell_trace
from ntg_assets.errors import NotEnoughDataError, NtgError, StorageError
from ntg_assets.experiments import results, tables
from ntg_assets.experiments.evidence import EvidenceTables
from ntg_assets.experiments.receipts import ReplayMismatchError
from ntg_assets.experiments.settings import ExperimentsSettings
from ntg_assets.settings import EngineSettings
from ntg_assets.sql import run
from ntg_assets_tests.unit.test_experiments_many import definition, traffic, units

ID = "e0"
SETTINGS: Any = SimpleNamespace(engine=EngineSettings())


def published(folder: Path, **changed: Callable[[pl.DataFrame], pl.DataFrame]) -> Any:
    """Publish one decided experiment, with some tables changed afterwards."""
    (folder / "seen.csv").write_text("user_id,experiment,arm,exposed_at\n", encoding="utf-8")
    one = ExperimentsSettings.model_validate({"definitions": [definition(0)]}).definitions
    values = units(1)
    made: dict[str, pl.DataFrame] = {
        "arm_traffic": traffic(values),
        "metric_sums": run(tables.metric_sums(values, definitions=one)),
        "metric_quantiles": run(tables.metric_quantiles(values, definitions=one)),
        "daily_sums": pl.DataFrame(schema={"experiment": pl.String, "arm": pl.String, "day": pl.Int64}),
    }
    evidence = EvidenceTables(made["arm_traffic"], made["metric_sums"], made["metric_quantiles"], daily_sums=made["daily_sums"])
    made["readouts"] = results.readouts(one, evidence)
    made["decisions"] = results.decisions(one, evidence, readouts=made["readouts"])
    with duckdb.connect(str(folder / "published.duckdb")) as store:
        store.execute("create schema experiments")
        for name, rows in made.items():
            store.register("incoming", changed[name](rows) if name in changed else rows)
            store.execute(f"create table experiments.{name} as select * from incoming")  # our own names
    return SimpleNamespace(published_store=folder / "published.duckdb", home=folder)


def replayed(paths: Any, experiment: str = ID, *, receipt: Path | None = None) -> str:
    said = io.StringIO()
    tell_replay(experiment, settings=SETTINGS, paths=paths, console=Console(file=said, width=400), receipt_file=receipt)
    return said.getvalue()


def edited(change: Callable[[dict[str, Any]], None]) -> Callable[[pl.DataFrame], pl.DataFrame]:
    def edit(rows: pl.DataFrame) -> pl.DataFrame:
        receipt = json.loads(rows["receipt"][0])
        change(receipt)
        return rows.with_columns(receipt=pl.lit(json.dumps(receipt)))

    return edit


def test_a_published_decision_replays_and_says_from_what(tmp_path: Path) -> None:
    assert "every readout, gate and number comes out as the receipt says, from the published sums" in replayed(published(tmp_path))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda receipt: receipt.pop("inputs"), "damaged: it has no 'inputs'"),
        (lambda receipt: receipt.update(rule_version="0"), "rule version 0, this code version 2. Replay it with the code of its version"),
        (lambda receipt: receipt["inputs"]["experiment"].update(owner="x"), "changed after it was made"),
        (lambda receipt: receipt["readouts"][0].update(p=0.5), "readouts of the receipt cannot be derived again"),
        (lambda receipt: receipt["thresholds"].update(more=1.0), "thresholds of the receipt cannot be derived again"),
        (lambda receipt: receipt.update(in_force="rollout"), "in_force of the receipt cannot be derived again"),
    ],
)
def test_a_receipt_that_was_tampered_with_is_refused(change: Callable[[dict[str, Any]], None], told: str, tmp_path: Path) -> None:
    with pytest.raises(ReplayMismatchError, match=told):
        replayed(published(tmp_path, decisions=edited(change)))


def test_not_even_a_receipt_forged_in_all_its_parts_passes_because_the_published_sums_say_otherwise(tmp_path: Path) -> None:
    paths = published(tmp_path, metric_sums=lambda rows: rows.with_columns(pl.col("value") + 1))
    with pytest.raises(ReplayMismatchError, match=r"rests on other numbers than the published experiments\.metric_sums"):
        replayed(paths)


def test_a_table_that_says_otherwise_than_its_receipt_is_told(tmp_path: Path) -> None:
    paths = published(tmp_path, decisions=lambda rows: rows.with_columns(decision=pl.lit("rollout")))
    with pytest.raises(ReplayMismatchError, match="the published table says rollout for e0"):
        replayed(paths)


def test_a_receipt_file_is_replayed_and_a_broken_one_is_named(tmp_path: Path) -> None:
    paths = published(tmp_path)
    with duckdb.connect(str(paths.published_store), read_only=True) as store:
        text = store.sql("select receipt from experiments.decisions").fetchall()[0][0]
    file = tmp_path / "receipt.json"
    file.write_text(text, encoding="utf-8")
    assert "comes out as the receipt says" in replayed(paths, receipt=file)
    file.write_text(text[:-20], encoding="utf-8")
    with pytest.raises(ReplayMismatchError, match="damaged: it is no JSON"):
        replayed(paths, receipt=file)
    file.write_text("[1]", encoding="utf-8")
    with pytest.raises(ReplayMismatchError, match="no JSON object"):
        replayed(paths, receipt=file)
    with pytest.raises(StorageError, match=r"gone.json cannot be read \(FileNotFoundError\)"):
        replayed(paths, receipt=tmp_path / "gone.json")


def test_no_publication_no_experiment_and_no_tables_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="nothing is published yet"):
        replayed(SimpleNamespace(published_store=tmp_path / "none.duckdb", home=tmp_path))
    with pytest.raises(NotEnoughDataError, match="no decision of experiment 'other' is published; known: e0"):
        replayed(published(tmp_path), "other")
    with duckdb.connect(str(tmp_path / "empty.duckdb")) as store:
        store.execute("create schema experiments")
    empty: Any = SimpleNamespace(published_store=tmp_path / "empty.duckdb", home=tmp_path)
    with pytest.raises(StorageError, match="holds no decisions"):
        replayed(empty)
    with pytest.raises(NtgError, match="holds no decision of experiment 'e0'"):
        tell_trace(ID, settings=SETTINGS, paths=empty, console=Console())


def test_the_trace_of_an_experiment_on_logs_ends_in_its_own_files(tmp_path: Path) -> None:
    paths, said = published(tmp_path), io.StringIO()
    tell_trace(ID, settings=SETTINGS, paths=paths, console=Console(file=said, width=200))
    assert "seen.csv  sha256 " in said.getvalue()
    (tmp_path / "seen.csv").unlink()
    tell_trace(ID, settings=SETTINGS, paths=paths, console=Console(file=said, width=200))
    assert "seen.csv  sha256 gone" in said.getvalue()
