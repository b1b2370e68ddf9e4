"""The calendar of a zone: days of 23 and 25 hours, days without a midnight,
a day that never was; and the two directions agree.
"""

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ntg_assets
from ntg_assets.local_days import (
    day_numbers,
    day_of,
    days_of_utc_days,
    describe_cutoff,
    first_instant,
    first_instants,
    local_days,
    shift_days,
    shift_instant,
    with_event_on,
)
from ntg_assets.zones import is_zone
from ntg_assets_tests.event_files import written_instants

ANGELES, BERLIN, KOLKATA = "America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata"
APIA, SAO_PAULO, ST_JOHNS = "Pacific/Apia", "America/Sao_Paulo", "America/St_Johns"
ZONES = ("UTC", ANGELES, KOLKATA, APIA, SAO_PAULO, ST_JOHNS, "Europe/London", "Antarctica/Casey")
ORDINARY = (ANGELES, BERLIN, KOLKATA, "Europe/London")  # clocks are never put back over midnight
DAY_OF_UTC = re.compile(r"\.date\(\)|\.truncate\(\"|// MICROSECONDS_PER_DAY")
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def length_of(day: date, zone: str) -> timedelta:
    return first_instant(day + timedelta(days=1), zone) - first_instant(day, zone)


@pytest.mark.parametrize(
    ("zone", "day", "begins_at", "hours"),
    [
        (ANGELES, date(2024, 3, 10), datetime(2024, 3, 10, 8), 23),
        (ANGELES, date(2024, 11, 3), datetime(2024, 11, 3, 7), 25),
        (BERLIN, date(2024, 3, 31), datetime(2024, 3, 30, 23), 23),
        (BERLIN, date(2024, 10, 27), datetime(2024, 10, 26, 22), 25),
        (KOLKATA, date(2024, 3, 10), datetime(2024, 3, 9, 18, 30), 24),
        # clocks go from 23:59 to 01:00: there is no midnight
        (SAO_PAULO, date(2018, 11, 4), datetime(2018, 11, 4, 3), 23),
        (APIA, date(2011, 12, 29), datetime(2011, 12, 29, 10), 24),
        # left out on the way over the date line
        (APIA, date(2011, 12, 30), datetime(2011, 12, 30, 10), 0),
        (APIA, date(2011, 12, 31), datetime(2011, 12, 30, 10), 24),
        # a minute after midnight it is 23:01 again
        (ST_JOHNS, date(2010, 11, 7), datetime(2010, 11, 7, 2, 30), 25),
        ("UTC", date(2024, 3, 10), datetime(2024, 3, 10), 24),
    ],
)
def test_a_day_begins_when_the_clocks_first_show_it(
    zone: str, day: date, begins_at: datetime, hours: int
) -> None:
    assert first_instant(day, zone) == begins_at
    assert length_of(day, zone) == hours * HOUR
    if hours:
        assert (day_of(begins_at - SECOND, zone) < day, day_of(begins_at, zone)) == (True, day)


def test_where_clocks_are_put_back_over_midnight_the_day_that_has_begun_goes_on() -> None:
    shown_again = datetime(2010, 11, 7, 3, 0)  # 23:30 of the day before, for the second time
    assert day_of(shown_again, ST_JOHNS) == date(2010, 11, 7)


@pytest.mark.parametrize("zone", ZONES)
def test_before_a_day_and_before_its_first_instant_are_the_same(zone: str) -> None:
    days = pl.date_range(date(2009, 1, 1), date(2020, 1, 1), eager=True)
    near = [first_instants(days, zone) + step for step in (-SECOND, 0 * SECOND, SECOND)]
    drawn = pl.Series(np.random.default_rng(1).integers(0, 4018 * 86_400, 3_000)).cast(
        pl.Duration("ms")
    ) * 1_000 + datetime(2009, 1, 1)
    at = pl.concat([*near, drawn.cast(pl.Datetime("us"))]).alias("at").sort()
    found = local_days(at, zone)
    assert found.is_sorted()
    known = found.unique().sort()
    begins = pl.DataFrame({"day": known, "at": first_instants(known, zone)})
    by_instant = at.to_frame().join_asof(begins, on="at")["day"]
    assert by_instant.to_list() == found.to_list()
    joined = (
        at.to_frame()
        .with_columns(utc_on=pl.col("at").cast(pl.Date))
        .join(
            days_of_utc_days(zone, first_on=date(2008, 12, 30), last_on=date(2020, 1, 2)),
            on="utc_on",
            how="left",
            maintain_order="left",
        )
    )
    by_calendar = joined.select(
        day=pl.when(pl.col("at") < pl.col("next_at")).then("day_on").otherwise("next_on")
    )["day"]
    assert by_calendar.to_list() == found.to_list()
    numbers = day_numbers(at.to_physical().to_numpy(), zone)
    assert (np.diff(numbers) > 0).tolist() == (
        found.to_physical().diff().drop_nulls() > 0
    ).to_list()


@given(at=st.datetimes(datetime(1995, 1, 1), datetime(2037, 1, 1)), zone=st.sampled_from(ORDINARY))
@settings(max_examples=40)
def test_days_are_those_of_the_standard_library(at: datetime, zone: str) -> None:
    assert day_of(at, zone) == at.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone)).date()


