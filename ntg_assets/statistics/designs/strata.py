"""Post-stratification: compare within strata that were known before, and weigh the strata alike in
all arms.
"""

from collections.abc import Mapping
from math import sqrt

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.samples import Sample
from ntg_assets.statistics.student_t import Alternative
from ntg_assets.statistics.two_samples import Difference, t_difference


def compare_within_strata(
    control: Mapping[str, Sample],
    treatment: Mapping[str, Sample],
    *,
    confidence: float = 0.95,
    alternative: Alternative = "two-sided",
    weights: Mapping[str, float] | None = None,
) -> Difference:
    """Weigh the differences within strata by the strata's sizes.

    Args:
        control: Arm by stratum; what is in one arm only cannot be compared and has to be merged
            into another stratum first.
        treatment: The same strata of the treatment.
        confidence: Of the interval.
        alternative: Which differences the test looks for.
        weights: Share of each stratum; None: its units in both arms.

    Source: Miratrix, Sekhon and Yu 2013, "Adjusting treatment effect estimates by
    post-stratification in randomized experiments".

    Raises:
        NotEnoughDataError: the arms do not have the same strata, or nothing varies in any.
    """
    _raise_if_strata_of_one_arm(control, treatment)
    sizes = weights or {name: control[name].n + treatment[name].n for name in control}
    shares = {name: sizes[name] / sum(sizes.values()) for name in control}
    difference = sum(
        share * (treatment[name].mean - control[name].mean) for name, share in shares.items()
    )
    parts = [
        (share**2 * arm[name].squared_error, arm[name].n - 1)
        for name, share in shares.items()
        for arm in (control, treatment)
    ]
    squared = sum(part for part, _ in parts)
    if squared == 0:
        raise NotEnoughDataError("no unit differs from another in its stratum: no interval exists.")
    df = squared**2 / sum(part**2 / freedom for part, freedom in parts)
    error = sqrt(squared)
    return t_difference(difference, error, df, confidence=confidence, alternative=alternative)


def _raise_if_strata_of_one_arm(
    control: Mapping[str, Sample], treatment: Mapping[str, Sample]
) -> None:
    if control.keys() != treatment.keys() or not control:
        apart = sorted(set(control) ^ set(treatment))
        raise NotEnoughDataError(
            f"{len(apart)} strata are in one arm only ({', '.join(apart[:3])}): merge them into"
            " others."
        )
