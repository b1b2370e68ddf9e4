"""`ntg init` takes awkward forms of one log, and marks what is not certain."""

import gzip
import json
import shlex
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ntg_assets.configuration.settings import load_settings
from ntg_assets.events.load import load_events
from ntg_assets_tests.called import ntg

Row = tuple[str, str, datetime, float]
ROWS: list[Row] = [
    (
        f"k{n % 7:02}",
        f"Größe {n % 5}",
        datetime(2024, 1 + n % 12, 1 + n % 28, n % 24, n % 60),
        1000.5 + n,
    )
    for n in range(60)
]
ROLES = ("user_id", "item_id", "event_at", "value")
HEADER = ("user_id", "item", "timestamp", "amount")


def table(
    when: Callable[[datetime], str] = lambda at: at.strftime("%Y-%m-%d %H:%M"),
    amount: Callable[[float], str] = str,
    *,
    delimiter: str = ",",
    header: bool = True,
    quoted: bool = False,
    line_end: str = "\n",
) -> str:
    quote = '"' if quoted else ""
    rows = [(user, item, when(at), amount(value)) for user, item, at, value in ROWS]
    lines = [HEADER, *rows] if header else rows
    return "".join(
        delimiter.join(f"{quote}{field}{quote}" for field in line) + line_end for line in lines
    )


def german(value: float) -> str:
    return f"{value:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")


def epoch(at: datetime) -> str:
    return str(int(at.replace(tzinfo=UTC).timestamp() * 1000))


def json_lines() -> str:
    return "".join(
        json.dumps(dict(zip(HEADER, (user, item, at.isoformat(), value), strict=True))) + "\n"
        for user, item, at, value in ROWS
    )


def json_pages() -> str:
    records = [json.loads(line) for line in json_lines().splitlines()]
    pages = [records[first : first + 25] for first in range(0, len(records), 25)]
    return "\n".join(json.dumps({"data": {"events": page}, "next": None}) for page in pages)


def spanish(at: datetime) -> str:
    return f"{at:%d/%m/%Y} {at.hour % 12 or 12}:{at:%M} {'a. m.' if at.hour < 12 else 'p. m.'}"


