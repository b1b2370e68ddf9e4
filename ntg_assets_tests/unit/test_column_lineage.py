"""What a column is made from is said by the SQL that makes it, else by contracts, never guessed."""

import json
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from ntg_assets.column_lineage import (
    CARRIED,
    CONTRACT,
    FILE,
    READ,
    SQL,
    Origin,
    column_origins,
    query_origins,
)
from ntg_assets.contracts import (
    Contract,
    IdTypes,
    column,
    column_names,
    contract_of,
    identifier,
    known_tables,
)
from ntg_assets.orchestration.column_docs import column_docs, column_lineage
from ntg_assets.sql import Query, Table, query
from ntg_assets.storage.connection import connect
from ntg_assets.storage.lineage import all_kept_origins, keep_origins
from ntg_assets.storage.tables import write_table
from ntg_assets_tests.workspaces import HOME
from tools.sql_lineage import columns_of_text, lineage_of_package

DAYS, EVENTS = Table("live", "user_days"), Table("live", "train_events")
SCORES = Table("live", "churn_scores")


class Waits(Contract):
    user_id: str = identifier("user", "Who")
    churn_probability: float = column("As in churn_scores")
    recency_days: int = column("Days since the last active day")
    n_waits: int = column("Waits", sources="train_events.event_at, user_days")
    mood: str = column("How it feels")


@pytest.mark.slow
def test_the_file_is_that_of_the_texts_as_they_are() -> None:
    """After a change of SQL: `make sql-lineage`."""
    kept = json.loads((HOME / "ntg_assets" / FILE).read_text(encoding="utf-8"))
    made, refused = lineage_of_package(HOME / "ntg_assets")
    assert refused == {}
    assert {name for name in {*kept, *made} if kept.get(name) != made.get(name)} == set()


@pytest.mark.parametrize(
    ("text", "made_from"),
    [
        ("select a.x + b.y as z, count(*) as n from a inner join b on a.k = b.k",
         {"z": [["a", "x"], ["b", "y"]], "n": []}),
        ("with c as (select k, max(x) as x from a group by k) select x as z from c",
         {"z": [["a", "x"]]}),
        ("select x as z from a union all select y as z from b", {"z": [["a", "x"], ["b", "y"]]}),
        ("select sum(x) over (partition by k order by y) as z from unknown",
         {"z": [["unknown", "k"], ["unknown", "x"], ["unknown", "y"]]}),
        ("select z from (select * from a)", {"z": [["a", "z"]]}),
    ],
)  # fmt: skip
def test_columns_are_followed_through_a_text(text: str, made_from: dict[str, object]) -> None:
    assert columns_of_text(text, {"a": ["k", "x", "z"], "b": ["k", "y"]}) == made_from


def test_names_of_a_text_stand_for_what_they_are_in_the_run() -> None:
    """Two texts, one over the other: the first names `activity`, which is no stored table."""
    activity = query("features", "user_activity_features", {"user_days": DAYS})
    taste = pl.DataFrame()  # a frame has no origin in the store
    origins = query_origins(
        query("features", "user_features", {"activity": activity, "taste": taste})
    )
    assert origins is not None
    assert origins["value_per_active_day"] == [Origin(DAYS, "value_sum", SQL)]
    assert origins["n_categories"] == []
    assert query_origins(Query("select 1 as never_read")) is None


def test_what_python_makes_is_said_by_contracts() -> None:
    origins = column_origins(pl.DataFrame(), Waits, [DAYS, EVENTS, SCORES])
    assert origins == {
        "user_id": [
            Origin(SCORES, "user_id", CARRIED),
            Origin(EVENTS, "user_id", CARRIED),
            Origin(DAYS, "user_id", CARRIED),
        ],
        "churn_probability": [Origin(SCORES, "churn_probability", CONTRACT)],
        "recency_days": [Origin(SCORES, "recency_days", CARRIED)],
        "n_waits": [Origin(EVENTS, "event_at", CONTRACT), Origin(DAYS, None, CONTRACT)],
        "mood": [Origin(table, None, READ) for table in (SCORES, EVENTS, DAYS)],
    }
    assert column_origins(pl.DataFrame(), Waits, []) == {}  # files alone


def test_contracts_name_columns_that_there_are() -> None:
    wrong = []
    for table in known_tables():
        for name, found in contract_of(table).to_schema().columns.items():
            for part in str((found.metadata or {}).get("sources") or "").split(", "):
                source, _, inner = part.partition(".")
                if source and (
                    source not in known_tables()
                    or (inner and inner not in column_names(contract_of(source)))
                ):
                    wrong.append(f"{table}.{name}: {part}")
    assert wrong == []


def test_origins_are_kept_with_the_rows_and_go_with_them(tmp_path: Path) -> None:
    table, rows = Table("live", "t"), pl.DataFrame({"user_id": [1]})

    class Users(Contract):
        user_id: str = identifier("user", "Who's that")

    origins = {
        "user_id": [Origin(EVENTS, "user_id", SQL), Origin(Table("live", "it's"), None, READ)]
    }
    with connect(tmp_path / "w.duckdb") as connection:
        write = Query("select * from rows_given", {"rows_given": rows})
        write_table(connection, table, write, Users, ids=IdTypes("integer"))
        keep_origins(connection, table, origins)
        assert all_kept_origins(connection)[table] == origins
        write_table(connection, table, write, Users, ids=IdTypes("integer"))
        assert all_kept_origins(connection).get(table, {}) == {}
        for other in ("by hand", '{"a": 1}', '{"a": [["live", "t", null]]}', "[1]"):
            connection.execute(f"comment on table live.t is '{other}'")
            assert all_kept_origins(connection).get(table, {}) == {}, other


def test_dagster_is_told_of_columns_alone() -> None:
    told = column_lineage({"n": [Origin(EVENTS, "event_at", SQL), Origin(DAYS, None, READ)]})
    assert told.deps_by_column == {
        "n": [dg.TableColumnDep(dg.AssetKey(["live", "train_events"]), "event_at")]
    }


def test_columns_in_the_ui_say_what_they_hold_and_not_where_to_look() -> None:
    docs = {
        column.name: column for column in column_docs(contract_of("revenue_risk_radar")).columns
    }
    assert docs["churn_probability"].description == (
        "Probability of no active day in [cutoff, cutoff + horizon) (as in churn_scores)"
    )
    sent = [
        f"{table}.{column.name}"
        for table in known_tables()
        for column in column_docs(contract_of(table)).columns
        if (column.description or "").lower().startswith("as in ")
    ]
    assert sent == []
