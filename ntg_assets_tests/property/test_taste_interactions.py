"""Both engines code a log as its definition says,
whatever the ids look like and however the rows lie.
"""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntg_assets.interactions.interactions import Interactions, code_interactions
from ntg_assets.interactions.row_order_kernel import compiled_order

AWKWARD = ["o'neil", 'say "hi"', "🎬", "a;drop table", "", " ", "é", "Z", "z", "10", "9"]
rows = st.lists(st.tuples(st.integers(-3, 9), st.integers(0, 10), st.integers(0, 4)), max_size=60)


def log_of(drawn: list[tuple[int, int, int]], *, as_text: bool, scale: int = 1) -> pl.DataFrame:
    start = datetime(2024, 1, 1)
    frame = pl.DataFrame(
        {
            "user_id": [user for user, _, _ in drawn],
            "item_id": [item for _, item, _ in drawn],
            "event_at": [
                start + timedelta(days=day * scale, microseconds=day) for _, _, day in drawn
            ],
        },
        schema={"user_id": pl.Int64, "item_id": pl.Int64, "event_at": pl.Datetime("us")},
    )
    if not as_text:
        return frame
    words = pl.Series(AWKWARD)
    return frame.with_columns(
        user_id=words.gather(frame["user_id"] % len(AWKWARD)),
        item_id=words.gather(frame["item_id"]),
    )


def by_definition(log: pl.DataFrame) -> list[tuple[object, ...]]:
    """List (user, item, instant, latest) by user, most recent first, then by item id."""
    distinct = sorted(set(log.iter_rows()), key=lambda row: (row[0], -row[2].timestamp(), row[1]))
    latest: dict[tuple[object, object], object] = {}
    for user, item, at in distinct:
        latest.setdefault((user, item), at)
    return [(user, item, at, latest[user, item] == at) for user, item, at in distinct]


def decoded(made: Interactions) -> list[tuple[object, ...]]:
    at = pl.Series(made.at).cast(pl.Datetime("us"))
    return list(
        zip(
            made.users.gather(made.user),
            made.items.gather(made.item),
            at,
            made.is_latest.tolist(),
            strict=True,
        )
    )


@pytest.mark.slow
@given(drawn=rows, as_text=st.booleans())
@settings(max_examples=150)
def test_rows_are_those_of_the_definition(
    drawn: list[tuple[int, int, int]], *, as_text: bool
) -> None:
    log = log_of(drawn, as_text=as_text)
    made = code_interactions(log, compiled=False)
    assert decoded(made) == by_definition(log)
    n_users = (
        log.group_by("item_id")
        .agg(pl.col("user_id").n_unique().alias("n"))
        .sort("n", "item_id", descending=[True, False])
    )
    assert made.items.to_list() == n_users["item_id"].to_list()
    assert made.users.to_list() == sorted(set(log["user_id"]))


@pytest.mark.slow
@given(drawn=rows, known=st.lists(st.integers(0, 12), unique=True), as_text=st.booleans())
@settings(max_examples=80)
def test_rows_of_unknown_items_are_left_out(
    drawn: list[tuple[int, int, int]], known: list[int], *, as_text: bool
) -> None:
    log = log_of(drawn, as_text=as_text)
    items = pl.Series([AWKWARD[item % len(AWKWARD)] for item in known], dtype=pl.String).unique(
        maintain_order=True
    )
    items = items if as_text else pl.Series(known, dtype=pl.Int64)
    made = code_interactions(log, items=items)
    assert decoded(made) == by_definition(log.filter(pl.col("item_id").is_in(items.implode())))
    assert made.items.equals(items)


@pytest.mark.slow
@given(drawn=rows.filter(bool), as_text=st.booleans(), scale=st.sampled_from([1, 20_000]))
@settings(max_examples=60)
def test_the_compiled_engine_gives_the_same_bits(
    drawn: list[tuple[int, int, int]], *, as_text: bool, scale: int
) -> None:
    log = log_of(drawn, as_text=as_text, scale=scale)
    plain, compiled = (code_interactions(log, compiled=engine) for engine in (False, True))
    for name in ("user", "item", "at", "is_latest"):
        left, right = getattr(plain, name), getattr(compiled, name)
        assert left.dtype == right.dtype
        assert np.array_equal(left, right)


@pytest.mark.slow
def test_instants_too_far_apart_for_one_number_are_ordered_all_the_same() -> None:
    user, item = np.zeros(4, np.int32), np.array([2, 0, 1, 0], np.int32)
    at = np.array([-(2**60), 2**61, 5, 5], np.int64)
    ordered = compiled_order(user, item, at, n_users=1, n_items=100)
    assert [column.tolist() for column in ordered] == [
        [0] * 4,
        [0, 0, 1, 2],
        [2**61, 5, 5, -(2**60)],
        [True, False, True, True],
    ]
