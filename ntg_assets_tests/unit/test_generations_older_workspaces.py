"""Workspaces of older versions, and file systems that cannot do what generations need."""

import errno
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.configuration.paths import Paths
from ntg_assets.errors import StorageError
from ntg_assets.history.days import ASSIGNMENT_DAYS, day_files
from ntg_assets.publish.generations.migration import OLDER
from ntg_assets.publish.generations.rollback import roll_back
from ntg_assets.publish.generations.shelf import generations
from ntg_assets.publish.manifest import Manifest, describe_file, write_manifest
from ntg_assets.storage import preflight
from ntg_assets.storage.preflight import check_ready, largest_generation
from ntg_assets_tests.nights import (
    FIRST_DAY,
    IDS,
    REPORT,
    STORE,
    actions,
    contents,
    draw,
    name_of,
    paths_of,
    publish_night,
    read_night,
)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return paths_of(tmp_path)


def older_workspace(paths: Paths) -> None:
    """What older versions left: real folders, days among the files, the previous store."""
    files = dict(contents(1))
    kept = paths.workspace / ASSIGNMENT_DAYS.shown_in
    kept.mkdir(parents=True)
    draw(7).write_parquet(kept / ASSIGNMENT_DAYS.file_name(FIRST_DAY))
    listed = []
    for path, content in files.items():
        (paths.workspace / path).parent.mkdir(parents=True, exist_ok=True)
        (paths.workspace / path).write_bytes(content)
        listed.append(
            describe_file(paths.workspace / path, workspace=paths.workspace, kind="table")
        )
    (paths.workspace / STORE).with_name("ntg.previous.duckdb").write_bytes(b"the one before")
    manifest = Manifest(
        generation=name_of(1), source="nights", configuration="c", as_of="2024-03-02", files=listed
    )
    write_manifest(manifest, paths.manifest)


def test_folders_of_older_versions_become_a_generation_and_nothing_is_lost(paths: Paths) -> None:
    older_workspace(paths)
    (paths.workspace / "outputs" / "notes.txt").write_text("somebody's own")
    assert read_night(paths) == {1}
    published = publish_night(paths, 2)
    assert [kept.name for kept in generations(paths)] == [name_of(1), name_of(2)]
    assert actions(paths) == [("found", name_of(1)), ("published", name_of(2))]
    assert [file.day for file in day_files(paths.history, ASSIGNMENT_DAYS)] == [
        FIRST_DAY,
        FIRST_DAY + timedelta(days=2),
    ]
    (note,) = published.notes
    assert "1 files that were no part of the publication" in note
    left = [file for file in (paths.workspace / OLDER).rglob("*") if file.is_file()]
    assert [file.read_text() for file in left] == ["somebody's own"]
    assert roll_back(paths, None, ids=IDS)[0].generation == name_of(1)
    assert read_night(paths) == {1}


def test_a_link_of_somebodys_own_is_replaced_and_said(paths: Paths, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_text("somebody's own")
    (paths.workspace / "outputs").symlink_to(elsewhere)
    (note,) = publish_night(paths, 1).notes
    assert f"outputs was a link to {elsewhere}" in note
    assert (elsewhere / "file").read_text() == "somebody's own"
    assert read_night(paths) == {1}
    assert publish_night(paths, 2).notes == ()


@pytest.mark.parametrize(("function", "said"), [("symlink", "without links"), ("rename", "mount")])
def test_a_file_system_that_cannot_is_one_sentence(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, function: str, said: str
) -> None:
    (paths.workspace / "reports").mkdir()

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM if function == "symlink" else errno.EBUSY, "refused")

    target = ("os.symlink",) if function == "symlink" else ("ntg_assets.storage.files._exchange",)
    monkeypatch.setattr(*target, refuse)
    with pytest.raises(StorageError, match=said):
        publish_night(paths, 1)


def test_an_older_publication_that_is_not_whole_is_no_generation(paths: Paths) -> None:
    older_workspace(paths)
    (paths.workspace / REPORT).write_text("torn")
    published = publish_night(paths, 2)
    assert "is not whole" in published.notes[0]
    assert [kept.name for kept in generations(paths)] == [name_of(2)]
    assert len(day_files(paths.history, ASSIGNMENT_DAYS)) == 2
    assert (paths.workspace / OLDER / REPORT).read_text() == "torn"


def test_a_run_needs_room_for_one_more_generation(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = publish_night(paths, 1).folder
    n_bytes = sum(
        file.lstat().st_size for file in folder.rglob("*") if file.is_file() or file.is_symlink()
    )
    assert largest_generation(paths) == pytest.approx(n_bytes, abs=1_000)
    paths.warehouse.parent.mkdir(parents=True)
    paths.warehouse.write_bytes(bytes(1_000_000))
    engine = EngineSettings(minimum_free_disk_gb=0)

    def with_free(n_free: int) -> None:
        disk = shutil._ntuple_diskusage(10**9, 10**9 - n_free, n_free)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: disk)
        check_ready(paths, engine=engine)

    with pytest.raises(StorageError, match="and one more publication of"):
        with_free(3 * 1_000_000 + largest_generation(paths) - 1)
    paths.warehouse.unlink()
    with_free(10**8)


def test_a_history_on_a_disk_of_its_own_needs_room_there(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_night(paths, 1)
    (paths.history / "assignments" / "large.parquet").write_bytes(bytes(5_000_000))
    engine, free = EngineSettings(minimum_free_disk_gb=0), {paths.history: 19_900_000}

    def disk(folder: Path) -> object:
        n_free = free.get(folder, 10**12)
        return shutil._ntuple_diskusage(10**12, 10**12 - n_free, n_free)

    monkeypatch.setattr(shutil, "disk_usage", disk)
    check_ready(paths, engine=engine)  # on one disk with the warehouse nothing more is asked
    monkeypatch.setattr(preflight, "_device", lambda folder: int(folder == paths.history))
    with pytest.raises(
        StorageError, match=r"history is a disk of its own with 19\.9 MB free"
    ) as told:
        check_ready(paths, engine=engine)
    assert "needs 20.0 MB there" in str(told.value)  # four files like the largest
    free[paths.history] = 20_000_000
    check_ready(paths, engine=engine)
