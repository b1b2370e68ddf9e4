"""Whatever fails while people take a publication back, accept one, report what was sent, forget
somebody, or upgrade: the same command once more completes it, and nobody is contacted twice.
"""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from ntg_assets.configuration.handover import TakenSettings
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.publish import PublishSettings
from ntg_assets.configuration.settings import load_settings
from ntg_assets.errors import SourceError, StorageError
from ntg_assets.history.contacts import contacts_taken_back
from ntg_assets.history.currents import read_changes, taken_back
from ntg_assets.history.days import ASSIGNMENT_DAYS, append_days, day_files, read_days
from ntg_assets.history.forgets import read_forgets, read_forgotten
from ntg_assets.publish.forgetting.forget import forget_people
from ntg_assets.publish.generations.rollback import accept, roll_back
from ntg_assets.publish.manifest import Manifest, describe_file, write_manifest
from ntg_assets.publish.verify import verify_publication
from ntg_assets.revenue.contacts.contacts_taken import kept_taken
from ntg_assets.revenue.handover.reading import take
from ntg_assets.revenue.handover.taken_rows import Report
from ntg_assets.sources.sources import Place
from ntg_assets_tests.faults import (
    HISTORY_FULL,
    KINDS,
    POWER_CUT,
    Disk,
    Fault,
    KilledError,
    operations,
)
from ntg_assets_tests.nights import (
    FIRST_DAY,
    IDS,
    actions,
    contents,
    draw,
    name_of,
    paths_of,
    publish_night,
    read_night,
)
from ntg_assets_tests.reliability.conftest import Tally
from ntg_assets_tests.workspaces import HOME

pytestmark = pytest.mark.slow
SECOND = FIRST_DAY + timedelta(days=2)
Work = Callable[[Paths], object]


@pytest.fixture
def step(request: pytest.FixtureRequest) -> int:
    """Each operation in `make test-reliability`, some of them in `make test`."""
    return 1 if request.config.getoption("exhaustive") else 5


def failing(
    work: Work, before: Path, scratch: Path, *, kind: str, step: int, tally: Tally
) -> Iterator[tuple[Paths, str]]:
    """Do some work in copies of a workspace, letting each `step`-th operation fail; yield what is
    left, and which operation that was.
    """
    number, is_over = 1, False
    while not is_over:
        workspace = scratch / "workspace"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        shutil.copytree(before, workspace, symlinks=True)
        disk = Disk(workspace) if kind == POWER_CUT else None
        with (
            operations(Fault(kind, number), disk) as counted,
            suppress(KilledError, OSError, StorageError),
        ):
            work(paths_of(workspace))
        if disk is not None:
            workspace = scratch / "after the cut"
            disk.restore(workspace)
        is_over = number > len(counted.done)
        tally(operations_of_what_people_do_that_failed=int(not is_over))
        yield paths_of(workspace), f"{kind} at {number}: {counted.done[number - 1 : number]}"
        number += step


@pytest.fixture
def two_nights(tmp_path: Path) -> Path:
    folder = tmp_path / "two nights"
    folder.mkdir()
    for night in (1, 2):
        publish_night(paths_of(folder), night)
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_a_rollback_that_is_cut_off_is_one_or_never_was(
    kind: str, two_nights: Path, tmp_path: Path, step: int, tally: Tally
) -> None:
    seen = []
    for paths, at in failing(
        lambda paths: roll_back(paths, None, ids=IDS),
        two_nights,
        tmp_path / "scratch",
        kind=kind,
        step=step,
        tally=tally,
    ):
        (night,) = read_night(paths)
        assert verify_publication(paths).generation == name_of(night), at
        seen.append(night)
        publish_night(paths, 2)  # the run that comes next makes the same
        back = contacts_taken_back(paths.history, SECOND)
        if night == 1:  # it was taken back: it waits for a person, and its draw counts
            assert read_night(paths) == {1}, at
            assert set(taken_back(read_changes(paths.history))) == {name_of(2)}, at
            assert back["listed_id"].to_list() == ["2"], at
        else:
            assert read_night(paths) == {2}, at
            assert back.is_empty(), at
    # where the history alone is full nothing but the record is missing
    assert step > 1 or set(seen) == ({1} if kind == HISTORY_FULL else {1, 2})


def test_a_history_on_a_full_disk_is_told_with_what_holds_now(two_nights: Path) -> None:
    paths = paths_of(two_nights)
    full = operations(Fault(HISTORY_FULL, 1))
    with full, pytest.raises(StorageError, match=r"data/history/assignments/.* cannot be written"):
        publish_night(paths, 3)
    assert read_night(paths) == {2}
    full = operations(Fault(HISTORY_FULL, 1))
    with full, pytest.raises(StorageError, match=r"\(No space left on device\)") as told:
        roll_back(paths, None, ids=IDS)
    assert f"Generation {name_of(1)} is the current one, though" in str(told.value)
    assert read_night(paths) == {1}
    publish_night(paths, 3)  # there is room again: the record is written first
    assert [action for action, _ in actions(paths)][-2:] == ["rolled back", "published"]
    assert read_night(paths) == {3}


