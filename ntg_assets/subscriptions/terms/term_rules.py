"""What makes a row of a table of contracts unusable, alone and beside its contract's others."""

import polars as pl

from ntg_assets.subscriptions.terms.amounts import CODE
from ntg_assets.subscriptions.terms.contracts import CANCELLED, NOT_CONVERTED

NO_DAY = "is no day or time (write ISO: 2024-01-31)"
DAYS_IN = {
    "started": "start",
    "ended": "end",
    "known": "known_from",
    "end_known": "end_known_from",
    "trial": "trial end",
}


def judge_terms(rows: pl.DataFrame) -> pl.DataFrame:
    """Add the first thing that is wrong with each row: `column_name`, `reason`, `found`."""
    started, ended, trial = (pl.col(f"{name}_on") for name in ("started", "ended", "trial"))
    problems: list[tuple[str, str, pl.Expr, pl.Expr]] = [
        ("user", "is no id of the log's kind", pl.col("listed_id"), pl.col("user_id").is_null()),
        ("contract", "is empty", pl.lit(None, pl.String), pl.col("subscription_id").is_null()),
        (
            "start",
            "is empty",
            pl.lit(None, pl.String),
            pl.col("started_text").is_null() & started.is_null(),
        ),
        *(
            (
                word,
                NO_DAY,
                pl.col(f"{name}_text"),
                pl.col(f"{name}_text").is_not_null(),
            )
            for name, word in DAYS_IN.items()
        ),
        ("end", "lies before the start", ended.cast(pl.String), ended < started),
        ("trial end", "lies before the start", trial.cast(pl.String), trial < started),
        (
            "currency",
            "is not three letters",
            pl.col("currency"),
            ~pl.col("currency").str.contains(CODE).fill_null(value=False),
        ),
        (
            "billing period",
            "is none (month, year, 30 days)",
            pl.col("period_written"),
            pl.col("period_months").is_null(),
        ),
        ("plan", "is empty", pl.lit(None, pl.String), pl.col("plan").is_null()),
    ]
    told = {
        "column_name": pl.coalesce(
            *(pl.when(broken).then(pl.lit(word)) for word, _, _, broken in problems),
            pl.when(pl.col("price_minor").is_null()).then(pl.lit("price")),
        ),
        "reason": pl.coalesce(
            *(pl.when(broken).then(pl.lit(reason)) for _, reason, _, broken in problems),
            pl.when(pl.col("price_minor").is_null()).then(
                pl.col("price_reason").fill_null("is empty")
            ),
        ),
        "found": pl.coalesce(
            *(pl.when(broken).then(found.fill_null("")) for _, _, found, broken in problems),
            pl.when(pl.col("price_minor").is_null()).then(pl.col("price_text").fill_null("")),
        ),
    }
    return rows.with_columns(**told)


def judge_in_order(rows: pl.DataFrame, *, longest_gap_days: int) -> pl.DataFrame:
    """Judge the terms of each contract against one another; add what follows each.

    A term that starts while the one before it runs without an end closes it. One that starts before
    the stated end of the one before, or on the same day, is refused.
    """
    good = rows.filter(pl.col("reason").is_null()).sort("subscription_id", "started_on", "place")
    same = pl.col("subscription_id") == pl.col("subscription_id").shift(1)
    before_on = pl.when(same).then(pl.col("started_on").shift(1))
    problems = (
        (
            "user",
            "is not that of the contract's first term",
            pl.col("listed_id"),
            pl.col("user_id") != pl.col("owner"),
        ),
        (
            "start",
            "is that of another term of the contract",
            pl.col("started_on").cast(pl.String),
            pl.col("started_on") == before_on,
        ),
        (
            "start",
            "lies before the stated end of the term before",
            pl.col("started_on").cast(pl.String),
            pl.col("started_on") < pl.col("stated_end_on"),
        ),
    )
    judged = _with_terms_before(good).with_columns(
        column_name=pl.coalesce(*(pl.when(p[3]).then(pl.lit(p[0])) for p in problems)),
        reason=pl.coalesce(*(pl.when(p[3]).then(pl.lit(p[1])) for p in problems)),
        found=pl.coalesce(*(pl.when(p[3]).then(p[2]) for p in problems)),
    )
    kept = judged.filter(pl.col("reason").is_null())
    goes_on = pl.col("subscription_id") == pl.col("subscription_id").shift(-1)
    next_start = pl.when(goes_on).then(pl.col("started_on").shift(-1))
    gap = (next_start - pl.col("ended_on")).dt.total_days()
    followed = kept.with_columns(
        next_start_on=next_start,
        is_closed_by_next=pl.col("ended_on").is_null() & next_start.is_not_null(),
        is_interrupted=(gap > longest_gap_days).fill_null(value=False),
        **{
            f"next_{told}": pl.when(goes_on).then(pl.col(name).shift(-1))
            for told, name in (("plan", "plan"), ("price", "price_minor"), ("currency", "currency"))
        },
    )
    others = (
        judged.filter(pl.col("reason").is_not_null()),
        rows.filter(pl.col("reason").is_not_null()),
    )
    return pl.concat([followed, *others], how="diagonal")


def _with_terms_before(rows: pl.DataFrame) -> pl.DataFrame:
    """Add `owner` (user of the contract's first term) and `stated_end_on` (the latest stated end of
    the terms before), by contracts as they lie.

    A window over a million contracts costs minutes: only contracts of several terms are looked at.
    """
    same = (pl.col("subscription_id") == pl.col("subscription_id").shift(1)).fill_null(value=False)
    is_part = same | same.shift(-1).fill_null(value=False)
    marked = rows.with_columns(is_part=is_part, owner=pl.when(~same).then("user_id").forward_fill())
    several = marked.filter("is_part").select(
        "place",
        stated_end_on=pl.col("ended_on").cum_max().shift(1).over("subscription_id"),
    )
    return marked.drop("is_part").join(several, on="place", how="left", maintain_order="left")


def close_terms(kept: pl.DataFrame) -> pl.DataFrame:
    """End open terms where the next one starts; say when each end was known, and of which kind it
    is.

    Without a word for it, a contract that ends by the end of its trial was not converted, and any
    other was cancelled.
    """
    ended = pl.coalesce("ended_on", pl.when("is_closed_by_next").then("next_start_on"))
    closed = kept.with_columns(ended_on=ended)
    in_trial = (pl.col("ended_on") <= pl.col("trial_on")).fill_null(value=False)
    kind = (
        pl.when(in_trial)
        .then(pl.lit(NOT_CONVERTED))
        .otherwise(pl.col("end_kind").fill_null(CANCELLED))
    )
    return closed.with_columns(
        known_on=pl.coalesce("known_on", "started_on"),
        end_known_on=pl.when(pl.col("ended_on").is_not_null()).then(
            pl.coalesce("end_known_on", "ended_on")
        ),
        trial_end_on="trial_on",
        end_kind=pl.when(pl.col("ended_on").is_not_null()).then(kind),
    ).sort("subscription_id", "started_on")
