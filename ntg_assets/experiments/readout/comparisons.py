"""Which test a metric gets: the treatments of an experiment against its control, between users."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ntg_assets.configuration.experiments.metrics import ONE_OR_NONE, MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.statistics.moments import Moments, moments_of
from ntg_assets.statistics.proportions import (
    compare_proportions,
    compare_small_proportions,
    count_of,
)
from ntg_assets.statistics.quantiles import compare_quantiles, quantile_sample
from ntg_assets.statistics.two_samples import (
    Difference,
    Sample,
    adjusted_samples,
    compare_means,
    has_past,
)


@dataclass(frozen=True)
class Compared:
    """The arms of one metric, control first, and each treatment's difference to the control.

    Attributes:
        samples: One per arm, control first.
        differences: One per treatment.
        method: The test in words.
        removed_share: Share of the squared error that the covariate removed; None where there is no
            covariate.
    """

    samples: Sequence[Sample]
    differences: Sequence[Difference]
    method: str
    removed_share: float | None = None


def compare_arms(
    experiment: ExperimentSettings, evidence: Evidence, *, metric: MetricSettings
) -> Compared:
    """Compare every treatment with the control by the test that the metric's kind asks for.

    Raises:
        NotEnoughDataError: an arm has too few units, or no unit differs from another.
    """
    confidence = 1 - experiment.significance
    if metric.kind == "quantile":
        return _compare_quantiles(experiment, evidence, metric=metric, confidence=confidence)
    arms = [
        moments_of(evidence.sums_for("between users", metric.name, arm.name))
        for arm in experiment.arms
    ]
    has_covariate = metric.use_covariate and tells_anything(arms)
    covariate = ", CUPED" if has_covariate else _why_without(experiment, arms, metric=metric)
    if metric.kind in ONE_OR_NONE and not has_covariate:
        shares = _compare_shares(arms, confidence=confidence)
        return replace(shares, method=f"{shares.method}{covariate}")
    samples = adjusted_samples(arms, use_covariate=has_covariate)
    base = "Welch t of a ratio (delta method)" if metric.kind == "ratio" else "Welch t"
    cut = f", winsorised at {metric.winsorise_at:g}" if metric.winsorise_at else ""
    return Compared(
        samples,
        [compare_means(samples[0], sample, confidence=confidence) for sample in samples[1:]],
        f"{base}{covariate}{cut}",
        (
            _removed_share(adjusted_samples(arms, use_covariate=False), samples)
            if has_covariate
            else None
        ),
    )


def tells_anything(arms: Sequence[Moments]) -> bool:
    """Whether the time before the exposure can narrow the intervals: it is known in every arm,
    and units differ in it.
    """
    return has_past(arms) and any(arm.covariance["covariate", "covariate"] > 0 for arm in arms)


def _why_without(
    experiment: ExperimentSettings, arms: Sequence[Moments], *, metric: MetricSettings
) -> str:
    """Say why the configured time before the exposure narrows nothing."""
    if not (metric.use_covariate and experiment.has_pre_period) or tells_anything(arms):
        return ""
    is_new = all(arm.mean["covariate"] == 0 for arm in arms)
    return (
        ", no covariate:"
        f" {'no unit has a past' if is_new else 'the past of an arm sums to zero or does not vary'}"
    )


def _compare_quantiles(
    experiment: ExperimentSettings, evidence: Evidence, *, metric: MetricSettings, confidence: float
) -> Compared:
    found = [evidence.quantiles.get((metric.name, arm.name)) for arm in experiment.arms]
    known = [one for one in found if one is not None]
    if len(known) < len(found):
        raise NotEnoughDataError(
            f"{metric.name}: only {len(known)} of {len(found)} arms have units with a value."
        )
    return Compared(
        [quantile_sample(one) for one in known],
        [compare_quantiles(known[0], one, confidence=confidence) for one in known[1:]],
        f"order statistics of the {metric.quantile:g} quantile",
    )


def _compare_shares(arms: Sequence[Moments], *, confidence: float) -> Compared:
    counts = [count_of(arm.n, arm.mean["value"]) for arm in arms]
    is_small = any(count.is_small for count in counts)
    compare = compare_small_proportions if is_small else compare_proportions
    return Compared(
        [Sample(count.n, count.share, count.share * (1 - count.share)) for count in counts],
        [compare(counts[0], count, confidence=confidence) for count in counts[1:]],
        "z of two shares (Agresti-Caffo)" if is_small else "z of two shares",
    )


def _removed_share(plain: Sequence[Sample], adjusted: Sequence[Sample]) -> float:
    before = sum(sample.squared_error for sample in plain)
    return 1 - sum(sample.squared_error for sample in adjusted) / before if before > 0 else 0.0
