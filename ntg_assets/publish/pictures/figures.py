"""The published figures: each one question, answered by a picture with its uncertainty."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import polars as pl

from ntg_assets.publish.pictures import experiment_drawings, findings, model_drawings
from ntg_assets.publish.pictures.marks import INK, Tables
from ntg_assets.storage.files import write_whole

if TYPE_CHECKING:  # takes a second to import; only a run that publishes pays for it
    from matplotlib.axes import Axes

SIZE_INCHES = (5.2, 3.7)  # as wide as the page shows it; a phone shows three quarters
TITLE_POINTS = 11
TITLE_CHARACTERS = 62
DOTS_PER_INCH = 170


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


def draw_power_curves(
    curves: pl.DataFrame, *, wanted: float, planned: float, finding: str, target: Path
) -> Path:
    """Draw the power over the true effect, one line per number of units.

    Args:
        curves: units (as text), effect, power.
        wanted: Power that is asked for.
        planned: Effect that is planned for.
        finding: What the curves say, the figure's title.
        target: PNG file.
    """

    def lines(axes: "Axes", tables: Tables) -> None:
        experiment_drawings.power_curves(axes, tables["curves"], wanted=wanted, planned=planned)

    spec = FigureSpec("How large must an effect be to be found?", {}, lines, lambda _: finding)
    return draw(spec, {"curves": curves}, target=target)


def draw(spec: FigureSpec, tables: Tables, *, target: Path) -> Path:
    """Draw a figure into a PNG file."""
    from matplotlib.figure import Figure  # noqa: PLC0415  # see above

    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    title = spec.finding(tables) or spec.title
    figure.suptitle(
        fill(title, TITLE_CHARACTERS), x=0.01, ha="left", fontsize=TITLE_POINTS, color=INK
    )
    spec.draw(axes, tables)
    return write_whole(target, lambda part: figure.savefig(part, dpi=DOTS_PER_INCH, format="png"))


FIGURES: dict[str, FigureSpec] = {
    "events_over_time": FigureSpec(
        "What the log holds, and where VAL and TEST begin",
        {"event_calendar": "ingest", "split_boundaries": "backtest"},
        model_drawings.events_over_time,
        findings.events_over_time,
    ),
    "ranking_quality": FigureSpec(
        "How well each strategy ranks what users then chose",
        {"ranking_report": "backtest"},
        model_drawings.ranking_quality,
        findings.ranking_quality,
    ),
    "churn_reliability": FigureSpec(
        "Do churn probabilities mean what they say?",
        {"churn_calibration": "backtest"},
        model_drawings.reliability,
        findings.churn_reliability,
    ),
    "revenue_at_risk": FigureSpec(
        "How concentrated is the revenue at risk?",
        {"revenue_risk_radar": "live"},
        model_drawings.concentration,
        findings.revenue_at_risk,
    ),
    "experiments": FigureSpec(
        "What the experiments found",
        {"readouts": "experiments"},
        experiment_drawings.experiments,
        findings.experiments,
    ),
    "experiment_plans": FigureSpec(
        "What the experiments can find by when",
        {"experiment_plans": "experiments"},
        experiment_drawings.experiment_plans,
        findings.experiment_plans,
    ),
}
