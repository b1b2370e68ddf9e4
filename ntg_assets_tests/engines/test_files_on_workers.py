"""A log that workers read gives the tables, ledger and refusals of one that is read here."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ntg_assets.configuration.inputs.events import IngestSettings
from ntg_assets.contracts import IdTypes, contract_of
from ntg_assets.errors import EngineError, SourceError
from ntg_assets.events.load import Survey, survey
from ntg_assets.events.workers import file_tasks
from ntg_assets.events.workers.answers import raise_if_unanswered, warn_of
from ntg_assets.events.workers.asking import workers_for
from ntg_assets.events.workers.file_tasks import FileTasks
from ntg_assets.events.workers.same_files import ends_of, raise_if_other_file
from ntg_assets.events.workers.task_rows import FILE, JudgedFile, worked
from ntg_assets.events.workers.written_rows import kept_rows
from ntg_assets.sources.accounting.reconciliation import FileCounts
from ntg_assets.sources.files.staging.staged_files import staging_folder
from ntg_assets.sources.sources import Place, source_reader
from ntg_assets.storage.run import run, write_rows
from ntg_assets_tests.engines.here_cluster import HereFiles
from ntg_assets_tests.engines.test_spark_engine import EVENTS, Here, here, same
from ntg_assets_tests.event_files import log_settings, write_log
from ntg_assets_tests.unit.test_forgets import forget

__all__ = ["here"]  # a fixture

FATES = ("n_rows", "n_accepted", "n_quarantined", "n_skipped", "n_duplicates", "n_replaced")
DIRTY = {
    "a.csv": [
        "u1,i1,2024-01-01T10:00:00,1",
        "u1,i1,2024-01-01T10:00:00,1",  # again
        "u2,i1,2024-01-02,2",
        "u2,i1,2024-01-02,3",  # another value of the same event
        "u3,,2024-01-02,1",
        "u3,i2",
        '"u,4",i2,2024-01-03,1',
    ],
    "b.csv": [
        "u1,i1,2024-01-01T10:00:00,1",  # as in a.csv
        "u5,i3,soon,1",
        "u5,i3,2024-01-04,1",
        "anonymous,i3,2024-01-04,1",
    ],
}
DIRTY["c.csv"] = DIRTY["b.csv"]
SETTINGS = log_settings("*.csv", max_bad_share=0.5, no_user=["anonymous"])


def write_dirty(home: Path, files: dict[str, list[str]] = DIRTY, **keys: Any) -> None:
    """Write the files of a log."""
    for name, rows in files.items():
        write_log(home, rows, name=name, **keys)


def here_workers(place: Place) -> HereFiles:
    """Make workers of this process, whose shared folder the reader of a place may read too."""
    shared = staging_folder(place.scratch) / f"shared-{place.home.name}"
    shared.mkdir(parents=True)
    return HereFiles(shared)


def events_of(found: Survey, place: Place) -> pl.DataFrame:
    """Read the accepted events."""
    with source_reader(place) as connection:
        return run(found.events, connection)


def both(home: Path, settings: IngestSettings, **keys: Any) -> tuple[Survey, Survey, HereFiles]:
    """Survey a log here and by workers, and require the same of both."""
    place = Place(home, **keys)
    alone, workers = survey(settings, place=place), here_workers(place)
    divided = survey(settings, place=place, workers=workers)
    assert divided.load_ledger.equals(alone.load_ledger)
    assert divided.quarantine.equals(alone.quarantine)
    assert same(events_of(divided, place), events_of(alone, place))
    for name in ("extent", "files", "misnamed", "n_contradictions", "n_folded"):
        assert getattr(divided, name) == getattr(alone, name), name
    return alone, divided, workers


@pytest.mark.slow
def test_every_record_has_the_fate_that_it_has_here(tmp_path: Path) -> None:
    write_dirty(tmp_path)
    _, found, workers = both(tmp_path, SETTINGS)
    assert workers.asked == ["inspected_files", "judged_files", "bad_rows_of_files"]
    counted = found.load_ledger.select(FATES)
    # a: u1, u2 twice, u4 | b: u5 | c is a copy of b
    assert counted.rows() == [(7, 4, 2, 0, 1, 0), (4, 1, 1, 1, 1, 0), (4, 0, 0, 0, 4, 0)]
    assert sum(counted.sum().row(0)[1:]) == counted["n_rows"].sum() == 7 + 4 + 4
    assert found.n_contradictions == 1
    assert found.extent == (5, 4, datetime(2024, 1, 1, 10), datetime(2024, 1, 4))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("keys", "fates"),
    [
        # no hash is asked for: of the rows with one key that of the latest file counts
        ({"event_id": "event_id"}, (4, 2, 0, 0, 1, 1)),
        ({"duplicates": "keep"}, (4, 4, 0, 0, 0, 0)),
        # k2 of b.csv differs from that of a.csv in its value
        ({}, (4, 3, 0, 0, 1, 0)),
    ],
    ids=["keys", "kept", "once"],
)
def test_what_hangs_on_all_files_is_asked_of_all(
    keys: dict[str, Any], fates: tuple[int, ...], tmp_path: Path
) -> None:
    files = {
        "a.csv": ["u1,i1,2024-01-01,1,k1", "u2,i1,2024-01-01,1,k2"],
        "b.csv": ["u1,i1,2024-01-01,1,k1", "u2,i1,2024-01-01,2,k2"],
    }
    write_dirty(tmp_path, files, header="user_id,item_id,event_at,value,event_id")
    _, found, _ = both(tmp_path, log_settings("*.csv", **keys))
    assert found.load_ledger.select(FATES).sum().row(0) == fates


@pytest.mark.slow
def test_items_and_days_are_those_of_the_service(tmp_path: Path) -> None:
    write_dirty(
        tmp_path,
        {"a.csv": ["u1,i1,2024-01-01T23:30:00Z,1"], "b.csv": ["u1,i9,2024-01-01,1"]},
    )
    write_log(tmp_path, ["i1"], name="items.txt", header="item_id")
    settings = log_settings(
        "*.csv",
        items={"files": ["items.txt"], "item_id": "item_id"},
        unknown_items="quarantine",
        service_timezone="Europe/Berlin",
        max_bad_share=0.5,
    )
    _, found, _ = both(tmp_path, settings)
    [event] = events_of(found, Place(tmp_path)).to_dicts()
    assert (event["event_at"].hour, event["event_on"].day) == (23, 2)
    assert found.quarantine["reason"].to_list() == ["is not in the item table"]


@pytest.mark.slow
def test_who_was_forgotten_is_left_out_and_the_key_stays_here(tmp_path: Path) -> None:
    write_dirty(tmp_path)
    forgotten = forget(tmp_path / "data", "u5", "u3")
    _, found, workers = both(tmp_path, SETTINGS, forgotten=forgotten)
    assert "people_of_files" in workers.asked
    # u5 stands in b.csv (two lines), u3 in one line of a.csv that is a record
    assert found.load_ledger["n_skipped"].to_list() == [1, 1 + 2, 0]
    assert "u5" not in events_of(found, Place(tmp_path))["user_id"]
    kept = [file.read_bytes() for file in workers.shared.rglob("*") if file.is_file()]
    assert not any(forgotten.key.hex().encode() in content for content in kept)
    assert not any(hashed.encode() in content for content in kept for hashed in forgotten.hashes)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "keys"),
    [
        (DIRTY, {"max_bad_share": 0.1}),
        ({**DIRTY, "d.csv": [f"u{n},i,soon,1" for n in range(101)]}, {"max_bad_share": 1}),
        ({"a.csv": ["u1,i1,2024-01-01,1"], "b.csv": ['"u1,i1,2024-01-01,1']}, {}),
    ],
    ids=["share", "wrong file", "open quote"],
)
def test_a_load_is_refused_by_the_same_sentence(
    files: dict[str, list[str]], keys: dict[str, Any], tmp_path: Path
) -> None:
    write_dirty(tmp_path, files)
    settings, place, told = log_settings("*.csv", **keys), Place(tmp_path), []
    for workers in (None, here_workers(place)):
        with pytest.raises(SourceError) as refused:
            survey(settings, place=place, workers=workers)
        told.append(str(refused.value))
    assert told[0] == told[1]


def test_a_worker_that_does_not_see_a_file_is_told_of(tmp_path: Path) -> None:
    path = write_log(tmp_path, ["u1,i1,2024-01-01,1"])
    size, ends = path.stat().st_size, ends_of(path)
    raise_if_other_file(path, n_bytes=size, ends=ends)
    path.write_bytes(path.read_bytes().replace(b"u1", b"u2"))  # as long as before
    with pytest.raises(EngineError, match=r"log\.csv: a worker sees another file there"):
        raise_if_other_file(path, n_bytes=size, ends=ends)
    path.unlink()
    with pytest.raises(EngineError, match=r"a worker cannot read it \(No such file.*workers_see"):
        raise_if_other_file(path, n_bytes=size, ends=ends)


def tasks_at(home: Path, version: str) -> FileTasks:
    """Make the tasks of a log."""
    return FileTasks(SETTINGS, home, (), "1GB", home, None, version)


def row_of(path: Path, tasks: FileTasks) -> dict[str, Any]:
    """Inspect a file, and return its row for later tasks."""
    seen = {"number": 1, "path": str(path), "format": "csv", "n_bytes": path.stat().st_size}
    [file] = tasks.inspect({**seen, "ends": ends_of(path)})
    return {"number": 1, "file": file}


def test_what_was_inspected_is_what_is_read(tmp_path: Path) -> None:
    path = write_log(tmp_path, ["u1,i1,2024-01-01,1"])
    tasks = tasks_at(tmp_path, "")
    row = row_of(path, tasks)
    assert FILE.validate_json(row["file"]).n_lines == 2
    path.write_bytes(path.read_bytes().replace(b"u1", b"u2"))
    with pytest.raises(EngineError, match=r"log\.csv: a worker sees other bytes than another"):
        tasks.judge(row)


def test_a_reader_of_another_version_reads_nothing(tmp_path: Path) -> None:
    path = write_log(tmp_path, ["u1,i1,2024-01-01,1"])
    tasks = tasks_at(tmp_path, "v0.1")
    with pytest.raises(EngineError, match=r"a worker has DuckDB v\d.*, this machine v0\.1"):
        tasks.judge(row_of(path, tasks))


def test_a_file_that_nobody_told_of_refuses_the_load() -> None:
    files = pl.DataFrame({"number": [1, 2]})
    raise_if_unanswered(files, files, what="judged_files")
    with pytest.raises(EngineError, match="1 of 2 files were told of"):
        raise_if_unanswered(files.head(1), files, what="judged_files")
    with pytest.raises(EngineError, match="3 of 2 files were told of"):
        raise_if_unanswered(pl.DataFrame({"number": [1, 2, 2]}), files, what="judged_files")


@pytest.mark.slow
def test_rows_that_are_not_what_was_counted_refuse_the_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dirty(tmp_path)
    place = Place(tmp_path)
    real = write_rows

    def halved(given: Any, connection: Any, file: Path) -> None:
        real(given, connection, file)
        pl.read_parquet(file).head(1).write_parquet(file)

    monkeypatch.setattr(file_tasks, "write_rows", halved)
    with pytest.raises(EngineError, match="counted 7 usable events and 2 are in what they wrote"):
        survey(SETTINGS, place=place, workers=here_workers(place))


def test_rows_of_a_lost_task_are_not_among_those_that_count(tmp_path: Path) -> None:
    for name in ("one", "lost"):
        (tmp_path / name).write_bytes(b"rows")
    judged = {1: JudgedFile(FileCounts(1, 1, 0), {}, "one", 4)}
    folder = kept_rows(tmp_path, judged)
    assert [file.name for file in folder.iterdir()] == ["one"]
    (folder / "one").rename(tmp_path / "one")
    folder.rmdir()
    (tmp_path / "one").write_bytes(b"row")
    with pytest.raises(EngineError, match="a worker wrote 4 bytes, and 3 are seen here"):
        kept_rows(tmp_path, judged)


@pytest.mark.parametrize(
    ("n_files", "least_bytes", "are_asked"),
    [(2, 100, True), (2, 101, False), (1, 50, False)],
)
def test_a_small_load_is_read_here_and_that_is_said(
    n_files: int, least_bytes: int, tmp_path: Path, *, are_asked: bool
) -> None:
    paths = [tmp_path / str(number) for number in range(n_files)]
    for path in paths:
        path.write_bytes(b"x" * 50)
    notes: list[str] = []
    workers = HereFiles(tmp_path, least_bytes=least_bytes)
    assert (workers_for(workers, paths, notes) is workers) is are_asked
    assert len(notes) == (not are_asked)
    assert all("are read here" in note for note in notes)


def test_what_the_reader_warns_of_comes_home(caplog: pytest.LogCaptureFixture) -> None:
    def warning(row: Mapping[str, Any]) -> tuple[str]:
        logging.getLogger("ntg_assets.sources").warning("page %s is odd", row["number"])
        return ("",)

    numbers = pl.DataFrame({"number": [4, 7]})
    told = pl.concat([step[0] for step in worked(warning, numbers)])
    assert told["warnings"].to_list() == [["page 4 is odd"], ["page 7 is odd"]]
    caplog.clear()
    warn_of(told)
    assert caplog.messages == ["page 4 is odd", "page 7 is odd"]


@pytest.mark.slow
def test_workers_of_a_cluster_read_what_is_read_here(here: Here, tmp_path: Path) -> None:
    write_dirty(tmp_path)
    place = Place(tmp_path)
    alone = survey(SETTINGS, place=place)
    engine = replace(here.engine, least_bytes=0)
    with engine.file_workers(here.connection) as workers:
        found = survey(SETTINGS, place=place, workers=workers)
    texts = IdTypes("string", "string")
    engine.write(here.connection, EVENTS, found.events, contract_of("events"), ids=texts)
    assert same(here.rows(EVENTS), events_of(alone, place))
    assert found.load_ledger.equals(alone.load_ledger)
    assert found.quarantine.equals(alone.quarantine)
    engine.close()
    assert not any((here.storage / "_handed").iterdir())
