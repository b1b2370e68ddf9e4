"""A publication is whole and changes at once; what is kept is whole, too."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.publish import PublishSettings
from ntg_assets.errors import StorageError
from ntg_assets.history.currents import read_changes
from ntg_assets.history.days import ASSIGNMENT_DAYS, day_files
from ntg_assets.publish.generations.handover import LINKED, reconcile
from ntg_assets.publish.generations.kept_days import draws_of
from ntg_assets.publish.generations.pruning import prune
from ntg_assets.publish.generations.rollback import roll_back
from ntg_assets.publish.generations.shelf import current_folder, find, generations
from ntg_assets.publish.verify import verify_publication
from ntg_assets.storage.files import point
from ntg_assets_tests.nights import (
    FIRST_DAY,
    IDS,
    REPORT,
    STORE,
    TABLE,
    actions,
    contents,
    name_of,
    paths_of,
    publish_night,
    read_night,
)
from ntg_assets_tests.workspaces import HOME

SETTINGS = PublishSettings()


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return paths_of(tmp_path)


def age(paths: Paths, night: int, *, days: float) -> None:
    """Let a generation be older than it is."""
    manifest = paths.at(find(paths, name_of(night)).folder).manifest
    then = (datetime.now(UTC) - timedelta(days=days)).timestamp()
    os.utime(manifest, (then, then))


def test_all_paths_that_people_know_change_with_one_link(paths: Paths) -> None:
    publish_night(paths, 1)
    for name in LINKED:
        link = paths.workspace / name
        assert link.is_symlink()
        assert not link.readlink().is_absolute()
    assert read_night(paths) == {1}
    pinned = paths.pinned()
    publish_night(paths, 2)
    assert (read_night(paths), read_night(pinned)) == ({2}, {1})
    assert pl.read_parquet(paths.workspace / TABLE)["night"].to_list() == [2]
    assert verify_publication(paths).generation == name_of(2)
    assert actions(paths) == [("published", name_of(1)), ("published", name_of(2))]


def test_an_open_reader_goes_on_even_when_its_generation_is_gone(paths: Paths) -> None:
    publish_night(paths, 1)
    with duckdb.connect(str(paths.pinned().published / STORE), read_only=True) as reader:
        publish_night(paths, 2)
        shutil.rmtree(paths.generations / name_of(1))
        assert reader.execute("select night from nights").fetchall() == [(1,)]


def test_a_workspace_can_be_moved_whole(paths: Paths) -> None:
    publish_night(paths, 1)
    moved = paths.workspace.rename(paths.workspace.with_name("moved"))
    assert read_night(paths_of(moved)) == {1}


def test_the_same_generation_again_is_left_alone_and_a_damaged_one_is_mended(
    paths: Paths,
) -> None:
    first = publish_night(paths, 1).folder
    before = {file: file.stat().st_ino for file in first.rglob("*") if file.is_file()}
    assert publish_night(paths, 1).folder == first
    assert {file: file.stat().st_ino for file in first.rglob("*") if file.is_file()} == before
    (first / REPORT).write_text("damaged")
    with pytest.raises(StorageError, match="not as the manifest says"):
        verify_publication(paths)
    mended = publish_night(paths, 1).folder
    assert mended.name == f"{name_of(1)}.2"
    assert (read_night(paths), verify_publication(paths).generation) == ({1}, name_of(1))
    assert [kept.folder for kept in generations(paths)] == [mended]


def test_what_a_killed_process_left_is_removed_by_the_next(paths: Paths) -> None:
    for left in (".making-killed", ".removing-old"):
        (paths.generations / left / "outputs").mkdir(parents=True)
    publish_night(paths, 1)
    assert sorted(entry.name for entry in paths.generations.iterdir()) == [
        name_of(1),
        "generations.lock",
    ]


def test_a_failing_writer_leaves_the_old_generation_and_no_rest(paths: Paths) -> None:
    publish_night(paths, 1)
    contents(2)
    fails = contents(2) | {REPORT: None}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ntg_assets_tests.nights.contents", lambda _: fails)
        with pytest.raises(TypeError):
            publish_night(paths, 2)
    assert read_night(paths) == {1}
    assert not list(paths.generations.glob(".*"))


def test_the_newest_and_the_young_are_kept_and_the_current_one_whatever_its_age(
    paths: Paths,
) -> None:
    for night in range(1, 7):
        publish_night(paths, night)
    roll_back(paths, name_of(1), ids=IDS)
    for night, days in ((1, 60), (2, 50), (3, 40), (4, 30), (5, 20), (6, 10)):
        age(paths, night, days=days)
    now = datetime.now(UTC).replace(tzinfo=None)
    age(paths, 2, days=0.5)
    # 2 is among the newest three now; of 3, 4 one is neither new nor young
    gone = prune(paths, keep=3, keep_hours=24, spare=set(), now=now)
    assert gone == [name_of(3), name_of(4)]
    assert read_night(paths) == {1}
    assert prune(paths, keep=3, keep_hours=24, spare=set(), now=now) == []


def test_a_generation_is_young_for_less_than_the_stated_hours(paths: Paths) -> None:
    for night in (1, 2):
        publish_night(paths, night)
    old = next(kept for kept in generations(paths) if kept.name == name_of(1)).made_at
    due, moment = old + timedelta(hours=24), timedelta(microseconds=1)
    assert prune(paths, keep=1, keep_hours=24, spare=set(), now=due - moment) == []
    assert prune(paths, keep=1, keep_hours=24, spare=set(), now=due) == [name_of(1)]


def test_a_publication_whose_draw_is_gone_stands_for_the_last_draw(
    paths: Paths, tmp_path: Path
) -> None:
    for night in (1, 2):
        publish_night(paths, night)
    drawn = [file.path.name for file in day_files(paths.history, ASSIGNMENT_DAYS)]
    assert len(drawn) == 2
    first = next(kept for kept in generations(paths) if kept.name == name_of(1))
    assert draws_of(paths, first.folder) == drawn[:1]
    assert draws_of(paths, tmp_path / "gone") == drawn[1:]


def test_a_change_that_was_not_written_down_is_found(paths: Paths) -> None:
    publish_night(paths, 1)
    publish_night(paths, 2)
    last = max((paths.history / "generations").iterdir())
    last.unlink()  # as if the process had ended just after the swap
    publish_night(paths, 3)
    assert actions(paths) == [
        ("published", name_of(1)),
        ("found", name_of(2)),
        ("published", name_of(3)),
    ]


def test_before_anything_is_published_the_folder_itself_is_read(paths: Paths) -> None:
    assert current_folder(paths) is None
    assert paths.pinned() == paths
    with pytest.raises(StorageError, match="nothing is published yet"):
        verify_publication(paths)


@pytest.mark.parametrize("spoil", ["manifest", "folder"])
def test_a_damaged_current_generation_keeps_nothing_from_taking_its_place(
    paths: Paths, spoil: str
) -> None:
    publish_night(paths, 1)
    folder = publish_night(paths, 2).folder
    if spoil == "manifest":
        paths.at(folder).manifest.write_text("damaged")
    else:
        shutil.rmtree(folder)
    (note,) = publish_night(paths, 3).notes
    assert f"the current generation {name_of(2)} is damaged" in note
    assert read_night(paths) == {3}


@pytest.mark.slow
def test_the_recipes_of_the_docs_read_one_generation(paths: Paths) -> None:
    publish_night(paths, 1)
    page = (HOME / "docs" / "publication.md").read_text()
    python = page.split("```python\n")[1].split("```")[0]
    shell = page.split("```sh\n")[1].split("```")[0]
    told = "print(store.sql('from nights').fetchall(), features['night'][0], metrics['night'])"
    read = subprocess.run(
        [sys.executable, "-c", f"{python}\n{told}"],
        cwd=paths.workspace,
        capture_output=True,
        text=True,
        check=True,
    )
    assert read.stdout.strip() == "[(1,)] 1 1"
    (paths.workspace / "copies").mkdir()
    copied = shell.replace("/mnt/share/", "copies/")
    without_client = "\n".join(line for line in copied.splitlines() if line[:6] != "duckdb")
    subprocess.run(["sh", "-ec", without_client], cwd=paths.workspace, check=True)
    assert (paths.workspace / "copies" / REPORT).read_bytes() == contents(1)[REPORT]


def test_a_rollback_that_was_not_written_down_takes_back_the_draw_of_its_day(paths: Paths) -> None:
    for night in (1, 2, 3):
        publish_night(paths, night)
    roll_back(paths, None, ids=IDS)
    first = paths.generations / name_of(2)
    first.rename(first.with_name(f"{first.name}.2"))  # its page was written anew
    point(paths.current, paths.generations / name_of(1))  # and the process ended here
    reconcile(paths)
    change = read_changes(paths.history)[-1]
    assert (change.action, change.before) == ("rolled back", name_of(2))
    assert change.draws == [ASSIGNMENT_DAYS.file_name(FIRST_DAY + timedelta(days=2))]
