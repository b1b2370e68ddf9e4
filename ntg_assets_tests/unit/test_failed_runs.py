"""Why a run failed is said in the list of runs and at the end of its page."""

from collections.abc import Iterator

import dagster as dg
import pytest

from ntg_assets.errors import StorageError
from ntg_assets.orchestration.runs.failed_runs import (
    REASON_TAG,
    TAG_CHARACTERS,
    Failed,
    Refused,
    failed_runs_sensor,
    reason_lines,
    say_why,
)

LONG = "12 of 40 users are unknown: " + "and more of them " * 20


@dg.asset(key_prefix="ingest")
def broken() -> None:
    """Fail as every asset of NTG does: with a sentence."""
    raise StorageError(LONG)


@dg.asset(key_prefix="live", deps=[broken])
def never_reached() -> None:
    """Wait for what failed."""


@dg.asset(key_prefix="live")
def judged() -> None:
    """Be made, and judged below."""


@dg.asset_check(asset=judged, blocking=True)
def holds() -> dg.AssetCheckResult:
    """Refuse."""
    return dg.AssetCheckResult(passed=False, description="3 rows are negative")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


def run(instance: dg.DagsterInstance, *parts: object) -> dg.ExecuteInProcessResult:
    return dg.materialize(parts, instance=instance, raise_on_error=False)  # type: ignore[arg-type]


def last_line(instance: dg.DagsterInstance, run_id: str) -> str:
    return instance.all_logs(run_id)[-1].message


def test_the_last_line_of_the_page_and_the_list_of_runs_give_the_reason(
    instance: dg.DagsterInstance,
) -> None:
    run_id = run(instance, broken, never_reached).run_id
    assert "Why" not in last_line(instance, run_id)

    reason = " ".join(LONG.split())
    assert say_why(instance, run_id) == [f"ingest/broken: {reason}"]

    assert last_line(instance, run_id) == f"Why this run failed:\ningest/broken: {reason}"
    (tag,) = [r.tags[REASON_TAG] for r in instance.get_runs() if r.run_id == run_id]
    assert tag.startswith("12 of 40 users are unknown: and more")
    assert len(tag) <= TAG_CHARACTERS


def test_it_is_said_once(instance: dg.DagsterInstance) -> None:
    run_id = run(instance, broken).run_id
    assert say_why(instance, run_id)
    n_lines = len(instance.all_logs(run_id))
    assert say_why(instance, run_id) == []
    assert len(instance.all_logs(run_id)) == n_lines


def test_a_blocking_check_is_named_by_what_it_says_and_not_by_the_step_that_fails_with_it(
    instance: dg.DagsterInstance,
) -> None:
    run_id = run(instance, judged, holds).run_id
    assert say_why(instance, run_id) == ["live/judged: holds: 3 rows are negative"]
    assert instance.get_runs()[0].tags[REASON_TAG] == "holds: 3 rows are negative"


def test_of_a_run_that_succeeded_or_is_not_there_nothing_is_said(
    instance: dg.DagsterInstance,
) -> None:
    assert say_why(instance, run(instance, judged).run_id) == []
    assert say_why(instance, "no such run") == []


def test_a_run_that_failed_before_its_first_step_gives_what_dagster_says(
    instance: dg.DagsterInstance,
) -> None:
    made = instance.create_run_for_job(
        dg.Definitions([judged]).resolve_implicit_global_asset_job_def()
    )
    instance.report_run_failed(made, "The process of this run was killed: run it again.")
    assert say_why(instance, made.run_id) == ["The process of this run was killed: run it again."]
    tags = instance.get_runs()[0].tags
    assert tags[REASON_TAG] == "The process of this run was killed: run it again."


def test_the_sensor_says_it_of_runs_that_the_schedule_and_the_ui_have_started(
    instance: dg.DagsterInstance,
) -> None:
    result = run(instance, broken)
    (failure,) = [
        event for event in result.all_events if event.event_type is dg.DagsterEventType.RUN_FAILURE
    ]
    context = dg.build_run_status_sensor_context(
        sensor_name="failed_runs",
        dagster_event=failure,
        dagster_instance=instance,
        dagster_run=result.dagster_run,
    ).for_run_failure()
    failed_runs_sensor()(context)
    assert "Why this run failed" in last_line(instance, result.run_id)


def test_steps_with_one_reason_share_a_line() -> None:
    failures = [Failed("a", "no file"), Failed("b", "too few"), Failed("c", "no file")]
    refused = [Refused("t", "holds", "3 rows")]
    assert reason_lines([*failures, Failed("t_holds", "1 check failed")], refused) == [
        "a, c: no file",
        "b: too few",
        "t: holds: 3 rows",
    ]
