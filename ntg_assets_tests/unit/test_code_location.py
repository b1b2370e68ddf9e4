"""Runs of the shell stand on the UI's overview: they name the location that the UI has loaded."""

from pathlib import Path

import pytest

from ntg_assets.cli.running.runs import origin_of_runs
from ntg_assets.orchestration.runs.code_location import MODULE, location_name, ui_arguments
from ntg_assets_tests.workspaces import HOME


def test_the_project_folder_names_its_location() -> None:
    assert location_name(HOME) == "ntg"
    assert ui_arguments(HOME) == ["-w", str(HOME / "workspace.yaml")]


def test_a_folder_without_a_workspace_file_is_known_by_its_module(tmp_path: Path) -> None:
    assert (location_name(tmp_path), ui_arguments(tmp_path)) == (MODULE, ["-m", MODULE])


@pytest.mark.parametrize("text", ["", "load_from: []", "load_from: [{python_file: other.py}]"])
def test_a_workspace_file_without_a_name_leaves_the_module(tmp_path: Path, text: str) -> None:
    (tmp_path / "workspace.yaml").write_text(text)
    assert location_name(tmp_path) == MODULE


def test_a_run_names_the_location_and_the_repository() -> None:
    origin = origin_of_runs()
    assert origin.code_location_origin.location_name == "ntg"
    assert origin.repository_name == "__repository__"
