"""What is taken for what when a person's files are looked at: times of many spellings, exports of
many makers, and files that are no logs.
"""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ntg_assets.errors import SourceError
from ntg_assets.sources.sniffing.column_roles import CONSTANT_USER
from ntg_assets.sources.sniffing.encodings import encodings_of
from ntg_assets.sources.sniffing.number_kinds import number_kind
from ntg_assets.sources.sniffing.proposals import sniff_file
from ntg_assets.sources.sniffing.sniffed import Sniffed
from ntg_assets.sources.values.time_formats import find_readings
from ntg_assets_tests.event_files import accepted, log_settings, survey_log, write_log

FIRST = datetime(2024, 1, 5, 15, 4, 5)
TIMES = [FIRST + timedelta(days=9 * n, hours=n, minutes=7 * n) for n in range(14)]
SECONDS = [int(at.replace(tzinfo=UTC).timestamp()) for at in TIMES]
NARROW = "\u202f"


def sniff(home: Path, content: str | bytes, name: str = "log") -> Sniffed:
    (home / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return sniff_file(home / name, name=name)


def lines(row: Callable[[int, datetime], str], header: str = "") -> str:
    return header + "".join(f"{row(n, at)}\n" for n, at in enumerate(TIMES))


def test_of_two_signs_that_divide_alike_the_comma_is_in_the_numbers(tmp_path: Path) -> None:
    found = sniff(tmp_path, lines(lambda n, _: f"u{n};{n},50", "kunde;betrag, EUR\n"))
    assert found.settings["delimiter"] == ";"
    assert found.columns == ["kunde", "betrag, EUR"]


@pytest.mark.parametrize(
    ("written", "formats"),
    [
        ("%b %d, %Y, %I:%M %p", ["%b %d, %Y, %I:%M %p"]),
        (f"%b %d, %Y, %I:%M:%S{NARROW}%p CET", ["%b %d, %Y, %I:%M:%S %p %Z"]),
        ("%B %d, %Y", ["%B %d, %Y"]),
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
        ("%Y%j", ["%Y%j"]),
        ("%y/%m/%d", ["%y/%m/%d"]),
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
    ],
)
def test_names_of_months_and_days_may_be_those_of_other_languages(
    tmp_path: Path, texts: list[str], expected: list[tuple[int, int]]
) -> None:
    (reading,) = find_readings(texts)
    write_log(tmp_path, [f'u,i,"{text}",1' for text in texts])
    found = accepted(tmp_path, log_settings(timestamp_format=list(reading.formats)), "event_at")
    assert found == [datetime(2024, month, day) for month, day in expected]


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
        ("5 Sept 2024 3:04 p.m.", "%d %b %Y %I:%M %p", datetime(2024, 9, 5, 15, 4)),
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


ME = {"user_id": None}  # an export of one person: nothing in it says who
EXPORTS: dict[str, tuple[str | bytes, dict[str, Any]]] = {
    "viewing history": (
        lines(
            lambda n, at: f'Anna,{at},0{n % 3}:23:45,,"Show: ""Pilot"" {n}",TV',
            "Profile Name,Start Time,Duration,Attributes,Title,Device Type\n",
        ),
        {"user_id": "Profile Name", "item_id": "Title", "event_at": "Start Time",
         "value": "Duration", "value_format": "duration"},
    ),
    "streaming history": (
        json.dumps([{"endTime": f"{at:%Y-%m-%d %H:%M}", "artistName": "A", "trackName": f"T{n}",
                     "msPlayed": 1000 * n} for n, at in enumerate(TIMES)], indent=1),
        ME | {"item_id": "trackName", "event_at": "endTime", "value": "msPlayed"},
    ),
    "watch history": (
        json.dumps([{"header": "H", "title": f"Watched {n}", "titleUrl": f"https://v/{n}",
                     "subtitles": [{"name": "C"}], "time": f"{at.isoformat()}.123Z"}
                    for n, at in enumerate(TIMES)]),
        ME | {"item_id": "title", "event_at": "time"},
    ),
    "film diary": (
        lines(lambda n, at: f"{at:%Y-%m-%d},Film {n},2001,{['4.5', ''][n % 2]},{at:%Y-%m-%d}",
              "Date,Name,Year,Rating,Watched Date\n"),
        ME | {"item_id": "Name", "event_at": "Watched Date", "value": "Rating",
              "value_if_empty": None},
    ),
    "bookshelf": (
        lines(lambda n, at: f'{100 + n},"B, {n}",{n % 6},{[f"{at:%Y/%m/%d}", ""][n % 2]},x',
              "Book Id,Title,My Rating,Date Read,Bookshelves\n"),
        ME | {"item_id": "Book Id", "event_at": "Date Read", "value": "My Rating",
              "skip_when_empty": None, "timestamp_format": "%Y/%m/%d"},
    ),
    "scrobbles without a header": (
        lines(lambda n, at: f"Artist {n % 3},Album,Song {n},{at:%d %b %Y %H:%M}"),
        ME | {"item_id": None, "event_at": "column_4", "timestamp_format": "%d %b %Y %H:%M"},
    ),
    "scrobbles of a player": (
        "#AUDIOSCROBBLER/1.1\n#TZ/UTC\n"
        + lines(lambda n, _: f"Artist\tAlbum\tSong {n}\t{n}\t200\tL\t{SECONDS[n]}"),
        ME | {"item_id": None, "event_at": "column_7", "timestamp_unit": "seconds",
              "comment": "#", "delimiter": "\t"},
    ),
    "listens": (
        lines(lambda n, _: json.dumps({"listened_at": SECONDS[n], "user_name": "anna",
                                        "track_metadata": {"track_name": f"T{n}"}})),
        {"user_id": "user_name", "item_id": "track_metadata.track_name",
         "event_at": "listened_at", "timestamp_unit": "seconds"},
    ),
    "a document on one line": (
        json.dumps({"n": 3, "data": {"plays": [
            {"user": {"id": n}, "track": {"id": n}, "played_at": at.isoformat()}
            for n, at in enumerate(TIMES)]}}),
        {"records": "data.plays", "event_at": "played_at"},
    ),
    "a german shop": (
        lines(lambda n, at: f"{n};K{n:03};A{n};{at:%d.%m.%Y};1.{200 + n},50 €",
              "Bestellnummer;Kundennr.;Artikelnr.;Bestelldatum;Betrag\n").encode("cp1252"),
        {"user_id": "Kundennr.", "item_id": "Artikelnr.", "event_at": "Bestelldatum",
         "value": "Betrag", "decimal": ",", "thousands": ".", "currency_signs": ["€"],
         "encoding": "cp1252", "timestamp_format": "%d.%m.%Y", "delimiter": ";"},
    ),
    "a french export": (
        lines(lambda n, at: f"u{n};Amélie {n};{at:%d/%m/%Y %H:%M};{n},5",
              "identifiant;titre;date;durée\n").encode("latin-1"),
        {"user_id": "identifiant", "item_id": "titre", "event_at": "date", "value": "durée"},
    ),
    "a title above the header": (
        lines(lambda n, at: f"u{n},i{n},{at:%Y-%m-%d}", "Report\n\nuser_id,item_id,day\n"),
        {"skip_lines": 2, "user_id": "user_id", "event_at": "day"},
    ),
    "single quotes": (
        lines(lambda n, at: f"'u{n}';'i;{n}';'{at:%Y-%m-%d}'", "user_id;item_id;date\n"),
        {"quote": "'", "delimiter": ";", "event_at": "date"},
    ),
    "escaped quotes": (
        lines(lambda n, at: f'u{n},"a \\"b\\", {n}",{at:%Y-%m-%d}', "user_id,item_id,date\n"),
        {"escape": "\\", "event_at": "date"},
    ),
    "words for none": (
        lines(lambda n, at: f"{['NULL', '7'][n % 2]},i{n},{at:%Y-%m-%d},{['NA', '4'][n % 2]}",
              "user_id,item_id,date,rating\n"),
        {"null_words": ["NA"], "no_user": None, "value": "rating", "value_if_empty": None},
    ),
    "serial days with commas": (
        lines(lambda n, _: f"u{n};i{n};{45296 + n},5", "user_id;item_id;date\n"),
        {"timestamp_unit": "excel_days", "delimiter": ";"},
    ),
    "dates of .NET": (
        lines(lambda n, _: json.dumps({"user": f"u{n}", "item": f"i{n}",
                                        "time": f"/Date({SECONDS[n]}000)/"})),
        {"timestamp_unit": "milliseconds", "event_at": "time"},
    ),
    "serial days": (
        lines(lambda n, _: f"u{n},i{n},{45296 + n}.5", "user_id,item_id,date\n"),
        {"timestamp_unit": "excel_days"},
    ),
    "ids as floats": (
        lines(lambda n, at: f"{n}.0,i{n},{at:%Y-%m-%d}", "user_id,item_id,date\n"),
        {"user_id_type": "integer", "item_id": "item_id"},
    ),
    "utf-16 without a mark": (
        lines(lambda n, at: f"u{n},i{n},{at:%Y-%m-%d}", "user_id,item_id,date\n")
        .encode("utf-16-le"),
        {"encoding": "utf-16-le", "event_at": "date"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("export", list(EXPORTS))
def test_exports_are_taken_for_what_they_are(tmp_path: Path, export: str) -> None:
    """None stands for what a person is asked."""
    content, expected = EXPORTS[export]
    found = sniff(tmp_path, content)
    certain = {key: value for key, value in expected.items() if value is not None}
    assert {key: found.settings.get(key) for key in certain} == certain
    asked = {key for key, value in expected.items() if value is None}
    assert asked <= set(found.open)
    assert asked.isdisjoint(found.settings)
    if "user_id" in asked:
        assert found.open["user_id"][0] == CONSTANT_USER


@pytest.mark.parametrize(
    ("texts", "settings", "expected"),
    [
        (["1.234,50", "2,5"], {"decimal": ",", "thousands": "."}, [1234.5, 2.5]),
        (["1.234.567", "12"], {"decimal": ",", "thousands": "."}, [1234567, 12]),
        (["1\u202f234,50", "2\u00a0000,5"], {"decimal": ",", "thousands": " "}, [1234.5, 2000.5]),
        (["1'234.50", "1\u2019000.00"], {"thousands": "'"}, [1234.5, 1000]),
        (["1,23,456.00", "1.5"], {"thousands": ","}, [123456, 1.5]),
        (
            ["CHF 1'234.-", "CHF 5.-"],
            {"currency_signs": ["CHF", ".-"], "thousands": "'"},
            [1234, 5],
        ),
        (["(12.50)", "3.50-", "4"], {"accounting_negatives": True}, [-12.5, -3.5, 4]),
        (["\u221212.50", "4"], {}, [-12.5, 4]),
        (["-$3.50", "US$ 4"], {"currency_signs": ["US$", "$"]}, [-3.5, 4]),
        (["WAHR", "falsch", "ja", "Oui", "no"], {}, [1, 0, 1, 1, 0]),
        (["\uff11\uff12", "3"], {}, [12, 3]),
        (["1h 02m", "45 min"], {"value_format": "duration"}, [3720, 2700]),
        (["1 Std. 2 Min.", "3 Sekunden"], {"value_format": "duration"}, [3720, 3]),
        (["1時間2分", "0 days 00:45:12"], {"value_format": "duration"}, [3720, 2712]),
        (["1 hour, 2 minutes and 3 seconds", "-2:00"], {"value_format": "duration"}, [3723, -120]),
    ],
)
def test_numbers_are_read_with_the_settings_that_are_proposed_for_them(
    tmp_path: Path, texts: list[str], settings: dict[str, Any], expected: list[float]
) -> None:
    kind = number_kind(texts, may_be_grouped=True)
    assert kind is not None
    assert not kind.choices
    assert {key: value for key, value, _ in kind.settings} == settings
    write_log(tmp_path, [f'u,i,2024-01-0{place},"{text}"' for place, text in enumerate(texts, 1)])
    assert accepted(tmp_path, log_settings(**settings), "value") == expected


@pytest.mark.parametrize(
    ("texts", "may_be_grouped", "decimals"),
    [
        (["1,234", "56,789"], True, [",", "."]),
        (["1.234", "56.789", "12"], True, [".", ","]),
        (["0,234", "56,789"], True, []),
        (["1,234", "5,6"], True, []),
        (["1.234", "56.789"], False, []),
    ],
)
def test_thousands_and_fractions_that_could_be_either_are_asked(
    texts: list[str], *, may_be_grouped: bool, decimals: list[str]
) -> None:
    kind = number_kind(texts, may_be_grouped=may_be_grouped)
    assert kind is not None
    assert kind.choices == ({"decimal": decimals} if decimals else {})


@pytest.mark.parametrize("texts", [["3½", "4"], ["1.5k", "2M"], ["4/5", "3/5"], ["5 min", "7"]])
def test_what_stands_beside_a_number_is_not_dropped(texts: list[str]) -> None:
    assert number_kind(texts, may_be_grouped=False) is None


def test_one_bad_record_in_a_hundred_leaves_numbers_numbers() -> None:
    assert number_kind([*["1.5"] * 99, "1e400"], may_be_grouped=False) is not None
    assert number_kind([*["1.5"] * 98, "inf", "x"], may_be_grouped=False) is None


ALPHABETS = {
    "Größe, Übermut, Straße": ("cp1252", "mac-roman", "cp850"),
    "été, mère, garçon, Noël": ("cp1252", "mac-roman", "cp850"),
    "Żółć, Święty, ósmy, źdźbło": ("cp1250", "iso8859-2"),
    "Фильм, Война и мир": ("cp1251", "koi8-r", "cp866"),
    "Ταινία, Ελλάδα": ("cp1253",),
    "作品の名前, となりの山": ("cp932", "euc_jp", "iso2022_jp"),
    "节目名称, 北京电影": ("gb18030",),
    "節目名稱, 臺北歡迎你": ("big5",),
    "Don\u2019t \u201cstop\u201d, 5 \u20ac": ("cp1252",),
    "1\u00a0234, 5": ("cp1252",),
}


@pytest.mark.parametrize(
    ("text", "encoding"), [(text, one) for text, known in ALPHABETS.items() for one in known]
)
def test_an_encoding_is_the_one_in_which_words_are_words(text: str, encoding: str) -> None:
    rows = f"u1,{text}\n" * 9
    found = encodings_of(f"user_id,item_id\n{rows}".encode(encoding), name="log")
    assert encoding in found
    assert len(found) == 1 or encoding == "gb18030"


def test_encodings_with_the_same_bytes_are_asked_and_one_that_is_said_is_taken(
    tmp_path: Path,
) -> None:
    text = lines(lambda n, at: f"u{n},节目名称,{at:%Y-%m-%d}", "user_id,item_id,date\n")
    found = sniff(tmp_path, text.encode("gb18030"))
    assert found.open["encoding"] == ["euc_kr", "gb18030"]
    said = sniff_file(tmp_path / "log", name="log", encoding="gb18030")
    assert "encoding" not in said.open
    assert said.values["item_id"][0] == "节目名称"


def test_texts_that_were_encoded_twice_are_noted(tmp_path: Path) -> None:
    twice = "Möbel".encode().decode("cp1252")
    text = lines(lambda n, at: f"u{n},{twice},{at:%Y-%m-%d}", "user_id,item_id,date\n")
    assert "encoded twice" in " ".join(sniff(tmp_path, text).notes)
    assert not sniff(tmp_path, text.replace(twice, "Möbel")).notes


HEADER = "user_id,item_id,date"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (lambda rows: [HEADER, *rows], {}),
        (lambda rows: ["#" + HEADER, *rows], {"user_id": "#user_id"}),
        (lambda rows: ["# made", "#" + HEADER, *rows], {"comment": "#", "user_id": None}),
        (lambda rows: ["Report,,", "made,,", ",,", HEADER, *rows], {"skip_lines": 3}),
        (lambda rows: [one.replace(",", ", ") for one in [HEADER, *rows]], {"delimiter": ", "}),
        (lambda rows: [one.replace(",", "||") for one in [HEADER, *rows]], {"delimiter": "||"}),
        (lambda rows: [one.replace(",", "^") for one in [HEADER, *rows]], {"delimiter": "^"}),
        (lambda rows: [one.replace(",", "\x1f") for one in [HEADER, *rows]], {"delimiter": "\x1f"}),
        (lambda rows: [f"{one}\r\r" for one in [HEADER, *rows]], {}),
        (lambda rows: ["ユーザーID,作品ID,視聴日時", *rows], {"user_id": "ユーザーID"}),
    ],
)
def test_lines_are_divided_where_their_signs_stand(
    tmp_path: Path, written: Callable[[list[str]], list[str]], expected: dict[str, Any]
) -> None:
    rows = [f"u{n},i;{n},{at:%Y-%m-%d}" for n, at in enumerate(TIMES)]
    found = sniff(tmp_path, "\n".join([*written(rows), ""]))
    names = {key: found.settings[key] for key in ("user_id", "item_id") if key in found.settings}
    assert {key: found.settings.get(key) for key in expected} == expected
    if expected.get("user_id", "") is None:
        return  # without a header a person says which column is the user
    settings = {key: found.settings[key] for key in expected if key not in names}
    read = log_settings("log", value=None, event_at=found.settings["event_at"], **names, **settings)
    assert accepted(tmp_path, read, "item_id") == [f"i;{n}" for n in range(len(TIMES))]


def test_the_array_of_records_can_be_said_and_a_line_of_json_ends_in_a_line_feed_only(
    tmp_path: Path,
) -> None:
    rows = [{"user_id": f"u\u2028{n}", "item_id": n, "time": at.isoformat()}
            for n, at in enumerate(TIMES)]  # fmt: skip
    document = json.dumps({"people": [{"name": "x"}] * 99, "plays": rows})
    assert sniff(tmp_path, document).settings["records"] == "people"
    said = sniff_file(tmp_path / "log", name="log", records="plays")
    assert (said.settings["records"], said.settings["event_at"]) == ("plays", "time")
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    assert sniff(tmp_path, text).values["user_id"] == [row["user_id"] for row in rows]


def test_types_of_other_stores_are_looked_through(tmp_path: Path) -> None:
    rows = [
        {"userId": {"$numberLong": str(n)}, "itemId": "i", "ts": {"$date": f"{at.isoformat()}Z"}}
        for n, at in enumerate(TIMES)
    ]
    found = sniff(tmp_path, "\n".join(map(json.dumps, rows)))
    assert found.settings["user_id"] == "userId.$numberLong"
    assert found.settings["event_at"] == "ts.$date"
    frame = pl.DataFrame({"user_id": ["u"], "item_id": ["i"], "ts": TIMES[:1], "length": TIMES[:1]})
    lengths = frame.with_columns(pl.col("length") - datetime(2024, 1, 1))
    lengths.write_parquet(tmp_path / "log")
    # readers of Parquet see whole numbers in such a column
    assert sniff_file(tmp_path / "log", name="log").settings["value"] == "length"
    lengths.clear().write_parquet(tmp_path / "log")
    with pytest.raises(SourceError, match="holds no record"):
        sniff_file(tmp_path / "log", name="log")


def test_what_a_time_does_not_hold_is_noted(tmp_path: Path) -> None:
    cut = lines(lambda n, _: f"u{n},i{n},{SECONDS[n]:.4E}", "user_id,item_id,date\n")
    assert "powers of ten" in " ".join(sniff(tmp_path, cut).notes)
    months = lines(lambda n, at: f"u{n},i{n},{at:%Y-%m}", "user_id,item_id,date\n")
    assert "hold no day" in " ".join(sniff(tmp_path, months).notes)


def test_what_no_setting_says_is_noted(tmp_path: Path) -> None:
    apart = lines(
        lambda n, at: f"u{n},i{n},{at:%Y-%m-%d},{at:%H:%M}", "user_id,item_id,date,time\n"
    )
    assert "'time' times of day" in " ".join(sniff(tmp_path, apart).notes)
    cut = lines(lambda n, at: f"1.{n}E+11,i{n},{at:%Y-%m-%d}", "user_id,item_id,date\n")
    assert "a spreadsheet has cut their digits" in " ".join(sniff(tmp_path, cut).notes)
    header = "user_id,item_id,date,price\n"
    twice = header + lines(lambda n, at: f"u{n},i{n},{at:%Y-%m-%d},much", header)
    told = " ".join(sniff(tmp_path, twice).notes)
    assert "1 further line(s) repeat the header" in told
    assert "'price' is called like a value" in told


GOOD = lines(lambda n, at: f"u{n},i{n},{at:%Y-%m-%d},{n}", "user_id,item_id,event_at,value\n")
TAR = b"log.csv".ljust(257, b"\0") + b"ustar\0" + bytes(300)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\n\n  <div>not found</div>\n", "is a web page"),
        (TAR, "is a tar archive"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "is a picture"),
        (bytes(range(256)) * 4, "is no text in an encoding that is known"),
        (GOOD.encode("cp500"), r"control characters.*EBCDIC \(`encoding: cp500`\)"),
        (GOOD.encode() + "ü,é\n".encode() + b"\xe9\n", "two encodings.* line 17"),
        (b"user_id,item_id,event_at\n", "holds a header .* and no record"),
        (b"  \n \n", "holds no record"),
        (GOOD.replace("u0,", '"u0,', 1) + GOOD, "a quote is opened and not closed in '\"u0,i0"),
        (GOOD.replace("\n", ",\n").replace("value,", "value"), "names 4 columns, .* have 5 fields"),
        (GOOD.replace(",2024", " 2024"), "names 4 columns, its lines have 3 fields"),
        (GOOD + "u" * 200_000 + "\n", "cannot be divided into records"),
        (b"[]", "is JSON without an object"),
        (b'[["user_id","item_id"],["u","i"]]', "is JSON without an object"),
        (b'{"user_id":["a","b"],"event_at":["2024-01-01","2024-01-02"]}', "one list per column"),
        (b'{"user_id":"u"}{"user_id":"v"}', "several JSON objects without an array"),
        (b'{"user_id":"u"},\n{"user_id":"v"},\n', r"second one after ',' in line 1"),
        (b'[{"user_id":"u"},{"user_id":', "is no whole JSON"),
        (b"PAR1" + bytes(40), "does not end like one"),
        ("".join(f'{{"user_id": "u{n}", "time": {n}}}' for n in range(300)), "without an array"),
        (json.dumps({n: {"user_id": "u", "time": n} for n in range(9)}), "9 records by their keys"),
        ("{'user_id': 'u', 'time': 3}\n", "as Python prints them"),
        ("".join(f'"u{n},i{n},{n}"\n' for n in range(9)), "stands in quotes as a whole"),
        (GOOD.replace("\n", "\r"), "bare carriage return"),
        (GOOD.encode() + bytes(300), "line 16 holds a NUL byte"),
        (gzip.compress(gzip.compress(GOOD.encode())), "is packed twice"),
        (b"\x04\x22\x4d\x18" + bytes(40), "is packed with lz4"),
        (b"\x1f\x8b\x08\x00garbage", "cannot be unpacked"),
    ],
    ids=lambda given: None if isinstance(given, bytes) else given[:30],
)
def test_what_is_no_log_is_refused_in_one_sentence(
    tmp_path: Path, content: str | bytes, told: str
) -> None:
    with pytest.raises(SourceError, match=rf"(?s)^log: .*{told}"):
        sniff(tmp_path, content)


