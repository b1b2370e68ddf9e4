"""A publication is whole and changes at once; it can be kept aside, taken back, and is not lost."""

import errno
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from rich.console import Console
from typer.testing import CliRunner

from ntg_assets.cli.app import app
from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.publish import LargestChanges, PublishSettings
from ntg_assets.configuration.revenue import RadarSettings
from ntg_assets.configuration.settings import load_settings
from ntg_assets.errors import StorageError
from ntg_assets.history.contacts import contacts_taken_back
from ntg_assets.history.currents import kept_aside, read_changes
from ntg_assets.history.days import ASSIGNMENT_DAYS, day_files
from ntg_assets.publish.generations.handover import LINKED
from ntg_assets.publish.generations.migration import OLDER
from ntg_assets.publish.generations.rollback import accept, roll_back
from ntg_assets.publish.generations.shelf import (
    current_folder,
    find,
    generations,
    prune,
    unreadable,
)
from ntg_assets.publish.locations import BRIEF
from ntg_assets.publish.manifest import Manifest, describe_file, write_manifest
from ntg_assets.publish.verify import verify_publication
from ntg_assets.revenue.contacts.policy import intervention_exclusions
from ntg_assets.storage.preflight import check_ready, largest_generation
from ntg_assets_tests.nights import (
    FIRST_DAY,
    IDS,
    REPORT,
    STORE,
    TABLE,
    contents,
    draw,
    name_of,
    paths_of,
    publish_night,
    read_night,
)
from ntg_assets_tests.workspaces import HOME

SETTINGS = PublishSettings()
AT_RISK = {"users_at_risk": 200, "revenue_at_risk": 1}


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return paths_of(tmp_path)


def age(paths: Paths, night: int, *, days: float) -> None:
    """Let a generation be older than it is."""
    manifest = paths.at(find(paths, name_of(night)).folder).manifest
    then = (datetime.now(UTC) - timedelta(days=days)).timestamp()
    os.utime(manifest, (then, then))


def actions(paths: Paths) -> list[tuple[str, str]]:
    return [(change.action, change.generation) for change in read_changes(paths.history)]


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


def test_a_jump_keeps_the_new_generation_aside_and_the_page_says_so(paths: Paths) -> None:
    publish_night(paths, 1, users=1000)
    kept = publish_night(paths, 2, users=400)
    (reason,) = kept.reasons
    assert reason == (
        "users 1,000 -> 400 (0.40 times), beyond a factor of 2 (publish.largest_changes.users)"
    )
    assert read_night(paths) == {1}
    page = (paths.workspace / BRIEF).read_text()
    assert f"generation {name_of(2)}" in page
    assert "users 1,000 -&gt; 400" in page
    assert "2024-03-02T00:00:00" in page
    assert verify_publication(paths).generation == name_of(1)
    # nobody was handed a list, so nobody counts as contacted
    assert [file.day for file in day_files(paths.history, ASSIGNMENT_DAYS)] == [
        FIRST_DAY + timedelta(days=1)
    ]
    again = publish_night(paths, 2, users=400)
    assert again.reasons == kept.reasons
    assert (paths.workspace / BRIEF).read_text() == page
    assert actions(paths) == [("published", name_of(1)), ("kept aside", name_of(2))]
    assert accept(paths, None, settings=SETTINGS, ids=IDS).generation == name_of(2)
    assert read_night(paths) == {2}
    assert "kept aside" not in (paths.workspace / BRIEF).read_text()
    assert len(day_files(paths.history, ASSIGNMENT_DAYS)) == 2
    with pytest.raises(StorageError, match="no generation is kept aside"):
        accept(paths, None, settings=SETTINGS, ids=IDS)


def test_a_later_ordinary_night_ends_the_waiting(paths: Paths) -> None:
    publish_night(paths, 1)
    publish_night(paths, 2, users=10_000)
    publish_night(paths, 3, users=1100)
    assert read_night(paths) == {3}
    assert kept_aside(read_changes(paths.history)) is None
    assert "kept aside" not in (paths.workspace / BRIEF).read_text()


def test_the_current_night_again_ends_the_waiting_too(paths: Paths) -> None:
    publish_night(paths, 1)
    publish_night(paths, 2, users=10_000)
    publish_night(paths, 1)
    assert kept_aside(read_changes(paths.history)) is None
    assert "kept aside" not in (paths.workspace / BRIEF).read_text()


def test_after_a_rollback_the_page_says_what_waits_and_nothing_that_does_not(paths: Paths) -> None:
    publish_night(paths, 1)
    publish_night(paths, 2, users=10_000)  # 1 has a page that says that 2 waits
    accept(paths, None, settings=SETTINGS, ids=IDS)
    roll_back(paths, None, ids=IDS)
    assert read_night(paths) == {1}
    assert "kept aside" not in (paths.workspace / BRIEF).read_text()
    publish_night(paths, 3)
    publish_night(paths, 4, users=10_000)
    roll_back(paths, None, ids=IDS)
    page = (paths.workspace / BRIEF).read_text()
    assert (f"generation {name_of(4)}" in page, f"generation {name_of(1)}" in page) == (True, True)


