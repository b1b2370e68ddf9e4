"""One run over the bundled data, which many tests look at."""

from pathlib import Path

import pytest

from ntg_assets_tests.workspaces import Workspace


@pytest.fixture(scope="session")
def movielens(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace in which `ntg run-all` has run on the bundled MovieLens sample;
    `printed.txt` holds what it said.
    """
    workspace = Workspace(tmp_path_factory.mktemp("movielens"))
    Path(workspace.folder / "printed.txt").write_text(workspace.done("run-all"))
    return workspace
