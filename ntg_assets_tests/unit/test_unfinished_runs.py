"""One run at a time: ticks wait for the run that goes on,
and a run whose process was killed makes way.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.test_utils import create_run_for_test

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import load_settings, project_paths
from ntg_assets.definitions import defs
from ntg_assets.orchestration.runs.nightly import nightly_schedule, start_or_wait
from ntg_assets.orchestration.runs.unfinished_runs import (
    WORKSPACE_TAG,
    fail_killed_run,
    killed_runs_sensor,
    tags_of_runs,
    unfinished_run,
)
from ntg_assets.storage.run_lock import run_lock

HOME = Path(__file__).parents[2]
QUEUED, STARTED, CANCELING = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)
FAILURE, CANCELED = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED
RUN_THAT_HANGS = """
import pathlib, sys, time
import dagster as dg
from ntg_assets.orchestration.project import Project

@dg.asset(key_prefix="live")
def endless(context: dg.AssetExecutionContext, project: Project) -> None:
    pathlib.Path(sys.argv[1]).with_suffix(".part").write_text(context.run.run_id)
    pathlib.Path(sys.argv[1]).with_suffix(".part").rename(sys.argv[1])
    time.sleep(600)

with dg.DagsterInstance.get() as instance:
    dg.materialize([endless], resources={"project": Project()}, instance=instance)
