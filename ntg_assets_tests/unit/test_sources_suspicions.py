"""What a load says of itself: spellings of ids, rows that contradict, files that are none."""

import os
from pathlib import Path

import polars as pl
import pytest

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.configuration.inputs.events import EventSourceSettings
from ntg_assets.errors import SourceError
from ntg_assets.events.examination import examine_sources
from ntg_assets.events.item_suspicions import describe_odd_categories
from ntg_assets.events.suspicions import (
    about_ids,
    describe_alike_ids,
    describe_changed_ids,
    describe_contradictions,
    describe_folded,
    describe_largest_user,
    find_alike_ids,
)
from ntg_assets.sources.files.file_names import find_paths
from ntg_assets.sql import query
from ntg_assets.storage.run import run
from ntg_assets_tests.event_files import log_settings, write_log
from ntg_assets_tests.nights import paths_of

TEXTS = log_settings().events


def alike_ids(events: pl.DataFrame, source: EventSourceSettings = TEXTS) -> pl.DataFrame:
    """The ids of events that are written in several ways."""
    return find_alike_ids(run, source, events)


def test_ids_that_are_numbers_in_the_store_are_not_asked_how_they_are_written() -> None:
    events = pl.DataFrame({"user_id": [1, 2], "item_id": ["a", "A"]})
    numbers = log_settings(user_id_type="integer").events
    found = alike_ids(events, numbers)
    assert found.select("what", "n_spellings").rows() == [("item", 2)]
    files = events.with_columns(load_file=pl.lit(1))
    assert run(about_ids("id_kinds", numbers, events=files))["what"].to_list() == ["item"]


def test_numbers_in_several_spellings_are_told() -> None:
    users = ["42", "00042", "42.0", "7", "x", "1e5", "100000", "1.5", "2"]
    events = pl.DataFrame({"user_id": users, "item_id": [str(n) for n in range(len(users))]})
    found = alike_ids(events)
    assert found.select("what", "n_spellings", "first_spelling", "last_spelling").rows() == [
        ("user", 3, "00042", "42.0")
    ]
    told = describe_alike_ids(found.iter_rows(named=True))
    assert "'00042' and '42.0' (user)" in told
    assert "`user_id_type`" in told
    assert not describe_alike_ids([])


def test_texts_that_differ_in_case_or_spaces_are_told() -> None:
    items = ["Ann", "ann", " ann", "JOS\u00c9", "Jos\u00e9", "a n n", "bob"]
    events = pl.DataFrame({"user_id": ["1"] * len(items), "item_id": items})
    found = alike_ids(events)
    assert found.select("what", "spelling_key", "n_spellings").rows() == [
        ("item", "ann", 3),
        ("item", "jos\u00e9", 2),
    ]
    assert "' ann' and 'ann' (item)" in describe_alike_ids(found.iter_rows(named=True))


def test_texts_in_two_forms_of_unicode_are_told(tmp_path: Path) -> None:
    users = ["Zoe\u0308", "Zo\u00eb", "\u1112\u1161\u11ab", "\ud55c", "n\u0303", "Zoe"]
    events = pl.DataFrame({"user_id": users, "item_id": [str(n) for n in range(len(users))]})
    found = alike_ids(events)
    assert found.select("what", "spelling_key", "n_spellings").rows() == [
        ("user", "zo\u00eb", 2),
        ("user", "\ud55c", 2),
    ]
    sentence = describe_alike_ids(found.iter_rows(named=True))
    assert "2 id(s) are written in several ways: 'Zo\u00eb' in 4 and 3 characters" in sentence
    assert "'\ud55c' in 3 and 1 characters" in sentence
    write_log(tmp_path, [f"{user},i{n},2024-01-0{n + 1},1" for n, user in enumerate(users)])
    settings, paths = log_settings(), paths_of(tmp_path)
    findings = examine_sources(settings, paths=paths, engine=EngineSettings(), horizon_days=7)
    assert sentence in [finding.sentence for finding in findings]


def test_unknown_items_that_the_table_writes_otherwise_are_named() -> None:
    events = pl.DataFrame({"item_id": ["10.0", "11", "12.5", "x"]})
    items = pl.DataFrame({"item_id": ["10", "11"]})
    found = run(query("events", "unknown_item_ids", {"events": events, "items": items}))
    assert found.rows() == [("10.0", "10")]


def test_categories_in_several_spellings_and_words_for_none_are_told() -> None:
    told = describe_odd_categories(pl.Series(["Drama", "drama", "N/A", None, "Crime", "Drama"]))
    assert told == (
        "a category is 'N/A': if that means none, set `ingest.items.no_category`; 1 categories are"
        " written in several ways, and count as different (such as 'Drama' and 'drama')"
    )
    assert not describe_odd_categories(pl.Series(["Drama", None, "Crime"]))


def test_what_may_count_twice_is_told_with_its_number() -> None:
    assert "1,200 row(s)" in describe_contradictions(1200)
    assert "clocks of Europe/Berlin" in describe_folded(3, "Europe/Berlin")
    assert not describe_contradictions(0)
    assert not describe_folded(0, "UTC")


def test_links_to_nothing_and_pipes_are_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n")
    (tmp_path / "b.csv").symlink_to("gone.csv")
    with pytest.raises(SourceError, match=r"^b\.csv: is a link to 'gone\.csv', which is not there"):
        find_paths(["*.csv"], home=tmp_path)
    (tmp_path / "b.csv").unlink()
    os.mkfifo(tmp_path / "p.csv")
    for pattern in ("*.csv", "p.csv"):
        with pytest.raises(SourceError, match=r"^p\.csv: is a pipe, .*cannot be read twice"):
            find_paths([pattern], home=tmp_path)


def test_ids_that_are_numbers_in_one_file_and_words_in_another_are_told() -> None:
    users = ["1", "2", "u1", "u2", "1.5E+11"]
    events = pl.DataFrame({"user_id": users, "item_id": ["i"] * 5, "load_file": [1, 1, 2, 2, 3]})
    found = run(about_ids("id_kinds", TEXTS, events=events))
    assert found.filter(what="user")["n_numbers"].to_list() == [2, 0, 1]
    told = describe_changed_ids(found.iter_rows(named=True), {1: "a.csv", 2: "b.csv", 3: "c.csv"})
    assert "user ids are numbers in 2 file(s), first a.csv (such as '1')" in told
    assert "words in 1, first b.csv (such as 'u1')" in told
    assert "1 user id(s) are in powers of ten" in told
    one_kind = found.filter(load_file=1)
    assert not describe_changed_ids(one_kind.iter_rows(named=True), {1: "a.csv"})


@pytest.mark.parametrize(("n_events", "is_told"), [(6, False), (7, True)])
def test_a_user_with_a_great_part_of_the_events_is_told(n_events: int, *, is_told: bool) -> None:
    # 24 others with one event each: 6 of 30 are 20%, 7 of 31 are more
    users = [*(f"u{n}" for n in range(24)), *["robot"] * n_events]
    found = run(query("events", "largest_user", {"events": pl.DataFrame({"user_id": users})}))
    told = describe_largest_user(found.row(0, named=True))
    assert bool(told) == is_told
    if is_told:
        assert "7 of 31 events (23%)" in told
