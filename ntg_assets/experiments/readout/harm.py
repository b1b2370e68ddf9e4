"""Harm may be seen at any time: guardrails on everything that has come in,
by intervals that hold at every moment.
"""

import hashlib
from dataclasses import replace

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.readout.comparisons import compare_arms
from ntg_assets.experiments.readout.readout import (
    KEY_DIGITS,
    Readout,
    blank_readouts,
)
from ntg_assets.statistics.repeated.anytime import anytime_factor, anytime_p
from ntg_assets.statistics.two_samples import Difference


def harm_to_date(
    experiment: ExperimentSettings, evidence: Evidence, *, metric: str
) -> list[Readout]:
    """Watch a guardrail on everything that has come in,
    by intervals that hold at every moment (asymptotic confidence sequences).

    Only where looks are planned: elsewhere the data come all at once. Arms with fewer units than a
    claim needs are not read.
    """
    if experiment.planned_units is None:
        return []
    chosen, so_far = experiment.metric(metric), evidence.to_date()
    between_users = Comparison.BETWEEN_USERS
    blanks = blank_readouts(experiment, so_far, metric=chosen, comparison=between_users)
    try:
        compared = compare_arms(experiment, so_far, metric=chosen)
    except NotEnoughDataError:
        return []
    control, *treated = compared.samples
    return [
        replace(
            _any_time(blank, difference, experiment=experiment, method=compared.method),
            mean_control=control.mean,
            mean_treatment=sample.mean,
        )
        for blank, difference, sample in zip(blanks, compared.differences, treated, strict=True)
        if min(blank.n_control, blank.n_treatment) >= experiment.minimum_units_per_arm
    ]


def _any_time(
    blank: Readout, difference: Difference, *, experiment: ExperimentSettings, method: str
) -> Readout:
    n = blank.n_control + blank.n_treatment
    alpha = experiment.significance / len(experiment.treatments)
    tuned_for = float(experiment.planned_units or n)
    effect, error = difference.difference, difference.standard_error
    reach = anytime_factor(n, alpha=alpha, tuned_for=tuned_for) * error
    p = anytime_p(effect / error, n=n, alpha=alpha, tuned_for=tuned_for)
    identity = f"{Comparison.TO_DATE}:{blank.readout_key}"
    return replace(
        blank,
        readout_key=hashlib.sha256(identity.encode()).hexdigest()[:KEY_DIGITS],
        comparison=Comparison.TO_DATE,
        method=f"{method}, confidence sequence",
        difference=effect,
        difference_low=effect - reach,
        difference_high=effect + reach,
        standard_error=error,
        p=p,
        p_adjusted=p,
        significance=alpha,
        is_valid=True,
    )
