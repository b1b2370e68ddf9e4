"""Whatever fails while something is published: the old generation or the new one, whole, and the
next run needs no help.
"""

import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

from ntg_assets.configuration.paths import Paths
from ntg_assets.errors import StorageError
from ntg_assets.history.currents import MADE_CURRENT, read_changes
from ntg_assets.history.days import ASSIGNMENT_DAYS, read_days
from ntg_assets.publish.generations.shelf import generations
from ntg_assets.publish.verify import verify_publication
from ntg_assets_tests.faults import KILL, KINDS, POWER_CUT, Disk, Fault, KilledError, operations
from ntg_assets_tests.killed_children import seconds_of
from ntg_assets_tests.nights import contents, name_of, paths_of, publish_night, read_night
from ntg_assets_tests.reliability.conftest import Tally
from ntg_assets_tests.workspaces import HOME

pytestmark = pytest.mark.slow


class Extent(NamedTuple):
    """How much is tried: each `step`-th operation, so many `rounds` of reading, so many `kills`."""

    step: int
    rounds: int
    kills: int


@pytest.fixture
def extent(request: pytest.FixtureRequest) -> Extent:
    """All of it in `make test-reliability`, some of it in `make test`."""
    return Extent(1, 1_000, 300) if request.config.getoption("exhaustive") else Extent(9, 60, 9)


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """A workspace with one night published."""
    folder = tmp_path / "before"
    folder.mkdir()
    publish_night(paths_of(folder), 1)
    return folder


@cache
def count_operations() -> int:
    contents(2)  # made once, and no part of publishing
    with TemporaryDirectory() as folder:
        paths = paths_of(Path(folder))
        publish_night(paths, 1)
        with operations() as counted:
            publish_night(paths, 2)
        return len(counted.done)


def fail_at(fault: Fault, before: Path, scratch: Path) -> tuple[Path, str]:
    """Publish night 2 with one operation that fails; return the workspace and what was done."""
    workspace = scratch / "workspace"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    shutil.copytree(before, workspace, symlinks=True)
    disk = Disk(workspace) if fault.kind == POWER_CUT else None
    with operations(fault, disk) as counted, suppress(KilledError, OSError, StorageError):
        publish_night(paths_of(workspace), 2)
    if disk is not None:
        workspace = scratch / "after the cut"
        disk.restore(workspace)
    return workspace, counted.done[fault.at - 1]


def judge(paths: Paths) -> int:
    """Return which night is current; everything of it must be there and be of that night."""
    (night,) = read_night(paths)
    assert verify_publication(paths).generation == name_of(night)
    drawn = read_days(sorted((paths.history / ASSIGNMENT_DAYS.kind).glob("*.parquet")))
    users = {user for frame in drawn for user in frame["user_id"]}
    assert set(range(1, night + 1)) <= users  # nobody sees a list that the history does not know
    read_changes(paths.history)
    return night


