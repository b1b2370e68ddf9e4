"""What happens in a run, as the command line tells it: a table done, a check judged, a step that
failed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import dagster as dg

from ntg_assets.cli.interruption import received
from ntg_assets.orchestration.remembered_steps import REUSED
from ntg_assets.orchestration.runs.event_facts import reason_of
from ntg_assets.orchestration.runs.failed_runs import asset_of


@dataclass(frozen=True)
class AssetDone:
    """A table was written."""

    asset: str
    n_rows: int | None
    seconds: float
    is_left: bool = False
    """Whether it would have come out just so, and was left."""


@dataclass(frozen=True)
class CheckDone:
    """A check gave its verdict."""

    asset: str
    check: str
    passed: bool
    severity: str
    description: str


@dataclass(frozen=True)
class StepDone:
    """A step has ended well: what it made is stored, its checks are told."""

    step: str
    seconds: float


@dataclass(frozen=True)
class StepFailed:
    """An asset or a check could not be made."""

    asset: str
    reason: str
    detail: str


@dataclass
class RunOutcome:
    """What a run came to."""

    run_id: str
    succeeded: bool = False
    reason: str = ""
    """Why the run itself failed, when no step did: another run goes on,
    a resource could not be opened.
    """
    detail: str = ""
    failures: list[StepFailed] = field(default_factory=list)
    refused: list[CheckDone] = field(default_factory=list)
    warned: list[CheckDone] = field(default_factory=list)


RunEvent = AssetDone | CheckDone | StepDone | StepFailed | RunOutcome


def read_event(
    event: dg.DagsterEvent, outcome: RunOutcome, *, seconds: float
) -> Iterator[RunEvent]:
    """Yield what an event of Dagster means to a person, and note in the outcome what failed.

    Args:
        event: As the run reports it.
        outcome: Of the run; what failed or was refused is added.
        seconds: Since the step began.
    """
    if event.is_step_materialization:
        written = event.step_materialization_data.materialization
        rows = written.metadata.get("dagster/row_count")
        yield AssetDone(
            "/".join(written.asset_key.path),
            rows.value if rows else None,  # type: ignore[arg-type]  # a row count is an int
            seconds,
            is_left=REUSED in written.metadata,
        )
    elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        yield from _check_done(event, outcome)
    elif event.is_step_success:
        yield StepDone(event.step_key or "", seconds)
    elif event.is_step_failure and not received():
        failed = _step_failed(event)
        outcome.failures.append(failed)
        yield failed
    elif event.is_job_failure:
        _note_reason(event, outcome)
    elif event.is_job_success:
        outcome.succeeded = True


def _check_done(event: dg.DagsterEvent, outcome: RunOutcome) -> Iterator[CheckDone]:
    verdict = event.asset_check_evaluation_data
    done = CheckDone(
        asset="/".join(verdict.asset_key.path),
        check=verdict.check_name,
        passed=verdict.passed,
        severity=verdict.severity.value,
        description=verdict.description or "",
    )
    if not done.passed:
        (outcome.refused if verdict.blocking else outcome.warned).append(done)
    yield done


def _note_reason(event: dg.DagsterEvent, outcome: RunOutcome) -> None:
    error = event.job_failure_data.error
    outcome.reason, outcome.detail = reason_of(error), error.to_string() if error else ""


def _step_failed(event: dg.DagsterEvent) -> StepFailed:
    """Say which asset failed and why."""
    error = event.step_failure_data.error
    detail = error.to_string() if error else ""
    return StepFailed(asset=asset_of(event.step_key), reason=reason_of(error), detail=detail)
