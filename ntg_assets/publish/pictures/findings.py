"""What each figure shows, in one sentence with its numbers: the figure's title."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

Tables = Mapping[str, pl.DataFrame]

NDCG_DEPTH = 10
FIRST_SHARE = 0.1  # of the users who can be lost
TESTED = "test"


def events_over_time(tables: Tables) -> str:
    """Say how many events there are, from when to when, and which month had most."""
    calendar = tables["event_calendar"].sort("bucket_at")
    if calendar.is_empty():
        return "The log holds no event"
    months = calendar.group_by_dynamic("bucket_at", every="1mo").agg(pl.col("n_events").sum())
    busiest = months.sort("n_events", "bucket_at", descending=[True, False]).row(0, named=True)
    first, last = calendar["bucket_at"][0], calendar["bucket_at"][-1]
    return (
        f"{calendar['n_events'].sum():,} events from {first:%Y-%m} to {last:%Y-%m};"
        f" the busiest month, {busiest['bucket_at']:%Y-%m}, has {busiest['n_events']:,}"
    )


def ranking_quality(tables: Tables) -> str | None:
    """Say whether the lists rank better than the popular items do, on TEST."""
    rows = tables["ranking_report"].filter(
        pl.col("metric") == "ndcg",
        pl.col("k") == NDCG_DEPTH,
        pl.col("slice") == "all",
        pl.col("split") == TESTED,
        pl.col("strategy") == "blend",
    )
    if rows.is_empty():
        return None
    row = rows.row(0, named=True)
    sentence = f"The lists rank at NDCG@{NDCG_DEPTH} {row['mean']:.3f}"
    low, high = row["difference_low"], row["difference_high"]
    if low is None or high is None:
        return f"{sentence} ({row['n_users']:,} users)"
    verdict = "better than" if low > 0 else "worse than" if high < 0 else "not clearly apart from"
    return (
        f"{sentence}, {verdict} popularity: {row['difference']:+.3f} ({low:+.3f} to {high:+.3f};"
        f" {row['n_users']:,} users)"
    )


def churn_reliability(tables: Tables) -> str | None:
    """Say by how much probabilities miss on average, and how much chance alone would give."""
    rows = tables["churn_calibration"].filter(
        pl.col("evaluation") == "walk_forward", pl.col("segment") == "all", pl.col("bin") == 0
    )
    by_metric = dict(rows.select("metric", "value").iter_rows())
    error, noise = by_metric.get("ece"), by_metric.get("ece_noise_95")
    if error is None or noise is None:
        return None
    verdict = (
        "no more than chance alone gives"
        if error <= noise
        else f"chance alone gives up to {noise:.1%}"
    )
    return f"Churn probabilities miss by {error:.1%} on average; {verdict}"


def revenue_at_risk(tables: Tables) -> str:
    """Say how much of what is at risk the first of those hold who can be lost."""
    users = at_risk(tables["revenue_risk_radar"])
    total = float(users["revenue_at_risk"].sum())
    if total <= 0:
        return "Nothing is at risk"
    unit = users["unit"][0]
    money = f"{total:,.0f} {'index points' if unit == 'index' else unit}"
    held = float(np.interp(FIRST_SHARE, *concentration(users)))
    return (
        f"The first {FIRST_SHARE:.0%} of {users.height:,} users who can be lost hold {held:.0%} of"
        f" {money} at risk"
    )


def at_risk(radar: pl.DataFrame) -> pl.DataFrame:
    """Those who can be lost: whoever has left already is not at risk, whatever the product says."""
    return radar.filter("is_at_risk_population").sort("rank")


def concentration(users: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Share of the users, by rank, and of all that is at risk among them which they hold; both
    from 0 to 1.
    """
    held = np.concatenate([[0.0], np.cumsum(users["revenue_at_risk"].to_numpy())])
    total = held[-1] or 1.0
    return np.linspace(0, 1, len(held)), held / total


def experiments(tables: Tables) -> str:
    """Say how many primary metrics moved, of those whose readout can be trusted; of a single one,
    by how much.
    """
    primary = tables["readouts"].filter(pl.col("role") == "primary")
    valid = primary.filter("is_valid")
    moved = valid.filter((pl.col("difference_low") > 0) | (pl.col("difference_high") < 0))
    if primary.is_empty():
        return "No experiment has a readout"
    if valid.is_empty():
        return f"None of {primary.height} primary readouts can be trusted yet"
    if valid.height == 1:
        return _readout(valid.row(0, named=True), is_moved=bool(moved.height))
    return (
        f"{moved.height} of {valid.height} primary readouts that can be trusted differ from the"
        " control"
    )


def _readout(row: Mapping[str, Any], *, is_moved: bool) -> str:
    sentence = (
        f"{row['experiment']} ({row['source'].replace('_', ' ')}):"
        f" {row['metric']} {row['difference']:+.3g} "
        f"({row['difference_low']:+.3g} to {row['difference_high']:+.3g})"
    )
    if not is_moved:
        return f"{sentence}, not clearly apart from the control"
    is_better = (row["difference"] > 0) is (row["better"] == "more")
    return f"{sentence}, {'better' if is_better else 'worse'} than the control"


def experiment_plans(tables: Tables) -> str | None:
    """Say what the experiment that is planned furthest can find at its last week."""
    planned = tables["experiment_plans"].filter(pl.col("detectable_share").is_not_null())
    if planned.is_empty():
        return None
    row = planned.sort("days", "experiment", descending=[True, False]).row(0, named=True)
    return (
        f"In {row['days'] / 7:,.0f} weeks {row['experiment']} finds a change of"
        f" {row['detectable_share']:.1%} in {row['metric']}, and none smaller"
    )
