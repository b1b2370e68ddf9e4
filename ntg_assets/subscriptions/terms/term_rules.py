"""What makes a row of a table of contracts unusable, alone and beside its contract's others."""

from datetime import date

import polars as pl

from ntg_assets.subscriptions.terms.amounts import CODE
from ntg_assets.subscriptions.terms.row_problems import (
    NO_DAY,
    NOTHING,
    Problem,
    with_first_problem,
)

DAYS_IN = {
    "started": "start",
    "ended": "end",
    "known": "known_from",
    "end_known": "end_known_from",
    "trial": "trial end",
}


def validate_terms(rows: pl.DataFrame, *, earliest_on: date) -> pl.DataFrame:
    """Add the first thing that is wrong with each row: `column_name`, `reason`, `found`.

    Args:
        rows: Terms as they were read.
        earliest_on: Day before which none can have begun.
    """
    early = too_early("start", "started_on", earliest_on)
    problems = [*_identity(), *_days(), *early, *_money()]
    return with_first_problem(rows, problems)


def _identity() -> list[Problem]:
    """Who and what a term is of, and from when it ran."""
    no_start = pl.col("started_text").is_null() & pl.col("started_on").is_null()
    return [
        Problem(
            "user", "is no id of the log's kind", pl.col("listed_id"), pl.col("user_id").is_null()
        ),
        Problem("contract", "is empty", NOTHING, pl.col("subscription_id").is_null()),
        Problem("start", "is empty", NOTHING, no_start),
    ]


def _days() -> list[Problem]:
    """Days that cannot be read, or that cannot follow each other."""
    started = pl.col("started_on")
    unread = [
        Problem(word, NO_DAY, pl.col(f"{name}_text"), pl.col(f"{name}_text").is_not_null())
        for name, word in DAYS_IN.items()
    ]
    early = [
        Problem(word, "lies before the start", pl.col(name), pl.col(name) < started)
        for word, name in (("end", "ended_on"), ("trial end", "trial_on"))
    ]
    return [*unread, *early]


def too_early(word: str, name: str, earliest_on: date) -> list[Problem]:
    """A day of a zero clock, or of a number in another unit."""
    day = pl.col(name)
    reason = f"lies before {earliest_on} (ingest.earliest_event; is `timestamp_unit` right?)"
    return [Problem(word, reason, day, day < earliest_on)]


def _money() -> list[Problem]:
    """What a term costs, in which currency, how often, by which plan."""
    is_code = pl.col("currency").str.contains(CODE).fill_null(value=False)
    return [
        Problem("currency", "is not three letters", pl.col("currency"), ~is_code),
        Problem(
            "billing period",
            "is none (month, year, 30 days)",
            pl.col("period_written"),
            pl.col("period_months").is_null(),
        ),
        Problem("plan", "is empty", NOTHING, pl.col("plan").is_null()),
        Problem(
            "price",
            pl.col("price_reason").fill_null("is empty"),
            pl.col("price_text"),
            pl.col("price_minor").is_null(),
        ),
    ]