@pytest.mark.parametrize(
    ("before", "after", "jumps"),
    [
        ({"users": 1000}, {"users": 2000}, 0),  # a factor of exactly 2 is within
        ({"users": 1000}, {"users": 2001}, 1),
        ({"users": 1000}, {"users": 0}, 1),
        ({"users": 90}, {"users": 20}, 0),  # both below publish.minimum_users
        ({"users": 90}, {"users": 300}, 1),
        (
            {"users_at_risk": 99, "revenue_at_risk": 1},
            {"users_at_risk": 9, "revenue_at_risk": 9},
            0,
        ),
        (
            {"users_at_risk": 200, "revenue_at_risk": 1},
            {"users_at_risk": 200, "revenue_at_risk": 9},
            1,
        ),
        ({"contacts": 100}, {"contacts": 0}, 0),  # holds and caps change it
    ],
)
def test_which_changes_are_jumps(
    paths: Paths, before: dict[str, float], after: dict[str, float], jumps: int
) -> None:
    publish_night(paths, 1, settings=SETTINGS, **before)
    assert len(publish_night(paths, 2, settings=SETTINGS, **after).reasons) == jumps


def test_bounds_are_configured(paths: Paths) -> None:
    publish_night(paths, 1, users=1000)
    wide = PublishSettings(largest_changes=LargestChanges(users=None))
    assert publish_night(paths, 2, settings=wide, users=10).reasons == ()


def test_what_was_taken_back_does_not_come_back_by_itself(paths: Paths) -> None:
    for night in (1, 2, 3):
        publish_night(paths, night)
    now, was = roll_back(paths, None, ids=IDS)
    assert (now.generation, was) == (name_of(2), name_of(3))
    assert read_night(paths) == {2}
    (reason,) = publish_night(paths, 3).reasons
    assert "ntg rollback" in reason
    assert read_night(paths) == {2}
    assert roll_back(paths, None, ids=IDS)[0].generation == name_of(1)
    with pytest.raises(StorageError, match="no generation before"):
        roll_back(paths, None, ids=IDS)
    assert accept(paths, name_of(3), settings=SETTINGS, ids=IDS).generation == name_of(3)
    assert publish_night(paths, 3).reasons == ()


def test_names_may_be_given_by_their_beginning_unless_that_is_ambiguous(paths: Paths) -> None:
    with pytest.raises(StorageError, match="nothing is published yet"):
        roll_back(paths, None, ids=IDS)
    for night in (1, 2):
        publish_night(paths, night)
    with pytest.raises(StorageError, match="begins 2 names"):
        roll_back(paths, "0000", ids=IDS)
    with pytest.raises(StorageError, match="is no generation; kept are: 000000000002"):
        roll_back(paths, "f00d", ids=IDS)
    with pytest.raises(StorageError, match="is the current one already"):
        roll_back(paths, name_of(2), ids=IDS)


def test_after_a_rollback_the_contacts_of_the_list_that_was_out_still_count(paths: Paths) -> None:
    publish_night(paths, 1)
    publish_night(paths, 2)
    day = FIRST_DAY + timedelta(days=2)
    assert contacts_taken_back(paths.history, day).is_empty()  # a rerun never counts its own
    roll_back(paths, None, ids=IDS)
    taken = contacts_taken_back(paths.history, day)
    assert taken.rows() == [("2", day)]
    radar = pl.DataFrame({"user_id": [1, 2, 3], "is_at_risk_population": True})
    excluded = intervention_exclusions(
        radar, settings=radar_settings(), as_of=day, taken_back=taken
    )
    assert excluded.select("user_id", "exclusion").rows() == [(2, "contacted_recently")]
    accept(paths, name_of(2), settings=SETTINGS, ids=IDS)  # it is the list of that day again
    assert contacts_taken_back(paths.history, day).is_empty()


def radar_settings() -> RadarSettings:
    base = load_settings("configs/dev.yaml", home=HOME, environment={}).radar
    return base.model_copy(update={"holdout_share": 0.0})


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


def test_the_commands_list_take_back_and_accept(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NTG_HOME", str(HOME))
    monkeypatch.setenv("NTG_CONFIG", "configs/dev.yaml")
    monkeypatch.setenv("NTG_WORKSPACE", str(paths.workspace))
    monkeypatch.setattr("ntg_assets.cli.publications.commands.out", Console(width=200))

    def ntg(*arguments: str) -> str:
        done = CliRunner().invoke(app, arguments)
        return done.output if done.exception is None else str(done.exception)

    assert "nothing is published yet" in ntg("generations")
    publish_night(paths, 1)
    assert "is the only one" in ntg("diff")
    publish_night(paths, 2)
    publish_night(paths, 3, users=10_000)
    listed = json.loads(ntg("generations", "--json"))
    assert [(row["generation"], row["state"]) for row in listed] == [
        (name_of(3), "kept aside"),
        (name_of(2), "current"),
        (name_of(1), ""),
    ]
    assert "users 1,000 -> 10,000" in ntg("generations")
    assert f"generation {name_of(3)}" in ntg("publish")
    assert f"generation {name_of(3)} " in ntg("publish", "--accept")
    assert read_night(paths) == {3}
    assert f"in place of {name_of(3)}" in ntg("rollback")
    assert read_night(paths) == {2}
    assert "nothing is kept aside" in ntg("publish")
    assert "is no generation" in ntg("rollback", "f00d")
    assert f"7 files of generation {name_of(2)}" in ntg("verify")
    assert f"7 files of generation {name_of(1)}" in ntg("verify", name_of(1))


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


def test_a_damaged_current_generation_can_be_rolled_back(paths: Paths) -> None:
    publish_night(paths, 1)
    folder = publish_night(paths, 2).folder
    paths.at(folder).manifest.write_text("damaged")
    assert roll_back(paths, None, ids=IDS)[0].generation == name_of(1)
    day = FIRST_DAY + timedelta(days=2)
    assert contacts_taken_back(paths.history, day).height == 1
    assert [path.name for path in unreadable(paths)] == [name_of(2)]


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
