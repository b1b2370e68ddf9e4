"""Can the numbers of an experiment be trusted at all? Asked before any effect is looked at;
the sick make no claim.
"""

from collections.abc import Iterator, Sequence

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.data.looks import look_of, wait_in_words
from ntg_assets.experiments.health.health_check import FAULT_P, HealthCheck, Verdict
from ntg_assets.experiments.health.log_health import examine_log_files, examine_logs
from ntg_assets.experiments.health.metric_health import examine_metrics
from ntg_assets.experiments.health.novelty_health import examine_novelty
from ntg_assets.statistics.moments import Sums, moments_of
from ntg_assets.statistics.proportions import Count, equal_shares_p, sample_ratio_p
from ntg_assets.statistics.two_samples import Sample, adjusted_samples, compare_means

# share of units; they are left out of the readout, more of them means broken assignment
MOST_IN_SEVERAL_ARMS = 0.01
ENOUGH_UNITS = "enough_units"
FEW_UNITS = 100  # with fewer, two arms may each hold one value by chance


def examine(experiment: ExperimentSettings, evidence: Evidence) -> list[HealthCheck]:
    """Ask every question, in order."""
    return [
        _every_arm_seen(experiment, evidence),
        _sample_ratio(evidence),
        _one_arm_per_unit(evidence),
        _assigned_arm_seen(evidence),
        *examine_log_files(evidence.files),
        *examine_logs(experiment, evidence),
        *examine_metrics(experiment, evidence),
        *_pre_period_balance(experiment, evidence),
        *_negative_controls(experiment, evidence),
        *_exposure_rate(evidence),
        *examine_novelty(experiment, evidence),
        *_enough_days(experiment, evidence),
        _enough_units(experiment, evidence),
    ]


def is_sick(checks: Sequence[HealthCheck]) -> bool:
    """Whether the numbers cannot be trusted, however many there are;
    of one metric, ask the checks that concern it.
    """
    return any(check.verdict == "sick" for check in checks)


def overall(checks: Sequence[HealthCheck]) -> str:
    """Return the worst verdict; `metric` where only the numbers of single metrics cannot be
    trusted. A warning stops nothing.
    """
    sick = [check for check in checks if check.verdict == "sick"]
    if any(check.metric is None for check in sick):
        return "sick"
    return (
        "metric"
        if sick
        else "thin"
        if any(check.verdict == "thin" for check in checks)
        else "healthy"
    )


def of_decision(experiment: ExperimentSettings, checks: Sequence[HealthCheck]) -> list[HealthCheck]:
    """Keep the checks of the whole experiment and of the metrics on which its decision rests."""
    return [
        check
        for check in checks
        if check.metric is None or check.metric in experiment.judged_metrics
    ]


def _every_arm_seen(experiment: ExperimentSettings, evidence: Evidence) -> HealthCheck:
    seen = {
        arm.name: evidence.traffic[arm.name].n_exposed if arm.name in evidence.traffic else 0
        for arm in experiment.arms
    }
    unseen = [name for name, n in seen.items() if n == 0]
    sentence = f"nobody saw {', '.join(unseen)}" if unseen else f"all {len(seen)} arms were seen"
    return HealthCheck("every_arm_seen", len(unseen), 0, "sick" if unseen else "healthy", sentence)


def _sample_ratio(evidence: Evidence) -> HealthCheck:
    observed = [arm.n_exposed for arm in evidence.traffic.values()]
    p = sample_ratio_p(observed, [arm.weight for arm in evidence.traffic.values()])
    told = " : ".join(f"{n:,}" for n in observed)
    sentence = (
        f"units per arm {told} {'fit' if p >= FAULT_P else 'do not fit'} the weights (p = {p:.2g})"
    )
    return HealthCheck("sample_ratio", p, FAULT_P, "healthy" if p >= FAULT_P else "sick", sentence)


def _one_arm_per_unit(evidence: Evidence) -> HealthCheck:
    n = sum(arm.units_in_several_arms for arm in evidence.traffic.values())
    return _share_check(
        "one_arm_per_unit", n, evidence.n_exposed, "units saw several arms; they are left out"
    )


def _assigned_arm_seen(evidence: Evidence) -> HealthCheck:
    n = sum(arm.units_not_assigned for arm in evidence.traffic.values())
    return _share_check(
        "assigned_arm_seen", n, evidence.n_exposed, "units saw an arm that they were not given"
    )


def _share_check(check: str, n: int, n_all: int, meaning: str) -> HealthCheck:
    share = n / n_all if n_all else 0.0
    verdict: Verdict = "sick" if share > MOST_IN_SEVERAL_ARMS else "healthy"
    return HealthCheck(check, share, MOST_IN_SEVERAL_ARMS, verdict, f"{n:,} of {n_all:,} {meaning}")


