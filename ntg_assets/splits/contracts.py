"""Contracts of the splits."""

import polars as pl

from ntg_assets.columns import Timestamp
from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.summaries import summary

PARTS = ("train", "val", "test")


@contract("event_calendar")
@summary(
    measures={
        "n_events": "sum(n_events)",
        "n_buckets": "count(*)",
        "most_in_a_bucket": "max(n_events)",
        "latest": "arg_max(n_events, bucket_at)",
    },
)
class EventCalendar(Contract):
    """One row per bucket of time that holds events: a day,
    or a minute when the whole log is shorter than a month.
    """

    bucket_on: pl.Date = column("Day of the service's zone that holds the bucket", unit="date")
    bucket_at: Timestamp = column(
        "Start of the bucket; that of a day is its first instant in the service's zone", unit="UTC"
    )
    ends_at: Timestamp = column("End of the bucket (the next bucket may start later)", unit="UTC")
    n_events: int = column("Events in the bucket", ge=1)

    class Config:
        unique = ["bucket_at"]


@contract("split_boundaries")
class SplitBoundaries(Contract):
    """One row per part of the log; `live` has a single part, TRAIN, which is everything known."""

    part: str = column("Part of the log", isin=PARTS)
    start_at: Timestamp = column("First instant of the part", unit="UTC")
    end_at: Timestamp = column(
        "First instant after the part; that of TRAIN is the stage's cutoff", unit="UTC"
    )
    strategy: str = column(
        "How the log was divided", isin=("global_time", "per_user", "everything")
    )
    timezone: str = column("Zone of the service, whose midnights divide the days", unit="IANA name")

    class Config:
        unique = ["part"]


@contract("learning_boundaries")
class LearningBoundaries(SplitBoundaries):
    """One row, TRAIN: the span of the log that the weights of lists, the churn model and the value
    model of `live` are learned from. With `split.boundaries: weekly` it ends on the last Thursday.
    """


class EventsPart(Contract):
    """One row per accepted event of one part of the log."""

    user_id: str = identifier("user", "Who")
    item_id: str = identifier("item", "What")
    event_at: Timestamp = column("When", unit="UTC")
    event_on: pl.Date = column("On which day of the service's zone", unit="date")
    event_type: str = column("Kind of the event")
    value: float = column("Value of the event (rating, amount, minutes; 1 where the log has none)")
    weight: float = column("Strength of the event type as a sign of engagement", ge=0)


@contract("train_events", grows_with_events=True)
@summary(
    measures={
        # several distinct counts in one query cost half as much again
        "n_users": "(select count(*) from (select user_id from {table} group by user_id))",
        "n_items": "(select count(*) from (select item_id from {table} group by item_id))",
        "mean_value": "avg(value)",
    },
)
class TrainEvents(EventsPart):
    """One row per event of TRAIN, the only source of everything that is made or learned in its
    stage.
    """


@contract("learning_events", grows_with_events=True)
class LearningEvents(EventsPart):
    """One row per event of TRAIN that the weights of lists are learned from: with
    `split.boundaries: weekly` those before the last Thursday.
    """


@contract("val_events", grows_with_events=True)
class ValEvents(EventsPart):
    """One row per event of VAL, which chooses between alternatives."""


@contract("test_events", grows_with_events=True)
class TestEvents(EventsPart):
    """One row per event of TEST, which serves the final claim."""

    __test__ = False  # the name is the table's, not a test's


@contract("split_report")
@summary(
    measures={
        "n_train": "max(n_events) filter (part = 'train')",
        "n_val": "max(n_events) filter (part = 'val')",
        "n_test": "max(n_events) filter (part = 'test')",
        "test_users": "max(n_users) filter (part = 'test')",
        "known_test_users": "max(n_known_users) filter (part = 'test')",
        "largest_look_ahead_share": "max(look_ahead_share)",
    },
)
class SplitReport(Contract):
    """One row per part: what it holds, and how far the split looks ahead."""

    part: str = column("Part of the log", isin=PARTS)
    n_events: int = column("Events", ge=0)
    n_users: int = column("Users with an event", ge=0)
    n_items: int = column("Items with an event", ge=0)
    n_known_users: int = column(
        "Users who also have an event in TRAIN: those a model can know", ge=0
    )
    first_event_at: Timestamp = column("Earliest event", unit="UTC", nullable=True)
    last_event_at: Timestamp = column("Latest event", unit="UTC", nullable=True)
    look_ahead_share: float = column(
        "Share of TRAIN events that lie after the part's earliest event (0 for a global split)",
        ge=0,
        le=1,
    )
    n_out_of_order_users: int = column(
        "Users with a TRAIN event at or after their own first event of this part", ge=0
    )

    class Config:
        unique = ["part"]
