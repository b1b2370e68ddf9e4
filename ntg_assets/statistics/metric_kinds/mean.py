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
from ntg_assets.statistics.samples import Sample, adjusted_samples
from ntg_assets.statistics.skewness import (
    Shape,
    Skewed,
    compare_skewed,
    compare_unknown_shapes,
)


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
            _compare((arms[0].shape, arm.shape), (samples[0], sample), terms.confidence)
            for sample, arm in zip(samples[1:], arms[1:], strict=True)
        ]
        corrected = next((pair.remark for pair in pairs if pair.remark), "")
        method = f"{self.test}{corrected}{', CUPED' if is_narrowed else ''}"
        compared = Compared(samples, [pair.difference for pair in pairs], method)
        return with_covariate(compared, moments) if is_narrowed else compared


def _compare(
    shapes: tuple[Shape | None, Shape | None], samples: tuple[Sample, Sample], confidence: float
) -> Skewed:
    """Compare two arms by what is known of the skewness of their values."""
    if None in shapes:
        return compare_unknown_shapes(*samples, confidence=confidence)
    return compare_skewed(*samples, shapes=shapes, confidence=confidence)
