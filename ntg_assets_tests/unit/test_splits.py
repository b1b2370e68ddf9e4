"""TRAIN, VAL and TEST are chronological, disjoint and complete, or the split is refused."""

from calendar import MONDAY, THURSDAY
from datetime import date, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ntg_assets.configuration.splits import SplitSettings
from ntg_assets.errors import LeakageError, NotEnoughDataError
from ntg_assets.splits.boundaries import (
    complete_until_day,
    cutoff_day,
    event_calendar,
    everything_known,
    last_weekday,
    learning_boundaries,
    learning_end,
    split_boundaries,
    train_end,
)
from ntg_assets.splits.parts import part_events
from ntg_assets.sql import query
from ntg_assets.storage.run import run
from ntg_assets_tests.logs import events, movielens, random_log

FINE_BELOW_DAYS = 30


def calendar_of(log: pl.DataFrame) -> pl.DataFrame:
    return event_calendar(
        run(query("splits", "event_calendar", {"events": log}, fine_below_days=FINE_BELOW_DAYS)),
        zone="UTC",
    )


def daily(*counts: int, start: datetime = datetime(2024, 1, 1)) -> pl.DataFrame:
    days = [start + timedelta(days=day) for day, count in enumerate(counts) if count]
    return pl.DataFrame(
        {
            "bucket_at": days,
            "ends_at": [day + timedelta(days=1) for day in days],
            "n_events": [count for count in counts if count],
        },
        schema_overrides={"bucket_at": pl.Datetime("us"), "ends_at": pl.Datetime("us")},
    )


def parts(log: pl.DataFrame, settings: SplitSettings) -> dict[str, pl.DataFrame]:
    boundaries = split_boundaries(calendar_of(log), settings=settings)
    return {
        part: run(part_events(log, boundaries, part=part, settings=settings))
        for part in ("train", "val", "test")
    }


def spans(boundaries: pl.DataFrame) -> list[tuple[int, int]]:
    return [(row["start_at"].day, row["end_at"].day) for row in boundaries.iter_rows(named=True)]


def test_quantile_boundary_is_the_first_day_before_which_the_share_lies() -> None:
    settings = SplitSettings(val_share=0.2, test_share=0.2)
    assert spans(split_boundaries(daily(10, 10, 10, 10, 10), settings=settings)) == [
        (1, 4),
        (4, 5),
        (5, 6),
    ]
    assert spans(split_boundaries(daily(30, 0, 10, 10), settings=settings)) == [
        (1, 3),
        (3, 4),
        (4, 5),
    ]


def test_a_share_that_binary_cannot_hold_ends_where_it_says() -> None:
    assert (1 - (0.25 + 0.2)) * 100 > 55  # by a last bit, which must not cost TRAIN a day
    boundaries = split_boundaries(
        daily(*[1] * 100), settings=SplitSettings(val_share=0.25, test_share=0.2)
    )
    assert train_end(boundaries) == datetime(2024, 1, 1) + timedelta(days=55)


def test_weekly_boundaries_are_those_of_the_log_up_to_its_last_monday() -> None:
    settings = SplitSettings(boundaries="weekly", val_share=0.2, test_share=0.2)
    quantile = settings.model_copy(update={"boundaries": "quantile"})
    whole = split_boundaries(daily(*[10] * 14), settings=quantile)  # 1 January 2024 is a Monday
    for n_more in range(7):  # the days of a week move nothing
        later = split_boundaries(daily(*[10] * 14, *[90] * n_more), settings=settings)
        assert_frame_equal(later, whole)
    assert spans(split_boundaries(daily(*[10] * 21), settings=settings))[-1][1] == 22
    with pytest.raises(NotEnoughDataError, match="before the last Monday"):
        split_boundaries(daily(10, 10, 10), settings=settings)


