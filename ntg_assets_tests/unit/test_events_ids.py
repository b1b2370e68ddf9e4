"""Which ids of a list are those of the log, and which are only nearly."""

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntg_assets.sources.reading.rules import Rule
from ntg_assets.sources.values.ids import IdMatch, KnownIds, as_listed_id, match_ids
from ntg_assets_tests.event_files import read_column

NUMBERS = pl.Series([7, 1000, -3], dtype=pl.Int64)
EXACT, NEAR, NONE = (1, 0, 0), (0, 1, 0), (0, 0, 1)


def match(listed: Sequence[str | None], known: pl.Series) -> IdMatch:
    return match_ids(pl.Series(listed, dtype=pl.String), KnownIds(known))


def counts(found: IdMatch) -> tuple[int, int, int]:
    assert found.n_found + found.n_near + found.n_not_found == found.n_ids
    return found.n_found, found.n_near, found.n_not_found


def test_a_power_of_ten_too_large_for_a_float_is_nobody_elses_id() -> None:
    assert float("9007199254740995e0") == 9007199254740996  # the float beside it
    known = pl.Series(["9007199254740996", "1500"])
    assert counts(match(["9007199254740995e0"], known)) == NONE
    assert counts(match(["1.5e3"], known)) == NEAR


@pytest.mark.parametrize(
    "text", ["7", "007", " 7 ", "\t7\r", "+7", "7.0", "7.", "007.00", "-3", "1000"]
)
def test_one_whole_number_is_one_user_however_it_is_written(text: str) -> None:
    assert counts(match([text], NUMBERS)) == EXACT


@pytest.mark.parametrize(
    "text",
    [
        "7\u00a0",
        "\ufeff7",
        "7\u200b",
        "\u2060" + "7",
        "'7",
        '"7"',
        "1e3",
        "1.0E+03",
        "\uff17",
        "7\u3000",
        "\u202a7\u202c",
        "1 000",
    ],
)
def test_a_whole_number_with_something_unseen_or_added_is_nearly_one_user(text: str) -> None:
    assert counts(match([text], NUMBERS)) == NEAR


@pytest.mark.parametrize(
    "text", ["8", "7.5", "seven", "70", "-7", "7-", "9223372036854775808", "1e400", "nan", "\u200b"]
)
def test_other_numbers_and_words_are_no_user(text: str) -> None:
    assert counts(match([text], NUMBERS)) == NONE


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("u1", "u1   "),  # what a CHAR column pads
        ("u1\u00a0", "u1"),
        ("U1", "u1"),
        ("Anna@Example.org", "anna@example.org"),
        ("\u00e9lan", "e\u0301lan"),  # composed and decomposed
        ("7.0", "7"),
        ("7", "7.0"),
        ("0049170", "+49170"),
        ("u\u200b1", "u1"),
        ("{550E8400-E29B-41D4-A716-446655440000}", "550e8400e29b41d4a716446655440000"),
    ],
)
def test_texts_that_only_look_alike_are_near_and_those_that_are_alike_are_the_same(
    text: str, known: str
) -> None:
    assert counts(match([text], pl.Series([known]))) == NEAR
    assert counts(match([known], pl.Series([known]))) == EXACT


@pytest.mark.parametrize(
    ("text", "known"), [("u1", "u2"), ("u10", "u1"), ("u-1", "u1"), ("", "u1"), ("12345", "1234")]
)
def test_other_texts_are_others(text: str, known: str) -> None:
    assert counts(match([text], pl.Series([known]))) == NONE


def test_every_user_whom_an_id_names_is_found_and_every_id_is_counted_once() -> None:
    found = match(["u1", "U1", "u1", None, "u9", "u2 "], pl.Series(["u1", "u1 ", "u2"]))
    assert found.pairs.rows() == [
        ("u1", "u1", True),
        ("u1", "U1", False),
        ("u1 ", "U1", False),
        ("u1 ", "u1", False),
        ("u2", "u2 ", False),
    ]
    assert (found.n_ids, found.n_found, found.n_near, found.n_not_found) == (4, 1, 2, 1)
    assert (found.n_known, found.n_known_nearly) == (3, 2)


@pytest.mark.slow
@settings(max_examples=25)
@given(
    st.lists(st.sampled_from(["7", "7.0", " 7", "u1", "U1", "u1 ", "08", "8"]), max_size=12),
    st.randoms(use_true_random=False),
)
def test_neither_order_nor_repetition_of_a_list_matters(listed: list[str], random: object) -> None:
    known, shuffled = pl.Series(["7", "u1", "8"]), [*listed, *listed]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = match(listed, known), match(shuffled, known)
    assert one.pairs.equals(other.pairs)
    assert one[1:] == other[1:]


def listed_ids(ids: pl.Series) -> pl.Series:
    """Ids of a Parquet list as text."""
    with TemporaryDirectory() as folder:
        rules = [Rule("listed_id", "given", as_listed_id, is_optional=True)]
        return read_column(Path(folder).resolve(), ids, rules)["listed_id"]


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-(2**53), 2**53), unique=True, min_size=1))
def test_what_a_library_makes_of_whole_numbers_names_the_same_users(users: list[int]) -> None:
    known = KnownIds(pl.Series(users, dtype=pl.Int64))
    for written in (
        listed_ids(pl.Series(users, dtype=pl.Int64)),
        listed_ids(pl.Series(users, dtype=pl.Float64)),
    ):
        assert sorted(match_ids(written, known).pairs["known_id"]) == sorted(users)


def test_nothing_is_lost_where_a_float_is_no_id() -> None:
    assert listed_ids(pl.Series([7.0, None, float("nan"), 1.5])).to_list() == [
        "7",
        None,
        None,
        "1.5",
    ]


def test_a_million_ids_take_seconds() -> None:
    n = 50_000
    started = time.process_time()
    found = match(
        [f"user-{user} " for user in range(n)],
        pl.Series([f"User-{user}" for user in range(0, 2 * n, 2)]),
    )
    assert (found.n_near, found.n_not_found) == (n // 2, n // 2)
    assert (time.process_time() - started) * 1_000_000 / n < 20  # about 2 on an idle core
