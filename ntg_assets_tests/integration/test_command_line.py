"""Every command has help; wrong use and wrong input get one sentence that says what to do,
and the right exit code.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ntg_assets_tests.logs import SAMPLE
from ntg_assets_tests.workspaces import HOME, Workspace

pytestmark = pytest.mark.slow

COMMANDS = [
    "run-all",
    "plan",
    "build-dataset",
    "build-features",
    "build-graph",
    "rank",
    "score-users",
    "explain",
    "explain-edge",
    "explain-axis",
    "serve",
    "sql",
    "forget",
    "contacts taken",
    "verify",
    "replay",
    "trace",
    "synth",
    "plan-experiment",
    "ui",
    "config show",
]
FAILED, WRONG_USAGE = 1, 2


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


def refused(finished: subprocess.CompletedProcess[str], code: int) -> str:
    """Return the one sentence of a refusal; there is no traceback."""
    assert finished.returncode == code, finished.stdout + finished.stderr
    assert "Traceback" not in finished.stdout + finished.stderr
    return finished.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_command_has_help_and_is_in_the_readme(workspace: Workspace, command: str) -> None:
    assert "Usage" in workspace.done(*command.split(), "--help")
    assert f"ntg {command}" in (HOME / "README.md").read_text()


def test_unknown_command_and_option_are_wrong_usage(workspace: Workspace) -> None:
    assert "No such command" in refused(workspace.ntg("run-some"), WRONG_USAGE)
    assert "No such option" in refused(workspace.ntg("run-all", "--fast"), WRONG_USAGE)
    assert "is not a stage" in refused(
        workspace.ntg("build-features", "--stage", "tomorrow"), WRONG_USAGE
    )


def test_configuration_is_shown_with_its_fingerprint(workspace: Workspace) -> None:
    shown = workspace.fresh.done("config", "show", NTG_RANKING__TOP_K="7")
    assert "top_k: 7" in shown
    assert "# fingerprint: " in shown


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"NTG_RANKING__TOPK": "7"}, "did you mean 'top_k'"),
        ({"NTG_CONFIG": "configs/nowhere.yaml"}, "nowhere.yaml does not exist"),
        ({"NTG_RANKING__TOP_K": "many"}, "ranking.top_k"),
    ],
)
def test_wrong_configuration_is_told_in_one_sentence(
    workspace: Workspace, variables: dict[str, str], told: str
) -> None:
    assert told in refused(workspace.ntg("run-all", **variables), WRONG_USAGE)


def test_config_option_names_the_file(workspace: Workspace) -> None:
    assert "nowhere.yaml does not exist" in refused(
        workspace.ntg("config", "show", "--config", "configs/nowhere.yaml"), WRONG_USAGE
    )


def test_missing_source_file_fails_the_run_with_asset_and_reason(workspace: Workspace) -> None:
    told = refused(
        workspace.ntg("build-dataset", NTG_INGEST__EVENTS__FILES='["data/nowhere/*.csv"]'), FAILED
    )
    assert "source_files" in told
    assert "data/nowhere/*.csv" in told


def test_missing_column_is_told_with_the_columns_that_are_there(workspace: Workspace) -> None:
    told = refused(workspace.ntg("build-dataset", NTG_INGEST__EVENTS__USER_ID="user"), FAILED)
    assert "'user'" in told
    assert "userId" in told


def test_too_many_bad_rows_refuse_the_load(workspace: Workspace, tmp_path: Path) -> None:
    lines = (SAMPLE / "ratings.csv").read_text().splitlines()
    broken = [
        line if number % 20 else line.replace(",", ",x", 1) for number, line in enumerate(lines)
    ]
    (tmp_path / "ratings.csv").write_text("\n".join([lines[0], *broken[1:]]) + "\n")
    variables = {
        "NTG_INGEST__EVENTS__FILES": json.dumps([str(tmp_path / "ratings.csv")]),
        "NTG_INGEST__SOURCE_FOLDERS": json.dumps([str(tmp_path)]),
    }
    told = refused(workspace.ntg("build-dataset", **variables), FAILED)
    assert "max_bad_share" in told
    assert "5,041" in told  # every twentieth of 100,836 rows


def test_features_without_a_dataset_make_what_they_need_first(workspace: Workspace) -> None:
    printed = workspace.fresh.done("build-features")
    assert "tables that this needs are made first" in printed
    assert workspace.table("backtest", "user_features").height > 0


def test_verify_before_anything_is_published_says_what_to_run(workspace: Workspace) -> None:
    assert "Run `ntg run-all` first" in refused(workspace.ntg("verify"), FAILED)


def test_locked_warehouse_is_told_before_anything_runs(workspace: Workspace) -> None:
    workspace.warehouse.parent.mkdir(parents=True)
    script = (
        "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('held', flush=True);"
        " sys.stdin.readline()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(workspace.warehouse)],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    try:
        assert "in use by another process" in refused(workspace.ntg("build-dataset"), FAILED)
    finally:
        holder.communicate(b"\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a file system that refuses even its owner")
def test_unwritable_workspace_is_told_in_one_sentence(workspace: Workspace) -> None:
    told = refused(workspace.ntg("build-dataset", NTG_WORKSPACE="/proc/ntg"), FAILED)
    assert "Give a writable folder" in told


def test_full_disk_is_told_before_anything_runs(workspace: Workspace) -> None:
    told = refused(
        workspace.ntg("build-dataset", NTG_ENGINE__MINIMUM_FREE_DISK_GB="1000000"), FAILED
    )
    assert "GB of disk are free" in told


def test_debug_shows_the_traceback(workspace: Workspace) -> None:
    finished = workspace.ntg("verify", "--debug")
    assert finished.returncode == 1
    assert "Traceback" in finished.stderr


def test_synthetic_world_is_written_and_impossible_ones_refused(
    workspace: Workspace, tmp_path: Path
) -> None:
    told = workspace.fresh.done(
        "synth",
        "--out",
        str(tmp_path / "world"),
        "--events",
        "2000",
        "--users",
        "50",
        "--items",
        "40",
    )
    assert "2,000 events of 50 users" in told
    assert (tmp_path / "world" / "truth" / "parameters.json").exists()
    assert "events for" in refused(
        workspace.ntg("synth", "--events", "10", "--users", "50"), WRONG_USAGE
    )


@pytest.mark.parametrize("arguments", [["config", "show"], ["--version"], ["run-some"], ["verify"]])
def test_a_command_in_a_child_of_the_tests_is_the_one_that_people_start(
    workspace: Workspace, arguments: list[str]
) -> None:
    child, started = workspace.ntg(*arguments), workspace.fresh.ntg(*arguments)
    assert (child.returncode, child.stdout, child.stderr) == (
        started.returncode,
        started.stdout,
        started.stderr,
    )