@pytest.mark.parametrize(
    ("boundaries", "strategy", "until"),
    [
        ("weekly", "global_time", [11, 11, 11, 18, 18, 18, 18, 18]),
        ("quantile", "global_time", [15, 16, 17, 18, 19, 20, 21, 22]),
        ("weekly", "per_user", [15, 16, 17, 18, 19, 20, 21, 22]),
    ],
)
def test_live_learns_of_whole_weeks_where_the_boundaries_are_weekly(
    boundaries: str, strategy: str, until: list[int]
) -> None:
    settings = SplitSettings(boundaries=boundaries, strategy=strategy)
    known = [everything_known(daily(*[10] * n_days)) for n_days in range(14, 22)]
    learned = [learning_boundaries(known_then, settings=settings) for known_then in known]
    assert [spans(of_night) for of_night in learned] == [[(1, day)] for day in until]
    # a log that no Thursday divides is learned from as it is
    assert spans(learning_boundaries(everything_known(daily(1, 1)), settings=settings)) == [(1, 3)]


def test_the_back_test_learns_of_all_that_is_before_its_cutoff() -> None:
    settings = SplitSettings(boundaries="weekly", val_share=0.2, test_share=0.2)
    boundaries = split_boundaries(daily(*[10] * 20), settings=settings)
    assert learning_end(boundaries, settings=settings) == train_end(boundaries)
    assert train_end(boundaries).weekday() != 0  # no Monday, which would be the same


def test_weeks_end_at_the_midnight_of_the_zone() -> None:
    sunday_night = datetime(2024, 1, 15, 4)  # 23:00 of a Sunday in New York
    new_york = "America/New_York"
    assert last_weekday(sunday_night, MONDAY, new_york) == datetime(2024, 1, 8, 5)
    assert last_weekday(datetime(2024, 1, 15, 5), MONDAY, new_york) == datetime(2024, 1, 15, 5)
    assert last_weekday(sunday_night, THURSDAY, new_york) == datetime(2024, 1, 11, 5)


def test_no_night_remakes_the_back_test_and_the_models_both() -> None:
    settings = SplitSettings(boundaries="weekly", val_share=0.2, test_share=0.2)
    nights = [daily(*[10] * n_days) for n_days in range(14, 29)]
    proven = [spans(split_boundaries(night, settings=settings))[-1][1] for night in nights]
    learned = [
        spans(learning_boundaries(everything_known(night), settings=settings))[0][1]
        for night in nights
    ]
    moves = [
        (proven[night] != proven[night - 1], learned[night] != learned[night - 1])
        for night in range(1, len(nights))
    ]
    assert (True, True) not in moves
    assert moves.count((True, False)) == moves.count((False, True)) == 14 / 7


def test_last_days_count_back_from_the_end() -> None:
    settings = SplitSettings(boundaries="last_days", val_days=2, test_days=3)
    assert spans(split_boundaries(daily(1, 1, 1, 1, 1, 1, 1), settings=settings)) == [
        (1, 3),
        (3, 5),
        (5, 8),
    ]


def test_dates_are_taken_as_given_and_offsets_become_utc() -> None:
    settings = SplitSettings(
        boundaries="dates", val_start="2024-01-03T02:00:00+02:00", test_start="2024-01-05"
    )
    assert spans(split_boundaries(daily(1, 1, 1, 1, 1, 1, 1), settings=settings)) == [
        (1, 3),
        (3, 5),
        (5, 8),
    ]


def test_dates_out_of_order_are_refused() -> None:
    settings = SplitSettings(boundaries="dates", val_start="2024-01-05", test_start="2024-01-03")
    with pytest.raises(LeakageError, match="not in the order of time"):
        split_boundaries(daily(1, 1, 1, 1, 1, 1, 1), settings=settings)


def test_empty_part_is_refused_with_the_spans() -> None:
    with pytest.raises(NotEnoughDataError, match="a part would be empty"):
        split_boundaries(daily(100), settings=SplitSettings())
    with pytest.raises(NotEnoughDataError, match="holds no accepted event"):
        split_boundaries(daily(), settings=SplitSettings())