AWKWARD: dict[str, tuple[bytes, dict[str, Any]]] = {
    "semicolons": (table(delimiter=";").encode(), {"delimiter": ";"}),
    "tabs": (table(delimiter="\t").encode(), {"delimiter": "\t"}),
    "double colons": (
        table(lambda at: at.strftime("%Y-%m-%d"), delimiter="::").encode(),
        {"delimiter": "::"},
    ),
    "decimal commas": (
        table(amount=german, delimiter=";").encode(),
        {"delimiter": ";", "decimal": ",", "thousands": "."},
    ),
    "german dates": (
        table(lambda at: at.strftime("%d.%m.%Y %H:%M")).encode(),
        {"timestamp_format": ["%d.%m.%Y %H:%M"]},
    ),
    "us dates": (
        table(lambda at: at.strftime("%m/%d/%Y %I:%M %p")).encode(),
        {"timestamp_format": ["%m/%d/%Y %I:%M %p"]},
    ),
    "cp1252": (table().encode("cp1252"), {"encoding": "cp1252"}),
    "byte order mark": (table().encode("utf-8-sig"), {}),
    "quoted": (table(quoted=True, line_end="\r\n").encode(), {}),
    "epoch milliseconds": (table(epoch).encode(), {"timestamp_unit": "milliseconds"}),
    "json lines": (json_lines().encode(), {}),
    "gzip": (gzip.compress(table().encode(), mtime=0), {}),
    "zstd": (
        pa.compress(table(delimiter=";").encode(), codec="zstd", asbytes=True),
        {"delimiter": ";"},
    ),
    "pages of json": (json_pages().encode(), {"records": "data.events"}),
    "spanish clocks": (
        table(spanish).encode(),
        {"timestamp_format": ["%d/%m/%Y %I:%M %p"]},
    ),
    "utf-16": (table().encode("utf-16"), {"encoding": "utf-16"}),
    "excel": (
        ("sep=;\n" + table(delimiter=";")).encode("cp1252"),
        {"skip_lines": 1, "delimiter": ";", "encoding": "cp1252"},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("form", list(AWKWARD))
def test_awkward_forms_of_one_log_are_taken_in_one_command(home: Path, form: str) -> None:
    content, expected = AWKWARD[form]
    (home / "log").write_bytes(content)
    code, told = ntg("init", "log", "--yes")
    assert code == 0, told
    source = load_settings(home=home, environment={}).ingest.events
    mapping = {"user_id": "user_id", "item_id": "item", "event_at": "timestamp", "value": "amount"}
    assert {key: getattr(source, key) for key in mapping} == mapping
    stated = source.model_dump(exclude_unset=True, exclude={"files", *mapping})
    assert stated == expected
    ingest = load_settings(home=home, environment={}).ingest
    found = load_events(ingest, home).select("user_id", "item_id", "event_at", "value").rows()
    midnight = form == "double colons"
    wanted = [
        (user, item, at.replace(hour=0, minute=0) if midnight else at, value)
        for user, item, at, value in ROWS
    ]
    assert sorted(found) == sorted(set(wanted))
    code, told = ntg("check")
    assert code == 0, told
    assert f"{len(ROWS)} records: {len(ROWS)} accepted" in told


@pytest.mark.slow
def test_a_file_without_a_header_is_left_to_people_but_for_what_is_certain(home: Path) -> None:
    (home / "u.data").write_text(table(epoch, delimiter="\t", header=False))
    code, told = ntg("init", "u.data", "--yes")
    assert code == 1
    assert "not certain is: events.user_id, events.item_id" in told
    overlay = (home / "ntg.yaml").read_text()
    assert "# NOT CERTAIN: Which column is the user" in overlay
    assert '# user_id: "column_1"' in overlay
    assert 'event_at: "column_3"' in overlay
    assert 'timestamp_unit: "milliseconds"' in overlay
    answers = [f"--set={role}=column_{place}" for place, role in enumerate(ROLES, 1)]
    code, told = ntg("init", "u.data", "--yes", "--force", *answers)
    assert code == 0, told
    found = load_events(load_settings(home=home, environment={}).ingest, home)
    assert sorted(found.select(*ROLES).rows()) == sorted(ROWS)


@pytest.mark.slow
def test_answers_can_be_given_with_the_command(home: Path) -> None:
    (home / "diary.csv").write_text("Name,Watched Date,Rating\nA,2024-01-03,\nB,2024-01-04,4.5\n")
    assert "events.user_id, events.value_if_empty" in ntg("init", "diary.csv", "--yes")[1]
    answers = ("--set", "user_id=constant:me", "--set", "value_if_empty=null")
    code, told = ntg("init", "diary.csv", "--yes", "--force", *answers)
    assert code == 0, told
    found = load_events(load_settings(home=home, environment={}).ingest, home)
    assert found.select("user_id", "item_id", "value").rows() == [
        ("me", "A", 1.0),
        ("me", "B", 4.5),
    ]
    code, told = ntg("init", "diary.csv", "--yes", "--force", "--set", "user_id")
    assert code == 2
    assert "is no answer" in told
    code, told = ntg("init", "diary.csv", "--yes", "--force", "--set", "user_di=me")
    assert code == 2
    assert "'user_di' is no setting of the log. Did you mean 'user_id'?" in told


def test_the_command_that_answers_what_is_open_is_said(home: Path) -> None:
    rows = [
        '{"at": "2024-01-05", "movie": {"title": "F"}}',
        '{"at": "2024-01-06", "show": {"title": "S"}}',
    ]
    (home / "history.json").write_text("\n".join(rows * 8) + "\n")
    code, told = ntg("init", "history.json", "--yes")
    assert code == 1
    command = (
        "ntg init history.json --yes --force --set user_id=constant:me --set"
        " item_id=first_of:movie.title,show.title"
    )
    assert f"`{command}`" in " ".join(told.split())
    code, told = ntg(*shlex.split(command)[1:])
    assert code == 0, told
    found = load_events(load_settings(home=home, environment={}).ingest, home)
    assert set(found["item_id"]) == {"F", "S"}


def test_each_meaning_of_an_empty_value_that_the_overlay_offers_can_be_taken(home: Path) -> None:
    (home / "diary.csv").write_text("user_id,item,date,rating\nu,A,2024-01-03,\nu,B,2024-01-04,4\n")
    ntg("init", "diary.csv", "--yes")
    overlay = (home / "ntg.yaml").read_text()
    offered = [line for line in overlay.splitlines() if line.startswith("    # value_if_empty:")]
    taken = []
    for line in offered:
        (home / "ntg.yaml").write_text(overlay.replace(line, line.replace("# ", "", 1)))
        ingest = load_settings(home=home, environment={}).ingest
        taken.append(ingest.events.value_if_empty)
    assert taken == ["quarantine", None, 0.0]


def test_files_that_are_sure_of_days_and_months_speak_for_those_that_are_not(home: Path) -> None:
    for name, day in (("a.csv", "05"), ("b.csv", "25")):
        (home / name).write_text(f"user_id,item_id,date\nu,i,{day}/01/2024\n")
    code, told = ntg("init", "a.csv", "b.csv", "--yes")
    assert code == 0, told
    ingest = load_settings(home=home, environment={}).ingest
    assert ingest.events.timestamp_format == ["%d/%m/%Y"]


def test_a_column_that_only_some_files_have_is_named_with_what_describes_it(home: Path) -> None:
    (home / "a.csv").write_text("user_id,item_id,date\nu,i,2024-01-05\n")
    (home / "b.csv").write_text("user_id,item_id,date,rating\nu,i,2024-01-06,3\n")
    code, told = ntg("init", "a.csv", "b.csv", "--yes")
    assert code == 2
    assert "b.csv: is written otherwise than a.csv (value)" in told
    assert 'value: {column: rating, default: "1"}' in told


def test_events_to_come_are_no_log_yet(home: Path) -> None:
    rows = "".join(f"u{n},i,{datetime.now(UTC).year + 20}-01-{n + 1:02}\n" for n in range(20))
    (home / "log.csv").write_text("user_id,item_id,date\n" + rows)
    code, told = ntg("init", "log.csv", "--yes")
    assert code == 1
    assert "date is at or after latest_event (20)" in told


def test_a_format_that_nobody_knows_is_asked_with_a_command_that_can_be_typed(home: Path) -> None:
    rows = "".join(f"u{n},i,day {n} of the moon\n" for n in range(20))
    (home / "log.csv").write_text("user_id,item_id,date\n" + rows)
    assert "--set timestamp_format=FORMAT`" in ntg("init", "log.csv", "--yes")[1]


def test_days_and_months_that_cannot_be_told_apart_are_never_guessed(home: Path) -> None:
    rows = [f"u{n},i,{1 + n % 12:02}/{1 + n % 9:02}/2024" for n in range(30)]
    (home / "log.csv").write_text("user_id,item_id,date\n" + "\n".join(rows) + "\n")
    code, told = ntg("init", "log.csv", "--yes")
    assert code == 1
    assert "events.timestamp_format" in told
    overlay = (home / "ntg.yaml").read_text()
    assert '# timestamp_format: "%d/%m/%Y"' in overlay
    assert '# timestamp_format: "%m/%d/%Y"' in overlay
    assert load_settings(home=home, environment={}).ingest.events.timestamp_format == []


def test_an_item_table_is_told_from_the_log(home: Path) -> None:
    (home / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,10,4.0,964982703\n")
    (home / "movies.csv").write_text(
        "movieId,title,genres\n10,Heat (1995),Action|Crime\n11,Sabrina (1995),Comedy\n"
    )
    code, told = ntg("init", "ratings.csv", "movies.csv", "--yes", "--output", "configs/mine.yaml")
    assert code == 0, told
    ingest = load_settings("configs/mine.yaml", home=home, environment={}).ingest
    assert ingest.items is not None
    assert (ingest.items.item_id, ingest.items.title, ingest.items.categories) == (
        "movieId",
        "title",
        "genres",
    )
    assert (ingest.events.user_id_type, ingest.events.item_id_type) == ("integer", "integer")
    assert ingest.events.timestamp_unit == "seconds"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html>\n<html></html>\n", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid\n", "is a Git LFS pointer"),
        (b"PK\x03\x04" + bytes(40), "is a zip archive"),
        (b"a,b\n1,2\n", "holds no column of times"),
    ],
)
def test_what_is_no_log_is_named(home: Path, content: bytes, told: str) -> None:
    (home / "log.csv").write_bytes(content)
    code, said = ntg("init", "log.csv", "--yes")
    assert code != 0
    assert told in said
    assert not (home / "ntg.yaml").exists()


