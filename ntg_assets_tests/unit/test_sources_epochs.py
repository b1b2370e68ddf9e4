"""Numbers that count from other years than 1970, and years of other calendars."""

import os
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.configuration.inputs.written_values import TimestampUnit
from ntg_assets.events.examination import examine_sources
from ntg_assets.sources.values.calendars import as_gregorian
from ntg_assets_tests.event_files import accepted, log_settings, survey_log, write_log
from ntg_assets_tests.nights import paths_of
from ntg_assets_tests.sniffed_logs import TIMES, lines, sniff

AT = datetime(2024, 1, 5, 21, 44, 7, 250_000)
MICROSECOND = timedelta(microseconds=1)
APPLE, WINDOWS, DOTNET = datetime(2001, 1, 1), datetime(1601, 1, 1), datetime(1, 1, 1)


def numbers(unit: TimestampUnit, at: datetime) -> str:
    """What a program writes that counts this unit."""
    if unit == "julian_days":
        return str(2_451_544.5 + (at - datetime(2000, 1, 1)) / timedelta(days=1))
    since, parts, of = {
        "apple_seconds": (APPLE, 1, timedelta(seconds=1)),
        "apple_nanoseconds": (APPLE, 1000, MICROSECOND),
        "webkit_microseconds": (WINDOWS, 1, MICROSECOND),
        "filetime": (WINDOWS, 10, MICROSECOND),
        "dotnet_ticks": (DOTNET, 10, MICROSECOND),
        "excel_1904_days": (datetime(1904, 1, 1), 1, timedelta(days=1)),
    }[unit]
    return str((at - since) // of * parts if of == MICROSECOND else (at - since) / of)


UNITS: list[TimestampUnit] = [
    "apple_seconds",
    "apple_nanoseconds",
    "webkit_microseconds",
    "filetime",
    "dotnet_ticks",
    "julian_days",
    "excel_1904_days",
]


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_counts_from_its_own_year(tmp_path: Path, unit: TimestampUnit) -> None:
    written = numbers(unit, AT)
    write_log(tmp_path, [f"u,i,{written},1", "u,i,soon,1", "u,j,,1"])
    pl.DataFrame(
        {"user_id": ["u"], "item_id": ["i"], "event_at": [float(written)], "value": [1.0]}
    ).write_parquet(tmp_path / "log.parquet")
    exact = accepted(tmp_path, log_settings(timestamp_unit=unit, max_bad_share=0.9), "event_at")
    assert [abs(at - AT) < timedelta(milliseconds=1) for at in exact] == [True]
    if "." not in written:
        assert exact == [AT]
    of_double = accepted(tmp_path, log_settings("log.parquet", timestamp_unit=unit), "event_at")
    assert abs(of_double[0] - AT) < timedelta(milliseconds=1)


@pytest.mark.parametrize("unit", ["webkit_microseconds", "filetime", "dotnet_ticks", "julian_days"])
def test_sizes_that_mean_one_unit_are_taken_for_it(tmp_path: Path, unit: TimestampUnit) -> None:
    log = lines(lambda n, at: f"u{n},i{n},{numbers(unit, at)}", "user_id,item_id,time\n")
    found = sniff(tmp_path, log)
    assert found.settings["timestamp_unit"] == unit
    read = log_settings("log", value=None, **found.settings)
    assert all(
        abs(at - right) < timedelta(milliseconds=1)
        for at, right in zip(sorted(accepted(tmp_path, read, "event_at")), TIMES, strict=True)
    )


@pytest.mark.parametrize("unit", ["apple_seconds", "apple_nanoseconds"])
def test_seconds_of_2001_are_asked_where_those_of_1970_end_decades_ago(
    tmp_path: Path, unit: TimestampUnit
) -> None:
    row = lambda n, at: f"u{n},i{n},{numbers(unit, at)}"  # noqa: E731  # written twice
    found = sniff(tmp_path, lines(row, "user_id,item_id,time\n"))
    assert found.open["timestamp_unit"][0] == unit
    assert "timestamp_unit" not in found.settings
    assert "may count from another year: as " in " ".join(found.notes)
    for name in ("ZTIMESTAMP", "ZPLAYEDDATE"):
        named = sniff(tmp_path, lines(row, f"ZUSER,ZTITLE,{name}\n"))
        assert (named.settings["event_at"], named.settings["item_id"]) == (name, "ZTITLE")
        assert named.settings["timestamp_unit"] == unit
    (tmp_path / "old").write_text(lines(row, "user_id,item_id,time\n"))
    first = numbers(unit, TIMES[0]).split(".")[0]
    old = f"user_id,item_id,time\nu,i,{int(first) * 3}\n"  # later than today in the other reading
    assert sniff(tmp_path, old).settings["timestamp_unit"] in {"seconds", "nanoseconds"}


def test_days_of_1904_are_told_where_those_of_1900_end_years_ago(tmp_path: Path) -> None:
    header = "user_id,item_id,date\n"
    mac = lines(lambda n, at: f"u{n},i{n},{int(float(numbers('excel_1904_days', at)))}", header)
    found = sniff(tmp_path, mac)
    assert found.settings["timestamp_unit"] == "excel_days"
    assert "as excel_days they end in 2020-05, as excel_1904_days in 2024-05" in found.notes[0]


def test_a_check_warns_of_numbers_that_end_years_before_their_file(tmp_path: Path) -> None:
    rows = [f"u{n},i{n},{numbers('apple_seconds', at)},1" for n, at in enumerate(TIMES)]
    path = write_log(tmp_path, rows)

    def warnings(unit: TimestampUnit) -> str:
        settings = log_settings(timestamp_unit=unit)
        findings = examine_sources(
            settings, paths=paths_of(tmp_path), engine=EngineSettings(), horizon_days=7
        )
        return " ".join(finding.sentence for finding in findings if finding.kind == "warning")

    assert "do its times count apple_seconds (then it ends on 2024-05-02), not seconds" in warnings(
        "seconds"
    )
    assert "do its times count" not in warnings("apple_seconds")
    os.utime(path, (730_000_000, 730_000_000))  # a file of 1993
    assert "do its times count" not in warnings("seconds")


PRINTED = "1404/10/16".translate({ord("0") + n: chr(0x6F0 + n) for n in range(10)})
# outside vectors: the first days of Persian years as astronomers saw them, and leap days
NOWRUZ = {
    1370: "1991-03-21", 1375: "1996-03-20", 1399: "2020-03-20", 1400: "2021-03-21",
    1403: "2024-03-20", 1404: "2025-03-21", 1405: "2026-03-21", 1408: "2029-03-20",
}  # fmt: skip


def test_persian_days_are_those_of_the_calendar() -> None:
    first = as_gregorian([f"{year}-01-01" for year in NOWRUZ], "persian")
    assert first == list(NOWRUZ.values())
    texts = ["1403/12/30", "1404/12/30", "1399/12/30 23:59:07", PRINTED, "1404-7-1T09:00", "x"]
    assert as_gregorian(texts, "persian") == [
        "2025/03/20", "", "2021/03/20 23:59:07", "2026/01/06", "2025-09-23T09:00", "x",
    ]  # fmt: skip
    days = [date(2024, 3, 20) + timedelta(days=n) for n in range(366)]
    lengths = [31] * 6 + [30] * 6
    months = [(m, d) for m, length in enumerate(lengths, 1) for d in range(1, length + 1)]
    written = as_gregorian([f"1403-{m:02}-{d:02}" for m, d in months], "persian")
    assert written == [str(day) for day in days]


@pytest.mark.parametrize(
    ("calendar", "written", "formats"),
    [
        ("buddhist", lambda at: f"{at:%d/%m}/{at.year + 543} {at:%H:%M}", "%d/%m/%Y %H:%M"),
        ("buddhist", lambda at: f"{at.year + 543}-{at:%m-%dT%H:%M:%S}", None),
        ("buddhist", lambda at: f"{at.year + 543}{at:%m%d}", "%Y%m%d"),
        ("persian", lambda at: f"14{2 + (at.month > 3):02}/0{at.month}/2{at.day % 9}", "%Y/%m/%d"),
    ],
)
def test_years_of_other_calendars_are_read_by_their_name(
    tmp_path: Path, calendar: str, written: object, formats: str | None
) -> None:
    texts = [written(at) for at in TIMES]  # type: ignore[operator]
    rows = [f"u{n},i{n},{text}" for n, text in enumerate(texts)]
    found = sniff(tmp_path, "user_id,item_id,date\n" + "\n".join(rows) + "\n")
    assert found.settings["calendar"] == calendar
    assert found.settings.get("timestamp_format") == formats
    read = accepted(tmp_path, log_settings("log", value=None, **found.settings), "event_at")
    if calendar == "buddhist":
        assert [at.date() for at in sorted(read)] == [at.date() for at in TIMES]
    assert len(read) == len(TIMES)


def test_a_leap_day_of_the_buddhist_calendar_is_one_and_others_are_quarantined(
    tmp_path: Path,
) -> None:
    write_log(tmp_path, ["u,i,29/02/2567,1", "u,j,29/02/2568,1", "u,k,01/03/2568,1"])
    given = log_settings(calendar="buddhist", timestamp_format="%d/%m/%Y", max_bad_share=0.5)
    assert sorted(accepted(tmp_path, given, "event_at")) == [
        datetime(2024, 2, 29),
        datetime(2025, 3, 1),
    ]
    assert survey_log(tmp_path, given).quarantine["line"].to_list() == [3]
    with pytest.raises(ValueError, match="needs a year of four digits"):
        log_settings(calendar="buddhist", timestamp_format="%d/%m/%y")
    with pytest.raises(ValueError, match="is for times as text"):
        log_settings(calendar="buddhist", timestamp_unit="seconds")


def test_persian_days_in_another_order_are_asked(tmp_path: Path) -> None:
    log = lines(lambda n, at: f"u{n},i{n},{at:%d/%m}/1403", "user_id,item_id,date\n")
    found = sniff(tmp_path, log)
    assert "timestamp_format" in found.open
    assert "is read where the year stands first" in " ".join(found.notes)
