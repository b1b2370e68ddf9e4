"""What tables say of themselves in the UI: numbers, rows, and that their contract holds."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import polars as pl
import pytest
import sqlglot
from sqlglot import exp

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
from ntg_assets.orchestration.table_metadata import SAMPLE_TEXT, UNBROKEN, sample_of
from ntg_assets.sql import Query, Table
from ntg_assets.storage.connection import Connection, connect
from ntg_assets.storage.describe import measure_table, sample_table
from ntg_assets.storage.tables import Written, write_table
from ntg_assets.summaries import (
    COUNTED,
    MOST_COLUMNS,
    measured_rows,
    measures_of,
    sample_columns,
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
        "distinct_note": 3,
        "mean_minutes": (1 + 2 + 3 + 6) / 4,
        "share_late": 1 / 4,
    }


def test_a_contract_names_its_numbers_and_the_rows_that_they_look_at() -> None:
    @summary(
        measures={
            "n": "count(*)",
            "share": "max(minutes) / (select sum(minutes) from {table})",
            "mean": "avg(minutes)",
        },
        where="not is_late",
        columns=("rank", "minutes"),
        order=("minutes desc",),
    )
    class Told(Visits):
        pass

    found = written(Told)
    # six digits: a person reads them
    assert found.measures == {"n": 3, "share": 6 / 12, "mean": round((2 + 3 + 6) / 3, 5)}
    assert found.sample.rows() == [(3, 6.0), (4, 3.0), (1, 2.0), (2, 1.0)]


def test_a_number_without_a_value_is_left_out_and_never_a_zero() -> None:
    found = written(Visits, ROWS.clear()).measures
    assert found == {"distinct_user_id": 0, "distinct_rank": 0, "distinct_note": 0}


def test_a_sample_shows_first_ranks_and_no_person() -> None:
    found = written(Visits)
    assert found.sample["rank"].to_list() == [1, 2, 3, 4]
    shown = sample_of(pl.concat([found.sample, found.sample]), users=user_columns(Visits))
    assert [record.data["user_id"] for record in shown.records] == [
        "user 1", "user 2", "user 3", "user 4", "user 1", "user 2", "user 3", "user 4",
    ]  # fmt: skip
    named = sample_of(found.sample, users=set())
    assert [record.data["user_id"] for record in named.records] == [8, 7, 7_000, 9]


def test_a_row_of_a_sample_is_one_line_high_and_not_endless() -> None:
    texts = ["a b", "two\nlines", "word " * SAMPLE_TEXT]
    records = sample_of(pl.DataFrame({"note": texts}), users=set()).records
    notes = [str(record.data["note"]) for record in records]
    assert notes[:2] == [f"a{UNBROKEN}b", f"two{UNBROKEN}lines"]
    assert len(notes[2]) <= SAMPLE_TEXT
    assert notes[2].endswith("…")
    assert not any(" " in note for note in notes)


@pytest.fixture(scope="module")
def store() -> Iterator[Connection]:
    """A store that holds every table that has a contract, without rows."""
    with connect() as connection:
        connection.execute("create schema live")
        for table in known_tables():
            schema = {
                name: getattr(found.dtype, "type", pl.String)
                for name, found in contract_of(table).to_schema().columns.items()
            }
            empty = connection.from_arrow(pl.DataFrame(schema=schema).to_arrow())
            empty.create(Table("live", table).quoted)
        yield connection


@pytest.mark.parametrize("table", known_tables())
def test_every_summary_fits_its_table_and_says_numbers_even_of_no_rows(
    store: Connection, table: str
) -> None:
    """Each measure, column and order is valid SQL over the contract's own columns."""
    model, stored = contract_of(table), Table("live", table)
    assert len(sample_columns(model)) <= MOST_COLUMNS
    assert sample_table(store, stored, model).is_empty()
    measures = measure_table(store, stored, model)
    assert len(measures) >= min(COUNTED, len(column_names(model))), measures


@pytest.mark.parametrize("table", known_tables())
def test_a_measure_names_no_value_that_its_contract_does_not_know(table: str) -> None:
    """`decision = 'roll out'` counts nothing, for ever, where the table says `rollout`."""
    model = contract_of(table)
    columns = model.to_schema().columns
    conditions = [f"1 from t where {measured_rows(model)}", *measures_of(model).values()]
    for text in conditions:
        tree = sqlglot.parse_one(f"select {text}".replace("{table}", "t"), read="duckdb")
        for node in tree.find_all(exp.EQ, exp.NEQ, exp.In):
            check = next((c for c in _checks_of(columns, node.this) if c.name == "isin"), None)
            values = node.expressions if isinstance(node, exp.In) else [node.expression]
            if check is not None:
                allowed = set(check.statistics["allowed_values"])
                assert {value.this for value in values if value.is_string} <= allowed, text


def _checks_of(columns: Mapping[str, Any], column: exp.Expression) -> list[Any]:
    return columns[column.name].checks if isinstance(column, exp.Column) else []


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