@pytest.mark.parametrize(
    ("n_days", "length"),
    [(FINE_BELOW_DAYS - 1, timedelta(minutes=1)), (FINE_BELOW_DAYS, timedelta(days=1))],
)
def test_a_log_is_divided_by_the_day_once_it_spans_a_month(n_days: int, length: timedelta) -> None:
    last = datetime(2024, 1, 1, 12) + timedelta(days=n_days)
    calendar = calendar_of(events((1, 1, "2024-01-01T12:00:00"), (1, 2, last.isoformat())))
    assert set(calendar["ends_at"] - calendar["bucket_at"]) == {length}


def test_short_log_is_divided_by_the_minute() -> None:
    log = events(*((1, minute, f"2024-01-01T00:{minute:02d}:30") for minute in range(10)))
    boundaries = split_boundaries(
        calendar_of(log), settings=SplitSettings(val_share=0.2, test_share=0.2)
    )
    assert train_end(boundaries) == datetime(2024, 1, 1, 0, 6)
    assert cutoff_day(boundaries) == date(2024, 1, 2)


def test_live_knows_everything() -> None:
    boundaries = everything_known(daily(1, 1, 1))
    assert boundaries["part"].to_list() == ["train"]
    assert cutoff_day(boundaries) == date(2024, 1, 4)


@pytest.mark.parametrize("strategy", ["global_time", "per_user"])
def test_parts_hold_each_event_once_and_each_user_in_order(strategy: str) -> None:
    # the value names the event
    log = random_log(1).with_columns(pl.int_range(pl.len()).cast(pl.Float64).alias("value"))
    found = parts(log, SplitSettings(strategy=strategy))
    together = pl.concat(list(found.values()))
    assert_frame_equal(together.sort("value"), log.sort("value"))
    for early, late in (("train", "val"), ("val", "test"), ("train", "test")):
        last = found[early].group_by("user_id").agg(pl.col("event_at").max().alias("last_at"))
        first = found[late].group_by("user_id").agg(pl.col("event_at").min().alias("first_at"))
        assert (
            last.join(first, on="user_id")
            .filter(pl.col("last_at") >= pl.col("first_at"))
            .is_empty()
        )


def test_global_split_is_chronological_across_users_and_per_user_is_not() -> None:
    across = parts(movielens(), SplitSettings())
    assert across["train"]["event_at"].max() < across["val"]["event_at"].min()  # type: ignore[operator]  # both are datetimes
    assert across["val"]["event_at"].max() < across["test"]["event_at"].min()  # type: ignore[operator]
    within = parts(movielens(), SplitSettings(strategy="per_user"))
    assert within["train"]["event_at"].max() > within["test"]["event_at"].min()  # type: ignore[operator]


def test_an_event_at_the_boundary_belongs_to_the_later_part() -> None:
    days = [f"2024-01-0{day}" for day in range(1, 8)]
    settings = SplitSettings(boundaries="dates", val_start="2024-01-03", test_start="2024-01-05")
    found = parts(events(*((1, item, day) for item, day in enumerate(days))), settings)
    assert {part: rows["item_id"].sort().to_list() for part, rows in found.items()} == {
        "train": [0, 1],
        "val": [2, 3],
        "test": [4, 5, 6],
    }


def test_per_user_split_takes_the_shares_of_each_history() -> None:
    log = events(
        *((1, item, f"2024-01-{item:02d}") for item in range(1, 11)),
        (2, 1, "2024-03-01"),
        (2, 2, "2024-03-01"),
    )
    found = parts(log, SplitSettings(strategy="per_user", val_share=0.2, test_share=0.1))
    assert found["train"].filter(pl.col("user_id") == 1)["item_id"].sort().to_list() == [
        1,
        2,
        3,
        4,
        5,
        6,
        7,
    ]
    assert found["val"]["item_id"].sort().to_list() == [8, 9]
    assert found["test"]["item_id"].to_list() == [10]
    # events of one instant stay together
    assert found["train"].filter(pl.col("user_id") == 2).height == 2


