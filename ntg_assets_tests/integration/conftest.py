"""One run over the bundled data, which many tests look at."""

import fcntl
import shutil
from pathlib import Path

import pytest

from ntg_assets_tests.workspaces import Workspace


@pytest.fixture(scope="session")
def movielens(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Workspace:
    """A workspace in which `ntg run-all` has run on the bundled MovieLens sample;
    `printed.txt` holds what it said.

    The run is made once, by whichever process of the tests needs it first. Each process looks at
    a copy of its own, since some tests damage files or run again.
    """
    workspace = Workspace(tmp_path_factory.mktemp("movielens"))
    if worker_id == "master":
        _run(workspace)
        return workspace
    made = tmp_path_factory.getbasetemp().parent / "movielens_made"
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made / "printed.txt").exists():
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir()
            _run(Workspace(made))
    shutil.copytree(made, workspace.folder, symlinks=True, dirs_exist_ok=True)
    return workspace


def _run(workspace: Workspace) -> None:
    printed = workspace.fresh.done("run-all")
    Path(workspace.folder / "printed.txt").write_text(printed, encoding="utf-8")
