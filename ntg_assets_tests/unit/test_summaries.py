"""What tables say of themselves in the UI: numbers, rows, and that their contract holds."""

from typing import Any

import dagster as dg
import polars as pl
import pytest

from ntg_assets.contracts import (
    _REGISTRY,
    Contract,
    IdTypes,
    column,
    column_names,
    contract_of,
    identifier,
    known_tables,
)
from ntg_assets.definitions import defs
from ntg_assets.orchestration.contract_checks import NAME, WRITTEN, with_contract_checks
from ntg_assets.orchestration.io_manager import _sample
from ntg_assets.sql import Query, Table
from ntg_assets.storage.connection import connect
from ntg_assets.storage.tables import Written, write_table
from ntg_assets.summaries import (
    MOST_COLUMNS,
    measures_of,
    sample_columns,
    sample_order,
    summary,
    user_columns,
)


class Visits(Contract):
    user_id: str = identifier("user", "Who.")
    rank: int = column("Place.")
    minutes: float = column("Minutes.")
    is_late: bool = column("Whether late.")
    note: str = column("Words.", nullable=True)

    class Config(Contract.Config):
        unique = ["user_id"]


ROWS = pl.DataFrame(
    {
        "user_id": [7, 8, 9, 7_000],
        "rank": [2, 1, 4, 3],
        "minutes": [1.0, 2.0, 3.0, 6.0],
        "is_late": [True, False, False, False],
        "note": ["a", None, "c", "d"],
    }
)


def written(model: type[Contract], rows: pl.DataFrame = ROWS) -> Written:
    with connect() as connection:
        query = Query("select * from rows_given", {"rows_given": rows})
        return write_table(
            connection, Table("live", "visits"), query, model, ids=IdTypes("integer")
        )


def test_numbers_are_derived_where_the_contract_names_none() -> None:
    assert written(Visits).measures == {
        "distinct_user_id": 4,
        "distinct_rank": 4,
        "mean_minutes": (1 + 2 + 3 + 6) / 4,
        "share_late": 1 / 4,
    }


def test_a_contract_names_its_numbers_and_the_rows_that_they_look_at() -> None:
    @summary(
        measures={"n": "count(*)", "share": "max(minutes) / (select sum(minutes) from {table})"},
        where="not is_late",
        columns=("rank", "minutes"),
        order=("minutes desc",),
    )
    class Told(Visits):
        pass

    found = written(Told)
    assert found.measures == {"n": 3, "share": 6 / 12}
    assert found.sample.rows() == [(3, 6.0), (4, 3.0), (1, 2.0), (2, 1.0)]


def test_a_number_without_a_value_is_left_out_and_never_a_zero() -> None:
    found = written(Visits, ROWS.clear()).measures
    assert found == {"distinct_user_id": 0, "distinct_rank": 0}


def test_a_sample_shows_first_ranks_and_no_person() -> None:
    found = written(Visits)
    assert found.sample["rank"].to_list() == [1, 2, 3, 4]
    shown = _sample(pl.concat([found.sample, found.sample]), users=user_columns(Visits))
    assert [record.data["user_id"] for record in shown.records] == [
        "user 1", "user 2", "user 3", "user 4", "user 1", "user 2", "user 3", "user 4",
    ]  # fmt: skip
    named = _sample(found.sample, users=set())
    assert [record.data["user_id"] for record in named.records] == [8, 7, 7_000, 9]


@pytest.mark.parametrize("table", known_tables())
def test_every_summary_fits_its_table(table: str) -> None:
    """Each measure, column and order is valid SQL over the contract's own columns."""
    model = contract_of(table)
    assert len(sample_columns(model)) <= MOST_COLUMNS
    schema = {
        name: getattr(found.dtype, "type", pl.String)
        for name, found in model.to_schema().columns.items()
    }
    empty = pl.DataFrame(schema=schema)
    with connect() as connection:
        connection.register("empty_rows", empty.to_arrow())
        for text in measures_of(model).values():
            asked = text.replace("{table}", "empty_rows")
            connection.execute(f"select cast({asked} as double) from empty_rows")
        columns, order = ", ".join(f'"{c}"' for c in sample_columns(model)), sample_order(model)
        by = f" order by {', '.join(order)}" if order else ""
        connection.execute(f"select {columns} from empty_rows{by}")


def test_every_table_has_three_numbers_or_as_many_as_its_columns_allow() -> None:
    few = {
        table: sorted(measures_of(contract_of(table)))
        for table in known_tables()
        if len(measures_of(contract_of(table))) < min(3, len(column_names(contract_of(table))))
    }
    assert few == {}


def test_every_asset_shows_its_contract_as_a_check() -> None:
    graph = defs.resolve_asset_graph()
    checked = {key.asset_key for key in graph.asset_check_keys if key.name == NAME}
    assert checked == set(graph.get_all_asset_keys())


def test_the_check_follows_what_was_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_REGISTRY, "visits", Visits)
    WRITTEN[Table("live", "visits")] = written(Visits)
    step = with_contract_checks(lambda: ROWS, {Visits: "live"})
    events: list[Any] = list(step())
    assert isinstance(events[0], dg.Output)
    assert events[0].value is ROWS
    assert (events[1].asset_key, events[1].passed) == (dg.AssetKey(["live", "visits"]), True)
    assert events[1].metadata["rows"].value == 4
