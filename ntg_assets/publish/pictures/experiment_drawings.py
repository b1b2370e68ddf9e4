"""How the figures of experiments are drawn: a function takes the axes and the tables of its
figure.
"""

from typing import TYPE_CHECKING

import polars as pl

from ntg_assets.publish.pictures.marks import (
    ACCENT,
    INK,
    SOFT,
    TEXT_POINTS,
    WARN,
    Tables,
    intervals,
    say_nothing,
)

if TYPE_CHECKING:  # takes a second to import; only a run that publishes pays for it
    from matplotlib.axes import Axes

MOST_PLANS = 4  # lines that can be told apart
FEW_TIMES = 4  # what lies closer together on a logarithmic axis is marked as on a plain one


def experiments(axes: "Axes", tables: Tables) -> None:
    """Draw each readout in standard errors, the primary metrics apart."""
    rows = (
        tables["readouts"]
        .filter(pl.col("difference").is_not_null())
        .sort("experiment", "comparison", "metric", "arm", descending=True)
    )
    if rows.is_empty():
        say_nothing(axes, "no experiment has a readout")
        return
    scaled = rows.with_columns(
        *(
            pl.col(name) / pl.col("standard_error")
            for name in ("difference", "difference_low", "difference_high")
        )
    )
    colours = [ACCENT if role == "primary" else SOFT for role in rows["role"]]
    intervals(
        axes,
        _readout_labels(rows),
        scaled,
        centre="difference",
        low="difference_low",
        high="difference_high",
        colours=colours,
    )
    axes.axvline(0, color=INK, linewidth=1)
    axes.set_xlabel("standard errors (blue: primary)")


def _readout_labels(rows: pl.DataFrame) -> list[str]:
    """Name each readout by what tells it from the others: experiment and arm where there are
    several.
    """
    told_apart = [name for name in ("experiment", "arm") if rows[name].n_unique() > 1]
    better = {"more": "", "less": ", less is better"}
    return [
        "\n".join(
            [
                *([", ".join(row[name] for name in told_apart)] if told_apart else []),
                f"{row['metric']} ({row['comparison']}{better[row['better']]})",
            ]
        )
        for row in rows.iter_rows(named=True)
    ]


def experiment_plans(axes: "Axes", tables: Tables) -> None:
    """Draw the smallest effect that is found by when;
    where the smallest worthwhile one is stated, its power too.
    """
    planned = (
        tables["experiment_plans"]
        .filter(pl.col("detectable_difference").is_not_null())
        .sort("experiment", "days")
    )
    chosen = planned["experiment"].unique().sort().head(MOST_PLANS).to_list()
    if not chosen:
        say_nothing(axes, "no control has units to plan with")
        return
    for name, colour in zip(chosen, (ACCENT, WARN, INK, SOFT), strict=False):
        _plan(axes, planned.filter(pl.col("experiment") == name), colour=colour)
    _label_plans(axes, planned)


def _plan(axes: "Axes", rows: pl.DataFrame, *, colour: str) -> None:
    """Draw one experiment: as a share of the control, or of what week one finds where the control
    is not clearly above zero.
    """
    is_relative = rows["detectable_share"].null_count() == 0
    values = (
        rows["detectable_share"]
        if is_relative
        else rows["detectable_difference"] / rows["detectable_difference"].max()
    )
    whole = "the control" if is_relative else "week one"
    axes.plot(
        rows["days"].to_numpy() / 7,
        100 * values.to_numpy(),
        marker="o",
        markersize=3,
        color=colour,
        label=f"{rows['experiment'][0]}\n({rows['metric'][0]}, share of {whole})",
    )
    _mark_power(axes, rows, values=values, colour=colour)


def _label_plans(axes: "Axes", planned: pl.DataFrame) -> None:
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator  # noqa: PLC0415  # as above

    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(
        LogLocator(subs=(1, 2, 5)) if high > FEW_TIMES * low else MaxNLocator(nbins=6)
    )
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter("{x:g}")
    has_power = planned["power_for_minimum_effect"].null_count() < planned.height
    beside = "\n(beside the dots: power for the smallest effect worth finding)"
    axes.set_xlabel(f"weeks of the traffic seen so far{beside if has_power else ''}")
    axes.set_ylabel("smallest effect found (%)")
    axes.legend(frameon=False, fontsize=TEXT_POINTS)


def power_curves(axes: "Axes", curves: pl.DataFrame, *, wanted: float, planned: float) -> None:
    """Draw the power over the true effect, one line per number of units.

    Args:
        axes: Where.
        curves: units (as text), effect, power.
        wanted: Power that is asked for, from 0 to 1.
        planned: Effect that is planned for.
    """
    for place, ((name,), rows) in enumerate(curves.group_by("units", maintain_order=True)):
        axes.plot(
            rows["effect"].to_numpy(),
            100 * rows["power"].to_numpy(),
            color=(SOFT, ACCENT, INK)[place % 3],
            label=str(name),
        )
    axes.axhline(100 * wanted, color=WARN, linewidth=1, linestyle="--")
    axes.axvline(planned, color=WARN, linewidth=1, linestyle="--")
    axes.plot(planned, 100 * wanted, marker="o", color=WARN, markersize=4)
    axes.set_xlabel("true difference to the control (dashed: planned)")
    axes.set_ylabel("probability of finding it (%)")
    axes.set_xlim(left=0)
    axes.set_ylim(0, 102)
    axes.legend(frameon=False, fontsize=TEXT_POINTS, loc="lower right")


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
