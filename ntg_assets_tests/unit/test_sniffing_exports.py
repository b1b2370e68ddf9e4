"""What is taken for what in the exports of many makers."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ntg_assets.errors import SourceError
from ntg_assets.sources.sniffing.proposals import sniff_file
from ntg_assets.sources.sniffing.roles.column_roles import CONSTANT_USER
from ntg_assets_tests.sniffed_logs import SECONDS, TIMES, lines, sniff

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
    "watched episodes and films": (
        lines(lambda n, at: f"{at},{['Film', 'Series'][n % 2]},T{n},{['', 'One'][n % 2]}",
              "Date Watched,Type,Title,Episode\n"),
        ME | {"item_id": "Title", "event_at": "Date Watched", "event_type": "Type"},
    ),
    "playback of a server": (
        lines(lambda n, at: f"{at}.1234567,u{n},i{n},Episode,{60 + n}",
              "DateCreated,UserId,ItemId,ItemType,PlayDuration\n"),
        {"user_id": "UserId", "item_id": "ItemId", "event_at": "DateCreated",
         "value": "PlayDuration"},
    ),
    "daily tracks": (
        lines(lambda n, at: f"{100 + n},{at:%Y%m%d},{at:%H},{n}000,A - T",
              "Track Identifier,Date Played,Hours,Play Duration Milliseconds,Description\n"),
        ME | {"item_id": "Track Identifier", "event_at": "Date Played",
              "timestamp_format": "%Y%m%d", "value": "Play Duration Milliseconds"},
    ),
    "views with their seconds": (
        lines(lambda n, at: f"DE,T{n},{at:%m/%d/%Y %H:%M:%S} UTC,{n}",
              "Geo Location,Title,Playback Start Datetime (UTC),Seconds Viewed\n"),
        ME | {"item_id": "Title", "event_at": "Playback Start Datetime (UTC)",
              "timestamp_format": "%m/%d/%Y %H:%M:%S %Z", "value": "Seconds Viewed"},
    ),
    "listens": (
        lines(lambda n, _: json.dumps({"listened_at": SECONDS[n], "user_name": "anna",
                                        "track_metadata": {"track_name": f"T{n}"}})),
        {"user_id": "user_name", "item_id": "track_metadata.track_name",
         "event_at": "listened_at", "timestamp_unit": "seconds"},
    ),
    "events of a site": (
        lines(lambda n, at: json.dumps({"event": {"name": "play", "ts": at.isoformat()},
                                        "actor": {"account": {"id": n}, "device": {"id": 1}},
                                        "payload": {"content": {"id": f"c{n}", "title": "T"}}})),
        {"user_id": "actor.account.id", "item_id": "payload.content.id", "event_at": "event.ts"},
    ),
    "a site with searches and visitors": (
        lines(lambda n, at: json.dumps({"user_id": [None, "u"][n % 2], "time": at.isoformat(),
                                        **([{}, {"item_id": "i"}][n % 3 > 0])})),
        {"user_id": "user_id", "item_id": "item_id", "skip_when_empty": None},
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
    "orders of a shop": (
        lines(lambda n, at: f"#{n},u{n % 3}@x.example,{at} +0100,{n}.50,1,Thing {n}",
              "Name,Email,Created at,Total,Lineitem quantity,Lineitem name\n"),
        {"user_id": "Email", "item_id": "Lineitem name", "event_at": "Created at"},
    ),
    "a german viewing history": (
        lines(lambda n, at: f"Anna;{at:%d.%m.%Y %H:%M:%S};Titel {n};{60 * n}",
              "Profilname;Startzeit;Titel;Dauer (Sek.)\n"),
        {"user_id": "Profilname", "item_id": "Titel", "event_at": "Startzeit",
         "value": "Dauer (Sek.)"},
    ),
    "events with a day and an instant": (
        lines(lambda n, at: json.dumps({"event_date": f"{at:%Y%m%d}", "videoId": f"i{n}",
                                        "event_timestamp": SECONDS[n] * 1_000_000,
                                        "user_pseudo_id": f"u{n}"})),
        {"user_id": "user_pseudo_id", "item_id": "videoId", "event_at": "event_timestamp",
         "timestamp_unit": "microseconds"},
    ),
    "visits with their actions": (
        json.dumps([{"visitorId": f"u{n}", "serverTimestamp": SECONDS[n],
                     "actions": [{"url": "/a", "timestamp": SECONDS[n] + 60}] * 2}
                    for n in range(len(TIMES))]),
        {"user_id": "visitorId", "event_at": "serverTimestamp", "item_id": None},
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


def test_columns_of_which_each_record_has_one_are_offered_together(tmp_path: Path) -> None:
    records = [
        {"watched_at": at.isoformat(), "movie": {"title": "F", "year": 1}}
        if n % 2
        else {"watched_at": at.isoformat(), "show": {"title": "S"}, "episode": {"title": "E"}}
        for n, at in enumerate(TIMES)
    ]
    found = sniff(tmp_path, json.dumps(records))
    assert found.open["user_id"][0] == CONSTANT_USER
    offered = [choice["first_of"] for choice in found.open["item_id"] if isinstance(choice, dict)]
    assert {frozenset(pair) for pair in offered} == {
        frozenset({"movie.title", "show.title"}), frozenset({"movie.title", "episode.title"})
    }  # fmt: skip


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
