"""Why a run failed, where people look first: in the list of runs, and as the last line of its page.

Dagster ends the page of a failed run with a stack trace, after a line for each of the hundreds of
steps that were not reached. The command line tells the reason itself at the end of its run; of runs
that the schedule or the UI has started a sensor tells it.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import dagster as dg
from dagster._core.events import EngineEventData

from ntg_assets.orchestration.runs.event_facts import reason_of

REASON_TAG = "reason"  # shown with the run in the list of runs, where there is little room
TAG_CHARACTERS = 120  # of a reason there; the whole one stands on the run's page
SECONDS_BETWEEN_LOOKS = 30
TELLING = frozenset(
    {
        dg.DagsterEventType.STEP_FAILURE,
        dg.DagsterEventType.ASSET_CHECK_EVALUATION,
        dg.DagsterEventType.RUN_FAILURE,
    }
)


class Failed(NamedTuple):
    """A step that ended with an error: its asset or check, and the error in words."""

    asset: str
    reason: str


class Refused(NamedTuple):
    """A blocking check that did not pass."""

    asset: str
    check: str
    description: str


def asset_of(step: str | None) -> str:
    """Name an asset or a check as people know it, by its step."""
    return (step or "").replace("__", "/", 1)


def reason_lines(failures: Iterable[Failed], refused: Sequence[Refused]) -> list[str]:
    """Say why a run failed, one line per reason: errors of steps before checks.

    Args:
        failures: Steps; those of one reason share a line.
        refused: Checks; the step of each has failed with it and is not told twice.
    """
    steps_of_checks = {f"{each.asset}_{each.check}" for each in refused}
    by_reason: dict[str, list[str]] = {}
    for asset, reason in failures:
        if asset not in steps_of_checks:
            by_reason.setdefault(reason, []).append(asset)
    return [
        *(f"{', '.join(assets)}: {reason}" for reason, assets in by_reason.items()),
        *(f"{asset}: {check}: {description}" for asset, check, description in refused),
    ]


def reasons_of_run(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """Read from the history why a run failed; where no step did, what Dagster says of the run."""
    failures: list[Failed] = []
    refused: list[Refused] = []
    of_run = ""
    for entry in instance.all_logs(run_id, of_type=set(TELLING)):
        event = entry.get_dagster_event()
        if event.is_step_failure:
            reason = reason_of(event.step_failure_data.error)
            failures.append(Failed(asset_of(event.step_key), reason))
        elif event.is_job_failure:
            error = event.job_failure_data.error if event.event_specific_data else None
            of_run = reason_of(error) if error else (event.message or "")
        elif (verdict := event.asset_check_evaluation_data).blocking and not verdict.passed:
            table = "/".join(verdict.asset_key.path)
            refused.append(Refused(table, verdict.check_name, verdict.description or ""))
    return reason_lines(failures, refused) or [of_run]


def say_why(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """Write into the history of a failed run why it failed, once: a tag and the last line of its
    page. Return the reasons, none where they were said before.
    """
    run = instance.get_run_by_id(run_id)
    if run is None or run.status is not dg.DagsterRunStatus.FAILURE or REASON_TAG in run.tags:
        return []
    reasons = reasons_of_run(instance, run_id)
    instance.add_run_tags(run_id, {REASON_TAG: _headline(reasons[0])})
    event = dg.DagsterEvent(
        event_type_value=dg.DagsterEventType.ENGINE_EVENT.value,
        job_name=run.job_name,
        message="\n".join(["Why this run failed:", *reasons]),
        event_specific_data=EngineEventData({}),
    )
    instance.report_dagster_event(event, run_id, log_level=logging.ERROR)
    return reasons


def failed_runs_sensor() -> dg.SensorDefinition:
    """Make the sensor that says of each run that failed why it did."""

    @dg.run_failure_sensor(
        name="failed_runs",
        minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Says in the list of runs, and as the last line of its page, why a run failed.",
    )
    def failed_runs(context: dg.RunFailureSensorContext) -> None:
        say_why(context.instance, context.dagster_run.run_id)

    return failed_runs


def _headline(line: str) -> str:
    """Shorten a reason, without the step that it begins with."""
    step, _, reason = line.partition(": ")
    text = reason if reason and " " not in step.replace(", ", "") else line
    return text if len(text) <= TAG_CHARACTERS else f"{text[: TAG_CHARACTERS - 1].rstrip()}…"
