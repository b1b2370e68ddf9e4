"""How the figures of the log and of the models are drawn: a function takes the axes and the tables
of its figure.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from ntg_assets.publish.pictures import findings
from ntg_assets.publish.pictures.marks import (
    ACCENT,
    BEHIND_TEXT,
    SOFT,
    TEXT_POINTS,
    WARN,
    Tables,
    intervals,
    say_nothing,
)

if TYPE_CHECKING:  # takes a second to import; only a run that publishes pays for it
    from matplotlib.axes import Axes

NDCG_DEPTH = 10
MOST_DATES = 6  # below the axis, beside each other


def events_over_time(axes: "Axes", tables: Tables) -> None:
    """Draw the events of each month, and where VAL and TEST begin."""
    from matplotlib.dates import AutoDateLocator  # noqa: PLC0415  # as above

    months = (
        tables["event_calendar"]
        .sort("bucket_at")
        .group_by_dynamic("bucket_at", every="1mo")
        .agg(pl.col("n_events").sum())
    )
    months = months.vstack(  # where the last month ends
        months.tail(1).with_columns(pl.col("bucket_at").dt.offset_by("1mo"))
    )
    axes.fill_between(
        months["bucket_at"].to_numpy(),
        months["n_events"].to_numpy(),
        step="post",
        color=ACCENT,
        alpha=0.35,
    )
    for row in tables["split_boundaries"].filter(pl.col("part") != "train").iter_rows(named=True):
        axes.axvline(row["start_at"], color=WARN, linewidth=1)
        axes.text(
            row["start_at"],
            1.0,
            f"{row['part'].upper()} ",
            transform=axes.get_xaxis_transform(),
            color=WARN,
            fontsize=TEXT_POINTS,
            va="top",
            ha="right",
            rotation="vertical",
        )
    locator = AutoDateLocator(maxticks=MOST_DATES)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.set_ylabel("events per month")
    axes.set_ylim(bottom=0)


def ranking_quality(axes: "Axes", tables: Tables) -> None:
    """Draw the NDCG of each strategy with its interval, TEST above VAL."""
    rows = (
        tables["ranking_report"]
        .filter(pl.col("metric") == "ndcg", pl.col("k") == NDCG_DEPTH, pl.col("slice") == "all")
        .sort("split", "mean", "strategy", descending=[True, False, False])
    )
    if rows.is_empty():
        say_nothing(axes, "no held-out user could be evaluated")
        return
    colours = [ACCENT if part == "test" else SOFT for part in rows["split"]]
    labels = [
        f"{row['strategy']} ({row['split'].upper()}, n={row['n_users']:,})"
        for row in rows.iter_rows(named=True)
    ]
    intervals(axes, labels, rows, centre="mean", low="low", high="high", colours=colours)
    axes.set_xlabel(f"NDCG@{NDCG_DEPTH} (95% interval over users)")


def reliability(axes: "Axes", tables: Tables) -> None:
    """Draw what was seen over what was forecast, bin by bin."""
    binned = tables["churn_calibration"].filter(pl.col("segment") == "all", pl.col("bin") > 0)
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle="--", label="perfect")
    for evaluation, colour in (("walk_forward", ACCENT), ("holdout", WARN)):
        rows = binned.filter(pl.col("evaluation") == evaluation)
        predicted = rows.filter(pl.col("metric") == "bin_predicted").sort("bin")["value"].to_numpy()
        observed = rows.filter(pl.col("metric") == "bin_observed").sort("bin")
        if observed.height:
            centre = observed["value"].to_numpy()
            reach = np.abs(
                np.vstack([observed["low"].to_numpy(), observed["high"].to_numpy()]) - centre
            )
            label = f"{evaluation.replace('_', ' ')} ({observed['n_users'][0]:,} users)"
            axes.errorbar(
                predicted,
                centre,
                yerr=reach,
                color=colour,
                marker="o",
                markersize=4,
                linewidth=1,
                capsize=2,
                label=label,
            )
    axes.set_xlabel("predicted churn probability")
    axes.set_ylabel("share that churned (95% interval)")
    axes.legend(edgecolor="none", framealpha=0.85, fontsize=TEXT_POINTS)


def concentration(axes: "Axes", tables: Tables) -> None:
    """Draw the share of what is at risk that the first users of the radar hold."""
    at_risk = findings.at_risk(tables["revenue_risk_radar"])
    if at_risk.is_empty():
        say_nothing(axes, "nobody can be lost")
        return
    places, share = findings.concentration(at_risk)
    users = 100 * places
    axes.plot(users, 100 * share, color=ACCENT)
    axes.plot([0, 100], [0, 100], color=SOFT, linewidth=1, linestyle="--")
    for percent in (10, 25, 50):
        held = 100 * float(np.interp(percent, users, share))
        axes.plot(percent, held, marker="o", color=WARN, markersize=4)
        axes.annotate(
            f"first {percent}%: {held:.0f}%",
            (percent, held),
            xytext=(8, -12),
            textcoords="offset points",
            fontsize=TEXT_POINTS,
            bbox=BEHIND_TEXT,
        )
    axes.set_xlabel("users who can be lost, by rank on the radar (%)")
    axes.set_ylabel("held of what is at risk (%)")
