"""Assets of the splits; `train_events`, `val_events` and `test_events` are apart,
so the graph itself shows who sees what.
"""

import polars as pl

from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.splits.boundaries import event_calendar as place_in_time
from ntg_assets.splits.boundaries import everything_known, part_span
from ntg_assets.splits.boundaries import learning_boundaries as learned_until
from ntg_assets.splits.boundaries import split_boundaries as divide
from ntg_assets.splits.contracts import (
    EventCalendar,
    LearningBoundaries,
    LearningEvents,
    SplitBoundaries,
    SplitReport,
    TestEvents,
    TrainEvents,
    ValEvents,
)
from ntg_assets.splits.live_entry import require_open
from ntg_assets.splits.parts import part_events
from ntg_assets.sql import Query, Table, query
from ntg_assets.stages import BACKTEST, INGEST, LIVE

FINE_BUCKETS_BELOW_DAYS = 30  # a log shorter than a month is divided by the minute, not by the day


@staged_asset(contract=EventCalendar, group="ingest", stages=(INGEST,), kinds=("sql",))
def event_calendar(events: Table, project: Project) -> pl.DataFrame:
    """When the events happened, by day of the service's zone
    (by minute when the log is shorter than a month).
    """
    counts = query(
        "splits", "event_calendar", {"events": events}, fine_below_days=FINE_BUCKETS_BELOW_DAYS
    )
    return place_in_time(project.read(counts), zone=project.settings.ingest.zone)


@staged_asset(contract=SplitBoundaries, group="splits", stages=(BACKTEST,))
def split_boundaries(event_calendar: pl.DataFrame, project: Project) -> pl.DataFrame:
    """The instants that divide the log into TRAIN, VAL and TEST."""
    return divide(
        event_calendar, settings=project.settings.split, zone=project.settings.ingest.zone
    )


@staged_asset(
    contract=SplitBoundaries,
    group="splits",
    name="split_boundaries",
    stages=(LIVE,),
    reads={"release_gate": BACKTEST},
)
def live_boundaries(
    event_calendar: pl.DataFrame, release_gate: pl.DataFrame, project: Project
) -> pl.DataFrame:
    """The span of everything known, which is TRAIN of the live stage;
    made only when the release gate is open.
    """
    require_open(release_gate)
    return everything_known(event_calendar, zone=project.settings.ingest.zone)


@staged_asset(contract=TrainEvents, group="splits", kinds=("sql",))
def train_events(events: Table, split_boundaries: pl.DataFrame, project: Project) -> Query:
    """Events before the cutoff, the only source of everything that is made or learned in this
    stage.
    """
    return part_events(events, split_boundaries, part="train", settings=project.settings.split)


@staged_asset(contract=LearningBoundaries, group="splits", stages=(LIVE,))
def learning_boundaries(split_boundaries: pl.DataFrame, project: Project) -> pl.DataFrame:
    """The span that models are learned from: all that is known, or all before the last Thursday
    (`split.boundaries: weekly`).
    """
    return learned_until(split_boundaries, settings=project.settings.split)


@staged_asset(contract=LearningEvents, group="splits", stages=(LIVE,), kinds=("sql",))
def learning_events(train_events: Table, learning_boundaries: pl.DataFrame) -> Query:
    """Events that the weights of lists are learned from; the lists themselves know all of TRAIN."""
    start_at, end_at = part_span(learning_boundaries, "train")
    return query(
        "splits", "global_time_events", {"events": train_events}, start_at=start_at, end_at=end_at
    )


@staged_asset(contract=ValEvents, group="splits", stages=(BACKTEST,), kinds=("sql",))
def val_events(events: Table, split_boundaries: pl.DataFrame, project: Project) -> Query:
    """Held-out events that choose between alternatives."""
    return part_events(events, split_boundaries, part="val", settings=project.settings.split)


@staged_asset(contract=TestEvents, group="splits", stages=(BACKTEST,), kinds=("sql",))
def test_events(events: Table, split_boundaries: pl.DataFrame, project: Project) -> Query:
    """Held-out events of the final claim."""
    return part_events(events, split_boundaries, part="test", settings=project.settings.split)


@staged_asset(contract=SplitReport, group="splits", stages=(BACKTEST,), kinds=("sql",))
def split_report(train_events: Table, val_events: Table, test_events: Table) -> Query:
    """What each part holds, how many of its users TRAIN knows,
    and how far the split looks ahead.
    """
    tables = {"train_events": train_events, "val_events": val_events, "test_events": test_events}
    return query("splits", "split_report", tables)
