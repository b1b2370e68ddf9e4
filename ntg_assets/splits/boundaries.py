"""Where TRAIN ends: the boundaries of the parts, from the calendar of events."""

from calendar import MONDAY, THURSDAY
from datetime import UTC, date, datetime, timedelta

import polars as pl

from ntg_assets.configuration.splits import SplitSettings
from ntg_assets.errors import LeakageError, NotEnoughDataError
from ntg_assets.local_days import day_of, first_instant, first_instants, shift_instant
from ntg_assets.zones import UTC_ZONE

BOUNDARY_TYPES = pl.Schema(
    {
        "part": pl.String(),
        "start_at": pl.Datetime("us"),
        "end_at": pl.Datetime("us"),
        "strategy": pl.String(),
        "timezone": pl.String(),
    }
)
# with `weekly` boundaries: on different days, so that no night makes all of the week's work
BACKTEST_ENDS_ON, LEARNING_ENDS_ON = MONDAY, THURSDAY
SHARE_TOLERANCE = 1e-12  # shares such as 1 - 0.1 - 0.1 are not exact in binary


def event_calendar(counts: pl.DataFrame, *, zone: str) -> pl.DataFrame:
    """Lay the days of the zone, or the minutes, that hold events on the line of time.

    Args:
        counts: Rows of `event_calendar.sql`.
        zone: Whose midnights divide the days.

    Returns:
        `event_calendar`, in the order of time.
    """
    next_on = counts["bucket_on"] + timedelta(days=1)
    begins_at, ends_at = first_instants(counts["bucket_on"], zone), first_instants(next_on, zone)
    is_day, minute_at = counts["minute_at"].is_null(), counts["minute_at"]
    return counts.select(
        "bucket_on",
        bucket_at=begins_at.zip_with(is_day, minute_at),
        ends_at=ends_at.zip_with(is_day, minute_at + timedelta(minutes=1)),
        n_events="n_events",
    ).sort("bucket_at")


def split_boundaries(
    calendar: pl.DataFrame, *, settings: SplitSettings, zone: str = UTC_ZONE
) -> pl.DataFrame:
    """Divide the log into TRAIN, VAL and TEST.

    Args:
        calendar: `event_calendar`: one row per bucket of time with events.
        settings: Strategy, and how its instants are found.
        zone: Whose midnights divide the days.

    Returns:
        `split_boundaries`: half-open parts in the order of time. Under `per_user` every part spans
            the whole log.

    Raises:
        NotEnoughDataError: a part would be empty.
        LeakageError: the configured dates are not in the order of time.
    """
    start_at, end_at = log_span(calendar)
    if settings.strategy == "per_user":
        return _as_table(
            [("train", start_at, end_at), ("val", start_at, end_at), ("test", start_at, end_at)],
            "per_user",
            zone,
        )
    if settings.boundaries == "weekly":
        end_at = last_weekday(end_at, BACKTEST_ENDS_ON, zone)
        calendar = calendar.filter(pl.col("bucket_at") < end_at)
    val_at, test_at = _global_instants(calendar, settings=settings, zone=zone)
    if not start_at < val_at < test_at < end_at:
        _raise_if_wrong((start_at, val_at, test_at, end_at), settings=settings)
    return _as_table(
        [("train", start_at, val_at), ("val", val_at, test_at), ("test", test_at, end_at)],
        "global_time",
        zone,
    )


def everything_known(calendar: pl.DataFrame, *, zone: str = UTC_ZONE) -> pl.DataFrame:
    """Make the single part of the live stage: TRAIN is all that is known."""
    start_at, end_at = log_span(calendar)
    return _as_table([("train", start_at, end_at)], "everything", zone)


def log_span(calendar: pl.DataFrame) -> tuple[datetime, datetime]:
    """Return the half-open span of the log, in whole buckets."""
    if calendar.is_empty():
        raise NotEnoughDataError(
            "split: the log holds no accepted event. Look at ingest.quarantine for the reasons."
        )
    return calendar["bucket_at"].min(), calendar["ends_at"].max()  # type: ignore[return-value]  # a datetime column


def last_weekday(end_at: datetime, weekday: int, zone: str = UTC_ZONE) -> datetime:
    """Return the last midnight of the zone that begins a day of the week (0: a Monday) and does not
    lie after an instant.
    """
    day = day_of(end_at, zone)
    return first_instant(day - timedelta(days=(day.weekday() - weekday) % 7), zone)


def train_end(boundaries: pl.DataFrame) -> datetime:
    """Return the stage's cutoff: the first instant that TRAIN does not hold."""
    return boundaries.filter(pl.col("part") == "train")["end_at"].item()


