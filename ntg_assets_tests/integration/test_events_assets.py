"""The ingest stage in Dagster: tables, contracts, blocking checks, refusals."""

import json
import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
import yaml

from ntg_assets.configuration.settings import load_settings
from ntg_assets.errors import SourceError
from ntg_assets.events import assets as ingest_assets
from ntg_assets.events import checks as ingest_checks
from ntg_assets.events.load import load_events
from ntg_assets.orchestration.collection import definitions_in
from ntg_assets.orchestration.io_manager import NtgDuckDBIOManager
from ntg_assets.orchestration.project import Project
from ntg_assets.sql import Table
from ntg_assets_tests.event_files import fates, survey_log, write_log

TABLES = ["items", "item_categories", "events", "quarantine", "load_ledger", "volume_report"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with the base configuration and a small log with an item table."""
    (tmp_path / "configs").mkdir()
    items = {"files": ["in/items.csv"], "title": "title", "categories": "genres"}
    ingest = {
        "events": {"files": ["in/log*.csv"], "value": "value"},
        "items": items,
        "max_bad_share": 0.5,
    }
    (tmp_path / "configs" / "dev.yaml").write_text(yaml.safe_dump({"ingest": ingest}))
    write_log(
        tmp_path,
        ["u1,a,2024-01-01,1", "u2,b,2024-01-02,2", "u2,b,2024-01-02,2", "u3,c,never,1"],
        name="in/log1.csv",
    )
    write_log(
        tmp_path, ["a,A,Drama|Crime", "b,,"], name="in/items.csv", header="item_id,title,genres"
    )
    monkeypatch.setenv("NTG_HOME", str(tmp_path))
    return tmp_path


def materialize(*, checks: bool = True, **ingest: Any) -> dg.ExecuteInProcessResult:
    project = Project(overrides={f"ingest.{key}": value for key, value in ingest.items()})
    resources = {
        "project": project,
        "io_manager": NtgDuckDBIOManager(project=project, database="warehouse"),
    }
    return dg.materialize(
        [*definitions_in(ingest_assets), *(definitions_in(ingest_checks) if checks else [])],
        resources=resources,
        instance=dg.DagsterInstance.ephemeral(),
    )


def read(home: Path, text: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(
        str(home / "data" / "warehouse" / "warehouse.duckdb"), read_only=True
    ) as connection:
        return connection.execute(text).fetchall()


def loads(home: Path) -> list[dict[str, Any]]:
    return [
        json.loads(file.read_text())
        for file in sorted((home / "data" / "history" / "loads").iterdir())
    ]


def hashes(result: dg.ExecuteInProcessResult) -> dict[str, object]:
    return {
        event.asset_key.path[-1]: event.materialization.metadata["content_hash"].value
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }


@pytest.mark.slow
def test_the_tables_are_stored_and_reconcile(home: Path) -> None:
    result = materialize()
    assert [
        event.asset_key.path
        for event in result.get_asset_materialization_events()
        if event.asset_key
    ] == [["ingest", name] for name in TABLES]
    assert read(home, "select user_id, item_id, load_file from ingest.events order by 1") == [
        ("u1", "a", 1),
        ("u2", "b", 1),
    ]
    assert read(
        home,
        "select item_id, category, position, n_categories from ingest.item_categories order by"
        " position",
    ) == [
        ("a", "Drama", 1, 2),
        ("a", "Crime", 2, 2),
    ]
    assert read(home, "select file_name, line, reason from ingest.quarantine") == [
        ("in/log1.csv", 5, "is no ISO timestamp")
    ]
    assert read(
        home,
        "select source, n_rows, n_accepted, n_quarantined, n_duplicates from ingest.load_ledger"
        " order by load_file",
    ) == [
        ("events", 4, 2, 1, 1),
        ("items", 2, 2, 0, 0),
    ]
    assert {check.check_name: check.passed for check in result.get_asset_check_evaluations()} == {
        "contract": True,
        "ledger_reconciles": True,
        "items_are_known": True,
        "values_agree": True,
        "times_are_clear": True,
        "ids_have_one_spelling": True,
        "files_are_as_named": True,
        "ids_are_ids": True,
        "ids_are_of_one_kind": True,
        "no_user_is_most_of_the_log": True,
        "categories_are_single": True,
        "volume_is_usual": True,
    }


@pytest.mark.slow
def test_loading_again_and_loading_a_copy_changes_no_event(home: Path) -> None:
    before = hashes(materialize(checks=False))
    assert hashes(materialize(checks=False)) == before
    shutil.copy(home / "in" / "log1.csv", home / "in" / "log2.csv")
    after = hashes(materialize(checks=False))
    assert {name for name in TABLES if after[name] != before[name]} == {
        "load_ledger",
        "volume_report",
    }


@pytest.mark.slow
def test_a_refused_load_leaves_the_old_tables(home: Path) -> None:
    before = hashes(materialize(checks=False))
    write_log(home, ["u1,a,2024-01-01,x"] * 9, name="in/log3.csv")
    with pytest.raises(SourceError, match=r"events: 10 of 13 rows \(76\.92%\)"):
        materialize(checks=False)
    assert read(home, "select count(*) from ingest.events") == [(2,)]
    (home / "in" / "log3.csv").unlink()
    assert hashes(materialize(checks=False)) == before


def many(n_events: int, *, users: int = 50) -> list[str]:
    return [f"u{n % users},a,2024-02-{1 + n % 28:02d},1" for n in range(n_events)]


@pytest.mark.slow
def test_a_load_that_lost_most_of_its_rows_is_refused_until_that_is_confirmed(home: Path) -> None:
    write_log(home, many(1_000), name="in/log1.csv")
    materialize(duplicates="keep", checks=False)
    (kept,) = loads(home)
    assert (kept["n_events"], kept["n_users"], kept["sources"]["events"]["n_accepted"]) == (
        1_000,
        50,
        1_000,
    )
    write_log(home, many(20), name="in/log1.csv")
    with pytest.raises(
        SourceError,
        match=r"20 events, 1,000 in the load before; 20 users, 50 in .*nothing was loaded",
    ) as refused:
        materialize(duplicates="keep", checks=False)
    assert read(home, "select count(*) from ingest.events") == [(1_000,)]
    assert loads(home) == [kept], "a refused load is no load before"
    token = f"{kept['load']}:20"
    assert f'["{token}"]' in str(refused.value)
    after = materialize(duplicates="keep", volume={"confirmed": [token]})
    assert read(
        home, "select measure, verdict from ingest.volume_report where verdict <> 'ok' order by 1"
    ) == [
        ("events", "warn"),
        ("last_day", "warn"),
        ("users", "warn"),
    ]
    again = materialize(duplicates="keep", checks=False)
    assert hashes(again) == hashes(after), (
        "what was accepted once is compared as before, and refused no more"
    )
    assert [load["n_events"] for load in loads(home)] == [1_000, 20]


@pytest.mark.slow
def test_the_check_finds_a_table_that_is_not_what_the_ledger_says(home: Path) -> None:
    materialize(checks=False)
    with duckdb.connect(str(home / "data" / "warehouse" / "warehouse.duckdb")) as connection:
        connection.execute("delete from ingest.events where user_id = 'u1'")
    tables = [Table("ingest", name) for name in ("events", "quarantine", "load_ledger")]
    found = ingest_checks.ledger_reconciles[0](*tables, Project())
    assert isinstance(found, dg.AssetCheckResult)
    assert not found.passed
    assert "'file_name': 'in/log1.csv', 'n_accepted': 2, 'n_stored': 1" in str(found.description)


@pytest.mark.slow
def test_items_that_the_item_table_lacks_are_told(home: Path) -> None:
    write_log(home, ["u9,zzz,2024-01-01,1", "u8,zzz,2024-01-01,1"], name="in/log4.csv")
    (told,) = [
        check
        for check in materialize().get_asset_check_evaluations()
        if check.check_name == "items_are_known"
    ]
    assert (told.passed, told.description) == (
        False,
        "1 of 3 items, in 2 of 4 events, are not in the item table",
    )


@pytest.mark.slow
def test_movielens_loads_whole(project_home: Path) -> None:
    settings = load_settings("configs/dev.yaml", home=project_home, environment={}).ingest
    found = survey_log(project_home, settings)
    assert fates(found) == [(100_836, 100_836, 0, 0), (9_742, 9_742, 0, 0)]
    events = load_events(settings, project_home)
    assert (events.height, events["user_id"].n_unique(), events["item_id"].n_unique()) == (
        100_836,
        610,
        9_724,
    )
    assert (str(events["event_at"].min()), str(events["event_at"].max())) == (
        "1996-03-29 18:36:55",
        "2018-09-24 14:27:30",
    )
    assert found.items.item_categories["category"].n_unique() == 19
    assert found.items.items["categories"].null_count() == 34
