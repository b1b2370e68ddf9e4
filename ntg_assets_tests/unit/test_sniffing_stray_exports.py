"""Exports that were read wrongly without a word, or refused: what is proposed for them now."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ntg_assets.sources.sniffing.proposals import sniff_file
from ntg_assets_tests.field_cases import events, fates, settings
from ntg_assets_tests.sniffed_logs import SECONDS, TIMES, lines, sniff


def records(record: Any) -> str:
    """One object a line for each of `TIMES`."""
    return "".join(f"{json.dumps(record(n, at))}\n" for n, at in enumerate(TIMES))


def quoted(value: object) -> str:
    """JSON as a field of CSV."""
    return '"' + json.dumps(value).replace('"', '""') + '"'


def read(home: Path, **proposed: Any) -> list[tuple[Any, ...]]:
    """Events of the file that `sniff` wrote, by the settings that it proposed."""
    return events(home, settings("log", max_bad_share=0.9, **proposed))


def test_words_of_a_database_stand_beside_escaped_quotes(tmp_path: Path) -> None:
    def row(n: int, at: datetime) -> str:
        value = r"\N" if n % 2 else f'"{n}"'
        return rf'"u{n}","Say \"hi\", {n}\\","{at}",{value}'

    found = sniff(tmp_path, lines(row, '"user_id","title","created_at","rating"\n'))
    assert found.settings["escape"] == "\\"
    assert found.settings["null_words"] == ["\\N"]
    rows = read(tmp_path, **found.settings, value_if_empty=9)
    assert rows[1][1:] == ('Say "hi", 1\\', f"{TIMES[1]:%Y-%m-%d %H:%M}", 9.0)
    assert rows[2][3] == 2.0


@pytest.mark.parametrize(
    ("field", "escape", "title"),
    [
        (r'"{""t"": ""say \""hi\""""}"', None, '{"t": "say \\"hi\\""}'),
        (r'"C:\"', None, "C:\\"),
        (r'"TV 5\""', "\\", 'TV 5"'),
    ],
    ids=["json in doubled quotes", "a path", "inches"],
)
def test_a_backslash_before_a_quote_may_belong_to_the_text(
    tmp_path: Path, field: str, escape: str | None, title: str
) -> None:
    row = "u,{at},{field}"
    text = lines(lambda _, at: row.format(at=at, field=field), "user_id,ts,title\n")
    found = sniff(tmp_path, text)
    assert found.settings.get("escape") == escape
    assert found.values["title"] == [title] * len(TIMES)


def test_keys_that_hold_dots_and_brackets_are_read(tmp_path: Path) -> None:
    def record(n: int, at: datetime) -> dict[str, Any]:
        inner = {"content.id": f"i{n}", "[Media] Seconds Watched": n + 0.5}
        return {"@timestamp": f"{at.isoformat()}Z", "user.id": f"u{n}", "labels": inner}

    found = sniff(tmp_path, records(record))
    assert found.settings == {
        "event_at": "@timestamp",
        "user_id": "user.id",
        "item_id": "labels.content.id",
    }
    given = {**found.settings, "value": "labels.[Media] Seconds Watched"}
    assert read(tmp_path, **given)[1] == ("u1", "i1", f"{TIMES[1]:%Y-%m-%d %H:%M}", 1.5)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["csv", "json"])
