"""Dagster's own `dg` commands find the definitions by what `pyproject.toml` says."""

import importlib
import json
import os
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import dagster as dg
import pytest

from ntg_assets_tests.workspaces import HOME

RUN = "from dagster_dg_cli.cli import main; main()"
is_installed = pytest.mark.skipif(
    find_spec("dagster_dg_cli") is None, reason="dagster-dg-cli is not installed"
)


def run_dg(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `dg` in the project folder, its history in a folder of its own."""
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(folder),
        "NTG_WORKSPACE": str(folder),
        "PYTHONPATH": os.pathsep.join([str(HOME), os.environ.get("PYTHONPATH", "")]),
    }
    return subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        cwd=HOME,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_pyproject_names_the_module_of_the_definitions() -> None:
    told = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["dg"]
    assert told["directory_type"] == "project"
    module = importlib.import_module(told["project"]["code_location_target_module"])
    assert module.__name__.split(".")[0] == told["project"]["root_module"]
    assert isinstance(module.defs, dg.Definitions)


@is_installed
@pytest.mark.slow
def test_dg_checks_and_lists_the_definitions(tmp_path: Path) -> None:
    checked = run_dg(tmp_path, "check", "defs")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    listed = json.loads(run_dg(tmp_path, "list", "defs", "--json").stdout)
    assert {"nightly", "experiments"} <= {job["name"] for job in listed["jobs"]}
    assert len(listed["assets"]) > 100
