"""Results of pure functions that are kept by the content of what they are given."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
import pytest

from ntg_assets.arrays import Floats
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.kept_calls import Results, calls_kept, digest_of, keep_calls

CALLS: list[float] = []


@keep_calls
def doubled(rows: pl.DataFrame, *, by: float) -> pl.DataFrame:
    CALLS.append(by)
    return rows.select(pl.all() * by)


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    CALLS.clear()


def test_what_is_asked_again_in_a_block_is_computed_once() -> None:
    rows = pl.DataFrame({"n": [1.0, 2.0]})
    with calls_kept():
        first = doubled(rows, by=2.0)
        again = doubled(pl.DataFrame({"n": [1.0, 2.0]}), by=2.0)
        assert doubled(rows, by=3.0)["n"].to_list() == [3.0, 6.0]
    assert first.equals(again)
    assert CALLS == [2.0, 3.0]


def test_nothing_is_kept_outside_of_a_block_nor_from_one_to_the_next() -> None:
    rows = pl.DataFrame({"n": [1.0]})
    for _ in range(2):
        doubled(rows, by=2.0)
        with calls_kept():
            doubled(rows, by=2.0)
    assert len(CALLS) == 4


def test_a_block_goes_on_with_the_results_that_it_is_given_and_inner_blocks_use_them() -> None:
    rows, results = pl.DataFrame({"n": [1.0]}), Results()
    for _ in range(2):
        with calls_kept(results), calls_kept():
            doubled(rows, by=2.0)
    assert len(CALLS) == 1


@dataclass(frozen=True)
class Held:
    """A frame and an array."""

    rows: pl.DataFrame
    numbers: Floats


def test_the_content_alone_counts() -> None:
    whole = pl.DataFrame({"user_id": [1, 2, 3, 4], "plan": ["a", "b", "a", "b"]})
    numbers = np.arange(6.0)
    first = digest_of(Held(whole.slice(2), numbers[::2]), ChurnSettings(), date(2024, 1, 1))
    copied = pl.DataFrame({"user_id": [3, 4], "plan": ["a", "b"]})
    same = Held(copied, np.array([0.0, 2.0, 4.0]))
    assert digest_of(same, ChurnSettings(), date(2024, 1, 1)) == first


@pytest.mark.parametrize(
    "other",
    [
        pl.DataFrame({"a": [1, 2], "b": [3, 5]}),
        pl.DataFrame({"a": [1, 2], "c": [3, 4]}),
        pl.DataFrame({"b": [3, 4], "a": [1, 2]}),
        pl.DataFrame({"a": [1, 2], "b": [3.0, 4.0]}),
        pl.DataFrame({"a": [1, 2], "b": [3, None]}),
        pl.DataFrame({"a": [2, 1], "b": [4, 3]}),
        [[1, 2], [3, 4]],
    ],
)
def test_another_content_is_another_digest(other: object) -> None:
    rows = pl.DataFrame({"a": [1, 2], "b": [3, 4]})
    assert digest_of(other) != digest_of(rows)


def test_values_do_not_run_together_and_numbers_are_not_words() -> None:
    assert digest_of("ab", "c") != digest_of("a", "bc")
    assert digest_of(["a"], "b") != digest_of(["a", "b"])
    assert digest_of(1) != digest_of("1") != digest_of(1.0)
    assert digest_of(np.zeros(2)) != digest_of(np.zeros((2, 1)))
    assert digest_of(np.zeros(0)) != digest_of(np.zeros((0, 1)))


def test_what_cannot_be_hashed_by_content_is_refused() -> None:
    with pytest.raises(TypeError, match="function is nothing whose content can be hashed"):
        digest_of(digest_of)
