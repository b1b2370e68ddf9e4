"""What a person is told of people who left, in sentences with their numbers."""

import polars as pl

from ntg_assets.subscriptions.hazard.backtest import TOGETHER
from ntg_assets.subscriptions.terms.amounts import describe_amount


def describe_returns(scores: pl.DataFrame, backtest: pl.DataFrame) -> list[str]:
    """Say who left, how many are expected back, what would come with them, and how far that was
    right before.

    Args:
        scores: `return_scores`.
        backtest: `return_backtest`.
    """
    if scores.is_empty():
        return []
    scored = scores.filter(pl.col("return_probability").is_not_null())
    if scored.is_empty():
        return [f"{scores.height:,} people have left; whether they come back cannot be said yet"]
    expected = float(scored["return_probability"].sum())
    amounts = ", ".join(
        describe_amount(int(rows["value_to_win_minor"].sum()), str(rows["currency"][0]))
        for rows in scored.sort("currency").partition_by("currency")
    )
    sentence = (
        f"{scores.height:,} people have left; {expected:,.1f} of them are expected back within the"
        f" churn horizon by themselves, and {amounts} stay away with the others (contacted only by"
        " a strategy win_back)"
    )
    return [sentence, *_of_backtest(backtest)]


def _of_backtest(backtest: pl.DataFrame) -> list[str]:
    rows = backtest.filter("is_chosen", pl.col("origin") == TOGETHER)
    return [
        f"at past origins {row['expected_returned']:,.1f} people were expected back,"
        f" {row['n_returned']:,} of {row['n_left']:,} came (model: {row['model']})"
        for row in rows.iter_rows(named=True)
    ]