@pytest.mark.parametrize("kind", KINDS)
def test_an_acceptance_that_is_cut_off_is_one_or_never_was(
    kind: str, two_nights: Path, tmp_path: Path, step: int, tally: Tally
) -> None:
    roll_back(paths_of(two_nights), None, ids=IDS)
    seen = []
    for paths, at in failing(
        lambda paths: accept(paths, name_of(2), settings=PublishSettings(), ids=IDS),
        two_nights,
        tmp_path / "scratch",
        kind=kind,
        step=step,
        tally=tally,
    ):
        (night,) = read_night(paths)
        seen.append(night)
        publish_night(paths, 2)
        assert read_night(paths) == {night}, at
        assert set(taken_back(read_changes(paths.history))) == (
            {name_of(2)} if night == 1 else set()
        ), at
    assert step > 1 or set(seen) == ({2} if kind == HISTORY_FULL else {1, 2})


REPORT = """user_id,handed_over_on,status
1,2024-03-01,sent
2,2024-03-01,bounced
3,2024-03-03,sent
"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_of_the_crm_that_is_cut_off_is_read_once_more(
    kind: str, tmp_path: Path, step: int, tally: Tally
) -> None:
    before = tmp_path / "before"
    history = paths_of(before).history
    for day, users in ((FIRST_DAY, (1, 2)), (SECOND, (3, 4))):
        append_days(history, ASSIGNMENT_DAYS, draw(*users, day=day), published_for=day, ids=IDS)
    (before / "sent.csv").write_text(REPORT)

    def read(paths: Paths) -> object:
        report = Report(paths.workspace / "sent.csv", TakenSettings())
        place = Place(paths.workspace)
        return take(report, history=paths.history, place=place, ids=IDS, zone="UTC")

    for paths, at in failing(read, before, tmp_path / "scratch", kind=kind, step=step, tally=tally):
        with suppress(SourceError):  # all of it was kept already
            read(paths)
        kept = kept_taken(paths.history, user_type=pl.Int64)
        assert kept.select("user_id", "assigned_on", "status").rows() == [
            (1, FIRST_DAY, "sent"),
            (2, FIRST_DAY, "bounced"),
            (3, SECOND, "sent"),
        ], at


@pytest.mark.parametrize("kind", KINDS)
def test_a_forget_that_is_cut_off_is_completed_by_the_same_call(
    kind: str, tmp_path: Path, step: int, tally: Tally
) -> None:
    before = tmp_path / "before"
    paths = paths_of(before)
    for day, users in ((FIRST_DAY, (1, 2)), (SECOND, (2, 3))):
        rows = draw(*users, day=day)
        append_days(paths.history, ASSIGNMENT_DAYS, rows, published_for=day, ids=IDS)
    settings = load_settings("configs/dev.yaml", home=HOME, environment={})

    def forget(paths: Paths) -> object:
        return forget_people(paths, ["2"], settings=settings)

    for paths, at in failing(
        forget, before, tmp_path / "scratch", kind=kind, step=step, tally=tally
    ):
        forget(paths)
        drawn = read_days([file.path for file in day_files(paths.history, ASSIGNMENT_DAYS)])
        assert [frame["user_id"].to_list() for frame in drawn] == [[1], [3]], at
        forgotten = read_forgotten(paths.data, id_type="integer")
        assert forgotten is not None, at
        assert len({hashed for one in read_forgets(paths.data) for hashed in one.hashes}) == 1, at


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A workspace of a version without generations: real folders, the manifest among them."""
    paths = paths_of(tmp_path / "older")
    listed = []
    for path, content in contents(1).items():
        file = paths.workspace / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        listed.append(describe_file(file, workspace=paths.workspace, kind="table"))
    manifest = Manifest(
        generation=name_of(1), source="nights", configuration="c", as_of="2024-03-02", files=listed
    )
    write_manifest(manifest, paths.manifest)
    return paths.workspace


@pytest.mark.parametrize("kind", KINDS)
def test_an_upgrade_that_is_cut_off_goes_on_with_the_next_run(
    kind: str, older: Path, tmp_path: Path, step: int, tally: Tally
) -> None:
    for paths, at in failing(
        lambda paths: publish_night(paths, 2),
        older,
        tmp_path / "scratch",
        kind=kind,
        step=2 if step == 1 else 60,
        tally=tally,
    ):
        publish_night(paths, 2)
        assert read_night(paths) == {2}, at
        assert roll_back(paths, None, ids=IDS)[0].generation == name_of(1), at
        assert read_night(paths) == {1}, at


def test_readers_of_folders_that_give_way_to_links_fail_at_nothing(
    older: Path, tmp_path: Path, step: int, tally: Tally
) -> None:
    seen: list[set[int]] = []
    for number in range(30 if step == 1 else 5):
        workspace = tmp_path / f"upgrade {number}"
        shutil.copytree(older, workspace, symlinks=True)
        paths, ended = paths_of(workspace), threading.Event()

        def read(paths: Paths = paths, ended: threading.Event = ended) -> None:
            while not ended.is_set():
                seen.append(read_night(paths))

        reader = threading.Thread(target=read)
        reader.start()
        publish_night(paths, 2)
        ended.set()
        reader.join()
        seen.append(read_night(paths))
    assert {len(nights) for nights in seen} == {1}
    assert set().union(*seen) == {1, 2}
    tally(rounds_of_readers_while_folders_give_way=len(seen))