def test_lists_inside_of_a_text_are_asked_and_exploded(tmp_path: Path, form: str) -> None:
    def payload(n: int) -> dict[str, Any]:
        items = [{"product_id": f"{side}{n}", "price": n + 0.5} for side in ("a", "b")]
        return {"cart": {"items": items if n else []}, "note": "x" * 2_000}

    text = (
        lines(lambda n, at: f"u{n},{at},{quoted(payload(n))}", "customer_id,created_at,payload\n")
        if form == "csv"
        else records(
            lambda n, at: {
                "customer_id": f"u{n}",
                "created_at": str(at),
                "payload": json.dumps(payload(n)),
            }
        )
    )
    found = sniff(tmp_path, text)
    assert "item_id" in found.open  # the second item of each is not lost without a word
    assert any("`--set explode=payload.cart.items` makes each a record" in n for n in found.notes)
    said = sniff_file(tmp_path / "log", name="log", explode=["payload.cart.items"])
    assert said.settings["item_id"] == "payload.cart.items.product_id"
    assert said.settings["value"] == "payload.cart.items.price"
    rows = read(tmp_path, **said.settings)
    assert [row[1] for row in rows[:2]] == ["a1", "b1"]
    n_events = 2 * (len(TIMES) - 1)
    given = settings("log", **said.settings)
    assert fates(tmp_path, given) == [(n_events + 1, n_events, 0, 1, 0, 0)]


def test_lists_of_objects_in_a_field_are_exploded(tmp_path: Path) -> None:
    def row(n: int, at: datetime) -> str:
        return f"o{n},u{n},{at},{quoted([{'product_id': f'i{n}'}, {'product_id': f'j{n}'}])}"

    found = sniff(tmp_path, lines(row, "order_id,customer_id,created_at,line_items\n"))
    assert found.settings["explode"] == "line_items"
    assert found.settings["item_id"] == "line_items.product_id"
    assert len(read(tmp_path, **found.settings)) == 2 * len(TIMES)


def test_lists_of_one_may_hold_more_in_other_files(tmp_path: Path) -> None:
    found = sniff(
        tmp_path,
        records(
            lambda n, _: {
                "event_timestamp": SECONDS[n] * 10**6,
                "event_name": "purchase",
                "user_pseudo_id": f"u{n}",
                "items": [{"item_id": f"i{n}"}],
            }
        ),
    )
    assert found.settings["explode"] == "items"
    assert found.settings["event_type"] == "event_name"
    inside = sniff(
        tmp_path,
        records(
            lambda n, at: {"item": f"i{n}", "notes": [{"userId": f"u{n}", "at": f"{at}"}]},
        ),
    )
    assert inside.settings["event_at"] == "notes.0.at"
    told = "'notes' holds one object in these records: where others hold more, 'notes.0.at' names"
    assert any(note.startswith(told) for note in inside.notes)


def test_a_zone_in_the_name_of_a_column_is_that_of_its_times(tmp_path: Path) -> None:
    head = "user_id,item_id,Created ({zone})\n"
    text = lines(lambda n, at: f"u{n},i{n},{at:%Y-%m-%d %H:%M}", head.format(zone="Europe/Berlin"))
    found = sniff(tmp_path, text)
    assert found.settings["timezone"] == "Europe/Berlin"
    assert read(tmp_path, **found.settings)[0][2] == "2024-01-05 14:04"  # an hour before
    assert "timezone" not in sniff(tmp_path, text.replace("Europe/Berlin", "UTC")).settings
    unsure = sniff(tmp_path, text.replace("Europe/Berlin", "EST"))
    assert "says a zone that could be several" in " ".join(unsure.notes)


def test_a_column_that_says_little_is_not_the_item(tmp_path: Path) -> None:
    head = "date,user,platform,product,rating_key,duration\n"
    players = lines(lambda n, at: f"{at},u{n},TV,App {n % 2},{100 + n},9", head)
    assert sniff(tmp_path, players).settings["item_id"] == "rating_key"
    shop = lines(lambda n, at: f"{at},u{n},com.app,plan.{n % 3}", "date,user,Product id,Sku Id\n")
    assert sniff(tmp_path, shop).settings["item_id"] == "Sku Id"
    names = lines(lambda n, at: f"P {n % 3},p{n % 3}@x,{at},Gold", "Name,Email,Charge Date,Tier\n")
    assert "item_id" in sniff(tmp_path, names).open  # nobody is charged for a name
    few = lines(lambda n, at: f"{at},u{n},p{n % 3}", "date,user,product\n")
    assert sniff(tmp_path, few).settings["item_id"] == "product"


