"""The Revenue Risk Radar: what the leaving of each user would cost, and who comes first.

    revenue at risk = P(churn) * (V - R)

V is the value over the stated horizon of who stays, R what a leaver still brings: `ltv` and revenue
at risk add up to V. A user outside the at-risk population has already left: nothing of theirs is at
stake any more, so their stake is 0 (see `revenue.value.ltv`).
"""

import polars as pl

from ntg_assets.configuration.churn import ChurnSettings

BANDS = ("critical", "high", "medium", "low", "none")
# cumulative share of revenue at risk at which critical, high and medium end (an ABC analysis)
BAND_ENDS = (0.5, 0.8, 0.95)
SEGMENTS = ("new", "regular", "slipping", "dormant")


def revenue_risk_radar(
    scores: pl.DataFrame, values: pl.DataFrame, *, settings: ChurnSettings
) -> pl.DataFrame:
    """Rank users by revenue at risk.

    Args:
        scores: `churn_scores`.
        values: `ltv_estimates`.
        settings: Horizon, which places users in their life cycle.

    Returns:
        `revenue_risk_radar`, by rank; ties by user id.
    """
    rows = scores.join(values, on="user_id", how="inner")
    risked = rows.with_columns(segment=life_cycle(settings)).sort(
        "revenue_at_risk", "user_id", descending=[True, False]
    )
    return risked.with_row_index("rank", offset=1).select(
        "user_id",
        pl.col("rank").cast(pl.Int64),
        "churn_probability",
        "ltv_at_stake",
        "revenue_at_risk",
        _cumulative_share().alias("cumulative_share"),
        band().alias("band"),
        "segment",
        "is_at_risk_population",
        "ltv",
        "ltv_if_stays",
        "unit",
        "reason_1",
        "reason_2",
        "reason_3",
    )


def life_cycle(settings: ChurnSettings) -> pl.Expr:
    """Place a user in the life cycle.

    Dormant: outside the at-risk population; slipping: silent for half a horizon; new: known for
    less than one; else regular.
    """
    return (
        pl.when(~pl.col("is_at_risk_population"))
        .then(pl.lit("dormant"))
        .when(2 * pl.col("recency_days") > settings.horizon_days)
        .then(pl.lit("slipping"))
        .when(pl.col("tenure_days") < settings.horizon_days)
        .then(pl.lit("new"))
        .otherwise(pl.lit("regular"))
    )


def _cumulative_share() -> pl.Expr:
    """Share of all revenue at risk held by the user and everyone ranked before;
    0 where nothing is at risk.
    """
    held = pl.col("revenue_at_risk").cum_sum()
    return pl.when(held.last() > 0).then(held / held.last()).otherwise(0.0)


def band() -> pl.Expr:
    """Band in which the user's own part of the cumulative share begins;
    rows are in the order of `revenue_at_risk`.
    """
    before = _cumulative_share().shift(1, fill_value=0.0)
    critical, high, medium = BAND_ENDS
    return (
        pl.when(pl.col("revenue_at_risk") <= 0)
        .then(pl.lit("none"))
        .when(before < critical)
        .then(pl.lit("critical"))
        .when(before < high)
        .then(pl.lit("high"))
        .when(before < medium)
        .then(pl.lit("medium"))
        .otherwise(pl.lit("low"))
    )