def learning_boundaries(boundaries: pl.DataFrame, *, settings: SplitSettings) -> pl.DataFrame:
    """Say of which part of TRAIN the live stage learns: all of it, and with `weekly` boundaries
    what lies before the last Thursday, so that what was learned of an unchanged past stays.

    Args:
        boundaries: `split_boundaries` of the stage.
        settings: How the log is divided.
    """
    end_at = pl.lit(learning_end(boundaries, settings=settings), pl.Datetime("us"))
    return boundaries.filter(pl.col("part") == "train").with_columns(end_at=end_at)


def learning_end(boundaries: pl.DataFrame, *, settings: SplitSettings) -> datetime:
    """Return the first instant of which a stage learns nothing: its cutoff, but in `live` with
    `weekly` boundaries the last Thursday. What is counted, scored and shown knows all before the
    cutoff.
    """
    start_at, end_at = part_span(boundaries, "train")
    is_weekly = settings.strategy == "global_time" and settings.boundaries == "weekly"
    if boundaries["strategy"][0] != "everything" or not is_weekly:
        return end_at
    learned_at = last_weekday(end_at, LEARNING_ENDS_ON, zone_of(boundaries))
    return learned_at if learned_at > start_at else end_at


def zone_of(boundaries: pl.DataFrame) -> str:
    """Return the zone whose midnights divide the days; boundaries that name none
    (an older publication) are of UTC.
    """
    return str(boundaries["timezone"][0]) if "timezone" in boundaries.columns else UTC_ZONE


def cutoff_day(boundaries: pl.DataFrame, part: str = "train") -> date:
    """Return the end of a part as a day, that of TRAIN being the stage's cutoff: the first day that
    no event of it lies on or after.
    """
    return day_of(
        part_span(boundaries, part)[1] - timedelta(microseconds=1), zone_of(boundaries)
    ) + timedelta(days=1)


def complete_until_day(boundaries: pl.DataFrame, part: str = "train") -> date:
    """Return the first day that does not lie wholly before the end of a part."""
    end_on = cutoff_day(boundaries, part)
    is_midnight = first_instant(end_on, zone_of(boundaries)) == part_span(boundaries, part)[1]
    return end_on if is_midnight else end_on - timedelta(days=1)


def part_span(boundaries: pl.DataFrame, part: str) -> tuple[datetime, datetime]:
    """Return the half-open span of one part."""
    row = boundaries.filter(pl.col("part") == part)
    return row["start_at"].item(), row["end_at"].item()


def _global_instants(
    calendar: pl.DataFrame, *, settings: SplitSettings, zone: str
) -> tuple[datetime, datetime]:
    if settings.boundaries == "dates":
        return _instant(settings.val_start, zone), _instant(settings.test_start, zone)
    if settings.boundaries == "last_days":
        test_at = shift_instant(log_span(calendar)[1], -settings.test_days, zone)
        return shift_instant(test_at, -settings.val_days, zone), test_at
    if calendar.is_empty():
        raise NotEnoughDataError(
            "split: no event lies before the last Monday of the log. Use a longer log, or"
            " split.boundaries: quantile."
        )
    after_train = settings.val_share + settings.test_share
    return _instant_after_share(calendar, 1 - after_train), _instant_after_share(
        calendar, 1 - settings.test_share
    )


def _instant_after_share(calendar: pl.DataFrame, share: float) -> datetime:
    """Return the start of the first bucket before which at least `share` of all events lie
    (else the log's end).
    """
    ordered = calendar.sort("bucket_at")
    before = ordered["n_events"].cum_sum() - ordered["n_events"]
    reached = ordered.filter(before >= (share - SHARE_TOLERANCE) * int(ordered["n_events"].sum()))
    return reached["bucket_at"][0] if reached.height else log_span(calendar)[1]


def _instant(text: str | None, zone: str) -> datetime:
    parsed = datetime.fromisoformat(str(text))
    return (
        first_instant(parsed, zone)
        if parsed.tzinfo is None
        else parsed.astimezone(UTC).replace(tzinfo=None)
    )


def _as_table(
    parts: list[tuple[str, datetime, datetime]], strategy: str, zone: str
) -> pl.DataFrame:
    rows = [(*part, strategy, zone) for part in parts]
    return pl.DataFrame(rows, schema=BOUNDARY_TYPES, orient="row")


def _raise_if_wrong(
    instants: tuple[datetime, datetime, datetime, datetime], *, settings: SplitSettings
) -> None:
    start_at, val_at, test_at, end_at = instants
    spans = f"the log spans [{start_at}, {end_at}), VAL would start at {val_at}, TEST at {test_at}"
    if settings.boundaries == "dates" and val_at >= test_at:
        raise LeakageError(
            f"split: {spans}: not in the order of time. Mend split.val_start and split.test_start."
        )
    raise NotEnoughDataError(
        f"split: {spans}: a part would be empty. Use a longer log, other shares, or other dates."
    )