def test_an_event_before_which_the_share_lies_belongs_to_the_later_part() -> None:
    """Of four events 0, 1/4, 2/4 and 3/4 lie before: the third begins the second half."""
    log = events(*((1, item, f"2024-01-0{item}") for item in range(1, 5)))
    halves = [
        run(query("splits", "per_user_events", {"events": log}, from_share=start, to_share=end))
        for start, end in ((0.0, 2 / 4), (2 / 4, 1.0))
    ]
    assert [half["item_id"].sort().to_list() for half in halves] == [[1, 2], [3, 4]]


def test_a_part_that_ends_within_a_day_leaves_that_day_incomplete() -> None:
    midnight, noon = datetime(2024, 1, 5), datetime(2024, 1, 5, 12)
    ends = [
        pl.DataFrame(
            [("train", datetime(2024, 1, 1), end)], ["part", "start_at", "end_at"], orient="row"
        )
        for end in (midnight, noon)
    ]
    assert [cutoff_day(end) for end in ends] == [date(2024, 1, 5), date(2024, 1, 6)]
    assert [complete_until_day(end) for end in ends] == [date(2024, 1, 5), date(2024, 1, 5)]


def test_report_counts_who_is_out_of_order_at_one_instant() -> None:
    """What TRAIN knows of the very instant at which a part begins is as good as its future."""
    train = events((1, 1, "2024-01-02T12:00"), (2, 1, "2024-01-02T11:59"))
    val = events((1, 2, "2024-01-02T12:00"), (2, 2, "2024-01-02T12:00"))
    of_parts = {"train_events": train, "val_events": val, "test_events": val.clear()}
    report = run(query("splits", "split_report", of_parts)).filter(part="val")
    assert report["n_out_of_order_users"].item() == 1
    assert report["look_ahead_share"].item() == 1 / 2


def test_report_counts_known_users_and_the_look_ahead() -> None:
    train = events(
        (1, 1, "2024-01-01"), (1, 2, "2024-01-05"), (2, 1, "2024-01-02"), (3, 1, "2024-01-03")
    )
    val = events((1, 3, "2024-01-06"), (9, 3, "2024-01-04"))
    test = events((2, 3, "2024-01-07"))
    report = run(
        query(
            "splits",
            "split_report",
            {"train_events": train, "val_events": val, "test_events": test},
        )
    )
    by_part = {row["part"]: row for row in report.iter_rows(named=True)}
    counts = ("n_events", "n_users", "n_items", "n_known_users")
    assert [by_part["val"][count] for count in counts] == [2, 2, 1, 1]
    # the event of 5 January lies after VAL's first, of 4 January
    assert by_part["val"]["look_ahead_share"] == 1 / 4
    assert by_part["test"]["look_ahead_share"] == 0
    assert all(row["n_out_of_order_users"] == 0 for row in by_part.values())
    overlapping = run(
        query(
            "splits",
            "split_report",
            {"train_events": train, "val_events": train, "test_events": test},
        )
    )
    assert overlapping.filter(pl.col("part") == "val")["n_out_of_order_users"].item() == 3


@pytest.mark.parametrize("strategy", ["global_time", "per_user"])
def test_report_counts_the_look_ahead_of_real_data(strategy: str) -> None:
    found = parts(movielens(), SplitSettings(strategy=strategy))
    report = run(
        query(
            "splits", "split_report", {f"{name}_events": events_ for name, events_ in found.items()}
        )
    )
    shares = dict(report.select("part", "look_ahead_share").iter_rows())
    train = found["train"]
    expected = {
        name: (
            train.filter(pl.col("event_at") >= found[name]["event_at"].min()).height / train.height
        )
        for name in ("val", "test")
    }
    assert shares == {"train": 0.0, **expected}
    assert dict(report.select("part", "n_events").iter_rows()) == {
        name: events_.height for name, events_ in found.items()
    }
