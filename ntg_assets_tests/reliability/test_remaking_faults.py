"""A run that makes everything again is killed: whatever it left, the next run needs no help, and
its tables are those of a night that nobody disturbed.
"""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ntg_assets_tests.killed_children import seconds_of
from ntg_assets_tests.reliability.conftest import Tally
from ntg_assets_tests.unit.test_remembering import hashes, night, write_log
from ntg_assets_tests.workspaces import HOME

pytestmark = pytest.mark.slow


class Children:
    """A process that remakes in children, which can be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ntg_assets_tests.remaking_children"],
            cwd=HOME,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def remake(self, *, kill_at: int = 0, kill_after: float | None = None) -> float | None:
        """Remake in a child; return its seconds, or None where it was killed."""
        return seconds_of(self.process, f"{self.folder} {kill_at}", kill_after=kill_after)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nights on one log: the second keeps what the first has begun."""
    folder = tmp_path_factory.mktemp("remade")
    write_log(folder)
    assert night(folder).succeeded
    assert night(folder).succeeded
    return folder


@pytest.fixture(scope="module")
def children(workspace: Path) -> Iterator[Children]:
    made = Children(workspace)
    yield made
    made.process.kill()
    made.process.wait()


@pytest.fixture
def undisturbed(workspace: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What the tables hold; afterwards the workspace is as it was."""
    kept = tmp_path / "kept"
    shutil.copytree(workspace, kept)
    yield hashes(workspace)
    put_back(kept, workspace)


def put_back(kept: Path, workspace: Path) -> None:
    shutil.rmtree(workspace)
    shutil.copytree(kept, workspace)


def check_the_next_run(workspace: Path, undisturbed: dict[str, str], at: str) -> None:
    after = night(workspace)
    assert after.succeeded, at
    assert hashes(workspace) == undisturbed, at
    assert night(workspace).made <= {"volume_report"}, at  # what was kept is known again


def test_killed_at_any_operation_a_run_that_makes_all_again_is_made_good_by_the_next(
    workspace: Path,
    undisturbed: dict[str, str],
    children: Children,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    tally: Tally,
) -> None:
    step, number, n_killed = 1 if request.config.getoption("exhaustive") else 27, 1, 0
    while children.remake(kill_at=number) is None:
        check_the_next_run(workspace, undisturbed, f"operation {number}")
        put_back(tmp_path / "kept", workspace)
        number, n_killed = number + step, n_killed + 1
    assert n_killed > 50 / step - 1
    tally(kills_of_a_run_one_at_each_operation=n_killed)
    assert hashes(workspace) == undisturbed


def test_killed_at_any_moment_a_run_that_makes_all_again_is_made_good_by_the_next(
    workspace: Path,
    undisturbed: dict[str, str],
    children: Children,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    tally: Tally,
) -> None:
    chance = random.Random(20260102)  # noqa: S311  # when to kill, not a secret
    seconds, n_killed = children.remake() or 1.0, 0
    for number in range(40 if request.config.getoption("exhaustive") else 1):
        part = chance.uniform(0.1, 1.0)
        n_killed += children.remake(kill_after=part * seconds) is None
        check_the_next_run(workspace, undisturbed, f"kill {number} at {part:.2f} of the run")
        put_back(tmp_path / "kept", workspace)
    assert n_killed or number == 0
    tally(kills_of_a_run_at_random=n_killed)
