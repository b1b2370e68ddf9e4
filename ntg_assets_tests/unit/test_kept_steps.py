"""The steps of the graph that a plan takes from the workspace are those of the code as it is."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.engines.choice import versions_in
from ntg_assets.orchestration.remembering import kept_steps as module
from ntg_assets.orchestration.remembering.code import code_of, code_of_package, environment
from ntg_assets.orchestration.remembering.kept_steps import kept_steps, known_steps
from ntg_assets.orchestration.remembering.steps import WORKS
from ntg_assets.sql import Table
from ntg_assets.storage.connection import connect
from ntg_assets.storage.versions import version_of
from ntg_assets_tests.workspaces import HOME

SCRIPT = """
import json, sys
from pathlib import Path
from ntg_assets.configuration import settings
def refuse(*_, **__):
    raise SystemExit("the graph asks for the configuration")
settings.load_settings = refuse
from ntg_assets.orchestration.remembering.kept_steps import known_steps
steps = known_steps(Path(sys.argv[1]))
print(json.dumps({
    "works": {name: repr(work) for name, work in steps.works.items()},
    "code": {work.module: steps.code_of(work.module) for work in steps.works.values()},
    "is_loaded": "dagster" in sys.modules,
}))
"""
EDITED = "ntg_assets/taste/taste_axes.py"


def steps_of(package: Path, file: Path) -> dict[str, Any]:
    """What a process over a copy of NTG knows of the steps."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(file)],
        cwd=package,
        env={"PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    shutil.copytree(HOME / "ntg_assets", folder / "ntg_assets")  # what is compiled comes with it
    return folder


@pytest.mark.slow
def test_steps_are_kept_until_a_file_of_the_package_changes(package: Path, tmp_path: Path) -> None:
    file = tmp_path / "steps.json"
    loaded, kept = steps_of(package, file), steps_of(package, file)
    assert (loaded.pop("is_loaded"), kept.pop("is_loaded")) == (True, False)
    assert kept == loaded

    edited = package / EDITED
    edited.write_text(edited.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    again = steps_of(package, file)
    assert again["is_loaded"]
    assert again["works"] == loaded["works"]
    moved = {name for name, code in again["code"].items() if code != loaded["code"][name]}
    name = EDITED.removeprefix("ntg_assets/")
    assert moved == {module for module, code in again["code"].items() if name in code}
    assert "ntg_assets.taste.assets" in moved
    assert "ntg_assets.splits.assets" not in moved
    assert not steps_of(package, file)["is_loaded"]


def test_steps_of_other_libraries_are_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "steps.json"
    of = {"environment": environment(), "code": code_of_package()}
    file.write_text(json.dumps({"of": of, "works": [], "files": [], "code": {}}), encoding="utf-8")
    assert kept_steps(file)
    monkeypatch.setattr(module, "environment", lambda: {"dagster": "another"})
    assert kept_steps(file) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"of": {}}', "\x00\xff"])
def test_what_cannot_be_read_is_not_believed(tmp_path: Path, text: str) -> None:
    file = tmp_path / "steps.json"
    file.write_text(text, encoding="utf-8")
    assert kept_steps(file) is None


def test_nothing_is_written_into_a_workspace_that_is_not_there(tmp_path: Path) -> None:
    steps = known_steps(tmp_path / "nowhere" / "steps.json")
    assert steps.works == WORKS
    assert steps.code_of("ntg_assets.taste.assets") == code_of("ntg_assets.taste.assets")
    assert not (tmp_path / "nowhere").exists()


def test_a_plan_names_what_tables_hold_as_a_run_does(tmp_path: Path) -> None:
    with connect(tmp_path / "a.duckdb") as connection:
        connection.execute("create schema live; create schema ingest")
        connection.execute(
            "create table live.kinds as select 1::utinyint as a, [1.5] as b, {'x': 'y'} as c,"
            " 'u'::enum('u', 'v') as d, 1.50::decimal(9, 2) as e, timestamptz '2026-01-01' as f"
        )
        connection.execute("create table ingest.empty (z date, a interval)")
        name = versions_in(connection, EngineSettings(), tmp_path)
        tables = [Table("live", "kinds"), Table("ingest", "empty"), Table("live", "gone")]
        named = [name(connection, table) for table in tables]
        assert named == [version_of(connection, table) for table in tables]
        assert [each is None for each in named] == [False, False, True]
