"""How stable the taste axes of a log are: a hundredth of the events,
then of the users, is left out, and the axes are matched.

python -m benchmarks.axes
python -m benchmarks.axes --config configs/mine.yaml --repetitions 5
"""

from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from typing import Annotated, Any

import polars as pl
import typer

from benchmarks.harness import Goal, command_line, report
from benchmarks.logs import configured_log
from ntg_assets.configuration.settings import Settings, project_home
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.events.items import ItemTables
from ntg_assets.events.load import survey
from ntg_assets.randomness import unit_interval
from ntg_assets.sources.sources import Place
from ntg_assets.taste.axis_stability import match_axes
from ntg_assets.taste.taste_axes import find_taste_axes
from ntg_assets.taste.taste_graph import build_taste_graph

LEFT_OUT = 0.01
LEAST_SIMILARITY = 0.9
LEAST_SAME = 0.9


def axes(
    config: Annotated[str, typer.Option(help="Overlay over the defaults.")] = "configs/dev.yaml",
    repetitions: Annotated[
        int, typer.Option(help="How often a hundredth is left out, of events and of users.", min=1)
    ] = 3,
) -> None:
    """Measure the axes' stability."""
    log = configured_log(config)
    settings, events = log.settings, log.events
    place = Place(project_home(), tuple(Path(folder) for folder in settings.ingest.source_folders))
    items = survey(settings.ingest, place=place, now=datetime.now(UTC).replace(tzinfo=None)).items
    whole = _axes_of(events, items, settings)
    if whole.is_empty():
        raise NotEnoughDataError(
            "the taste graph of this log has no edges, so there are no axes. Lower"
            " taste.min_item_support."
        )
    figures: dict[str, Any] = {
        "log": {"n_events": events.height, "n_axes": whole["axis"].n_unique()}
    }
    for unit in ("events", "users"):
        matched = [
            match_axes(whole, _axes_of(_fewer(events, unit, seed), items, settings))
            for seed in range(repetitions)
        ]
        every = pl.concat(matched)
        figures[f"without_1_percent_of_{unit}"] = {
            "mean_similarity": float(mean(every["similarity"])),
            "least_similarity": float(every["similarity"].min()),  # type: ignore[arg-type]  # of numbers
            "same_name_share": float(mean(every["has_same_name"])),
            "same_number_share": float(mean(every["axis"] == every["matched_axis"])),
        }
    told = figures["without_1_percent_of_events"]
    goals = [
        Goal(
            "least similarity of matched axes without 1% of the events",
            told["least_similarity"],
            LEAST_SIMILARITY,
            "at_least",
        ),
        Goal("share of axes that keep their name", told["same_name_share"], LEAST_SAME, "at_least"),
        Goal(
            "share of axes that keep their number",
            told["same_number_share"],
            LEAST_SAME,
            "at_least",
        ),
    ]
    report("axes", figures=figures, goals=goals)


def _axes_of(events: pl.DataFrame, tables: ItemTables, settings: Settings) -> pl.DataFrame:
    graph = build_taste_graph(events, settings=settings.taste).edges
    return find_taste_axes(
        graph, item_categories=tables.item_categories, titles=tables.items, settings=settings.taste
    )


def _fewer(events: pl.DataFrame, unit: str, seed: int) -> pl.DataFrame:
    """Leave out a hundredth, chosen by a hash."""
    if unit == "events":
        return events.sample(fraction=1 - LEFT_OUT, seed=seed)
    users = events["user_id"].unique().sort()
    kept = users.filter(
        pl.Series(
            [unit_interval(f"axes:{seed}", user) >= LEFT_OUT for user in users], dtype=pl.Boolean
        )
    )
    return events.filter(pl.col("user_id").is_in(kept.implode()))


if __name__ == "__main__":
    command_line(axes)
