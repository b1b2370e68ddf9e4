"""From numbers to words: what a readout is worth, what it could have found,
and whether it allows a claim.
"""

from collections.abc import Sequence
from dataclasses import replace

from scipy import special

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health.health import is_sick
from ntg_assets.experiments.health.health_check import ENOUGH_UNITS, HealthCheck
from ntg_assets.experiments.readout.readout import Readout
from ntg_assets.statistics.two_samples import Better


def with_plan(readout: Readout, experiment: ExperimentSettings) -> Readout:
    """Say what these units could have found, and how many the effect in question needs,
    at the same shares of the traffic.
    """
    if readout.standard_error is None or readout.difference is None:
        return readout
    n_joint = len(experiment.treatments) if readout.role == "primary" else 1
    is_evaluated = readout.metric in experiment.evaluated_metrics
    power = experiment.power_of_each if is_evaluated else experiment.power
    tail = experiment.significance_of(readout.metric) / 2 / n_joint
    reach = float(special.ndtri(power) - special.ndtri(tail)) * readout.standard_error
    effect = experiment.effect_in_question(readout.metric, baseline=readout.mean_control) or abs(
        readout.difference
    )
    needed = readout.n_treatment * (reach / effect) ** 2 if effect else None
    return replace(readout, detectable_difference=reach, units_needed_per_arm=needed)


def with_money(readout: Readout, experiment: ExperimentSettings, evidence: Evidence) -> Readout:
    """Put the primary metric's difference into the unit of value,
    per unit and for everyone who would have been exposed.
    """
    if readout.role != "primary" or readout.interval is None:
        return readout
    difference, *ends = readout.interval
    start, end = experiment.layer_range
    population = round(evidence.n_exposed / (end - start))
    # one complaint less is worth what one more costs
    worth = experiment.value_per_unit * readout.sign
    low, high = sorted(worth * each for each in ends)
    return replace(
        readout,
        revenue_lift_per_unit=worth * difference,
        revenue_lift_per_unit_low=low,
        revenue_lift_per_unit_high=high,
        n_population=population,
        revenue_lift_total=worth * difference * population,
        revenue_lift_total_low=low * population,
        revenue_lift_total_high=high * population,
    )


def evaluate_readout(
    readout: Readout, checks: Sequence[HealthCheck], *, minimum_units: int
) -> Readout:
    """Say what the numbers allow; a sick or thin experiment makes no claim, whatever its p."""
    if not readout.is_valid:
        return readout
    if reason := _no_claim(readout, checks, minimum_units):
        return replace(readout, is_valid=False, verdict=reason)
    if readout.role == "negative control":
        return replace(readout, verdict="negative control: any difference is chance")
    return replace(readout, verdict=_claim(readout))


def _no_claim(readout: Readout, checks: Sequence[HealthCheck], minimum_units: int) -> str | None:
    """Say why nothing can be claimed, whatever the numbers are; None: something can."""
    if is_sick(checks):
        reasons = "; ".join(check.sentence for check in checks if check.verdict == "sick")
        return f"no claim (sick): {reasons}"
    if thin := [
        check.sentence
        for check in checks
        if check.verdict == "thin" and not _has_own_units(readout, check)
    ]:
        return f"no claim (thin): {'; '.join(thin)}"
    if (fewest := min(readout.n_control, readout.n_treatment)) < minimum_units:
        return f"no claim (thin): {fewest:,} units, a claim needs {minimum_units:,}"
    return None


def _has_own_units(readout: Readout, check: HealthCheck) -> bool:
    """Whether a thin experiment is not thin here: pairs and data to date have other units,
    and harm needs no minimum of days.
    """
    return check.check == ENOUGH_UNITS or readout.comparison == Comparison.TO_DATE


def _claim(readout: Readout) -> str:
    """Read the interval; a metric that decides nothing must also hold beside its likes,
    whose false claims are bounded together.
    """
    beside_others = readout.p_adjusted if readout.role == "secondary" else None
    if beside_others is not None and beside_others > readout.significance:
        return (
            "no difference shown"
            if _holds_zero(readout)
            else "no difference shown beside the other metrics"
        )
    if readout.difference_low is not None and readout.difference_low > 0:
        return claim_in_words(1, better=readout.better)
    if readout.difference_high is not None and readout.difference_high < 0:
        return claim_in_words(-1, better=readout.better)
    return "no difference shown"


def claim_in_words(difference: float, *, better: Better) -> str:
    """Name the side on which a difference lies, and what that means where less is better."""
    claim = "higher than the control" if difference > 0 else "lower than the control"
    if better == "more":
        return claim
    return f"{claim}, which is {'worse' if difference > 0 else 'better'}"


def _holds_zero(readout: Readout) -> bool:
    low, high = readout.difference_low, readout.difference_high
    return low is None or high is None or low <= 0 <= high
