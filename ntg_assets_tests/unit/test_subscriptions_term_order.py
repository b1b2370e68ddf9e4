"""Terms of one contract beside each other: what follows, what ended it and when that was known."""

from datetime import date
from pathlib import Path

import polars as pl

from ntg_assets_tests.contract_files import GOOD, HEAD, count, read


def test_terms_of_a_contract_may_follow_but_not_overlap(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        [
            *GOOD,
            "1,a,2024-01-01,,basic,9.99,month",  # ended by the next term
            "1,a,2024-03-01,2024-05-01,basic,12.99,month",
            "1,a,2024-04-01,,gold,19.99,month",  # before the stated end
            "1,a,2024-05-01,2024-06-01,gold,19.99,month",
            "1,a,2024-09-01,,gold,19.99,month",  # after a gap
            "2,a,2024-12-01,,gold,19.99,month",  # another user's
            "1,a,2024-09-01,,gold,18.99,month",  # the same day again
        ],
        max_bad_share=0.02,
    )
    mine = found.terms.filter(pl.col("subscription_id") == "a")
    ended = [date(2024, 3, 1), date(2024, 5, 1), date(2024, 6, 1), None]
    assert mine["ended_on"].to_list() == ended
    assert mine["end_known_on"].to_list() == ended
    assert mine["price_minor"].to_list() == [999, 1299, 1999, 1999]
    assert sorted(found.refused["reason"].to_list()) == [
        "is not that of the contract's first term",
        "is that of another term of the contract",
        "lies before the stated end of the term before",
    ]
    told = {
        name: count(found, name)
        for name in ("closed_by_next", "price_change", "plan_change", "interruption", "copy")
    }
    assert told == {
        "closed_by_next": 1, "price_change": 1, "plan_change": 1, "interruption": 1, "copy": 0,
    }  # fmt: skip


def test_why_a_contract_ended_is_told_by_words_and_by_its_trial(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        [
            "1,a,2024-01-01,2024-01-08,basic,9.99,month,2024-01-08,whatever",
            "1,b,2024-01-01,2024-03-08,basic,9.99,month,2024-01-08,Unpaid",
            "1,c,2024-01-01,2024-03-08,basic,9.99,month,,moved away",
            "1,d,2024-01-01,2024-03-08,basic,9.99,month,,",
            "1,e,2024-01-01,,basic,9.99,month,,",
        ],
        head=f"{HEAD},trial,why",
        trial_ended_at="trial",
        end_reason="why",
    )
    kinds = ["not_converted", "payment_failed", "cancelled", "cancelled", None]
    assert found.terms["end_kind"].to_list() == kinds
    assert count(found, "unknown_reason") == 2
    assert found.terms["trial_end_on"].to_list()[:2] == [date(2024, 1, 8)] * 2


def test_when_an_end_was_known_is_kept_apart_from_when_it_takes_effect(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        ["1,a,2024-01-01,2024-02-01,basic,9.99,month,2024-01-10T08:00:00Z"],
        head=f"{HEAD},told",
        end_known_from="told",
    )
    assert found.terms.select("ended_on", "end_known_on").row(0) == (
        date(2024, 2, 1),
        date(2024, 1, 10),
    )


def test_a_plan_that_was_changed_on_the_day_it_began_leaves_the_later_term(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        [
            *GOOD,
            "1,a,2024-03-05,2024-03-05,basic,9.99,month",  # signed, and changed at once
            "1,a,2024-03-05,,gold,19.99,month",
            "2,b,2024-01-01,,basic,9.99,month",
            "2,b,2024-02-01,2024-02-01,gold,19.99,month",  # changed, and taken back at once
            "3,c,2024-02-01,2024-02-01,basic,9.99,month",  # nothing else is known of it
        ],
    )
    mine = found.terms.filter(pl.col("subscription_id").is_in(["a", "b", "c"]))
    assert mine.select("subscription_id", "plan", "started_on", "ended_on").rows() == [
        ("a", "gold", date(2024, 3, 5), None),
        ("b", "basic", date(2024, 1, 1), None),
        ("c", "basic", date(2024, 2, 1), date(2024, 2, 1)),
    ]
    assert found.refused.is_empty()
    assert (count(found, "superseded_same_day"), count(found, "same_day_end")) == (2, 1)


def test_a_trial_is_one_of_the_contract_whichever_term_names_it(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        [
            *(f"{row}," for row in GOOD),
            # repeated on every term: what was said of the first one stays said of it
            "1,a,2024-01-01,2024-03-01,basic,9.99,month,2024-01-15",
            "1,a,2024-03-01,,gold,19.99,month,2024-01-15",
            # another plan within the trial, and then no contract
            "2,b,2024-01-01,2024-01-05,basic,9.99,month,2024-01-15",
            "2,b,2024-01-05,2024-01-15,gold,19.99,month,",
            # the trial of a first term lies before it: that cannot be
            "3,c,2024-01-20,,basic,9.99,month,2024-01-15",
        ],
        head=f"{HEAD},trial",
        trial_ended_at="trial",
    )
    assert found.refused["reason"].to_list() == ["lies before the start"]
    assert found.refused["subscription_id"].to_list() == ["c"]
    mine = found.terms.filter(pl.col("subscription_id").is_in(["a", "b"]))
    assert mine["trial_end_on"].to_list() == [date(2024, 1, 15), None, date(2024, 1, 15), None]
    assert mine["end_kind"].to_list()[-1] == "not_converted"


def test_an_end_that_only_the_next_term_says_is_known_with_it(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        [
            *(f"{row}," for row in GOOD),
            "1,a,2024-01-01,,basic,9.99,month,",
            "1,a,2024-03-01,,gold,19.99,month,2024-03-10",  # written nine days later
        ],
        head=f"{HEAD},known",
        known_from="known",
    )
    mine = found.terms.filter(pl.col("subscription_id") == "a").row(0, named=True)
    assert (mine["ended_on"], mine["end_known_on"]) == (date(2024, 3, 1), date(2024, 3, 10))
