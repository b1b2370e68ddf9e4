"""How each published figure is drawn: a function takes the axes and the tables of its figure."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from ntg_assets.publish.pictures import findings

if TYPE_CHECKING:  # takes a second to import; only a run that publishes pays for it
    from matplotlib.axes import Axes

Tables = Mapping[str, pl.DataFrame]

INK, SOFT, ACCENT, WARN = "#1f2933", "#9aa5b1", "#0b6e99", "#c2410c"
TEXT_POINTS = 10  # the page shows a figure at about its width in inches, so points are as read
NDCG_DEPTH = 10
MOST_PLANS = 4  # lines that can be told apart


def events_over_time(axes: "Axes", tables: Tables) -> None:
    """Draw the events of each month, and where VAL and TEST begin."""
    months = (
        tables["event_calendar"]
        .sort("bucket_at")
        .group_by_dynamic("bucket_at", every="1mo")
        .agg(pl.col("n_events").sum())
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
            f" {row['part'].upper()}",
            transform=axes.get_xaxis_transform(),
            color=WARN,
            fontsize=TEXT_POINTS,
            va="top",
        )
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
        _say_nothing(axes, "no held-out user could be evaluated")
        return
    colours = [ACCENT if part == "test" else SOFT for part in rows["split"]]
    labels = [
        f"{row['strategy']} ({row['split'].upper()}, n={row['n_users']:,})"
        for row in rows.iter_rows(named=True)
    ]
    _intervals(axes, labels, rows, centre="mean", low="low", high="high", colours=colours)
    axes.set_xlabel(f"NDCG@{NDCG_DEPTH}, with 95% interval over users")


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
    axes.set_ylabel("share that churned, with 95% interval")
    axes.legend(frameon=False, fontsize=TEXT_POINTS)


def concentration(axes: "Axes", tables: Tables) -> None:
    """Draw the share of what is at risk that the first users of the radar hold."""
    at_risk = findings.at_risk(tables["revenue_risk_radar"])
    if at_risk.is_empty():
        _say_nothing(axes, "nobody can be lost")
        return
    places, share = findings.concentration(at_risk)
    users = 100 * places
    axes.plot(users, 100 * share, color=ACCENT)
    axes.plot([0, 100], [0, 100], color=SOFT, linewidth=1, linestyle="--")
    for percent in (10, 25, 50):
        held = 100 * float(np.interp(percent, users, share))
        axes.plot(percent, held, marker="o", color=WARN, markersize=4)
        axes.annotate(
            f"first {percent}% of users hold {held:.0f}%",
            (percent, held),
            xytext=(8, -3),
            textcoords="offset points",
            fontsize=TEXT_POINTS,
        )
    axes.set_xlabel("users who can be lost, by rank on the radar (%)")
    axes.set_ylabel("share of what is at risk among them (%)")


def experiments(axes: "Axes", tables: Tables) -> None:
    """Draw each readout in standard errors, the primary metrics apart."""
    rows = (
        tables["readouts"]
        .filter(pl.col("difference").is_not_null())
        .sort("experiment", "comparison", "metric", "arm", descending=True)
    )
    if rows.is_empty():
        _say_nothing(axes, "no experiment has a readout")
        return
    scaled = rows.with_columns(
        *(
            pl.col(name) / pl.col("standard_error")
            for name in ("difference", "difference_low", "difference_high")
        )
    )
    better = {"more": "", "less": ", less is better"}
    labels = [
        f"{row['metric']} ({row['comparison']}{better[row['better']]})"
        for row in rows.iter_rows(named=True)
    ]
    colours = [ACCENT if role == "primary" else SOFT for role in rows["role"]]
    _intervals(
        axes,
        labels,
        scaled,
        centre="difference",
        low="difference_low",
        high="difference_high",
        colours=colours,
    )
    axes.axvline(0, color=INK, linewidth=1)
    axes.set_xlabel("difference to the control in standard errors (blue: primary metric)")


def experiment_plans(axes: "Axes", tables: Tables) -> None:
    """Draw the smallest effect that is found by when;
    where the smallest worthwhile one is stated, its power too.
    """
    planned = (
        tables["experiment_plans"]
        .filter(pl.col("detectable_difference").is_not_null())
        .sort("experiment", "days")
    )
    chosen = (
        planned.select(pl.col("experiment").unique().sort())
        .head(MOST_PLANS)["experiment"]
        .to_list()
    )
    if not chosen:
        _say_nothing(axes, "no control has units to plan with")
        return
    for place, name in enumerate(chosen):
        rows = planned.filter(pl.col("experiment") == name)
        relative = rows["detectable_share"].null_count() == 0
        values = (
            rows["detectable_share"]
            if relative
            else rows["detectable_difference"] / rows["detectable_difference"].max()
        )
        unit = (
            f"{rows['metric'][0]}, share of the control"
            if relative
            else f"{rows['metric'][0]}, share of week one"
        )
        colour = (ACCENT, WARN, INK, SOFT)[place % 4]
        axes.plot(
            rows["days"].to_numpy() / 7,
            100 * values.to_numpy(),
            marker="o",
            markersize=3,
            color=colour,
            label=f"{name} ({unit})",
        )
        _mark_power(axes, rows, values=values, colour=colour)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    axes.set_xlabel(
        "weeks of the traffic seen so far (beside the dots: power for the smallest effect worth"
        " finding)"
    )
    axes.set_ylabel("smallest effect found (%)")
    axes.legend(frameon=False, fontsize=TEXT_POINTS)


def _mark_power(axes: "Axes", rows: pl.DataFrame, *, values: pl.Series, colour: str) -> None:
    for row, value in zip(rows.iter_rows(named=True), values, strict=True):
        if row["power_for_minimum_effect"] is not None:
            label = f"{row['power_for_minimum_effect']:.0%}"
            axes.annotate(
                label,
                (row["days"] / 7, 100 * value),
                xytext=(0, 5),
                textcoords="offset points",
                fontsize=TEXT_POINTS,
                color=colour,
                ha="center",
            )


def _intervals(
    axes: "Axes",
    labels: list[str],
    rows: pl.DataFrame,
    *,
    centre: str,
    low: str,
    high: str,
    colours: list[str],
) -> None:
    for place, (row, colour) in enumerate(zip(rows.iter_rows(named=True), colours, strict=True)):
        if row[low] is not None and row[high] is not None:
            axes.plot([row[low], row[high]], [place, place], color=colour, linewidth=2)
        axes.plot(row[centre], place, marker="o", color=colour, markersize=5)
    axes.set_yticks(range(len(labels)), labels, fontsize=TEXT_POINTS)


def _say_nothing(axes: "Axes", why: str) -> None:
    axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", color=SOFT)
    axes.set_axis_off()