def _pre_period_balance(
    experiment: ExperimentSettings, evidence: Evidence
) -> Iterator[HealthCheck]:
    metric = experiment.primary_metric
    control = _covariate_sample(evidence.sums_for("between users", metric, experiment.control.name))
    for arm in experiment.treatments:
        treated = _covariate_sample(evidence.sums_for("between users", metric, arm.name))
        yield _no_difference(
            f"pre_period_balance:{arm.name}", control, treated, f"{metric} before the experiment"
        )


def _negative_controls(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    for name in [metric.name for metric in experiment.measured if experiment.is_fixed(metric.name)]:
        control = _value_sample(evidence.sums_for("between users", name, experiment.control.name))
        for arm in experiment.treatments:
            treated = _value_sample(evidence.sums_for("between users", name, arm.name))
            yield _no_difference(
                f"negative_control:{name}:{arm.name}",
                control,
                treated,
                f"{name}, which no list can have changed,",
            )


def _no_difference(
    check: str, control: Sample | None, treated: Sample | None, what: str
) -> HealthCheck:
    if (
        control is None
        or treated is None
        or (control.variance == treated.variance == 0 and control.mean == treated.mean)
    ):
        return HealthCheck(
            check,
            1.0,
            FAULT_P,
            "healthy",
            f"{what} does not vary or is not known, so it was not compared",
        )
    p = _p_of(control, treated)
    verdict: Verdict = "healthy" if p >= FAULT_P else "sick"
    return HealthCheck(
        check,
        p,
        FAULT_P,
        verdict,
        f"{what} differs {'like chance' if p >= FAULT_P else 'more than chance'} (p = {p:.2g})",
    )


def _p_of(control: Sample, treated: Sample) -> float:
    """Compare two means that are not one constant;
    two constants that differ leave no doubt, once there are more than a few units.
    """
    if control.variance or treated.variance:
        return compare_means(control, treated).p
    return 0.0 if min(control.n, treated.n) >= FEW_UNITS else 1.0


def _exposure_rate(evidence: Evidence) -> Iterator[HealthCheck]:
    """Ask whether the arm decides who gets to see it;
    asked only where some of the assigned units were not exposed.
    """
    counts = [
        Count(min(arm.n_exposed, arm.n_assigned), arm.n_assigned)
        for arm in evidence.traffic.values()
        if arm.n_assigned
    ]
    exposed, assigned = sum(count.successes for count in counts), sum(count.n for count in counts)
    if not 0 < exposed < assigned or len(counts) < len(evidence.traffic):
        return
    p = equal_shares_p(counts)
    told = " : ".join(f"{count.share:.1%}" for count in counts)
    sentence = (
        f"of the assigned units {told} were exposed, {'alike' if p >= FAULT_P else 'not alike'} (p"
        f" = {p:.2g})"
    )
    yield HealthCheck("exposure_rate", p, FAULT_P, "healthy" if p >= FAULT_P else "sick", sentence)


def _enough_days(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Ask a running experiment for whole weeks: weekends and first days are not like the rest."""
    if not experiment.is_replay:
        days, limit = evidence.days, experiment.minimum_days
        covered = "exposures cover"
        if experiment.assigned_at_once:
            days, covered = (
                experiment.window_days,
                "all units were given their arm at once, and their windows cover",
            )
        verdict: Verdict = "healthy" if days >= limit else "thin"
        yield HealthCheck(
            "enough_days", days, limit, verdict, f"{covered} {days:,} days; a claim needs {limit:,}"
        )


def _enough_units(experiment: ExperimentSettings, evidence: Evidence) -> HealthCheck:
    look = look_of(experiment, evidence)
    if not look.is_reached:
        return HealthCheck(
            ENOUGH_UNITS,
            look.n_ready,
            look.next_at or 0,
            "thin",
            wait_in_words(experiment, evidence),
        )
    units = [
        evidence.sums_for(experiment.comparison, experiment.primary_metric, arm).n
        for arm in experiment.compared_arms
    ]
    fewest, limit = min(units), experiment.minimum_units_per_arm
    sentence = f"the smallest arm has {fewest:,} units; a claim needs {limit:,}"
    return HealthCheck(
        ENOUGH_UNITS, fewest, limit, "healthy" if fewest >= limit else "thin", sentence
    )


def _value_sample(sums: Sums) -> Sample | None:
    try:
        return adjusted_samples([moments_of(sums)], use_covariate=False)[0]
    except NotEnoughDataError:
        return None


def _covariate_sample(sums: Sums) -> Sample | None:
    try:
        moments = moments_of(sums)
        return Sample(
            moments.n, moments.mean["covariate"], moments.covariance["covariate", "covariate"]
        )
    except NotEnoughDataError:
        return None
