"""Before an experiment, and while it runs: how many units it needs,
how long that takes, what can be seen by when.
"""

from dataclasses import dataclass, replace
from math import ceil, isfinite

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import ConfigurationError
from ntg_assets.experiments.readout.baselines import Baseline
from ntg_assets.statistics.moments import MINIMUM_UNITS
from ntg_assets.statistics.planning.power import (
    Design,
    days_for_units,
    detectable_effect,
    power,
    units_for_effect,
)

# an experiment that shows nothing in a year is another experiment
WEEKS = (1, 2, 3, 4, 6, 8, 12, 26, 52)


@dataclass(frozen=True)
class Plan:
    """What an experiment needs; the fields speak for all arms together unless they say per arm."""

    experiment: str
    minimum_effect: float
    units_in_control: int
    planned_units: int
    days: float
    deciding: str
    sentence: str


@dataclass(frozen=True)
class PlanWeek:
    """What can be seen after some weeks; the fields are columns of `experiment_plans`."""

    experiment: str
    metric: str
    source: str
    days: int
    units_in_control: float
    detectable_difference: float | None = None
    detectable_share: float | None = None
    power_for_minimum_effect: float | None = None


def plan_experiment(experiment: ExperimentSettings, *, baseline: Baseline) -> Plan:
    """Find the units with which the experiment can show its smallest worthwhile effect and,
    in each guardrail, the absence of harm: with the power of each metric that gives their decision
    the experiment's power.

    Several treatments share the error rate (Bonferroni, a little more than the joint test needs). A
    guardrail on the primary metric itself must show that it is not worse by more than its margin;
    the variance of other guardrails is not known here.

    Raises:
        ConfigurationError: no smallest effect is configured, or no number of units can show it.
    """
    if experiment.minimum_effect is None:
        raise ConfigurationError(
            f"experiment {experiment.id}: a plan needs minimum_effect, the smallest difference"
            " worth finding."
        )
    needs = _units_needed(experiment, baseline, experiment.minimum_effect)
    deciding = max(needs, key=lambda name: needs[name])
    if not isfinite(needs[deciding]):
        raise ConfigurationError(
            f"experiment {experiment.id}: no number of units shows an effect of"
            f" {experiment.minimum_effect:g}."
        )
    units = max(ceil(needs[deciding]), experiment.minimum_units_per_arm)
    planned = ceil(units / _control_share(experiment))
    days = days_for_units(planned, units_per_day=baseline.units_per_day)
    plan = Plan(experiment.id, experiment.minimum_effect, units, planned, days, deciding, "")
    return replace(plan, sentence=_sentence(experiment, baseline, plan))


def _sentence(experiment: ExperimentSettings, baseline: Baseline, plan: Plan) -> str:
    pace = f"{plan.days:,.0f} days at {baseline.units_per_day:,.3g} units a day"
    duration = pace if isfinite(plan.days) else "never: no units come"
    return (
        f"{plan.experiment}: {plan.planned_units:,} units over all {len(experiment.arms)} arms"
        f" ({plan.units_in_control:,} in the control) find a difference of"
        f" {plan.minimum_effect:g} in {experiment.primary_metric} with {experiment.power:.0%}"
        f" power: {duration}."
    )


def _units_needed(
    experiment: ExperimentSettings, baseline: Baseline, effect: float
) -> dict[str, float]:
    """Find the units of the control that each gate needs, by its name."""
    needs = {
        "success": units_for_effect(
            effect,
            design=_design(experiment, baseline),
            wanted_power=experiment.power_of_each,
        )
    }
    for guardrail in experiment.guarded:
        if guardrail.metric == experiment.primary_metric:
            one_sided = _design(experiment, baseline, one_sided=True)
            margin = guardrail.margin or (guardrail.relative_margin or 0.0) * abs(baseline.mean)
            needs[f"guardrail {guardrail.metric}"] = units_for_effect(
                margin, design=one_sided, wanted_power=experiment.power_of_each
            )
    return needs


def plan_by_week(experiment: ExperimentSettings, *, baseline: Baseline) -> list[PlanWeek]:
    """Say what difference can be found after so many weeks of this traffic."""
    design = _design(experiment, baseline)
    return [_week(experiment, baseline, design=design, days=7 * week) for week in WEEKS]


def _week(
    experiment: ExperimentSettings, baseline: Baseline, *, design: Design, days: int
) -> PlanWeek:
    units = baseline.units_per_day * days * _control_share(experiment)
    metric, effect = experiment.primary_metric, experiment.minimum_effect
    week = PlanWeek(experiment.id, metric, experiment.evidence, days, units)
    if min(units, units * design.ratio) < MINIMUM_UNITS:
        return week
    wanted = experiment.power_of_each
    detectable = detectable_effect(n_control=units, design=design, wanted_power=wanted)
    return replace(
        week,
        detectable_difference=detectable,
        detectable_share=detectable / baseline.mean if baseline.mean > 0 else None,
        power_for_minimum_effect=power(effect, n_control=units, design=design) if effect else None,
    )


def _design(
    experiment: ExperimentSettings, baseline: Baseline, *, one_sided: bool = False
) -> Design:
    """Plan for the treatment with the least traffic; the others are known better."""
    variance = baseline.variance * (1 - baseline.explained_share)
    alpha = experiment.significance_of(experiment.primary_metric)
    share = alpha / (2 if one_sided else len(experiment.treatments))
    ratio = min(arm.weight for arm in experiment.treatments) / experiment.control.weight
    return Design(
        variance,
        variance,
        ratio=ratio,
        significance=share,
        alternative="greater" if one_sided else "two-sided",
    )


def _control_share(experiment: ExperimentSettings) -> float:
    return experiment.control.weight / sum(arm.weight for arm in experiment.arms)
