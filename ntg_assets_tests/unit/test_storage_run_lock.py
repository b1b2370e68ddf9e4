"""One run at a time in a workspace; the lock dies with its process."""

import subprocess
import sys
from pathlib import Path

import pytest

from ntg_assets.errors import StorageError
from ntg_assets.storage.run_lock import run_lock

HOME = Path(__file__).parents[2]
HOLD = """
import sys
from pathlib import Path
from ntg_assets.storage.run_lock import run_lock
with run_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def hold(file: Path) -> subprocess.Popen[bytes]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)],
        cwd=HOME,
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    return holder


def test_a_second_process_is_told_who_runs(tmp_path: Path) -> None:
    holder = hold(tmp_path / "run.lock")
    try:
        with (
            pytest.raises(
                StorageError, match=rf"another run \(process {holder.pid}\) .*Wait for it to end"
            ),
            run_lock(tmp_path / "run.lock"),
        ):
            pytest.fail("two runs at once")
    finally:
        holder.communicate(b"\n")
    with run_lock(tmp_path / "run.lock"):
        pass


def test_a_killed_run_leaves_no_lock(tmp_path: Path) -> None:
    holder = hold(tmp_path / "run.lock")
    holder.kill()
    holder.wait()
    with run_lock(tmp_path / "run.lock"):
        pass


def test_a_process_may_ask_again_for_what_it_has(tmp_path: Path) -> None:
    with run_lock(tmp_path / "run.lock"):
        with run_lock(tmp_path / "run.lock"):
            pass
        asked = subprocess.run(
            [sys.executable, "-c", HOLD, str(tmp_path / "run.lock")],
            cwd=HOME,
            input=b"\n",
            capture_output=True,
            check=False,
        )
    assert asked.returncode == 1
    assert b"another run" in asked.stderr
