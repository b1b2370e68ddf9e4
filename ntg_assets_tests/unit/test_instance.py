"""The history of runs: below the workspace or where a server has it, and silent in both."""

import os
from pathlib import Path

import dagster as dg
import pytest

from ntg_assets.configuration.paths import Paths
from ntg_assets.errors import StorageError
from ntg_assets.orchestration.instance import (
    SILENT_CONFIG,
    open_instance,
    prepare_dagster_home,
    undecided,
)

FOREIGN = {
    "nothing": "",
    "something else": "retention: {schedule: {purge_after_days: 90}}\n",
    "a part": "telemetry: {enabled: false}\n",
}


@pytest.fixture
def paths(tmp_path: Path, project_home: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("DAGSTER_HOME", "DAGSTER_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, "")  # so that what is set is taken back
        monkeypatch.delenv(name)
    return Paths(home=project_home, workspace=tmp_path / "workspace")


@pytest.fixture
def server(tmp_path: Path, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: ARG001  # which clears the variables first
    folder = tmp_path / "server"
    folder.mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    return folder


def is_silent(instance: dg.DagsterInstance) -> bool:
    return (
        not instance.telemetry_enabled
        and not instance.nux_enabled
        and os.environ["DAGSTER_DISABLE_TELEMETRY"] == "yes"
    )


def test_the_history_of_a_workspace_is_silent(paths: Paths) -> None:
    with open_instance(paths) as instance:
        assert is_silent(instance)
        assert Path(instance.root_directory) == paths.dagster_home


def test_a_server_without_a_configuration_is_given_a_silent_one(server: Path, paths: Paths) -> None:
    with open_instance(paths) as instance:
        assert is_silent(instance)
        assert Path(instance.root_directory) == server
    assert sorted(file.name for file in server.glob("dagster.yaml*")) == ["dagster.yaml"]
    assert (server / "dagster.yaml").read_text() == SILENT_CONFIG
    with dg.DagsterInstance.get() as instance:  # as the UI and the daemon open it
        assert is_silent(instance)


@pytest.mark.parametrize("said", FOREIGN.values(), ids=list(FOREIGN))
def test_a_configuration_of_somebody_else_stays_and_what_it_leaves_open_is_silent(
    said: str, server: Path, paths: Paths
) -> None:
    (server / "dagster.yaml").write_text(said)
    with open_instance(paths) as instance:
        assert is_silent(instance)
    assert (server / "dagster.yaml").read_text() == said


def test_what_somebody_else_decided_is_theirs(server: Path, paths: Paths) -> None:
    (server / "dagster.yaml").write_text("telemetry: {enabled: true}\n")
    with open_instance(paths) as instance:
        assert instance.telemetry_enabled
        assert not instance.nux_enabled
    assert list(undecided(server)) == ["nux"]


@pytest.mark.parametrize("given", ["relative/folder", "/nowhere/at/all"])
def test_a_folder_that_is_not_there_is_told(
    given: str, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", given)
    with pytest.raises(
        StorageError, match=rf"DAGSTER_HOME={given} is no folder with an absolute path"
    ):
        prepare_dagster_home(paths)
