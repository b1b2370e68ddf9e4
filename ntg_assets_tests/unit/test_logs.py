"""Structured logs: a run of the schedule and a run of a command leave JSON lines that a program can
read.
"""

import json
import logging
import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.execution.api import execute_run_iterator

from ntg_assets.cli.running.events import RunOutcome
from ntg_assets.cli.running.runs import nightly_job, run_assets, select_assets
from ntg_assets.cli.running.time_left import step_seconds
from ntg_assets.configuration.settings import load_settings, project_paths
from ntg_assets.errors import StorageError
from ntg_assets.orchestration.runs.logs import KEPT_FILES, JsonLines, log_file, run_log
from ntg_assets.orchestration.runs.nightly import start_or_wait
from ntg_assets_tests.event_files import write_log

Line = dict[str, Any]
INGEST = select_assets(["ingest_optional", "ingest"])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with a log of two events."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "dev.yaml").write_text(
        yaml.safe_dump({"ingest": {"events": {"files": ["in/log.csv"], "value": "value"}}})
    )
    write_log(tmp_path, ["u1,a,2024-01-01,1", "u2,b,2024-01-02,2"], name="in/log.csv")
    monkeypatch.setenv("NTG_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


def run_of_the_schedule(instance: dg.DagsterInstance) -> str:
    """Do as the daemon does: take the tick's request, make a run of it and execute that."""
    request = start_or_wait(instance, project_paths(load_settings()))
    assert isinstance(request, dg.RunRequest)
    job = dg.reconstructable(nightly_job).get_subset(asset_selection=INGEST)
    run = instance.create_run_for_job(
        job.get_definition(), run_config=dict(request.run_config), asset_selection=INGEST
    )
    assert any(event.is_job_success for event in execute_run_iterator(job, run, instance))
    return run.run_id


def lines_of(text: str) -> list[Line]:
    return [json.loads(line) for line in text.splitlines()]


def kept(home: Path, run_id: str) -> list[Line]:
    return lines_of((home / "data" / "logs" / f"{run_id}.jsonl").read_text())


@pytest.mark.slow
def test_a_scheduled_run_writes_json_lines_to_standard_error_and_keeps_them(
    home: Path, instance: dg.DagsterInstance, capfd: pytest.CaptureFixture[str]
) -> None:
    run_id = run_of_the_schedule(instance)
    told = lines_of(capfd.readouterr().err)  # each line is one: nothing else writes there
    assert told == kept(home, run_id)
    assert {line["run"] for line in told} == {run_id}
    (events,) = [
        line
        for line in told
        if line.get("event") == "ASSET_MATERIALIZATION" and line["table"] == "ingest.events"
    ]
    assert (events["level"], events["step"], events["rows"]) == ("info", "source_files", 2)
    assert datetime.fromisoformat(events["at"]).utcoffset() is not None
    steps = [line for line in told if line.get("event") == "STEP_SUCCESS"]
    assert all(line["cpu_seconds"] >= 0 for line in steps)
    assert 0 < sum(line["cpu_seconds"] for line in steps) < time.process_time()
    (checked,) = [line for line in told if line.get("check") == "ledger_reconciles"]
    assert (checked["table"], checked["passed"], checked["message"]) == (
        "ingest.events",
        True,
        "every file reconciles",
    )


@pytest.mark.slow
def test_a_command_keeps_its_lines_in_a_file_and_leaves_the_terminal_to_its_progress(
    home: Path, instance: dg.DagsterInstance, capfd: pytest.CaptureFixture[str]
) -> None:
    *_, outcome = run_assets(INGEST, instance=instance)
    assert isinstance(outcome, RunOutcome)
    assert outcome.succeeded
    assert capfd.readouterr().err == ""
    told = kept(home, outcome.run_id)
    assert (told[0]["event"], told[-1]["event"]) == ("RUN_START", "RUN_SUCCESS")
    assert any(line["message"].startswith("1 event file(s): 2 rows") for line in told)
    *_, again = run_assets(INGEST, instance=instance, remake=False)
    assert isinstance(again, RunOutcome)
    left = [line for line in kept(home, again.run_id) if line.get("table") == "ingest.events"]
    assert {line.get("reused_from_run") for line in left if "rows" in line} == {outcome.run_id}
    logs = home / "data" / "logs"
    assert "source_files" in step_seconds(log_file(logs, outcome.run_id))
    assert "source_files" not in step_seconds(log_file(logs, again.run_id))


@pytest.mark.slow
def test_a_failure_is_told_with_its_reason_and_traceback(
    home: Path, instance: dg.DagsterInstance
) -> None:
    (home / "in" / "log.csv").unlink()
    *_, outcome = run_assets(INGEST, instance=instance)
    assert isinstance(outcome, RunOutcome)
    errors = [line for line in kept(home, outcome.run_id) if line["level"] == "error"]
    assert {line["event"] for line in errors if "event" in line} == {"STEP_FAILURE", "RUN_FAILURE"}
    assert "in/log.csv" in errors[0]["error"]
    assert "Traceback" not in errors[0]["error"]
    assert "file_names.py" in errors[0]["exception"]


def test_a_line_of_another_program_is_a_line_too() -> None:
    record = logging.LogRecord("other", logging.WARNING, "x.py", 1, "%s of %s", ("1", "2"), None)
    told = json.loads(JsonLines().format(record))
    assert told.keys() == {"at", "level", "message"}
    assert (told["level"], told["message"]) == ("warning", "1 of 2")


def test_the_lines_of_the_oldest_runs_go(tmp_path: Path) -> None:
    for number in range(KEPT_FILES + 2):
        file = tmp_path / f"{number}.jsonl"
        file.touch()
        os.utime(file, ns=(number, number))
    run_log(tmp_path, "new")
    left = {file.stem for file in tmp_path.iterdir()}
    assert left == {"new", *map(str, range(3, KEPT_FILES + 2))}


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(StorageError, match="Give a writable folder with the `workspace` key"):
        run_log(tmp_path / "data" / "logs", "run")