def test_lines_of_two_ends_are_read_and_a_mark_in_the_middle_is_seen(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_bytes(GOOD.replace("4\n", "4\r\n").encode())
    assert survey_log(tmp_path, log_settings()).load_ledger["n_accepted"].to_list() == [len(TIMES)]
    (tmp_path / "log.csv").write_bytes(GOOD.encode() + b"\xef\xbb\xbfu,i,2024-01-01,1\n")
    found = survey_log(tmp_path, log_settings(max_bad_share=0.5)).quarantine
    assert found.select("line", "column_name").rows() == [(len(TIMES) + 2, "user_id")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("1,2,3\n4,5,6\n", "name the columns with `columns`"),
        ('{"data": {"plays": [{"user_id": "u"}]}}', "set `records: data.plays`"),
        ('{"user": "u"}\n', "It is JSON by its first bytes"),
        ("user_id,item_id,event_at,value\nu,i,5.1.2024,1\n", "set `timestamp_format`"),
        ('user_id,item_id,event_at,value\nu,i,2024-01-05,"1,5"\n', "set `decimal`"),
        ("user_id,item_id,event_at,value\nu,,2024-01-05,1\n", "`skip_when_empty` leaves"),
        ("user_id,item_id,event_at,value\nu,i\n", "set `delimiter`"),
    ],
)
def test_a_refusal_says_what_to_set(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "log.csv").write_text(content)
    with pytest.raises(SourceError, match=told):
        survey_log(tmp_path, log_settings())