def test_midnights_move_to_midnights_and_other_instants_by_24_hours() -> None:
    midnight, noon = datetime(2024, 3, 9, 8), datetime(2024, 3, 9, 20)
    assert shift_instant(midnight, 2, ANGELES) == datetime(2024, 3, 11, 7)
    assert shift_instant(datetime(2024, 3, 11, 7), -2, ANGELES) == midnight
    assert shift_instant(noon, 2, ANGELES) == noon + 48 * HOUR
    assert (
        shift_days(pl.Series([midnight]), 1.5, ANGELES)[0] == datetime(2024, 3, 10, 8) + 12 * HOUR
    )
    assert shift_instant(midnight, 2, "UTC") == midnight + 48 * HOUR


@pytest.mark.parametrize(
    ("text", "at", "day"),
    [
        ("2024-03-05", datetime(2024, 3, 5, 8), date(2024, 3, 5)),
        (" 2024-03-05 ", datetime(2024, 3, 5, 8), date(2024, 3, 5)),
        ("2024-03-05T23:30:00-08:00", datetime(2024, 3, 6, 7, 30), date(2024, 3, 5)),
        ("2024-03-06 07:30:00.5+0000", datetime(2024, 3, 6, 7, 30, 0, 500_000), date(2024, 3, 5)),
        ("2024-03-06T07:30Z", datetime(2024, 3, 6, 7, 30), date(2024, 3, 5)),
        ("2024-03-06 07:30:00 UTC", datetime(2024, 3, 6, 7, 30), date(2024, 3, 5)),
        ("2024-03-06 07:30", datetime(2024, 3, 6, 7, 30), date(2024, 3, 5)),
        ("2024-03-06T07:30z", datetime(2024, 3, 6, 7, 30), date(2024, 3, 5)),
        ("2024-03-06 13:00:00 +05:30", datetime(2024, 3, 6, 7, 30), date(2024, 3, 5)),
        ("2024-03-06 at tea time", None, None),
        ("soon", None, None),
    ],
)
def test_a_written_day_is_that_day_and_a_written_time_is_an_instant(
    tmp_path: Path, text: str, at: datetime | None, day: date | None
) -> None:
    mixed = pl.Series([text, "2024-03-05T01:00Z"])
    instants = written_instants(tmp_path, mixed, ANGELES)
    assert instants[0] == at
    assert local_days(instants, ANGELES)[0] == day


@pytest.mark.parametrize(
    "column",
    [
        pl.Series(["2024-03-05 00:00:00", "2024-03-06"]),
        pl.Series([datetime(2024, 3, 5), datetime(2024, 3, 6)]),
    ],
)
def test_a_column_of_midnights_holds_days(tmp_path: Path, column: pl.Series) -> None:
    assert written_instants(tmp_path, column, ANGELES).to_list() == [
        datetime(2024, 3, 5, 8),
        datetime(2024, 3, 6, 8),
    ]


def test_the_calendar_reaches_from_the_first_to_the_last_day_that_can_be_written() -> None:
    for first_on, last_on in ((date.min, date(1, 2, 1)), (date(9999, 12, 1), date.max)):
        made = days_of_utc_days(ANGELES, first_on=first_on, last_on=last_on)
        assert made.height == (last_on - first_on).days + 1
        assert made["day_on"].null_count() <= 1  # the very first has no day before it


def test_a_cutoff_says_its_day_where_days_are_not_those_of_utc() -> None:
    assert describe_cutoff("2024-03-06T08:00:00", "UTC") == "2024-03-06T08:00:00"
    assert (
        describe_cutoff("2024-03-06T08:00:00", ANGELES)
        == "2024-03-06T08:00:00 UTC, the start of 2024-03-06 in America/Los_Angeles"
    )
    assert (
        describe_cutoff("2024-03-06T07:59:00", ANGELES)
        == "2024-03-06T07:59:00 UTC, on 2024-03-05 in America/Los_Angeles"
    )


def test_only_names_of_zones_are_zones() -> None:
    assert [is_zone(name) for name in ("UTC", BERLIN, "Mars/Olympus", "")] == [
        True,
        True,
        False,
        False,
    ]


def test_event_on_stands_beside_event_at_and_is_made_anew() -> None:
    log = pl.DataFrame({"event_at": [datetime(2024, 3, 6, 7)], "value": [1.0]})
    there = with_event_on(with_event_on(log), ANGELES)
    assert there.columns == ["event_at", "event_on", "value"]
    assert there["event_on"].item() == date(2024, 3, 5)


def test_python_cuts_days_in_one_place_too() -> None:
    # SQL has its lint; these calls cut by days of UTC, in which only the made-up world and the key
    # of the joined calendar live
    root = Path(ntg_assets.__file__).parent
    allowed = {
        root / "local_days.py",
        root / "zone_clocks.py",  # seconds, not days
        root / "events" / "dated_events.py",
        *(root / "synthetic").rglob("*.py"),
        # the day on which somebody asked to be forgotten, by the clock of this machine
        root / "history" / "forgets.py",
        root / "cli" / "experiments" / "trace.py",
        # months of contracts, whose days are dates already
        root / "subscriptions" / "money" / "acquisition.py",
        root / "subscriptions" / "money" / "waterfall.py",
    }
    assert all(file.is_file() for file in allowed)
    cut = [
        f"{file.relative_to(root)}:{number}"
        for file in sorted(set(root.rglob("*.py")) - allowed)
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        if DAY_OF_UTC.search(line)
    ]
    assert cut == []
