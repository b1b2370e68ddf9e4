"""Rows come in one order, however many bits their users, instants and items take."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntg_assets.interactions import row_order
from ntg_assets.interactions.row_order import order_rows

ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2**62), st.integers(0, 4)), min_size=0, max_size=40
)
# of three ages, so that most rows share one with others
FEW_AGES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 4)), max_size=40)


@pytest.mark.parametrize("bits", [63, 10, 0], ids=["one number", "two numbers", "three keys"])
@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000])
@given(rows=FEW_AGES)
def test_rows_go_by_user_then_the_latest_then_by_item(
    rows: list[tuple[int, int, int]], unit: int, bits: int
) -> None:
    written = [(user, age * unit, item) for user, age, item in rows]
    with pytest.MonkeyPatch.context() as patch:
        # users take 2 bits, ages at most 2: of 10 bits 6 are left, and items of 100 take 7
        patch.setattr(row_order, "NUMBER_BITS", bits)
        assert ordered(written, n_items=100) == expected(written)


@given(rows=ROWS)
def test_instants_of_any_size_keep_the_order(rows: list[tuple[int, int, int]]) -> None:
    assert ordered(rows, n_items=5) == expected(rows)


def ordered(rows: list[tuple[int, int, int]], *, n_items: int) -> list[tuple[int, int, int, bool]]:
    user, age, item = (
        (np.array(column, np.int64) for column in zip(*rows, strict=True))
        if rows
        else (np.empty(0, np.int64) for _ in range(3))
    )
    found = order_rows(
        user.astype(np.int32),
        item.astype(np.int32),
        -age,
        n_users=4,
        n_items=n_items,
        compiled=False,
    )
    assert found.user.dtype == found.item.dtype == np.int32
    columns = (found.user, -found.at, found.item, found.is_latest)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def expected(rows: list[tuple[int, int, int]]) -> list[tuple[int, int, int, bool]]:
    """Sorted in plain Python; the first row of each pair is the latest."""
    seen: set[tuple[int, int]] = set()
    found = []
    for user, age, item in sorted(set(rows)):
        found.append((user, age, item, (user, item) not in seen))
        seen.add((user, item))
    return found