def test_an_overlay_is_not_replaced_unless_asked(home: Path) -> None:
    (home / "ntg.yaml").write_text("seed: 1\n")
    (home / "log.csv").write_text(table())
    code, told = ntg("init", "log.csv", "--yes")
    assert code == 2
    assert "is there already" in told
    assert ntg("init", "log.csv", "--yes", "--force")[0] == 0


def test_a_short_log_is_given_a_churn_horizon_that_closes(home: Path) -> None:
    rows = [f"u{n % 5},i{n % 3},2024-{1 + n // 28:02}-{1 + n % 28:02}" for n in range(84)]
    (home / "log.csv").write_text("user_id,item_id,date\n" + "\n".join(rows) + "\n")
    code, told = ntg("init", "log.csv", "--yes")
    assert code == 0, told
    # 2024-01-01 to 2024-03-28: 31 + 29 + 28 days
    assert load_settings(home=home, environment={}).churn.horizon_days == 88 // 10
    (home / "ntg.yaml").write_text(
        "ingest: {events: {files: [log.csv], event_at: date}}\nchurn: {horizon_days: 90}\n"
    )
    code, told = ntg("check")
    assert code == 1
    assert "5 users in 88 days, too short for churn.horizon_days: 90" in told


@pytest.mark.parametrize(
    ("answers", "first"),
    [
        (("event_at=uts", "value=Kosten"), (datetime(2024, 1, 5, 14, 4, 5), 1234.5)),
        (("events.event_at=gesehen",), (datetime(2024, 1, 26), 1.0)),
    ],
)
def test_values_of_a_column_that_is_named_say_how_they_are_written(
    home: Path, answers: tuple[str, ...], first: tuple[datetime, float]
) -> None:
    # 1704463445 is 2024-01-05 14:04:05
    rows = [f"K{n};i;{n % 3 + 5:02}.01.2024;{1_704_463_445 + n};26.01.2024;1.234,50 €"
            for n in range(30)]  # fmt: skip
    (home / "log.csv").write_text("kunde;film;datum;uts;gesehen;Kosten\n" + "\n".join(rows) + "\n")
    code, told = ntg("init", "log.csv", "--yes", *(f"--set={answer}" for answer in answers))
    assert code == 0, told
    ingest = load_settings(home=home, environment={}).ingest
    events = load_events(ingest, home).sort("event_at").select("event_at", "value")
    assert events.row(0) == first


