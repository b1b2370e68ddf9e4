"""The published figures: each one question, answered by a picture with its uncertainty."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from ntg_assets.publish import findings
from ntg_assets.storage.files import write_whole

if TYPE_CHECKING:  # takes a second to import; only a run that publishes pays for it
    from matplotlib.axes import Axes

Tables = Mapping[str, pl.DataFrame]

INK, SOFT, ACCENT, WARN = "#1f2933", "#9aa5b1", "#0b6e99", "#c2410c"
SIZE_INCHES = (7.2, 4.2)
# the page shows a figure at about its width in inches, so points are what a reader sees
TITLE_POINTS, TEXT_POINTS = 12, 10
TITLE_CHARACTERS = 80
DOTS_PER_INCH = 120
NDCG_DEPTH = 10
MOST_PLANS = 4  # lines that can be told apart


@dataclass(frozen=True)
class FigureSpec:
    """One figure.

    Attributes:
        title: The question.
        tables: What it reads (name to schema).
        draw: How it is drawn.
        finding: The answer in a sentence, its title; none, or none known: the question.
    """

    title: str
    tables: Mapping[str, str]
    draw: Callable[["Axes", Tables], None]
    finding: Callable[[Tables], str | None] = lambda _: None


def draw_power_curves(curves: pl.DataFrame, *, wanted: float, planned: float, target: Path) -> Path:
    """Draw the power over the true effect, one line per number of units.

    Args:
        curves: units (as text), effect, power.
        wanted: Power that is asked for.
        planned: Effect that is planned for.
        target: PNG file.
    """

    def lines(axes: "Axes", tables: Tables) -> None:
        for place, ((name,), rows) in enumerate(
            tables["curves"].group_by("units", maintain_order=True)
        ):
            axes.plot(
                rows["effect"].to_numpy(),
                rows["power"].to_numpy(),
                color=(SOFT, ACCENT, INK)[place % 3],
                label=str(name),
            )
        axes.axhline(wanted, color=WARN, linewidth=1, linestyle="--")
        axes.axvline(planned, color=WARN, linewidth=1, linestyle="--")
        axes.set_xlabel("true difference to the control")
        axes.set_ylabel("probability of finding it")
        axes.set_ylim(0, 1.02)
        axes.legend(frameon=False, fontsize=TEXT_POINTS)

    return draw(
        FigureSpec("How large must an effect be to be found?", {}, lines),
        {"curves": curves},
        target=target,
    )


def draw(spec: FigureSpec, tables: Tables, *, target: Path) -> Path:
    """Draw a figure into a PNG file."""
    from matplotlib.figure import Figure  # noqa: PLC0415  # see above

    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    told = spec.finding(tables) or spec.title
    figure.suptitle(
        fill(told, TITLE_CHARACTERS), x=0.01, ha="left", fontsize=TITLE_POINTS, color=INK
    )
    spec.draw(axes, tables)
    return write_whole(target, lambda part: figure.savefig(part, dpi=DOTS_PER_INCH, format="png"))


def _events_over_time(axes: "Axes", tables: Tables) -> None:
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


def _ranking_quality(axes: "Axes", tables: Tables) -> None:
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


def _reliability(axes: "Axes", tables: Tables) -> None:
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


def _concentration(axes: "Axes", tables: Tables) -> None:
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


def _experiments(axes: "Axes", tables: Tables) -> None:
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


def _experiment_plans(axes: "Axes", tables: Tables) -> None:
    """Draw the smallest effect that is found by when;
    where the smallest worthwhile one is stated, its power too.
    """
    known = (
        tables["experiment_plans"]
        .filter(pl.col("detectable_difference").is_not_null())
        .sort("experiment", "days")
    )
    chosen = (
        known.select(pl.col("experiment").unique().sort()).head(MOST_PLANS)["experiment"].to_list()
    )
    if not chosen:
        _say_nothing(axes, "no control has units to plan with")
        return
    for place, name in enumerate(chosen):
        rows = known.filter(pl.col("experiment") == name)
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
            told = f"{row['power_for_minimum_effect']:.0%}"
            axes.annotate(
                told,
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


FIGURES: dict[str, FigureSpec] = {
    "events_over_time": FigureSpec(
        "What the log holds, and where VAL and TEST begin",
        {"event_calendar": "ingest", "split_boundaries": "backtest"},
        _events_over_time,
        findings.events_over_time,
    ),
    "ranking_quality": FigureSpec(
        "How well each strategy ranks what users then chose",
        {"ranking_report": "backtest"},
        _ranking_quality,
        findings.ranking_quality,
    ),
    "churn_reliability": FigureSpec(
        "Do churn probabilities mean what they say?",
        {"churn_calibration": "backtest"},
        _reliability,
        findings.churn_reliability,
    ),
    "revenue_at_risk": FigureSpec(
        "How concentrated is the revenue at risk?",
        {"revenue_risk_radar": "live"},
        _concentration,
        findings.revenue_at_risk,
    ),
    "experiments": FigureSpec(
        "What the experiments found",
        {"readouts": "experiments"},
        _experiments,
        findings.experiments,
    ),
    "experiment_plans": FigureSpec(
        "What the experiments can find by when",
        {"experiment_plans": "experiments"},
        _experiment_plans,
        findings.experiment_plans,
    ),
}
