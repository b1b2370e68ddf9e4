"""Who was forgotten does not come back with a load, and is not named by what runs have kept."""

import json
import sqlite3
import stat
from contextlib import closing
from datetime import datetime
from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from ntg_assets.cli.publications.forget import render_forget
from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.configuration.rules import ItemListSettings
from ntg_assets.configuration.settings import load_settings, project_paths
from ntg_assets.engines.versions import claim
from ntg_assets.errors import EngineError, StorageError
from ntg_assets.events.load import survey
from ntg_assets.history.forgets import (
    KEY,
    REASON,
    REDACTED,
    Forget,
    Forgotten,
    IdType,
    hash_id,
    make_key,
    name_of,
    read_forgotten,
    record_forget,
    told_by_a_forget,
)
from ntg_assets.orchestration.runs.run_history import (
    clean_text,
    remove_from_lines,
    remove_from_run_history,
)
from ntg_assets.orchestration.table_metadata import sample_of
from ntg_assets.ranking.lists.excluded_items import read_excluded
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.optional_files import read_rows
from ntg_assets.sources.reading.rules import id_rule
from ntg_assets.sources.sources import Place, source_reader
from ntg_assets.storage.run import run
from ntg_assets_tests.event_files import log_settings, write_log

AT = datetime(2026, 2, 3, 4, 5)


def forget(
    data: Path, *users: str, id_type: IdType = "string", landed: list[str] | None = None
) -> Forgotten:
    """Write some people down as forgotten, and read that back."""
    key = make_key(data)
    hashes = [hash_id(key, user, id_type) for user in users]
    record_forget(data, Forget(at=AT, key=name_of(key), hashes=hashes, landed=landed or []))
    forgotten = read_forgotten(data, id_type=id_type)
    assert forgotten is not None
    return forgotten


def test_load_leaves_them_out_under_a_reason_of_their_own(tmp_path: Path) -> None:
    write_log(
        tmp_path,
        [
            "7,1,2024-01-01,1",
            " 007 ,2,2024-01-01,1",
            "7,3,no time,1",  # bad, and hers: not kept as a bad row either
            "8,1,2024-01-02,1",
            "x,1,2024-01-02,1",
            "77,1,2024-01-02,1",
        ],
    )
    forgotten = forget(tmp_path / "data", "7", id_type="integer")
    settings = log_settings(user_id_type="integer", item_id_type="integer", max_bad_share=0.5)
    place = Place(tmp_path, forgotten=forgotten)
    found = survey(settings, place=place)
    [ledger] = found.load_ledger.to_dicts()
    assert (ledger["n_rows"], ledger["n_accepted"]) == (6, 2)
    assert (ledger["n_skipped"], ledger["n_quarantined"]) == (3, 1)
    assert ledger["skipped_because"] == f"{REASON}: 3"
    assert found.quarantine["raw_text"].to_list() == ["x,1,2024-01-02,1"]
    with source_reader(place) as connection:
        assert sorted(run(found.events, connection)["user_id"]) == [8, 77]


def test_nobody_is_left_out_before_the_first_request(tmp_path: Path) -> None:
    assert read_forgotten(tmp_path / "data", id_type="string") is None
    assert not (tmp_path / "data").exists()


def test_lists_and_logs_leave_them_out_too(tmp_path: Path) -> None:
    write_log(tmp_path, ["ann", "bob", " ann"], name="list.csv", header="who")
    described = Described("radar.list", FileSource(files=["list.csv"]), {"listed_id": "who"})
    rules = [id_rule("listed_id", "who", "string")]
    place = Place(tmp_path, forgotten=forget(tmp_path / "data", "ann"))
    read = read_rows(described, rules, place=place)
    assert read is not None
    assert (read.rows["listed_id"].to_list(), read.n_skipped) == (["bob"], 2)


def test_only_the_owner_reads_the_key_and_no_record_names_anybody(tmp_path: Path) -> None:
    forget(tmp_path, "ann@example.org")
    assert stat.S_IMODE((tmp_path / KEY).stat().st_mode) == 0o600
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"ann" not in kept
    other = tmp_path / "other"
    forget(other, "ann@example.org")
    one, two = (
        next((folder / "history" / "forgets").glob("*")).read_text() for folder in (tmp_path, other)
    )
    assert json.loads(one)["hashes"] != json.loads(two)["hashes"]


def test_lost_or_foreign_key_is_refused(tmp_path: Path) -> None:
    forget(tmp_path, "ann")
    (tmp_path / KEY).write_text("00" * 32)
    with pytest.raises(StorageError, match="is another one"):
        read_forgotten(tmp_path, id_type="string")
    (tmp_path / KEY).unlink()
    with pytest.raises(StorageError, match=r"forget.key is gone.*would come back"):
        read_forgotten(tmp_path, id_type="string")


def test_removed_copy_is_told_as_changed_by_a_forget(tmp_path: Path) -> None:
    data = tmp_path / "data"
    forget(data, "ann", landed=["data/landing/shown/log.csv"])
    told = told_by_a_forget(data, data / "landing" / "shown" / "log.csv")
    assert told == "the log was changed by a forget on 2026-02-03"
    assert not told_by_a_forget(data, data / "landing" / "shown" / "other.csv")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("first: user_id 17 of 170", "first: user_id (forgotten) of 170"),
        ("user 17: 17 days", "user (forgotten): 17 days"),
        ("17 of 1,700 rows", "17 of 1,700 rows"),
        ("unit_id=17", "unit_id=(forgotten)"),
    ],
)
def test_number_goes_where_it_is_a_persons(text: str, told: str) -> None:
    assert clean_text(text, ["17"]) == told


