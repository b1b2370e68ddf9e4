"""Sample ratio mismatch (SRM): whether units fell on the arms as the weights say, in all, in each
segment, early and late.
"""

from collections.abc import Iterable, Iterator, Mapping

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health.health_check import FAULT_P, NOTICE_P, HealthCheck, Verdict
from ntg_assets.experiments.health.registry import health_check
from ntg_assets.statistics.repeated.multiple_testing import bonferroni
from ntg_assets.statistics.shares.proportions import sample_ratio_p

FEWEST_PARTS = 2
FEWEST_EXPECTED = 5  # units of the smallest arm, below which chi-squared is no chi-squared


@health_check(20)
def check(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check everybody first; a part may be off while the whole is not, when another part is off
    the other way round.
    """
    weights = {name: arm.weight for name, arm in evidence.traffic.items()}
    if experiment.cluster_id:
        yield from _clusters(evidence, weights)
        return  # a part has no whole clusters
    everybody = {name: arm.n_exposed for name, arm in evidence.traffic.items()}
    yield _whole(everybody, weights)
    yield from _parts("segment", _by_segment(experiment, evidence), weights)
    yield from _parts("day", _by_day(evidence), weights)
    yield from _parts("time", _by_time(evidence), weights)


def _clusters(evidence: Evidence, weights: Mapping[str, float]) -> Iterator[HealthCheck]:
    """Check of the clusters: units of one come together, so their numbers vary more."""
    clusters_of = {name: arm.n_clusters for name, arm in evidence.traffic.items()}
    counted = {name: n for name, n in clusters_of.items() if n is not None}
    if len(counted) == len(clusters_of):
        yield _whole(counted, weights, what="clusters")


def _whole(
    observed: Mapping[str, int], weights: Mapping[str, float], *, what: str = "units"
) -> HealthCheck:
    p = _p(observed, weights)
    shown = " : ".join(f"{n:,}" for n in observed.values())
    fits = "do not fit" if p < FAULT_P else "hardly fit" if p < NOTICE_P else "fit"
    return HealthCheck(
        "sample_ratio",
        p,
        FAULT_P,
        _verdict(p),
        f"{what} per arm {shown} {fits} the weights (p = {p:.2g})",
    )


def _p(observed: Mapping[str, int], weights: Mapping[str, float]) -> float:
    return sample_ratio_p(list(observed.values()), [weights[name] for name in observed])


def _verdict(p: float) -> Verdict:
    """Between one in a hundred and one in a thousand it may be chance, and may be a fault."""
    return Verdict.SICK if p < FAULT_P else Verdict.WARNING.when(fault=p < NOTICE_P)


def _by_segment(experiment: ExperimentSettings, evidence: Evidence) -> dict[str, dict[str, int]]:
    """Count the units of the primary metric by segment, whether they have a value or not."""
    return _by_part(
        evidence,
        (
            (segment, arm, sums.n + sums.n_null + sums.n_unusable)
            for (comparison, metric, arm, segment), sums in sorted(evidence.sums.items())
            if comparison == Comparison.BETWEEN_USERS and metric == experiment.primary_metric
        ),
    )


def _by_day(evidence: Evidence) -> dict[str, dict[str, int]]:
    """Count the units of each day on which an arm can be expected to get a few; only logs
    know days.
    """
    by_day = sorted(evidence.by_day.items())
    per_day = _by_part(evidence, ((f"{day:%Y-%m-%d}", arm, n) for (day, arm), n in by_day))
    total = sum(arm.weight for arm in evidence.traffic.values())
    least = min((arm.weight for arm in evidence.traffic.values()), default=0.0) / (total or 1.0)
    return {
        day: counts
        for day, counts in per_day.items()
        if sum(counts.values()) * least >= FEWEST_EXPECTED
    }


def _by_time(evidence: Evidence) -> dict[str, dict[str, int]]:
    """Count the units that were exposed early and late."""
    cells = (
        (name, arm, cohort.sums.n)
        for arm, cohorts in evidence.cohorts.items()
        for name, cohort in cohorts.items()
    )
    return _by_part(evidence, cells)


def _by_part(
    evidence: Evidence, cells: Iterable[tuple[str, str, int]]
) -> dict[str, dict[str, int]]:
    """Lay out counts by part and arm; an arm without units in a part counts 0 there."""
    counts: dict[str, dict[str, int]] = {}
    for part, arm, n in cells:
        counts.setdefault(part, dict.fromkeys(evidence.traffic, 0))[arm] = n
    return counts


def _parts(
    what: str, parts: Mapping[str, Mapping[str, int]], weights: Mapping[str, float]
) -> Iterator[HealthCheck]:
    """Test each part, with all of them together keeping the error rate; only warn: a part is not
    what was randomised apart, and the whole has been asked.
    """
    if len(parts) < FEWEST_PARTS:
        return
    p_values = bonferroni([_p(observed, weights) for observed in parts.values()])
    p, name = min(zip(p_values, parts, strict=True))
    shown = " : ".join(f"{n:,}" for n in parts[name].values())
    if p >= NOTICE_P:
        verdict, fit = Verdict.HEALTHY, f"fit the weights in every {what} (least in {name}: {shown}"
    else:
        verdict, fit = Verdict.WARNING, f"do not fit the weights in {what} {name} ({shown}"
    sentence = f"units per arm {fit}, p = {p:.2g} of {len(parts)})"
    yield HealthCheck(f"sample_ratio_by_{what}", p, NOTICE_P, verdict, sentence)