def check_the_next_run(paths: Paths) -> None:
    publish_night(paths, 2)
    assert judge(paths) == 2
    assert {kept.name for kept in generations(paths)} == {name_of(1), name_of(2)}
    assert sorted(path.name for path in paths.generations.iterdir() if path.is_dir()) == [
        name_of(1),
        name_of(2),
    ]
    files = sorted((paths.history / ASSIGNMENT_DAYS.kind).glob("*"))
    assert [file.name for file in files if file.suffix == ".parquet"] == [
        "assigned_on=2024-03-02.parquet",
        "assigned_on=2024-03-03.parquet",
    ]
    made = [one for one in read_changes(paths.history) if one.action in MADE_CURRENT]
    assert [one.generation for one in made] == [name_of(1), name_of(2)]


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_operation_fails_the_old_or_the_new_night_is_whole(
    kind: str, before: Path, tmp_path: Path, extent: Extent, tally: Tally
) -> None:
    seen = []
    n_operations = count_operations()
    for number in range(1, n_operations + 1, extent.step):
        workspace, done = fail_at(Fault(kind, number), before, tmp_path / "scratch")
        paths = paths_of(workspace)
        try:
            seen.append(judge(paths))
            check_the_next_run(paths)
        except Exception as error:
            raise AssertionError(
                f"{kind} at operation {number} of {n_operations} ({done}): {error}"
            ) from error
    assert set(seen) == {1, 2}  # both sides of the swap were reached
    if kind in {KILL, POWER_CUT}:  # an error may be met by doing without
        assert seen == sorted(seen)  # and it is crossed once
    tally(operations_of_a_publication_that_failed=len(seen))


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_operation_of_the_first_publication_fails_the_next_one_is_whole(
    kind: str, tmp_path: Path, extent: Extent, tally: Tally
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    numbers = range(1, count_operations(), 2 * extent.step - 1)
    for number in numbers:
        workspace, done = fail_at(Fault(kind, number), empty, tmp_path / "scratch")
        paths = paths_of(workspace)
        try:
            if paths.current.is_symlink():
                assert read_night(paths) == {2}
            publish_night(paths, 2)
            assert read_night(paths) == {2}
            assert verify_publication(paths).generation == name_of(2)
        except Exception as error:
            raise AssertionError(f"{kind} at operation {number} ({done}): {error}") from error
    tally(operations_of_a_first_publication_that_failed=len(numbers))


class Children:
    """A process that publishes in children, which can be killed."""

    def __init__(self, folder: Path) -> None:
        for path, content in contents(2).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ntg_assets_tests.publishing_children", str(folder)],
            cwd=HOME,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def publish(self, workspace: Path, *, kill_after: float | None) -> float | None:
        """Publish in a child; return its seconds, or None where it was killed."""
        return seconds_of(self.process, str(workspace), kill_after=kill_after)


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    made = Children(tmp_path / "files of the night")
    yield made
    made.process.kill()
    made.process.wait()


def test_killed_at_any_moment_the_old_or_the_new_night_is_whole(
    before: Path, tmp_path: Path, children: Children, extent: Extent, tally: Tally
) -> None:
    chance = random.Random(20260101)  # noqa: S311  # when to kill, not a secret
    workspace = tmp_path / "workspace"
    seconds, seen = 0.0, []
    for number in range(extent.kills + 2):
        shutil.rmtree(workspace, ignore_errors=True)
        shutil.copytree(before, workspace, symlinks=True)
        paths = paths_of(workspace)
        if number < 2:  # how long it takes when nobody kills it
            seconds = children.publish(workspace, kill_after=None) or seconds
            continue
        # one in three at any moment, the others in the second half, where the swap is; the first
        # at its beginning and the last long after its end, however busy the machine is
        part = chance.uniform(0.0 if number % 3 == 0 else 0.5, 1.05)
        part = {2: 0.02, extent.kills + 1: 5.0}.get(number, part)
        was_killed = children.publish(workspace, kill_after=part * seconds) is None
        night = judge(paths)
        check_the_next_run(paths)
        seen.append((was_killed, night))
    assert (True, 1) in seen
    assert {night for _, night in seen} == {1, 2}
    n_killed = sum(was_killed for was_killed, _ in seen)
    tally(
        kills_of_a_publication_at_random=n_killed,
        publications_that_ended_first=len(seen) - n_killed,
    )


@pytest.fixture
def swapping(tmp_path: Path) -> Iterator[Paths]:
    """A workspace whose current generation changes all the time."""
    paths = paths_of(tmp_path)
    for night in (1, 2, 3):
        publish_night(paths, night)
    ended = threading.Event()

    def swap() -> None:
        while not ended.is_set():
            for night in (1, 2, 3):
                publish_night(paths, night)

    thread = threading.Thread(target=swap)
    thread.start()
    yield paths
    ended.set()
    thread.join()


def test_readers_that_resolve_once_never_fail_and_never_mix(
    swapping: Paths, extent: Extent, tally: Tally
) -> None:
    seen = [tuple(read_night(swapping)) for _ in range(extent.rounds)]
    assert all(len(nights) == 1 for nights in seen)
    assert len(set(seen)) > 1  # they were swapped under the readers' feet
    mixtures = sum(len(nights) > 1 for nights in seen)
    swaps = sum(before != after for before, after in pairwise(seen))
    tally(rounds_of_readers=len(seen), mixtures=mixtures, swaps_between_rounds=swaps)
