"""Lists inside of records that hold the events are found, and proposed to be exploded."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ntg_assets_tests.event_files import accepted, log_settings
from ntg_assets_tests.sniffed_logs import SECONDS, TIMES, lines, sniff

PLAYS = [{"track": {"id": f"t{n}"}, "played_at": at.isoformat()} for n, at in enumerate(TIMES)]
FORMS: dict[str, tuple[Any, dict[str, Any]]] = {
    "a person with plays": (
        [{"user": f"u{n % 2}", "name": "Anna", "plays": PLAYS[n : n + 3]} for n in range(0, 12, 3)],
        {
            "explode": "plays",
            "user_id": "user",
            "item_id": "plays.track.id",
            "event_at": "plays.played_at",
        },
    ),
    "a session with its own start": (
        [
            {
                "session_id": n,
                "visitor_id": f"u{n}",
                "start_time": "2024-01-01T00:00:00",
                "events": [{"sku": n, "at": at.isoformat()} for at in TIMES[n : n + 2]],
            }
            for n in range(12)
        ],
        {
            "explode": "events",
            "user_id": "visitor_id",
            "item_id": "events.sku",
            "event_at": "events.at",
        },
    ),
    "an order with its lines": (
        [
            {
                "customer_id": n,
                "created_at": at.isoformat(),
                "lines": [{"product": {"id": i}, "price": i / 2} for i in (n, 77)],
            }
            for n, at in enumerate(TIMES)
        ],
        {
            "explode": "lines",
            "user_id": "customer_id",
            "item_id": "lines.product.id",
            "event_at": "created_at",
            "value": "lines.price",
        },
    ),
    "a basket of ids": (
        [
            {"user_id": n, "timestamp": at.isoformat(), "item_ids": [n, 3]}
            for n, at in enumerate(TIMES)
        ],
        {"explode": "item_ids", "item_id": "item_ids", "event_at": "timestamp"},
    ),
    "lists side by side": (
        [
            {
                "user_id": n,
                "seen": {
                    "movie_ids": [n, 3][: 1 + n % 2],
                    "timestamps": [at.timestamp() + 5, at.timestamp()][: 1 + n % 2],
                    "ratings": [4, 5][: 1 + n % 2],
                },
            }
            for n, at in enumerate(TIMES)
        ],
        {
            "explode": ["seen.movie_ids", "seen.timestamps", "seen.ratings"],
            "item_id": "seen.movie_ids",
            "event_at": "seen.timestamps",
            "timestamp_unit": "seconds",
            "value": "seen.ratings",
        },
    ),
    "a session of clicks": (
        [
            {"session": n, "events": [{"aid": m, "ts": SECONDS[n] * 1000 + m} for m in range(3)]}
            for n in range(14)
        ],
        {"explode": "events", "item_id": "events.aid", "event_at": "events.ts"},
    ),
    "a list written in a text": (
        [{"user": n, "history": json.dumps(PLAYS[n : n + 2])} for n in range(12)],
        {"explode": "history", "item_id": "history.track.id", "event_at": "history.played_at"},
    ),
    "a profile with a name and a first day": (
        [
            {
                "user_id": n,
                "name": "Anna",
                "created_at": "2020-01-01",
                "history": [{"movie_id": m, "watched_at": TIMES[m].isoformat()} for m in (n, 13)],
            }
            for n in range(12)
        ],
        {"explode": "history", "item_id": "history.movie_id", "event_at": "history.watched_at"},
    ),
    "items with bare ids": (
        [
            {"user": n, "items": [{"id": 3, "ts": at.isoformat()}, {"id": 4, "ts": str(at)}]}
            for n, at in enumerate(TIMES)
        ],
        {"explode": "items", "item_id": "items.id", "event_at": "items.ts"},
    ),
    "sessions of sessions": (
        [{"account": "u1", "days": [{"nr": 7, "views": PLAYS[:6]}, {"nr": 8, "views": PLAYS[6:]}]}],
        {"explode": "days.views", "user_id": "account", "event_at": "days.views.played_at"},
    ),
}  # fmt: skip
ONE_DOCUMENT: dict[str, tuple[Any, dict[str, Any]]] = {
    "of one person": (
        {"username": "anna", "scrobbles": PLAYS},
        {"explode": "scrobbles", "user_id": "username", "item_id": "scrobbles.track.id"},
    ),
    "people by their names": (
        {"made": 2024, "profiles": {"Anna": {"history": PLAYS[:7]}, "Ben": {"history": PLAYS[7:]}}},
        {
            "explode": "profiles.*.history",
            "user_id": "profiles.*~",
            "event_at": "profiles.*.history.played_at",
        },
    ),
    "plays by who played": (
        {"u1": PLAYS[:3], "u2": PLAYS[3:6], "u3": PLAYS[6:]},
        {"explode": "*", "item_id": "*.track.id", "event_at": "*.played_at"},
    ),
    "records by their ids": (
        {f"e{n}": {"user": "u", **play} for n, play in enumerate(PLAYS)},
        {"explode": "*", "user_id": "*.user", "item_id": "*.track.id"},
    ),
    "plays by their days": (
        {str(at.date()): [{"user": "u", "item": n}] for n, at in enumerate(TIMES)},
        {"explode": "*", "event_at": "*~", "user_id": "*.user", "item_id": "*.item"},
    ),
    "one list a column": (
        {"user_id": [*range(14)], "item_id": [*range(14)], "date": [str(at) for at in TIMES]},
        {"explode": ["item_id", "user_id", "date"], "user_id": "user_id", "event_at": "date"},
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_lists_that_hold_the_events_are_exploded(tmp_path: Path, form: str) -> None:
    records, wanted = FORMS[form]
    n_elements = None
    for text in ("\n".join(map(json.dumps, records)), json.dumps({"data": records}, indent=1)):
        sniffed = sniff(tmp_path, text)
        assert sniffed.settings | wanted == sniffed.settings
        if form == "a session of clicks":  # is it a user?
            assert sniffed.open.pop("user_id")[0] == "session"
            sniffed.settings["user_id"] = "session"
        assert not sniffed.open
        events = accepted(
            tmp_path, log_settings("log", **{"value": None, **sniffed.settings}), "user_id"
        )
        n_elements = n_elements or len(events)
        assert len(events) == n_elements > len(records)
    if form not in {
        "lists side by side",
        "a list written in a text",
    }:  # polars writes them, and reads them as structs
        pl.DataFrame(records).write_parquet(tmp_path / "log")
        of_parquet = sniff(tmp_path, (tmp_path / "log").read_bytes())
        assert of_parquet.settings | wanted == of_parquet.settings


@pytest.mark.parametrize("form", ONE_DOCUMENT)
def test_a_document_may_say_of_whom_its_lists_are(tmp_path: Path, form: str) -> None:
    document, wanted = ONE_DOCUMENT[form]
    for indent in (None, 1):
        sniffed = sniff(tmp_path, json.dumps(document, indent=indent))
        assert sniffed.settings | wanted == sniffed.settings
        if form == "plays by who played":
            assert sniffed.open["user_id"][0] == "*~"
            sniffed.settings["user_id"] = "*~"
        settings = log_settings("log", **{"value": None, **sniffed.settings})
        assert len(accepted(tmp_path, settings, "event_at")) == len(TIMES)


def test_empty_lists_are_counted_and_other_lists_are_left_alone(tmp_path: Path) -> None:
    people = [{"user": "u", "plays": PLAYS[:n]} for n in range(4)]
    sniffed = sniff(tmp_path, "\n".join(map(json.dumps, people)))
    assert "1 record(s) hold nothing in 'plays'" in " ".join(sniffed.notes)
    beside = {"user": "u", "cast": [{"name": "A"}, {"name": "B"}], "tags": ["x", "y"]}
    films = [
        {**beside, "title": f"T{n}", "watched_at": at.isoformat()} for n, at in enumerate(TIMES)
    ]
    sniffed = sniff(tmp_path, "\n".join(map(json.dumps, films)))
    assert "explode" not in sniffed.settings
    assert sniffed.settings["item_id"] == "title"


def test_what_belongs_to_an_item_or_a_person_is_not_the_events(tmp_path: Path) -> None:
    plays = [
        {
            "played_at": at.isoformat(),
            "track": {"id": n, "created_at": "2001-01-01", "user": {"id": 5}, "duration": 180},
            "listener": {"name": "Anna"},
        }
        for n, at in enumerate(TIMES)
    ]
    sniffed = sniff(tmp_path, "\n".join(map(json.dumps, plays)))
    assert (sniffed.settings["event_at"], sniffed.settings["item_id"]) == ("played_at", "track.id")
    assert "user_id" in sniffed.open
    assert "value" not in sniffed.settings
    statements = [
        {"actor": {"mbox": "a@b", "name": "A"}, "object": {"id": n}, "timestamp": at.isoformat()}
        for n, at in enumerate(TIMES)
    ]
    sniffed = sniff(tmp_path, json.dumps(statements))
    assert sniffed.settings["user_id"] == "actor.mbox"
    hook = {"user": True, "title": "T", "date": "2024-01-05"}
    hooks = [{**hook, "account": {"id": n}} for n in range(9)]
    assert sniff(tmp_path, json.dumps(hooks)).settings["user_id"] == "account.id"
    sniffed = sniff(tmp_path, json.dumps(statements))
    assert sniffed.settings["item_id"] == "object.id"


@pytest.mark.parametrize(
    ("items", "separator"), [("a|b{}|c", "|"), ("71 81 {}", " "), ('"[""a"", ""b{}""]"', None)]
)
def test_lists_in_fields_of_a_text_are_exploded(
    tmp_path: Path, items: str, separator: str | None
) -> None:
    baskets = lines(lambda n, at: f"u{n},{at},{items.format(n)}", "user_id,time,items\n")
    sniffed = sniff(tmp_path, baskets)
    assert sniffed.settings["explode"] == "items"
    assert sniffed.settings.get("explode_separator") == separator
    settings = log_settings("log", **{"value": None, **sniffed.settings})
    titles = lines(lambda n, at: f"u{n},{at},Part {n} of it", "user_id,time,items\n")
    assert "explode" not in sniff(tmp_path, titles).settings
    (tmp_path / "log").write_text(baskets)
    n_items = 2 if separator is None else 3
    assert len(accepted(tmp_path, settings, "item_id")) == n_items * len(TIMES)


def test_other_objects_of_one_kind_are_not_taken_for_the_events(tmp_path: Path) -> None:
    alarms = {name: {"time": "08:00", "is_on": True} for name in ("a", "b", "c")}
    sniffed = sniff(tmp_path, json.dumps({"alarms": alarms, "plays": PLAYS}))
    assert (sniffed.settings["records"], "explode" in sniffed.settings) == ("plays", False)
