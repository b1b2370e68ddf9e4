"""A plan of an experiment as a terminal and a figure show it."""

from dataclasses import replace
from math import isfinite
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ntg_assets.cli.json_answers import print_json
from ntg_assets.errors import StorageError
from ntg_assets.statistics.planning.plan_answer import PlanAnswer
from ntg_assets.statistics.planning.plan_request import PlanRequest
from ntg_assets.statistics.planning.sample_size import answer_plan


def render_plan(
    request: PlanRequest, *, console: Console, as_json: bool, figure: Path | None
) -> None:
    """Print a plan, for people or for programs, and draw its power curve when a file is named."""
    answer = answer_plan(request)
    if figure is not None:
        _draw(request, answer, target=figure)
    if as_json:
        print_json({"request": request, "plan": answer})
        return
    console.print(answer.sentence, highlight=False, soft_wrap=True)
    table = Table("units", "days", "finds a difference of", f"power for {answer.effect:.4g}")
    for point in answer.curve:
        days = (
            "" if point.days is None else f"{point.days:,.0f}" if isfinite(point.days) else "never"
        )
        table.add_row(
            f"{point.units:,}", days, f"{point.detectable_effect:.4g}", f"{point.power:.1%}"
        )
    console.print(table)


def _draw(request: PlanRequest, answer: PlanAnswer, *, target: Path) -> None:
    import polars as pl  # noqa: PLC0415

    from ntg_assets.publish.pictures.figures import draw_power_curves  # noqa: PLC0415
    from ntg_assets.statistics.planning.sample_size import (  # noqa: PLC0415  # with the drawing, which is slow to import
        power_at,
    )

    effects = [answer.effect * step / 20 for step in range(1, 51)]
    curves = {
        f"{int(answer.units * multiple):,} units": [
            power_at(replace(request), effect, units=answer.units * multiple) for effect in effects
        ]
        for multiple in (0.5, 1.0, 2.0)
    }
    rows = [
        (name, effect, chance)
        for name, points in curves.items()
        for effect, chance in zip(effects, points, strict=True)
    ]
    frame = pl.DataFrame(
        rows, schema={"units": pl.String, "effect": pl.Float64, "power": pl.Float64}, orient="row"
    )
    try:
        draw_power_curves(
            frame,
            wanted=request.power,
            planned=answer.effect,
            finding=answer.sentence.removesuffix("."),
            target=target,
        )
    except OSError as error:
        raise StorageError(
            f"{target} cannot be written ({error.strerror}). Name a file in a writable folder with"
            " --figure."
        ) from None