def test_what_only_a_later_file_gives_reason_to_ask_is_asked(home: Path) -> None:
    for name, rating in (("a.csv", "4"), ("b.csv", "")):
        rows = f"u,i,2024-01-05,{rating}\nu,j,2024-01-06,3\n"
        (home / name).write_text(f"user_id,item_id,date,rating\n{rows}")
    code, told = ntg("init", "a.csv", "b.csv", "--yes")
    assert code == 1
    assert "not certain is: events.value_if_empty" in told


@pytest.mark.slow
def test_ids_that_are_numbers_in_some_files_only_are_read_as_they_are_written(home: Path) -> None:
    for name, user in (("a.csv", "00042"), ("b.csv", "42")):
        (home / name).write_text(f"user_id,item_id,date\n{user},{name},2024-01-05\n")
    code, told = ntg("init", "a.csv", "b.csv", "--yes")
    assert code == 0, told
    assert "answer `user_id_type=integer`" in " ".join(told.split())
    ingest = load_settings(home=home, environment={}).ingest
    assert set(load_events(ingest, home)["user_id"]) == {"00042", "42"}
    answer = ("--force", "--set", "user_id_type=integer")
    code, told = ntg("init", "a.csv", "b.csv", "--yes", *answer)
    assert code == 0, told
    ingest = load_settings(home=home, environment={}).ingest
    assert load_events(ingest, home)["user_id"].to_list() == [42, 42]
