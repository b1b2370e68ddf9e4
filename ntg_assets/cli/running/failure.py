"""A run that did not succeed, as a person is told of it."""

from typing import TYPE_CHECKING

from ntg_assets.errors import NtgError

if TYPE_CHECKING:  # loading Dagster costs seconds; a wrong option must be told at once
    from ntg_assets.cli.running.runs import RunOutcome


class RunFailedError(NtgError):
    """One line per asset that failed or check that stopped the run;
    their tracebacks are notes, which --debug shows.
    """

    def __init__(self, outcome: "RunOutcome") -> None:
        # the step of a blocking check fails with it
        told_below = {f"{check.asset}_{check.check}" for check in outcome.refused}
        by_reason: dict[str, list[str]] = {}
        for step in outcome.failures:
            if step.asset not in told_below:
                by_reason.setdefault(step.reason, []).append(step.asset)
        failed = [f"{', '.join(assets)}: {reason}" for reason, assets in by_reason.items()]
        stopped = [
            f"{check.asset}: {check.check}: {check.description}" for check in outcome.refused
        ]
        reasons = [*failed, *stopped] or [
            outcome.reason or f"run {outcome.run_id} failed; `ntg ui` shows why"
        ]
        super().__init__("\n".join(reasons))
        for detail in [step.detail for step in outcome.failures] or [outcome.detail]:
            self.add_note(detail)
