"""The largest entries of each row, however many ties there are and however long the rows."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ntg_assets.interactions import top_k
from ntg_assets.interactions.top_k import top_k_entries, top_k_rows

Block = npt.NDArray[np.float64]
# few values, so that most rows hold ties; what is not positive is no entry
BLOCKS = arrays(
    np.float64,
    st.tuples(st.integers(0, 6), st.integers(1, 8)),
    elements=st.sampled_from([-1.0, 0.0, 0.0, 0.25, 0.5, 5e-324]),
)


def best(values: Block, k: int) -> list[tuple[int, int, int]]:
    """(row, rank, column), sorted row by row in plain Python."""
    found = []
    for row, of_row in enumerate(values):
        columns = sorted((-value, column) for column, value in enumerate(of_row) if value > 0)
        found += [(row, rank, column) for rank, (_, column) in enumerate(columns[:k])]
    return found


@pytest.mark.parametrize("spare", [0, 4], ids=["one sort", "side by side"])
@given(values=BLOCKS, k=st.integers(1, 9))
def test_rows_hold_their_largest_by_value_then_column(values: Block, k: int, spare: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(top_k, "SPARE", spare)
        chosen = top_k_rows(values, k)
    assert list(zip(chosen.row, chosen.rank, chosen.column, strict=True)) == best(values, k)


# at one decimal: three that become .3, two that become 0, two that become .1
UNROUNDED = arrays(
    np.float64,
    st.tuples(st.integers(0, 6), st.integers(1, 8)),
    elements=st.sampled_from([-0.3, -0.04, 0.04, 0.06, 0.14, 0.26, 0.3, 0.34]),
)


@given(values=UNROUNDED, k=st.integers(1, 9))
def test_what_is_rounded_first_is_chosen_as_of_a_block_that_was_rounded(
    values: Block, k: int
) -> None:
    rounded = np.round(values, 1)
    chosen = top_k_rows(values, k, digits=1)
    assert list(zip(chosen.row, chosen.rank, chosen.column, strict=True)) == best(rounded, k)
    assert (chosen.value == rounded[chosen.row, chosen.column]).all()


@pytest.mark.parametrize("sparse", [0, np.inf], ids=["only entries", "with zeros"])
@given(values=BLOCKS, k=st.integers(1, 9), seed=st.integers(0, 99))
def test_entries_in_any_order_of_columns_give_the_same(
    values: Block, k: int, seed: int, sparse: float
) -> None:
    row, column = np.nonzero(values > 0)
    order = np.lexsort((np.random.default_rng(seed).random(len(row)), row))
    row, column = row[order], column[order]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(top_k, "SPARSE", sparse)
        place, rank = top_k_entries(row, column, values[row, column], shape=values.shape, k=k)
    assert list(zip(row[place], rank, column[place], strict=True)) == best(values, k)
