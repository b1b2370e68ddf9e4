import polars as pl
import pytest

from ntg_assets.events.item_suspicions import describe_category_lists
from ntg_assets.events.suspicions import about_ids, describe_null_words, words_for_none
from ntg_assets.sql import query
from ntg_assets.storage.run import run
from ntg_assets_tests.event_files import log_settings


def null_words(users: list[object], items: list[object]) -> pl.DataFrame:
    tables = {
        "events": pl.DataFrame({"user_id": users, "item_id": items}),
        "words_for_none": words_for_none(),
    }
    return run(about_ids("null_words", log_settings().events, **tables))


def told_categories(*categories: str) -> str:
    rows = pl.DataFrame({"item_id": range(len(categories)), "category": categories})
    return describe_category_lists(
        run(query("events", "category_lists", {"item_categories": rows})).row(0, named=True)
    )


def test_words_for_none_among_the_ids_are_counted() -> None:
    found = null_words(
        ["NULL", "NULL", "\\N", " nan ", "u1", "Nancy", "nullable"],
        ["a", "a", "None", "a", "b", "NA", "undefined-1"],
    )
    assert found.rows() == [
        ("user", "NULL", 2),
        ("user", " nan ", 1),
        ("user", "\\N", 1),
        ("item", "NA", 1),
        ("item", "None", 1),
    ]
    assert describe_null_words(found.iter_rows(named=True)).startswith(
        "5 id(s) are words for 'none': 'NULL' (user, 2 event(s)), ' nan ' (user, 1 event(s))"
    )


def test_ids_that_are_numbers_are_no_words() -> None:
    assert describe_null_words(null_words([0, -1], [1, 2]).iter_rows(named=True)) == ""


@pytest.mark.parametrize(
    "categories",
    [
        ("['Drama', 'Comedy']", "[{'id': 18, 'name': 'Drama'}]"),
        ('["Drama"]', "[]"),
        ("{Drama,Comedy}", "Drama"),
        ("Drama, Comedy", "Drama;Crime", "Crime"),
        ("Drama|Comedy", "Drama|Crime"),
        ("['Drama'", "'Comedy']", "'Crime'"),
        ('["Drama"', '"Comedy"', "Crime", "Romance", '"War"]'),
    ],
)
def test_categories_that_are_lists_are_told(categories: tuple[str, ...]) -> None:
    n_lists = sum(any(sign in category for sign in "[{,;|]'\"") for category in categories)
    told = told_categories(*categories)
    assert (f"{n_lists} of {len(categories)} categories look like lists" in told) == (
        n_lists > len(categories) / 2
    )


@pytest.mark.parametrize(
    "categories",
    [("Drama", "Sci-Fi/Fantasy", "Children's (all)"), ("Food, Drink", "Home", "Toys"), ()],
)
def test_single_names_are_not(categories: tuple[str, ...]) -> None:
    assert told_categories(*categories) == ""
