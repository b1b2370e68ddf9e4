"""`dagster.yaml` and `workspace.yaml`: Dagster accepts every key,
and each does what it is there for.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.definitions.freshness import TimeWindowFreshnessPolicy
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.instance.config import PoolGranularity, dagster_instance_config
from dagster._core.scheduler.instigation import TickStatus

from ntg_assets.definitions import defs

ROOT = Path(__file__).parents[2]


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    shutil.copy(ROOT / "dagster.yaml", tmp_path / "dagster.yaml")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with dg.DagsterInstance.get() as opened:
        yield opened


def test_nothing_leaves_the_machine(instance: dg.DagsterInstance) -> None:
    assert (instance.telemetry_enabled, instance.nux_enabled) == (False, False)


def test_history_lies_below_dagster_home(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    assert instance.is_persistent
    assert (tmp_path / "history").is_dir()


def test_one_run_at_a_time(instance: dg.DagsterInstance) -> None:
    limits = instance.get_concurrency_config()
    assert limits.run_queue_config
    assert limits.run_queue_config.max_concurrent_runs == 1
    assert limits.pool_config.pool_granularity is PoolGranularity.OP


def test_a_killed_run_ends_by_itself(instance: dg.DagsterInstance) -> None:
    assert instance.run_monitoring_enabled
    assert instance.run_monitoring_max_runtime_seconds == 6 * 60 * 60


def test_ticks_do_not_pile_up(instance: dg.DagsterInstance) -> None:
    kept = instance.get_tick_retention_settings(InstigatorType.SENSOR)
    assert 0 < kept[TickStatus.SKIPPED] < kept[TickStatus.SUCCESS]


@pytest.mark.parametrize("folder", [".", "deploy"])
def test_dagster_accepts_every_key(folder: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / folder / "dagster.yaml", tmp_path / "dagster.yaml")
    accepted, _ = dagster_instance_config(str(tmp_path))
    assert accepted["telemetry"] == {"enabled": False}


@pytest.mark.slow
def test_definitions_validate_without_a_warning(tmp_path: Path) -> None:
    """What `dagster dev` and the daemon load; a warning here would be on every screen."""
    shutil.copy(ROOT / "dagster.yaml", tmp_path / "dagster.yaml")
    validated = subprocess.run(
        [
            Path(sys.executable).with_name("dagster"),
            "definitions",
            "validate",
            "-w",
            ROOT / "workspace.yaml",
        ],
        cwd=ROOT,
        env={"DAGSTER_HOME": str(tmp_path), "PATH": str(Path(sys.executable).parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    told = validated.stdout + validated.stderr
    assert validated.returncode == 0, told
    assert "All code locations passed validation" in told
    # the command announces its successor
    about_us = [line for line in told.splitlines() if "definitions_validate_command" not in line]
    assert [line for line in about_us if "arning" in line] == []


def test_the_workspace_names_the_module_that_the_package_names() -> None:
    location: dict[str, Any] = yaml.safe_load(
        (ROOT / "workspace.yaml").read_text(encoding="utf-8")
    )["load_from"][0]["python_module"]
    assert f'module_name = "{location["module_name"]}"' in (ROOT / "pyproject.toml").read_text(
        encoding="utf-8"
    )


def test_what_people_rely_on_is_called_late_after_a_day_and_some_hours() -> None:
    specs = {
        spec.key.to_user_string(): spec.freshness_policy for spec in defs.resolve_all_asset_specs()
    }
    judged = {key.split("/")[0] for key, policy in specs.items() if policy is not None}
    assert judged == {"ingest", "live", "published"}
    policy = specs["published/publication"]
    assert isinstance(policy, TimeWindowFreshnessPolicy)
    assert policy.fail_window.to_timedelta() == timedelta(hours=26)