def test_titles_that_stand_beside_several_makers_are_told(tmp_path: Path) -> None:
    head = "watched_at,Series Title,Episode Name\n"
    found = sniff(tmp_path, lines(lambda n, at: f"{at},Show {n % 2},Episode {n // 2}", head))
    assert found.settings["item_id"] == "Episode Name"
    told = " ".join(found.notes)
    assert f"{len(TIMES) // 2} text(s) of 'Episode Name' stand beside several of" in told
    assert "`item_id=all_of:Series Title,Episode Name`" in told
    apart = sniff(tmp_path, lines(lambda n, at: f"{at},Show {n % 2},Episode {n}", head))
    assert not any("stand beside several" in note for note in apart.notes)


def test_amounts_that_are_no_numbers_and_ratings_that_are_none_are_told(tmp_path: Path) -> None:
    head = "Order Date,Customer ID,SKU,Quantity,Item Cost\n"
    entity = lines(lambda n, at: f'{at},u{n},s{n},2,"&euro;{n},50"', head)
    found = sniff(tmp_path, entity)
    assert found.settings["value"] == "Item Cost"
    assert read(tmp_path, **found.settings)[3][3] == 3.5
    markup = lines(lambda n, at: f"{at},u{n},s{n},2,<b>{n}</b>", head)
    told = " ".join(sniff(tmp_path, markup).notes)
    assert "'Item Cost' is called like a value" in told
    assert "'Quantity' is the value" in told
    rated = lines(lambda n, at: f"{at},u{n},b{n},{n % 6}", "Date Read,user,Book Id,My Rating\n")
    n_zeros = sum(n % 6 == 0 for n in range(len(TIMES)))
    assert f"'My Rating' is 0 in {n_zeros} record(s)" in " ".join(sniff(tmp_path, rated).notes)
    halves = rated.replace(",1\n", ",0.5\n")
    assert not any("not rated" in note for note in sniff(tmp_path, halves).notes)


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        (
            "Z_PK,ZTITLE,ZLASTDATEPLAYED,ZDURATION\n",
            "{n},Ep {n},{apple}.0,60",
            {"event_at": "ZLASTDATEPLAYED", "timestamp_unit": "apple_seconds"},
        ),
        (
            "Creation Date,Type,Gross Debit (GC),Shopper Reference\n",
            "{at},Settled,9.99,s{n}",
            {"user_id": "Shopper Reference"},
        ),
        (
            "time_iso8601,remote_user,request_uri,status\n",
            "{at},u{n},/watch/{n},200",
            {"user_id": "remote_user", "item_id": "request_uri"},
        ),
    ],
    ids=["core data", "a payment service", "a web server"],
)
def test_columns_are_known_by_further_names(
    tmp_path: Path, header: str, row: str, expected: dict[str, str]
) -> None:
    def filled(n: int, at: datetime) -> str:
        return row.format(n=n, at=at, apple=SECONDS[n] - 978_307_200)

    found = sniff(tmp_path, lines(filled, header)).settings
    assert {key: found.get(key) for key in expected} == expected


def test_an_id_of_a_document_store_stands_before_a_title(tmp_path: Path) -> None:
    found = sniff(
        tmp_path,
        records(
            lambda n, at: {
                "userId": {"$oid": f"{n:024x}"},
                "movie": {"_id": {"$oid": f"{100 + n:024x}"}, "title": f"Film {n}"},
                "at": {"$date": f"{at.isoformat()}.000Z"},
                "status": "" if n % 2 else "done",
                "type": "" if n % 2 else "watch",
            }
        ),
    )
    assert found.settings["item_id"] == "movie._id.$oid"
    assert "event_type" not in found.settings  # which is empty in half of the records
