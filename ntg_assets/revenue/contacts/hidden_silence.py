"""Whose silence the log cannot tell from days that it does not hold: no list asks for them.

Who was last seen before a hole of the log (`log_holes`) may have come on every day that is missing,
and who was last seen before thin weeks (`churn/population/thin_weeks.py`) on most of them: a day
that holds a fifth of what is usual counts as four fifths of a missing one. While more of the days
since then are missing than not, nobody knows whether they are silent: a contact that says so, or an
offer that is meant for leavers, may go to somebody who came yesterday. So the lists that go by
silence leave them out, and so do those of people who pay and do not watch. Everybody else, whose
contract puts them at risk, or who was seen since, is asked for as before.
"""

from datetime import date

import polars as pl

from ntg_assets.churn.population.thin_weeks import ThinWeeks
from ntg_assets.revenue.contacts.contact_candidates import SILENCE

MOST_HIDDEN = 0.5  # of a silence: with more of it missing, the days that are not say too little
HIDDEN = "the log does not hold {} of the {} days since they were last seen"
HIDDEN_THINLY = "the log holds little of what is usual on {} of the {} days since they were seen"


def leave_out_hidden(
    candidates: pl.DataFrame,
    recency: pl.DataFrame,
    log_holes: pl.DataFrame,
    thin: ThinWeeks | None,
    *,
    cutoff_on: date,
) -> pl.DataFrame:
    """Leave those out whose silence a hole of the log, or thin weeks, may hide.

    Args:
        candidates: `contact_candidates`.
        recency: `user_id` and `recency_days` of `churn_scores`.
        log_holes: `log_holes`, of all that is known tonight.
        thin: Weeks that hold little; none of their days lies in a hole.
        cutoff_on: The cutoff.

    Returns:
        The candidates; of those who are left out `is_at_risk_population` is false and `left_out`
        says why.
    """
    if log_holes.is_empty() and thin is None:
        return candidates
    n_missing, n_thin = _missing_days(log_holes, cutoff_on), _thin_days(thin, cutoff_on)
    named = candidates.join(
        recency.select("user_id", "recency_days"), on="user_id", how="left", maintain_order="left"
    ).with_columns(n_missing=n_missing, n_thin=n_thin)
    silent_days = pl.col("recency_days") - 1  # the last active day is none of them
    by_silence = (pl.col("basis") == SILENCE) | pl.col("is_sleeper")
    n_hidden = pl.col("n_missing") + _lacking(thin) * pl.col("n_thin")
    is_hidden = (
        by_silence & pl.col("left_out").is_null() & (n_hidden > MOST_HIDDEN * silent_days)
    ).fill_null(value=False)
    reason = (
        pl.when(pl.col("n_thin") == 0)
        .then(pl.format(HIDDEN, "n_missing", silent_days))
        .otherwise(pl.format(HIDDEN_THINLY, pl.col("n_missing") + pl.col("n_thin"), silent_days))
    )
    return named.with_columns(
        is_at_risk_population=pl.col("is_at_risk_population") & ~is_hidden,
        left_out=pl.when(is_hidden & pl.col("is_at_risk_population"))
        .then(reason)
        .otherwise("left_out"),
    ).select(candidates.columns)


def _missing_days(log_holes: pl.DataFrame, cutoff_on: date) -> pl.Expr:
    """Days of each user's silence that lie in a hole."""
    spans = log_holes.select("from_on", "until_on").iter_rows()
    return pl.sum_horizontal(
        pl.lit(0, pl.Int64), *(_silent_days_in(start, end, cutoff_on) for start, end in spans)
    )


def _thin_days(thin: ThinWeeks | None, cutoff_on: date) -> pl.Expr:
    """Days of each user's silence that lie in thin weeks."""
    if thin is None:
        return pl.lit(0, pl.Int64)
    return _silent_days_in(thin.from_on, thin.until_on, cutoff_on)


def _lacking(thin: ThinWeeks | None) -> float:
    """Share of what is usual that a day of thin weeks does not hold."""
    return 0.0 if thin is None else 1 - thin.users_a_day / thin.usual_users_a_day


def _silent_days_in(from_on: date, until_on: date, cutoff_on: date) -> pl.Expr:
    silent_from = pl.lit(cutoff_on) - pl.duration(days=pl.col("recency_days") - 1)
    days = pl.lit(min(until_on, cutoff_on)) - pl.max_horizontal(silent_from, pl.lit(from_on))
    return days.dt.total_days().clip(lower_bound=0)


def describe_hidden(candidates: pl.DataFrame) -> str:
    """Say how many users the lists leave out for days that are missing; empty where none."""
    heads = [text.split("{}", maxsplit=1)[0] for text in (HIDDEN, HIDDEN_THINLY)]
    says_so = pl.any_horizontal(pl.col("left_out").str.starts_with(head) for head in heads)
    hidden = candidates.filter(says_so.fill_null(value=False))
    if hidden.is_empty():
        return ""
    first = hidden.sort("revenue_at_risk", "user_id", descending=[True, False])
    return (
        f"{hidden.height:,} users are on no list tonight, since the log lacks days of their"
        f" silence, or most of them (first by revenue at risk: user {first['user_id'][0]},"
        f" {first['left_out'][0]}): load what is missing, and they are asked for again"
    )
