"""The reader makes the local day of each event,
and takes the days that a file holds as they are.
"""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from ntg_assets.events.load import load_events
from ntg_assets.local_days import local_days
from ntg_assets_tests.event_files import log_settings, write_log, write_parquet

ANGELES = "America/Los_Angeles"


@pytest.mark.parametrize(
    ("zone", "n_repeated"), [("UTC", 0), (ANGELES, 0), (ANGELES, 1), ("America/St_Johns", 40)]
)  # the reader has a way of its own for none, few and many repeated rows
def test_the_reader_makes_the_day_that_the_calendar_says(
    tmp_path: Path, zone: str, n_repeated: int
) -> None:
    drawn = np.random.default_rng(7).integers(0, 900 * 86_400, 60)
    times = [datetime(2010, 6, 1) + timedelta(seconds=int(second)) for second in sorted(drawn)]
    rows = [f"u{n % 5},i,{at.isoformat()}Z,{n}" for n, at in enumerate(times)]
    write_log(tmp_path, [*rows, *rows[:n_repeated]])
    found = load_events(log_settings(service_timezone=zone), tmp_path)
    assert found["event_on"].to_list() == local_days(found["event_at"], zone).to_list()
    assert found.height == 60


def test_a_day_in_the_file_is_that_day_whatever_the_zone_of_its_times(tmp_path: Path) -> None:
    write_log(tmp_path, ["u,1,2024-03-05,1", "u,2,2024-03-05T23:30:00,1"])
    found = load_events(log_settings(service_timezone=ANGELES), tmp_path).sort("item_id")
    assert found["event_on"].to_list() == [date(2024, 3, 5), date(2024, 3, 5)]
    assert found["event_at"].to_list() == [datetime(2024, 3, 5, 8), datetime(2024, 3, 5, 23, 30)]
    write_parquet(
        tmp_path,
        "select 'u' as user_id, 'i' as item_id, date '2024-03-05' as event_at, 1e0 as value",
    )
    typed = load_events(log_settings("log.parquet", service_timezone=ANGELES), tmp_path)
    assert (typed["event_on"].item(), typed["event_at"].item()) == (
        date(2024, 3, 5),
        datetime(2024, 3, 5, 8),
    )


def test_limits_of_the_log_are_days_of_the_service(tmp_path: Path) -> None:
    times = ("2024-01-01T07:30", "2024-01-01T08:30", "2024-01-03T07:30", "2024-01-03T08:30")
    write_log(tmp_path, [f"u,{n},{at}Z,1" for n, at in enumerate(times)])
    limits: dict[str, Any] = {
        "earliest_event": "2024-01-01",
        "latest_event": "2024-01-03",
        "max_bad_share": 1,
    }
    found = load_events(log_settings(service_timezone=ANGELES, **limits), tmp_path)
    assert found["item_id"].to_list() == ["1", "2"]


def test_a_zone_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError, match="is no IANA time zone"):
        log_settings(service_timezone="Mars/Olympus")
    # the engine knows this one as a zone of times, but days cannot be cut in it
    with pytest.raises(ValidationError, match="is no IANA time zone"):
        log_settings(timezone="PST")
