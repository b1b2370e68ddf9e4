"""Checks of the radar: exactly what scores and values say, nothing lost on the way."""

import dagster as dg
import polars as pl

from ntg_assets.orchestration.checking import staged_check
from ntg_assets.stages import STAGES


def radar_rows_that_do_not_reconcile(
    radar: pl.DataFrame, scores: pl.DataFrame, values: pl.DataFrame
) -> pl.DataFrame:
    """Return users whose row is not exactly score x stake, whose value kept and value at risk are
    not exactly what who stays brings, or who are missing on one side; empty when all reconciles.
    """
    expected = scores.select(
        "user_id", score="churn_probability", counts="is_at_risk_population"
    ).join(
        values.select("user_id", stake="ltv_at_stake", kept="ltv", stays="ltv_if_stays"),
        on="user_id",
        how="full",
        coalesce=True,
    )
    both = expected.join(radar, on="user_id", how="full", coalesce=True)
    holds = (
        (pl.col("churn_probability") == pl.col("score"))
        & (pl.col("ltv_at_stake") == pl.col("stake"))
        & (pl.col("counts") | (pl.col("stake") == 0))
        & (pl.col("revenue_at_risk") == pl.col("score") * pl.col("stake"))
        & (pl.col("ltv") == pl.col("kept"))
        & (pl.col("ltv_if_stays") == pl.col("stays"))
        & (pl.col("ltv") + pl.col("revenue_at_risk") == pl.col("ltv_if_stays"))
    )
    return both.filter(~holds.fill_null(value=False)).select(
        "user_id",
        "churn_probability",
        "score",
        "ltv_at_stake",
        "stake",
        "revenue_at_risk",
        "ltv",
        "ltv_if_stays",
    )


def sums_that_do_not_add_up(radar: pl.DataFrame) -> pl.DataFrame:
    """Return the sums (all, each segment, each band) in which value kept and value at risk are not
    exactly what who stays brings.
    """
    parts = [
        radar.select(pl.lit("all").alias("part"), "ltv", "revenue_at_risk", "ltv_if_stays"),
        *(
            radar.select(pl.col(name).alias("part"), "ltv", "revenue_at_risk", "ltv_if_stays")
            for name in ("segment", "band")
        ),
    ]
    sums = [
        rows.group_by("part").agg(pl.col(rows.columns[1:]).sum()).sort("part") for rows in parts
    ]
    return pl.concat(sums).filter(
        pl.col("ltv") + pl.col("revenue_at_risk") != pl.col("ltv_if_stays")
    )


def ranks_out_of_order(radar: pl.DataFrame) -> pl.DataFrame:
    """Return users whose rank is not their place by revenue at risk (ties by user id)."""
    ordered = radar.sort("revenue_at_risk", "user_id", descending=[True, False]).with_row_index(
        "place", offset=1
    )
    return ordered.filter(pl.col("place") != pl.col("rank")).select("user_id", "rank", "place")


@staged_check("revenue_risk_radar", stages=STAGES, blocking=True)
def radar_reconciles(
    revenue_risk_radar: pl.DataFrame, churn_scores: pl.DataFrame, ltv_estimates: pl.DataFrame
) -> dg.AssetCheckResult:
    """Revenue at risk is churn probability times stake, and with the value kept it is the value
    of who stays: exactly, for each user and in every sum, in the right order.
    """
    offenders = radar_rows_that_do_not_reconcile(revenue_risk_radar, churn_scores, ltv_estimates)
    disordered = ranks_out_of_order(revenue_risk_radar)
    unequal = sums_that_do_not_add_up(revenue_risk_radar)
    total, kept = (
        float(revenue_risk_radar.sort("rank")[name].sum()) for name in ("revenue_at_risk", "ltv")
    )
    summary = (
        f"{total:,.2f} at risk, {kept:,.2f} kept; {offenders.height} of"
        f" {revenue_risk_radar.height:,} rows broken, {unequal.height} sums,"
        f" {disordered.height} out of order"
    )
    return dg.AssetCheckResult(
        passed=offenders.is_empty() and disordered.is_empty() and unequal.is_empty(),
        description=summary,
        metadata={"revenue_at_risk": total, "first": str(offenders.head(3).rows())},
    )
