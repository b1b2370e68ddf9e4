"""What the published figures are made of: colours, sizes, intervals."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:  # takes a second to import; only a run that publishes pays for it
    from matplotlib.axes import Axes

Tables = Mapping[str, pl.DataFrame]

INK, SOFT, ACCENT, WARN = "#1f2933", "#9aa5b1", "#0b6e99", "#c2410c"
TEXT_POINTS = 10  # the page shows a figure at about its width in inches, so points are as read
BEHIND_TEXT = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.0}
FEWEST_ROWS = 3  # in the height of a figure; fewer stand in its middle
ROW_MARGIN = 0.6  # above the first and below the last of several rows


def intervals(
    axes: "Axes",
    labels: list[str],
    rows: pl.DataFrame,
    *,
    centre: str,
    low: str,
    high: str,
    colours: list[str],
) -> None:
    """Draw one interval per row with its centre, the first at the foot.

    Args:
        axes: Where.
        labels: Name of each row.
        rows: One row each.
        centre: Column of the estimate.
        low: Column of the lower end; where it is null, the estimate stands alone.
        high: Column of the upper end.
        colours: Colour of each row.
    """
    for place, (row, colour) in enumerate(zip(rows.iter_rows(named=True), colours, strict=True)):
        if row[low] is not None and row[high] is not None:
            axes.plot([row[low], row[high]], [place, place], color=colour, linewidth=2)
        axes.plot(row[centre], place, marker="o", color=colour, markersize=5)
    axes.set_yticks(range(len(labels)), labels, fontsize=TEXT_POINTS)
    around = ROW_MARGIN + max(FEWEST_ROWS - len(labels), 0) / 2
    axes.set_ylim(-around, len(labels) - 1 + around)


def say_nothing(axes: "Axes", why: str) -> None:
    """Say in place of a figure why there is none."""
    axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", color=SOFT)
    axes.set_axis_off()
