"""Formats of times that are found in the texts of a person's files."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ntg_assets.sources.values.calendar_words import MONTHS_ABROAD, WEEKDAYS_ABROAD
from ntg_assets.sources.values.time_formats import find_readings
from ntg_assets_tests.event_files import accepted, log_settings, survey_log, write_log
from ntg_assets_tests.sniffed_logs import FIRST, SECONDS, TIMES, lines, sniff

NARROW = "\u202f"


@pytest.mark.parametrize(
    ("written", "formats"),
    [
        ("%b %d, %Y, %I:%M %p", ["%b %d, %Y, %I:%M %p"]),
        (f"%b %d, %Y, %I:%M:%S{NARROW}%p CET", ["%b %d, %Y, %I:%M:%S %p %Z"]),
        ("%B %d, %Y", ["%B %d, %Y"]),
        ("%Y%m%d%H%M%S.%f", ["%Y%m%d%H%M%S.%f"]),
        ("%Y-%m-%dT%H-%M-%SZ", ["%Y-%m-%dT%H-%M-%S%z"]),
        ("%Y-%m-%d_%H%M%S", ["%Y-%m-%d_%H%M%S"]),
        ("%Y-%m-%dT%H", ["%Y-%m-%dT%H"]),
        ("%A, %B %d, %Y", ["%A, %B %d, %Y"]),
        ("%d.%m.%Y, %H:%M:%S", ["%d.%m.%Y, %H:%M:%S"]),
        ("%d.%m.%Y %H:%M Uhr", ["%d.%m.%Y %H:%M Uhr"]),
        ("%m/%d/%Y %I:%M%p", ["%m/%d/%Y %I:%M%p"]),
        ("%m/%d/%y", ["%m/%d/%y"]),
        ("%d-%b-%y", ["%d-%b-%y"]),
        ("%d-%b-%y %I.%M.%S.%f %p", ["%d-%b-%y %I.%M.%S.%f %p"]),
        ("%d/%b/%Y:%H:%M:%S +0000", ["%d/%b/%Y:%H:%M:%S %z"]),
        ("%a, %d %b %Y %H:%M:%S GMT", ["%a, %d %b %Y %H:%M:%S %Z"]),
        ("%a %b %d %H:%M:%S UTC %Y", ["%a %b %d %H:%M:%S %Z %Y"]),
        ("%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated)", ["%a %b %d %Y %H:%M:%S GMT%z"]),
        ("%Y-%m-%d %H:%M:%S Europe/London", ["%Y-%m-%d %H:%M:%S %Z"]),
        ("%Y-%m-%d-%H.%M.%S.%f", ["%Y-%m-%d-%H.%M.%S.%f"]),
        ("%Y-%m-%d %I:%M:%S %p", ["%Y-%m-%d %I:%M:%S %p"]),
        ("%Y/%m/%d %H:%M:%S", ["%Y/%m/%d %H:%M:%S"]),
        ("%G-W%V-%u", ["%G-W%V-%u"]),
        ("%Y-%j", ["%Y-%j"]),
        ("%Y%m%d", ["%Y%m%d"]),
        ("%Y%m%dT%H%M%SZ", ["%Y%m%dT%H%M%S%z"]),
        ("%Y%m%d%H%M", ["%Y%m%d%H%M"]),
        ("%Y%m%dT%H%MZ", ["%Y%m%dT%H%M%z"]),
        ("%Y%j", ["%Y%j"]),
        ("%y/%m/%d", ["%y/%m/%d"]),
        ("%d. %m. %Y %H:%M", ["%d. %m. %Y %H:%M"]),
        ("%Y-%m-%d %H:%M (EST)", ["%Y-%m-%d %H:%M (%Z)"]),
        ("%Y-%m-%d %H:%M (-04)", ["%Y-%m-%d %H:%M (%z)"]),
        ("[%d/%b/%Y:%H:%M:%S +0100]", ["[%d/%b/%Y:%H:%M:%S %z]"]),
        ("%d/%m/%Y %Hh%M", ["%d/%m/%Y %Hh%M"]),
        ("%Y年%m月%d日 %H時%M分", ["%Y年%m月%d日 %H時%M分"]),
        ("week %W", None),
        ("%d. Fructidor %Y", None),
    ],
)
def test_a_format_is_made_from_the_texts(written: str, formats: list[str] | None) -> None:
    found = find_readings([at.strftime(written) for at in TIMES])
    assert [list(one.formats) for one in found] == ([] if formats is None else [formats])


def test_days_and_months_that_could_be_either_are_two_readings() -> None:
    assert [one.formats for one in find_readings(["01/02/2024", "03/04/2024"])] == [
        ("%d/%m/%Y",),
        ("%m/%d/%Y",),
    ]
    # of a hundred texts one may be a bad record, and is none of the evidence
    texts = [f"{1 + n % 28:02}.{1 + n % 12:02}.2024" for n in range(199)]
    assert [one.formats for one in find_readings([*texts, "soon"])] == [("%d.%m.%Y",)]


def test_a_year_of_two_digits_is_no_day_where_the_log_would_last_for_decades() -> None:
    found = find_readings(["24/01/05", "24/01/17", "24/02/28", "24/03/30"])
    assert [reading.formats for reading in found] == [("%y/%m/%d",)]
    found = find_readings(["05/01/24", "17/01/24", "28/02/24", "30/03/24"])
    assert [reading.formats for reading in found] == [("%d/%m/%y",)]
    assert len(find_readings(["01/02/03"])) == 3


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["3. Januar 2024", "14. März 2024", "1. Mai 2024"], [(1, 3), (3, 14), (5, 1)]),
        (["3 janvier 2024", "14 août 2024"], [(1, 3), (8, 14)]),
        (["3 janv. 2024 à 00:00", "14 févr. 2024 à 00:00"], [(1, 3), (2, 14)]),
        (["3 de enero de 2024", "14 de agosto de 2024"], [(1, 3), (8, 14)]),
        (["Mittwoch, 3. Januar 2024", "Donnerstag, 14. März 2024"], [(1, 3), (3, 14)]),
        (["3 января 2024 г.", "14 августа 2024 г."], [(1, 3), (8, 14)]),  # noqa: RUF001  # Russian
        (["3 sty 2024", "14 paź 2024"], [(1, 3), (10, 14)]),
        (["3 Oca 2024", "14 Ağu 2024"], [(1, 3), (8, 14)]),
        (["3 maj 2024 kl. 00:00", "14 juni 2024 kl. 00:00"], [(5, 3), (6, 14)]),
    ],
)
def test_names_of_months_and_days_may_be_those_of_other_languages(
    tmp_path: Path, texts: list[str], expected: list[tuple[int, int]]
) -> None:
    (reading,) = find_readings(texts)
    write_log(tmp_path, [f'u,i,"{text}",1' for text in texts])
    found = accepted(tmp_path, log_settings(timestamp_format=list(reading.formats)), "event_at")
    assert found == [datetime(2024, month, day) for month, day in expected]


@pytest.mark.parametrize(
    ("morning", "afternoon"),
    [
        ("5/1/2024 9:04 a. m.", "5/1/2024 3:04 p. m."),
        ("5/1/2024 9:04 a.\u00a0m.", "5/1/2024 3:04 p.\u00a0m."),
        ("2024/1/5 午前9:04", "2024/1/5 午後3:04"),
        ("2024年1月5日 上午9:04", "2024年1月5日 下午3:04"),
        ("2024. 1. 5. 오전 9:04", "2024. 1. 5. 오후 3:04"),
        ("5/1/2024 9:04 π.μ.", "5/1/2024 3:04 μ.μ."),
        ("05.01.2024 9:04 ÖÖ", "05.01.2024 3:04 ÖS"),
        ("5 ene 2024 9:04 a. m.", "5 ene 2024 3:04 p. m."),
    ],
)
def test_halves_of_the_day_may_be_those_of_other_languages(
    tmp_path: Path, morning: str, afternoon: str
) -> None:
    texts = [morning, afternoon, afternoon.replace("3:04", "12:04")]
    if "午後" in afternoon:
        texts[2] = afternoon.replace("3:04", "0:04")  # as Japanese clocks show noon
    sure = re.sub(r"(?<!\d)0?5(?!\d)", "25", morning, count=1)  # a day that is no month
    formats = find_readings([*texts, sure])[0].formats
    write_log(tmp_path, [f'u,i,"{text}",1' for text in texts])
    hours = accepted(tmp_path, log_settings(timestamp_format=list(formats)), "event_at")
    assert hours == [datetime(2024, 1, 5, hour, 4) for hour in (9, 12, 15)]


ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
THAI = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")


@pytest.mark.parametrize("digits", [ARABIC, THAI], ids=["arabic", "thai"])
def test_digits_may_be_those_of_other_scripts(tmp_path: Path, digits: dict[int, str]) -> None:
    rows = lines(lambda n, at: f"u,i{n},{f'{at:%Y-%m-%d %H:%M:%S},{n}'.translate(digits)}")
    found = sniff(tmp_path, "user_id,item_id,date,amount\n" + rows, name="log")
    written = found.settings["timestamp_format"]
    read = log_settings("log", event_at="date", value="amount", timestamp_format=written)
    assert accepted(tmp_path, read, "event_at", "value") == [
        (at, float(n)) for n, at in enumerate(TIMES)
    ]


def test_each_name_of_a_month_or_a_day_means_one() -> None:
    for abroad in (MONTHS_ABROAD, WEEKDAYS_ABROAD):
        places: dict[str, set[int]] = {}
        for names in abroad.values():
            for place, alike in enumerate(names.split()):
                for name in alike.split("|"):
                    places.setdefault(name, set()).add(place)
        assert {name for name, meant in places.items() if len(meant) > 1} == set()


def test_words_beside_a_clock_that_nobody_knows_are_no_formats() -> None:
    """One of them may be the afternoon."""
    assert find_readings(["2024-01-05 9:04 mane", "2024-01-05 3:04 vespere"]) == []
    assert find_readings(["2024-01-05 9:04 hora", "2024-01-05 3:04 hora"])


def test_two_spellings_in_one_column_are_read_by_two_formats() -> None:
    texts = [at.strftime("%d.%m.%Y %H:%M" if at.day % 2 else "%d.%m.%Y") for at in TIMES]
    (found,) = find_readings(texts)
    assert set(found.formats) == {"%d.%m.%Y %H:%M", "%d.%m.%Y"}
    assert found.n_fitting == len(TIMES)


@pytest.mark.parametrize(
    ("text", "format_", "expected"),
    [
        ("2024-07-05 15:04 CEST", "%Y-%m-%d %H:%M %Z", datetime(2024, 7, 5, 13, 4)),
        ("2024-07-05 15:04 EDT", "%Y-%m-%d %H:%M %Z", datetime(2024, 7, 5, 19, 4)),
        ("2024-07-05 15:04 BST", "%Y-%m-%d %H:%M %Z", datetime(2024, 7, 5, 14, 4)),
        ("2024-07-05 15:04 PST", "%Y-%m-%d %H:%M %Z", datetime(2024, 7, 5, 23, 4)),
        ("2024-07-05 15:04 EST", "%Y-%m-%d %H:%M %Z", datetime(2024, 7, 5, 20, 4)),
        ("5 Sept 2024 3:04 p.m.", "%d %b %Y %I:%M %p", datetime(2024, 9, 5, 15, 4)),
        ("2024-07-05 15:04 CET", "%Y-%m-%d %H:%M %Z", datetime(2024, 7, 5, 14, 4)),
        ("2024-07-05 15:04 EET", "%Y-%m-%d %H:%M %Z", datetime(2024, 7, 5, 13, 4)),
        ("2024-07-05 15:04 (EST)", "%Y-%m-%d %H:%M (%Z)", datetime(2024, 7, 5, 20, 4)),
        ("2024-07-05 15:04 (-04)", "%Y-%m-%d %H:%M (%z)", datetime(2024, 7, 5, 19, 4)),
        ("2024-01-05 15:04 +0100 (CET)", "%Y-%m-%d %H:%M %z", datetime(2024, 1, 5, 14, 4)),
        ("2024-01-05T15:04:05+01:00[Europe/Berlin]", None, datetime(2024, 1, 5, 14, 4, 5)),
        ("2024-01-05T15:04:05Z[UTC]", None, FIRST),
    ],
)
def test_zones_and_halves_of_days_as_programs_write_them(
    tmp_path: Path, text: str, format_: str | None, expected: datetime
) -> None:
    (tmp_path / "log.csv").write_text(f"user_id,item_id,event_at\nu,i,{text}\n")
    given = log_settings(value=None, timestamp_format=format_ or [])
    assert survey_log(tmp_path, given).extent.first_at == expected


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_serial_days_of_a_spreadsheet_are_local_days(tmp_path: Path, zone: str) -> None:
    # 2024-01-05 is 45,296 days after 1899-12-30; 0.75 of a day are 18 hours
    (tmp_path / "log.csv").write_text("user_id,item_id,event_at\nu,i,45296.75\nv,i,45297\n")
    given = log_settings(value=None, timestamp_unit="excel_days", timezone=zone)
    offset = timedelta(hours=0 if zone == "UTC" else 1)
    found = survey_log(tmp_path, given).extent
    assert found.first_at == datetime(2024, 1, 5, 18) - offset
    assert found.last_at == datetime(2024, 1, 6) - offset


def test_what_a_time_does_not_hold_is_noted(tmp_path: Path) -> None:
    cut = lines(lambda n, _: f"u{n},i{n},{SECONDS[n]:.4E}", "user_id,item_id,date\n")
    assert "powers of ten" in " ".join(sniff(tmp_path, cut).notes)
    months = lines(lambda n, at: f"u{n},i{n},{at:%Y-%m}", "user_id,item_id,date\n")
    assert "hold no day" in " ".join(sniff(tmp_path, months).notes)


@pytest.mark.parametrize(
    ("day", "clock", "zone", "hours"),
    [
        ("%m/%d/%Y", "%H:%M:%S", "PST", 8),
        ("%d.%m.%Y", "%H:%M:%S", "CET", -1),
        ("%Y-%m-%d", "%I:%M:%S %p", "-0300", 3),
    ],
)
def test_a_zone_in_a_column_of_its_own_is_read_with_day_and_clock(
    tmp_path: Path, day: str, clock: str, zone: str, hours: int
) -> None:
    rows = lines(lambda n, at: f"u{n},i{n},{at:{day}},{at:{clock}},{zone}")
    found = sniff(tmp_path, "user_id,item_id,Date,Time,TimeZone\n" + rows)
    assert found.settings["event_at"] == {"all_of": ["Date", "Time", "TimeZone"]}
    read = log_settings("log", value=None, **found.settings)
    later = timedelta(hours=hours)
    assert accepted(tmp_path, read, "event_at") == [at + later for at in TIMES]


def test_a_zone_that_nobody_can_read_is_told(tmp_path: Path) -> None:
    rows = lines(lambda n, at: f"u{n},i{n},{at:%Y-%m-%d},{at:%H:%M:%S},Eastern (US)")
    found = sniff(tmp_path, "user_id,item_id,Date,Time,Time Zone\n" + rows)
    assert found.settings["event_at"] == {"all_of": ["Date", "Time"]}
    assert "'Time Zone' names zones of times ('Eastern (US)'), which are not read" in found.notes[0]


def test_a_clock_may_carry_its_zone_and_be_called_like_its_day(tmp_path: Path) -> None:
    rows = lines(lambda n, at: f'u{n},i{n},"{at:%b %d, %Y}",{at:%I:%M:%S %p} PST')
    found = sniff(tmp_path, "user_id,item_id,Transaction Date,Transaction Time\n" + rows)
    assert found.settings["event_at"] == {"all_of": ["Transaction Date", "Transaction Time"]}
    assert found.settings["timestamp_format"] == "%b %d, %Y %I:%M:%S %p %Z"


def test_words_and_zeros_in_the_place_of_times_are_not_taken_for_a_format(tmp_path: Path) -> None:
    words = lines(lambda n, at: f"u{n},i{n},{'not yet' if n == 3 else at}", "user,item,time\n")
    found = sniff(tmp_path, words)
    assert found.settings["null_words"] == ["not yet"]
    assert found.open["skip_when_empty"] == [["time"]]
    days = lines(lambda n, at: f"u{n},i{n},{'yesterday' if n == 3 else at}", "user,item,time\n")
    assert "timestamp_format" in sniff(tmp_path, days).open
    zeros = lines(lambda n, _: f"u{n},i{n},{SECONDS[n] if n else 0}", "user,item,time\n")
    found = sniff(tmp_path, zeros)
    assert found.settings["timestamp_unit"] == "seconds"
    assert "a clock that shows nothing" in " ".join(found.notes)


def test_zones_that_could_be_others_are_told(tmp_path: Path) -> None:
    rows = lines(lambda n, at: f"u{n},i{n},{at} CST", "user,item,time\n")
    assert "CST as UTC-6 (Central America, not China)" in " ".join(sniff(tmp_path, rows).notes)
    rows = lines(lambda n, at: f"u{n},i{n},{at}{['', 'Z'][n % 2]}", "user,item,time\n")
    assert "have no zone in 7 of 14 records" in " ".join(sniff(tmp_path, rows).notes)
    rows = lines(lambda n, at: f"u{n},i{n},{at}Z", "user,item,time\n")
    assert sniff(tmp_path, rows).notes == []
