"""Witnesses give the verdict that judging every row gives,
and a refused table is refused with the same words.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ntg_assets.contracts import Contract, IdTypes, column, identifier, schema_of
from ntg_assets.sql import Query, Table
from ntg_assets.storage import row_checks
from ntg_assets.storage.connection import connect
from ntg_assets.storage.extreme_values import are_enough, extremes_keep_contract
from ntg_assets.storage.row_checks import BrokenContractError
from ntg_assets.storage.tables import write_table
from ntg_assets.violations import surely_keeps, validate_rules

SIGHTINGS = Table("backtest", "sightings")
INTEGERS = IdTypes("integer", "integer")
COLUMNS = {
    "user_id": pl.Int64,
    "n": pl.Int64,
    "share": pl.Float64,
    "weight": pl.Float64,
    "kind": pl.String,
    "note": pl.String,
}


class Sightings(Contract):
    """One row per user: every kind of rule that witnesses can speak for."""

    user_id: str = identifier("user", "Who")
    n: int = column("How many", ge=0, lt=5)
    share: float = column("Share", gt=-1, le=1, nullable=True)
    weight: float = column("Weight")
    kind: str = column("Kind", isin=("a", "b"))
    note: str = column("Note", str_length={"min_value": 1, "max_value": 3}, nullable=True)

    class Config:
        unique = ["user_id"]


class Sums(Contract):
    """A rule of the whole row, which no witness can speak for."""

    n: int = column("How many", str_matches="^1")


floats = st.sampled_from([-1.0, -0.0, 0.0, 0.5, 1.0, 1.5, math.inf, -math.inf, math.nan, None])
rows = st.lists(
    st.tuples(
        st.sampled_from([1, 2, None]),
        st.sampled_from([-1, 0, 4, 5, None]),
        floats,
        floats,
        st.sampled_from(["a", "b", "c", "", None]),
        st.sampled_from(["", "x", "żółw", "🎬🎬🎬", "abc", None]),
    ),
    max_size=6,
)
kept = st.lists(
    st.tuples(
        st.just(1),
        st.sampled_from([0, 4]),
        st.sampled_from([-0.5, 1.0, None]),
        st.sampled_from([-math.inf, 2.0]),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["x", "🎬🎬🎬", None]),
    ),
    max_size=6,
)


def frame(values: Sequence[tuple[object, ...]]) -> pl.DataFrame:
    return pl.DataFrame(values, schema=COLUMNS, orient="row")


def verdicts(seen: pl.DataFrame) -> tuple[bool, bool]:
    """Whether the rows keep the contract: as the witnesses say, and as all rows say."""
    schema = schema_of(Sightings, INTEGERS)
    with connect() as connection:
        connection.execute("create schema backtest")
        connection.register("seen", seen)
        connection.execute(f"create table {SIGHTINGS.quoted} as select * from seen")
        return extremes_keep_contract(connection, SIGHTINGS, schema), validate_rules(
            seen, schema
        ) == []


@pytest.mark.slow
@given(rows | kept)
@settings(max_examples=40)
@example([])
@example([(1, 0, math.nan, 0.0, "a", None)])
@example([(1, 0, None, math.nan, "a", None)])
@example([(1, 0, None, 0.0, "a", None), (1, 0, None, 0.0, "c", None)])
def test_witnesses_give_the_verdict_of_all_rows(values: list[tuple[object, ...]]) -> None:
    by_witnesses, by_all_rows = verdicts(frame(values))
    assert by_witnesses is by_all_rows


@pytest.mark.slow
@given(rows | kept)
@settings(max_examples=100)
@example([(1, 0, math.nan, 0.0, "a", None)])
@example([(1, 0, None, 0.0, "a", "🎬🎬🎬")])
def test_what_one_pass_clears_pandera_clears(values: list[tuple[object, ...]]) -> None:
    seen, schema = frame(values), schema_of(Sightings, INTEGERS)
    assert surely_keeps(seen, schema) is (validate_rules(seen, schema) == [])


class Codes(Contract):
    """Patterns and lengths of texts, and a type."""

    code: str = column("Begins so", str_matches="a|b", nullable=True)
    whole: str = column("Is so", str_matches="^a+$")
    short: str = column("At most", str_length={"max_value": 2})
    long: str = column("At least", str_length={"min_value": 2}, nullable=True)
    share: float = column("Share")


@pytest.mark.parametrize(
    ("name", "value", "is_kept"),
    [
        ("code", "ax", True),
        ("code", "xa", False),
        ("code", "xb", True),  # the anchor stands before the first alternative alone
        ("code", None, True),
        ("whole", "aab", False),
        ("short", "abc", False),
        ("short", "żó", True),
        ("long", "a", False),
        ("long", None, True),
        ("share", 1, False),
    ],
)
def test_texts_and_types_are_judged_as_pandera_judges_them(
    name: str,
    value: object,
    is_kept: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    good: dict[str, object] = {"code": "a", "whole": "aa", "short": "", "long": "ab", "share": 0.5}
    seen, schema = pl.DataFrame([{**good, name: value}]), schema_of(Codes, INTEGERS)
    seen = seen.cast({pl.Null: pl.String})
    assert (surely_keeps(seen, schema), validate_rules(seen, schema) == []) == (is_kept, is_kept)


def test_columns_in_another_order_or_too_few_are_left_to_pandera() -> None:
    seen, schema = frame([(1, 0, None, 0.0, "a", None)]), schema_of(Sightings, INTEGERS)
    assert surely_keeps(seen, schema)
    assert not surely_keeps(seen.drop("note"), schema)
    assert not surely_keeps(seen.select(reversed(seen.columns)), schema)


@pytest.mark.parametrize(
    ("name", "value", "is_kept"),
    [
        ("user_id", None, False),
        ("n", 4, True),
        ("n", -1, False),
        ("n", 5, False),
        ("n", None, False),
        ("share", None, True),
        ("share", -1.0, False),
        ("share", 1.5, False),
        ("share", math.nan, False),
        ("weight", -math.inf, True),
        ("weight", math.nan, False),
        ("weight", None, False),
        ("kind", "c", False),
        ("kind", None, False),
        ("note", "", False),
        ("note", "żółw", False),
        ("note", "🎬🎬🎬", True),
        ("note", None, True),
    ],
)
def test_one_value_among_good_ones_decides(name: str, value: object, is_kept: bool) -> None:  # noqa: FBT001  # a parameter of the test
    good = dict(zip(COLUMNS, (1, 2, 0.5, 1.5, "b", "ab"), strict=True))
    assert verdicts(
        frame([tuple(row.values()) for row in (good, {**good, name: value}, good)])
    ) == (is_kept, is_kept)


def test_witnesses_of_a_stored_file_see_a_number_that_is_none(tmp_path: Path) -> None:
    """Statistics kept in the file may leave NaN out; the witnesses must not."""
    schema = schema_of(Sightings, INTEGERS)
    many = (
        "select range as user_id, 0 as n, null::double as share, {weight} as weight, 'a' as kind,"
        " null::varchar as note from range(300000)"
    )
    for weight, is_kept in (
        ("1.5e0", True),
        ("case when range = 150000 then 'nan'::double else 1e0 end", False),
    ):
        file = tmp_path / f"{is_kept}.duckdb"
        with connect(file) as connection:
            connection.execute("create schema backtest")
            connection.execute(
                f"create table {SIGHTINGS.quoted} as {many.format(weight=weight)}".replace(
                    "0 as n", "0::bigint as n"
                )
            )
            connection.execute("checkpoint")
        with connect(file, read_only=True) as connection:
            assert extremes_keep_contract(connection, SIGHTINGS, schema) is is_kept


def test_witnesses_are_not_asked_about_rules_they_cannot_speak_for() -> None:
    assert are_enough(schema_of(Sightings, INTEGERS))
    assert not are_enough(schema_of(Sums, INTEGERS))


@pytest.mark.slow
@given(rows | kept)
@settings(max_examples=20)
def test_large_tables_are_stored_or_refused_as_if_every_row_were_judged(
    values: list[tuple[object, ...]],
) -> None:
    def outcome(*, judges_all: bool) -> object:
        with pytest.MonkeyPatch.context() as patch, connect() as connection:
            patch.setattr(row_checks, "FEW_ROWS", 0)
            patch.setattr(row_checks, "CHECKED_ROWS_AT_ONCE", 1)
            if judges_all:
                patch.setattr(row_checks, "are_enough", lambda _: False)
                patch.setattr(row_checks, "_key_hashes_differ", lambda *_: False)
            try:
                return write_table(
                    connection,
                    SIGHTINGS,
                    Query("select * from seen", {"seen": frame(values)}),
                    Sightings,
                    ids=INTEGERS,
                ).n_rows
            except BrokenContractError as broken:
                return str(broken)

    assert outcome(judges_all=False) == outcome(judges_all=True)


def test_keys_whose_hashes_collide_are_compared_by_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal hashes only raise the question; the values answer it."""
    monkeypatch.setattr(row_checks, "FEW_ROWS", 0)
    monkeypatch.setattr(row_checks, "CHECKED_ROWS_AT_ONCE", 1)
    monkeypatch.setattr(row_checks, "_key_hashes_differ", lambda *_: False)
    with connect() as connection:
        told = Query(
            "select * from seen",
            {"seen": frame([(1, 0, 0.0, 0.0, "a", "x"), (2, 0, 0.0, 0.0, "a", "x")])},
        )
        assert write_table(connection, SIGHTINGS, told, Sightings, ids=INTEGERS).n_rows == 2
