"""Words of a configuration among the texts of a column, in whatever spelling they are written."""

import polars as pl
import pytest

from ntg_assets.sources.values.words import are_among, meanings, written_otherwise


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("control", "control"),
        (" Control ", "control"),
        ("CONTROL", "control"),
        ("control b", None),
        ("", None),
        (None, None),
    ],
)
def test_case_and_blanks_say_nothing(text: str | None, meaning: str | None) -> None:
    read = meanings(pl.Series([text]), {"control": "control", "treatment": "treatment"})
    assert read.to_list() == [meaning]


@pytest.mark.parametrize("text", ["1", "1.0", "TRUE", "yes", "ja", "Wahr", "oui", "t"])
def test_words_for_true_are_one_word(text: str) -> None:
    words = {"true": "contact", "false": "holdout"}
    assert meanings(pl.Series([text]), words).to_list() == ["contact"]
    assert are_among(pl.Series([text]), ["yes"]).to_list() == [True]
    assert are_among(pl.Series([text]), ["no"]).to_list() == [False]


def test_words_that_differ_in_case_only_stay_apart() -> None:
    words = {"A": "first", "a": "second"}
    assert meanings(pl.Series(["A", "a", " a "]), words).to_list() == ["first", "second", "second"]
    # what is neither could be both
    assert meanings(pl.Series(["x", "X"]), {"Ab": "1", "aB": "2"}).to_list() == [None, None]
    assert meanings(pl.Series(["AB"]), {"Ab": "1", "aB": "2"}).to_list() == [None]


def test_what_is_written_otherwise_is_counted_with_the_first_example() -> None:
    texts = pl.Series(["b", "B", "A", "a", "x"])
    meant = meanings(texts, {"a": "a", "b": "b"})
    assert written_otherwise(texts, meant) == (2, "'A' for 'a'")
    assert written_otherwise(texts[[0, 3]], meant[[0, 3]]) == (0, None)