def test_id_that_is_no_number_goes_everywhere() -> None:
    assert clean_text("ann, anna and x.ann", ["ann"]) == "(forgotten), anna and x.(forgotten)"


def test_samples_of_the_run_history_lose_their_rows_and_their_bytes(tmp_path: Path) -> None:
    file = tmp_path / "history" / "runs" / "one.db"
    file.parent.mkdir(parents=True)
    rows = [{"data": {"user_id": name, "rank": rank}} for rank, name in enumerate(("ann", "bob"))]
    event = {"metadata": {"sample": {"records": rows, "schema": {"name": "user_id"}}}}
    with closing(sqlite3.connect(file)) as database:
        database.execute("create table event_logs (id integer primary key, event text)")
        database.execute("insert into event_logs (event) values (?)", [json.dumps(event)])
        database.execute('insert into event_logs (event) values (\'{"told": "anna, bob"}\')')
        database.commit()
    assert remove_from_run_history(tmp_path, ["ann"]) == {"history/runs/one.db": 1}
    with closing(sqlite3.connect(file)) as database:
        [(kept,), (other,)] = database.execute(
            "select event from event_logs order by id"
        ).fetchall()
    event["metadata"]["sample"]["records"] = rows[1:]
    assert json.loads(kept) == event
    assert other == '{"told": "anna, bob"}'
    assert b'"ann"' not in b"".join(one.read_bytes() for one in file.parent.iterdir())
    assert remove_from_run_history(tmp_path, ["ann"]) == {}


@pytest.mark.parametrize("person", ["mül ler", "ann b", "o'hara", '"q"'])
def test_the_run_history_loses_ids_however_json_and_samples_spell_them(
    tmp_path: Path, person: str
) -> None:
    shown = sample_of(pl.DataFrame({"user_id": [person], "note": [f"for {person}."]}), users=set())
    rows = [{"data": dict(record.data)} for record in shown.records]
    texts = [json.dumps({"records": rows}), json.dumps({"message": f"first: user_id {person}"})]
    with closing(sqlite3.connect(tmp_path / "runs.db")) as database:
        database.execute("create table event_logs (event text)")
        database.executemany("insert into event_logs values (?)", [[text] for text in texts])
        database.commit()
    assert remove_from_run_history(tmp_path, [person]) == {"runs.db": 2}
    with closing(sqlite3.connect(tmp_path / "runs.db")) as database:
        kept = [json.loads(text) for (text,) in database.execute("select event from event_logs")]
    assert kept == [{"records": []}, {"message": "first: user_id (forgotten)"}]


def test_structured_logs_lose_them_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "run.jsonl").write_text(
        '{"message": "user_id 17 is late"}\n{"message": "17 rows"}\n'
    )
    assert remove_from_lines(tmp_path, ["17"]) == {"run.jsonl": 1}
    lines = (tmp_path / "run.jsonl").read_text().splitlines()
    assert [json.loads(line)["message"] for line in lines] == [
        "user_id (forgotten) is late",
        "17 rows",
    ]


def test_texts_are_compared_as_the_log_writes_ids() -> None:
    key = b"k" * 32
    assert hash_id(key, " 0042", "integer") == hash_id(key, "42", "integer")
    assert hash_id(key, "0042", "string") != hash_id(key, "42", "string")
    same = pl.Series(["42", "0042 ", "420"])
    forgotten = Forgotten(key, frozenset({hash_id(key, "42", "integer")}), "integer")
    assert forgotten.of(same) == ["42", "0042 "]


def test_line_that_is_no_row_is_blanked_where_it_may_name_them(tmp_path: Path) -> None:
    write_log(tmp_path, ["bob,1,2024-01-01,1", "ann,1", "bob,1,never,1", "cy,1,2024-01-01,1"])
    place = Place(tmp_path, forgotten=forget(tmp_path / "data", "ann"))
    found = survey(log_settings(max_bad_share=0.9), place=place)
    texts = found.quarantine["raw_text"].to_list()
    assert texts == [REDACTED, "bob,1,never,1"]


def test_item_with_the_id_of_somebody_forgotten_stays_excluded(tmp_path: Path) -> None:
    write_log(tmp_path, ["7", "8"], name="excluded.csv", header="item_id")
    place = Place(tmp_path, forgotten=forget(tmp_path / "data", "7"))
    assert read_excluded(ItemListSettings(files=["excluded.csv"]), place=place).rows[
        "listed_id"
    ].to_list() == ["7", "8"]


def test_a_storage_of_the_cluster_that_is_not_there_is_told_once_all_else_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    settings = load_settings("configs/dev.yaml", overrides={"workspace": str(tmp_path / "ws")})
    paths, storage = project_paths(settings), tmp_path / "storage"
    claim(storage, paths.warehouse.parent)
    storage.rename(tmp_path / "unmounted")
    paths.landing.mkdir(parents=True)
    (paths.landing / "events.csv").write_text("user_id\n2\n", encoding="utf-8")
    shown = StringIO()

    def forget() -> None:
        render_forget(
            ["2"], settings=settings, paths=paths, console=Console(file=shown), as_json=False
        )

    with pytest.raises(EngineError, match="Mount it and call again; all else is done"):
        forget()
    assert not paths.landing.exists()
    assert "1 user(s) are written down as forgotten" in shown.getvalue()
    (tmp_path / "unmounted").rename(storage)
    forget()
