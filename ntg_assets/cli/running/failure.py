"""A run that did not succeed, as a person is told of it."""

from typing import TYPE_CHECKING

from ntg_assets.errors import NtgError

if TYPE_CHECKING:  # loading Dagster costs seconds; a wrong option must be told at once
    from ntg_assets.cli.running.events import RunOutcome


class RunFailedError(NtgError):
    """One line per asset that failed or check that stopped the run;
    their tracebacks are notes, which --debug shows.
    """

    def __init__(self, outcome: "RunOutcome") -> None:
        from ntg_assets.orchestration.runs.failed_runs import (  # noqa: PLC0415  # as above; a run has loaded it
            Failed,
            Refused,
            reason_lines,
        )

        reasons = reason_lines(
            [Failed(step.asset, step.reason) for step in outcome.failures],
            [Refused(check.asset, check.check, check.description) for check in outcome.refused],
        ) or [outcome.reason or f"run {outcome.run_id} failed; `ntg ui` shows why"]
        super().__init__("\n".join(reasons))
        for detail in [step.detail for step in outcome.failures] or [outcome.detail]:
            self.add_note(detail)
