"""Whom did it help? The deciding metrics within each part of the population,
with all parts tested together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health.health_check import HealthCheck, concerning
from ntg_assets.experiments.readout.claims import claim_in_words
from ntg_assets.experiments.readout.comparisons import compare_arms
from ntg_assets.experiments.readout.readout import interval_columns
from ntg_assets.statistics.heterogeneity import alike_p
from ntg_assets.statistics.repeated.multiple_testing import holm
from ntg_assets.statistics.two_samples import Better

FEWEST_SEGMENTS = 2
NOTHING_SHOWN = "no difference shown"


@dataclass(frozen=True)
class SegmentEffect:
    """One treatment against the control within one segment;
    the fields are columns of `segment_effects`.
    """

    experiment: str
    metric: str
    arm: str
    segment: str
    source: str
    n_control: int
    n_treatment: int
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    standard_error: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    p_segments_alike: float | None = None
    verdict: str = "no result"


def segment_effects(
    experiment: ExperimentSettings, evidence: Evidence, checks: Sequence[HealthCheck] = ()
) -> list[SegmentEffect]:
    """Compare the arms within each segment; none when there is only one segment. What is sick makes
    no claim here either.

    p-values are adjusted over all segments and arms of a metric (Holm). `p_segments_alike` asks
    whether the segments differ at all (Cochran's Q): without that, the largest of several
    differences is not news.
    """
    if len(evidence.segments) < FEWEST_SEGMENTS:
        return []
    kinds = {metric.name: metric.how for metric in experiment.measured}
    judged = [metric for metric in experiment.evaluated_metrics if kinds[metric].has_segments]
    return [
        _withheld(effect, concerning(checks, metric))
        for metric in judged
        for effect in _adjusted(
            list(_within_segments(experiment, evidence, metric)),
            significance=experiment.significance_of(metric),
            better=experiment.metric(metric).better,
        )
    ]


def _withheld(effect: SegmentEffect, checks: Sequence[HealthCheck]) -> SegmentEffect:
    reasons = [check.sentence for check in checks if check.verdict == "sick"]
    return (
        replace(effect, verdict=f"no claim (sick): {'; '.join(reasons)}")
        if reasons and effect.p is not None
        else effect
    )


def _within_segments(
    experiment: ExperimentSettings, evidence: Evidence, metric: str
) -> Iterator[SegmentEffect]:
    for segment in evidence.segments:
        part = evidence.within(segment)
        blanks = [
            _blank(experiment, part, metric, segment, arm.name) for arm in experiment.treatments
        ]
        try:
            compared = compare_arms(experiment, part, metric=experiment.metric(metric))
        except NotEnoughDataError as reason:
            yield from (replace(blank, verdict=f"no result: {reason}") for blank in blanks)
            continue
        for blank, difference in zip(blanks, compared.differences, strict=True):
            error, p = difference.standard_error, difference.p
            yield replace(blank, **interval_columns(difference), standard_error=error, p=p)


def _blank(
    experiment: ExperimentSettings, part: Evidence, metric: str, segment: str, arm: str
) -> SegmentEffect:
    kind, names = Comparison.BETWEEN_USERS, (experiment.control.name, arm)
    control, treated = (part.sums_for(kind, metric, name) for name in names)
    return SegmentEffect(
        experiment.id, metric, arm, segment, experiment.evidence, control.n, treated.n
    )


def _adjusted(
    effects: Sequence[SegmentEffect], *, significance: float, better: Better
) -> Iterator[SegmentEffect]:
    with_p = [effect for effect in effects if effect.p is not None]
    adjusted = dict(
        zip(with_p, holm([effect.p for effect in with_p if effect.p is not None]), strict=True)
    )
    alike = {arm: _alike_p(with_p, arm) for arm in {effect.arm for effect in with_p}}
    for effect in effects:
        p = adjusted.get(effect)
        if p is None:
            yield effect
        else:
            claim = _claim(effect, better) if p < significance else NOTHING_SHOWN
            yield replace(effect, p_adjusted=p, p_segments_alike=alike[effect.arm], verdict=claim)


def _claim(effect: SegmentEffect, better: Better) -> str:
    return claim_in_words(effect.difference, better=better) if effect.difference else NOTHING_SHOWN


def _alike_p(effects: Sequence[SegmentEffect], arm: str) -> float | None:
    own = [effect for effect in effects if effect.arm == arm]
    return alike_p([(effect.difference or 0.0, effect.standard_error or 0.0) for effect in own])
