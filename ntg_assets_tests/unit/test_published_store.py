"""The published store explains itself: comments, keys, no nulls where none may be, first views."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from rich.console import Console

from ntg_assets.cli.answers.sql import answer, describe_help
from ntg_assets.column_lineage import CONTRACT, READ, Origin, meaning_of
from ntg_assets.contracts import IdTypes, contract_of, key_of, schema_of
from ntg_assets.errors import QueryError
from ntg_assets.publish import store_schema
from ntg_assets.publish.answers import ANSWERS
from ntg_assets.publish.column_sources import reached_from
from ntg_assets.publish.generations.read_copy import READ_COPY_TABLES
from ntg_assets.publish.store_copy import publish_store
from ntg_assets.publish.store_schema import create_table
from ntg_assets.sql import Table
from ntg_assets.storage.connection import connect
from ntg_assets.storage.lineage import keep_origins

IDS = IdTypes(user="integer", item="integer")
Connection = duckdb.DuckDBPyConnection


def schema_frame(table: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    """Rows of a table as its contract types them; what is left out is null, or nothing."""
    columns = schema_of(contract_of(table), IDS).columns
    types = {name: found.dtype.type for name, found in columns.items()}
    zero = {pl.String: "", pl.Int64: 0, pl.Float64: 0.0, pl.Boolean: False}
    filled = [
        {
            name: row.get(name, None if columns[name].nullable else zero.get(kind))
            for name, kind in types.items()
        }
        for row in rows
    ]
    return pl.DataFrame(filled, schema=types, orient="row")


ROWS: dict[tuple[str, str], list[dict[str, object]]] = {
    ("live", "recommendations"): [
        {"user_id": 7, "rank": 1, "item_id": 1, "title": "Heat"},
        {"user_id": 7, "rank": 2, "item_id": 2, "title": "2"},
    ],
    ("ingest", "items"): [{"item_id": 1, "title": "Heat", "categories": "Crime"}],
    ("live", "revenue_risk_radar"): [{"user_id": 7, "rank": 1}, {"user_id": 8, "rank": 2}],
    ("live", "intervention_targets"): [
        {"strategy": "a", "user_id": 7, "action": "contact"},
        {"strategy": "b", "user_id": 7, "action": "contact"},
        {"strategy": "a", "user_id": 8, "action": "skip"},
    ],
    ("ingest", "load_ledger"): [{"load_file": 1, "n_rows": 9}, {"load_file": 2, "n_rows": 5}],
    ("ingest", "quarantine"): [
        {"quarantine_id": "x", "load_file": 1, "line": 8, "reason": "no user", "raw_text": "late"},
        {"quarantine_id": "y", "load_file": 1, "line": 3, "reason": "no user", "raw_text": "early"},
        {"quarantine_id": "z", "load_file": 1, "line": 2, "reason": "bad time"},
    ],
}


ORIGINS = {
    "title": [Origin(Table("ingest", "items"), "title", CONTRACT)],
    "rank": [Origin(Table("live", name), None, READ) for name in ("items", "taste_graph")],
}


def store(folder: Path, rows: dict[tuple[str, str], list[dict[str, object]]]) -> Path:
    """Publish a warehouse that holds every table of the catalogue, most of them empty."""
    with connect(folder / "warehouse.duckdb", allowed=[folder]) as warehouse:
        for schema, name in READ_COPY_TABLES:
            warehouse.execute(f"create schema if not exists {schema}")
            warehouse.from_arrow(
                schema_frame(name, rows.get((schema, name), [])).to_arrow()
            ).create(Table(schema, name).quoted)
        keep_origins(warehouse, Table("live", "recommendations"), ORIGINS)
        return publish_store(warehouse, READ_COPY_TABLES, target=folder / "out" / "ntg.duckdb")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with connect(store(tmp_path_factory.mktemp("store"), ROWS), read_only=True) as connection:
        yield connection


def test_every_table_view_and_column_has_a_comment(published: Connection) -> None:
    bare = published.sql(
        "select table_schema, table_name, column_name from answers.dictionary where"
        " coalesce(meaning, '') = '' or coalesce(table_meaning, '') = ''"
    ).fetchall()
    assert bare == []
    n_columns = sum(len(contract_of(name).to_schema().columns) for _, name in READ_COPY_TABLES)
    listed = published.sql(
        "select count(*), count(distinct concat(table_schema, '.', table_name))"
        " from answers.dictionary where table_schema <> 'answers'"
    ).fetchall()
    assert listed == [(n_columns, len(READ_COPY_TABLES))]
    views = published.sql("select view_name from duckdb_views() where not internal").fetchall()
    assert {name for (name,) in views} == {view.name for view in ANSWERS}


def test_dictionary_says_what_a_column_is_made_from(published: Connection) -> None:
    made_from = dict(
        published.sql(
            "select column_name, made_from from answers.dictionary where table_schema = 'live' and"
            " table_name = 'recommendations'"
        ).fetchall()
    )
    assert made_from["title"] == "ingest.items.title"
    assert made_from["rank"] == "live.items, live.taste_graph"
    assert made_from["score"] is None


def test_a_chain_goes_on_with_the_table_where_no_column_is_known(published: Connection) -> None:
    whole = published.sql(
        "select source_schema, source_table from answers.column_sources where column_name is null"
        " and table_schema = 'live' and table_name = 'recommendations' order by all"
    ).fetchall()
    assert {("ingest", "items"), ("live", "taste_graph")} < {*whole}
    assert {schema for schema, _ in whole} == {"ingest", "live"}


def test_a_chain_does_not_end_at_a_table_between_that_is_not_published() -> None:
    """live.a is made from live.between, which is not published, and that from ingest.events."""
    a, between, events = Table("live", "a"), Table("live", "between"), Table("ingest", "events")
    other = Table("live", "other")
    origins = {
        a: {"x": [Origin(between, "y", CONTRACT)]},
        between: {"y": [Origin(events, "value", CONTRACT)]},
        other: {"z": [Origin(events, "value", CONTRACT)]},
    }
    reached = reached_from([a], origins)
    assert reached == {a: origins[a], between: origins[between], events: {}}
    assert reached_from([a], {a: {"x": [Origin(a, "x", READ)]}})  # a circle ends


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1 / 3.0", "0.333333"),
        ("2.0 / 3 * 1e-9", "6.66667e-10"),
        ("1234567.89", "1234568.0"),
        ("-2006.7732626258512", "-2006.77"),
        ("cast(0 as double)", "0.0"),
        ("cast('nan' as double)", "nan"),
        ("9007199254740993", "9007199254740993"),
    ],
)
def test_a_table_shows_the_digits_that_a_person_reads(
    published: Connection, capsys: pytest.CaptureFixture[str], value: str, shown: str
) -> None:
    text = f"select cast({value} as double) as v" if "." in value else f"select {value} as v"
    answer(published, text, console=Console(width=80), form="table")
    assert f" {shown} " in capsys.readouterr().out


def test_columns_of_one_name_are_shown_as_they_are(
    published: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(published, "select 1 / 3.0 as a, 2 as a", console=Console(width=80), form="table")
    assert "0.333" in capsys.readouterr().out


def test_no_meaning_sends_its_reader_to_another_table(published: Connection) -> None:
    sent = published.sql(
        "select table_name, column_name, meaning from answers.dictionary"
        " where regexp_matches(meaning, '(?i)^as in ')"
    ).fetchall()
    assert sent == []
    told = dict(
        published.sql(
            "select table_name, meaning from answers.dictionary where column_name ="
            " 'churn_probability' and table_name in ('churn_scores', 'intervention_assignments')"
        ).fetchall()
    )
    meaning = told["churn_scores"].split(";")[0]
    assert told["intervention_assignments"].startswith(
        f"{meaning}, before the contact (as in churn_scores)"
    )


def test_comments_are_those_of_the_contracts(published: Connection) -> None:
    told = dict(
        published.sql(
            "select column_name, meaning from answers.dictionary where table_name = 'items' and"
            " table_schema = 'ingest'"
        ).fetchall()
    )
    for name, found in contract_of("items").to_schema().columns.items():
        assert told[name].startswith(meaning_of(name, found))


def test_dictionary_says_the_unit_that_the_contract_states(published: Connection) -> None:
    units = {
        (table, column): unit
        for table, column, unit in published.sql(
            "select table_name, column_name, unit from answers.dictionary"
            " where table_schema = 'live'"
        ).fetchall()
    }
    stated = {
        (table, name): (described.metadata or {}).get("unit")
        for table in {table for table, _ in units}
        for name, described in contract_of(table).to_schema().columns.items()
    }
    assert units == {
        place: "see column unit" if unit == "unit" else unit for place, unit in stated.items()
    }
    assert units["churn_scores", "churn_probability"] == "probability"
    assert units["churn_scores", "user_id"] is None


def test_columns_and_keys_are_those_of_the_contracts(published: Connection) -> None:
    nullable = {
        (schema, table, column): is_nullable
        for schema, table, column, is_nullable in published.sql(
            "select schema_name, table_name, column_name, is_nullable from duckdb_columns() where"
            " schema_name <> 'answers' and not internal"
        ).fetchall()
    }
    keys = {
        (schema, table): columns
        for schema, table, columns in published.sql(
            "select schema_name, table_name, constraint_column_names from duckdb_constraints()"
            " where constraint_type in ('PRIMARY KEY', 'UNIQUE')"
        ).fetchall()
    }
    for schema, table in READ_COPY_TABLES:
        columns = contract_of(table).to_schema().columns
        assert keys.get((schema, table), []) == key_of(contract_of(table))
        for name, found in columns.items():
            assert nullable[schema, table, name] == found.nullable, (schema, table, name)


def test_large_table_has_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_schema, "LARGEST_KEYED_ROWS", 2)
    model, types = contract_of("items"), dict.fromkeys(("item_id", "title", "categories"), "text")
    assert 'primary key ("item_id")' in create_table(Table("i", "items"), types, model, n_rows=2)
    assert "primary key" not in create_table(Table("i", "items"), types, model, n_rows=3)


def test_key_with_a_null_in_it_takes_one() -> None:
    nullable = [
        name
        for _, name in READ_COPY_TABLES
        if any(
            contract_of(name).to_schema().columns[key].nullable for key in key_of(contract_of(name))
        )
    ]
    assert nullable  # else the rule is not needed any more
    types = dict.fromkeys(contract_of(nullable[0]).to_schema().columns, "text")
    made = create_table(Table("main", "t"), types, contract_of(nullable[0]), n_rows=1)
    assert re.search(r"\bunique \(", made)
    assert "primary key" not in made


def test_views_hold_under_whatever_name_the_file_is_attached(published: Connection) -> None:
    [(file,)] = published.sql(
        "select path from duckdb_databases() where path is not null"
    ).fetchall()
    with duckdb.connect() as other:
        other.execute("create schema live; create table live.recommendations as select 1 as wrong")
        other.execute(f"attach '{file}' as night (read_only)")
        assert other.execute("select count(*) from night.answers.lists").fetchall() == [(2,)]
        for view in ANSWERS:
            other.execute(f"select * from night.answers.{view.name}")


def test_lists_show_titles_and_categories(published: Connection) -> None:
    told = published.sql("select title, categories from answers.lists order by rank").fetchall()
    assert told == [("Heat", "Crime"), ("2", None)]


def test_users_count_their_contact_lists(published: Connection) -> None:
    told = published.sql("select user_id, first_title, n_strategies from answers.users").fetchall()
    assert sorted(told) == [(7, "Heat", 2), (8, None, 0)]


def test_load_names_the_most_frequent_reason_with_its_first_row(published: Connection) -> None:
    told = published.sql(
        "select load_file, main_reason, n_main_reason, example from answers.load order by 1"
    ).fetchall()
    assert told == [(1, "no user", 2, "early"), (2, None, None, None)]


@pytest.mark.slow
def test_contacts_are_nobody_while_the_lists_are_withheld(
    published: Connection, tmp_path: Path
) -> None:
    asked = "select count(*) from answers.contacts"
    assert published.sql(asked).fetchall() == [(2,)]
    withheld = ROWS | {("live", "contact_holds"): [{"source": "opt_out", "rule": "broken"}]}
    with connect(store(tmp_path, withheld), read_only=True) as connection:
        assert connection.sql(asked).fetchall() == [(0,)]


@pytest.mark.slow
def test_rows_come_as_json_and_csv_whole(
    published: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = (
        "select range as n, timestamp '2024-02-01' as at, [1, null] as many, 'a,\"b\"' as told,"
        " 'nan'::double as none from range(12345)"
    )
    answer(published, asked, console=Console(), form="json")
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 12345
    assert rows[-1] == {
        "n": 12344,
        "at": "2024-02-01T00:00:00",
        "many": [1, None],
        "told": 'a,"b"',
        "none": None,
    }
    answer(published, asked, console=Console(), form="csv")
    lines = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert len(lines) == 1 + 12345
    assert lines[-1] == ["12344", "2024-02-01T00:00:00", "[1, null]", 'a,"b"', ""]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("delete from live.recommendations", "read-only"),
        ("copy live.recommendations to 'out.csv'", "disabled by configuration"),
        ("select * from read_csv('README.md')", "disabled by configuration"),
        ("select * from live.recommendation", "Did you mean"),
        ("selec 1", "syntax error"),
    ],
)
def test_question_that_cannot_be_answered_says_why(
    published: Connection, asked: str, told: str
) -> None:
    with pytest.raises(QueryError, match=told):
        answer(published, asked, console=Console(), form="table")


def test_the_help_names_every_answer_of_the_publication(published: Connection) -> None:
    text = describe_help(published)
    assert {answer.name for answer in ANSWERS} <= set(re.findall(r"\w+", text.split("answers.")[1]))
