"""A mean over units: Welch's t, with CUPED where the time before the exposure is known."""

from collections.abc import Sequence
from typing import ClassVar

from ntg_assets.statistics.metric_kinds.kind import (
    Arm,
    Compared,
    MetricKind,
    Terms,
    moments_in,
    narrows,
    with_covariate,
)
from ntg_assets.statistics.samples import adjusted_samples
from ntg_assets.statistics.skewness import ONE_VARIANCE, compare_skewed


class Mean(MetricKind):
    """Mean of a value per unit."""

    name = "mean"
    may_be_cut = True
    reads_shape = True
    test: ClassVar[str] = "Welch t"

    def compare(self, arms: Sequence[Arm], terms: Terms) -> Compared:
        """Compare means; where skewed values meet arms of unequal size, with one variance."""
        moments = moments_in(arms)
        is_narrowed = narrows(moments, terms)
        samples = adjusted_samples(moments, use_covariate=is_narrowed)
        pairs = [
            compare_skewed(
                samples[0], sample, shapes=(arms[0].shape, arm.shape), confidence=terms.confidence
            )
            for sample, arm in zip(samples[1:], arms[1:], strict=True)
        ]
        corrected = ONE_VARIANCE if any(pair.is_corrected for pair in pairs) else ""
        method = f"{self.test}{corrected}{', CUPED' if is_narrowed else ''}"
        compared = Compared(samples, [pair.difference for pair in pairs], method)
        return with_covariate(compared, moments) if is_narrowed else compared
