"""A run that did not succeed, as a person is told of it."""

from typing import TYPE_CHECKING

from ntg_assets.errors import NtgError

if TYPE_CHECKING:  # loading Dagster costs seconds; a wrong option must be told at once
    from ntg_assets.cli.runs import RunOutcome


class RunFailedError(NtgError):
    """One line per asset that failed or check that stopped the run; the tracebacks are in `details`."""

    def __init__(self, outcome: "RunOutcome") -> None:
        failed = [f"{step.asset}: {step.reason}" for step in outcome.failures]
        stopped = [f"{check.asset}: {check.check}: {check.description}" for check in outcome.refused]
        super().__init__("\n".join([*failed, *stopped]) or f"run {outcome.run_id} failed; `ntg ui` shows why")
        self.details = [step.detail for step in outcome.failures]