"""


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setenv("NTG_WORKSPACE", str(tmp_path / "workspace"))
    found = project_paths(load_settings())
    found.run_lock.parent.mkdir(parents=True)
    return found


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """A history that other processes write to as well."""
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\nnux: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with dg.DagsterInstance.get() as opened:
        yield opened


def make_run(instance: dg.DagsterInstance, status: dg.DagsterRunStatus, **given: Any) -> str:
    origin = RemoteJobOrigin(
        RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("somewhere"), "repository"), "nightly"
    )
    return create_run_for_test(
        instance, job_name="nightly", status=status, remote_job_origin=origin, **given
    ).run_id


def killed_while_it_held(paths: Paths, run_id: str) -> None:
    """Leave the lock as a killed process does: free, and naming its run."""
    script = "import os, sys, pathlib\nfrom ntg_assets.storage.run_lock import run_lock\n"
    script += (
        "with run_lock(pathlib.Path(sys.argv[1]), run_id=sys.argv[2]):\n    os.kill(os.getpid(), 9)"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(paths.run_lock), run_id], cwd=HOME, check=False
    )


def failures(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    logged = instance.all_logs(
        run_id, of_type={dg.DagsterEventType.RUN_FAILURE, dg.DagsterEventType.RUN_CANCELED}
    )
    return [entry.get_dagster_event().message or "" for entry in logged]


def waits_for(instance: dg.DagsterInstance, paths: Paths) -> str:
    """Why the nightly schedule would wait now, or nothing."""
    told = start_or_wait(instance, paths)
    return str(told.skip_message) if isinstance(told, dg.SkipReason) else ""


@pytest.fixture
def endless(
    paths: Paths,
    history: dg.DagsterInstance,  # noqa: ARG001  # set before it starts
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A run that goes on in a process of its own: its id and its process."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN_THAT_HANGS, str(paths.workspace / "id")], cwd=HOME, text=True
    )
    try:
        while not (paths.workspace / "id").exists():
            assert process.poll() is None
            time.sleep(0.1)
        yield (paths.workspace / "id").read_text(), process
    finally:
        process.kill()
        process.wait()


def tick(history: dg.DagsterInstance) -> str:
    """Evaluate the schedule as the daemon does."""
    with dg.build_schedule_context(instance=history) as context:
        return (
            nightly_schedule(dg.define_asset_job("nightly"), load_settings())
            .evaluate_tick(context)
            .skip_message
            or ""
        )


@pytest.mark.slow
def test_a_run_that_goes_on_is_waited_for_and_one_that_was_killed_makes_way(
    history: dg.DagsterInstance, paths: Paths, endless: tuple[str, subprocess.Popen[str]]
) -> None:
    run_id, process = endless
    assert fail_killed_run(history, paths) is None
    assert f"run {run_id} of process {process.pid} holds the workspace: one run at a time" in tick(
        history
    )
    process.kill()
    process.wait()
    run = history.get_run_by_id(run_id)
    assert run is not None
    assert run.status is STARTED  # nobody has told Dagster
    with ThreadPoolExecutor(4) as loaders:  # several processes load the code at once
        ended = list(loaders.map(lambda _: fail_killed_run(history, paths), range(4)))
    assert [told for told in ended if told] == [run_id]
    assert [message[:36] for message in failures(history, run_id)] == [
        "The process of this run was killed: "
    ]
    assert tick(history) == ""


@pytest.mark.parametrize(("status", "ended"), [(STARTED, FAILURE), (CANCELING, CANCELED)])
def test_the_sensor_ends_a_killed_run(
    instance: dg.DagsterInstance,
    paths: Paths,
    status: dg.DagsterRunStatus,
    ended: dg.DagsterRunStatus,
) -> None:
    run_id = make_run(instance, status)
    killed_while_it_held(paths, run_id)
    told = [
        killed_runs_sensor(load_settings())(dg.build_sensor_context(instance=instance))
        for _ in range(2)
    ]
    assert [
        str(skipped.skip_message) for skipped in told if isinstance(skipped, dg.SkipReason)
    ] == [
        f"the process of run {run_id} was killed: it is failed, its place is free",
        "no run was killed",
    ]
    run = instance.get_run_by_id(run_id)
    assert run is not None
    assert run.status is ended


def test_no_other_run_is_touched(instance: dg.DagsterInstance, paths: Paths) -> None:
    others = [make_run(instance, status) for status in (QUEUED, STARTED, CANCELING)]
    assert fail_killed_run(instance, paths) is None  # nobody ever held the workspace
    killed_while_it_held(paths, "a run of another history")
    assert fail_killed_run(instance, paths) is None
    with run_lock(paths.run_lock, run_id=others[1]):
        assert fail_killed_run(instance, paths) is None  # it goes on
    # it let go of the workspace and has yet to tell of its success
    assert fail_killed_run(instance, paths) is None
    assert [failures(instance, run_id) for run_id in others] == [[], [], []]


def test_a_look_at_the_workspace_does_not_lose_the_killed_run(
    instance: dg.DagsterInstance, paths: Paths
) -> None:
    run_id = make_run(instance, STARTED)
    killed_while_it_held(paths, run_id)
    with run_lock(paths.run_lock):
        assert fail_killed_run(instance, paths) is None
    assert fail_killed_run(instance, paths) == run_id


def test_ticks_wait_for_runs_of_this_workspace_only(
    instance: dg.DagsterInstance, paths: Paths
) -> None:
    make_run(instance, STARTED, tags={WORKSPACE_TAG: "another"})
    # another code location's
    make_run(instance, QUEUED, asset_selection=frozenset({dg.AssetKey(["sales", "orders"])}))
    make_run(instance, FAILURE, tags=tags_of_runs(paths))
    assert unfinished_run(instance, paths) is None
    assert waits_for(instance, paths) == ""
    ad_hoc = make_run(
        instance, QUEUED, asset_selection=frozenset({dg.AssetKey(["live", "recommendations"])})
    )
    assert waits_for(instance, paths).startswith(f"run {ad_hoc} is QUEUED")


def test_ticks_wait_for_a_run_of_another_history(
    instance: dg.DagsterInstance, paths: Paths
) -> None:
    with run_lock(paths.run_lock, run_id="elsewhere"):
        assert "run elsewhere of process" in waits_for(instance, paths)
    assert waits_for(instance, paths) == ""


def test_the_jobs_runs_carry_the_workspace() -> None:
    assert defs.resolve_job_def("nightly").run_tags.keys() >= {WORKSPACE_TAG}
