"""The adapter to tea-tasting's tests, on aggregates that are already made: an outside judge of our
own formulas.
"""

from ntg_assets.statistics.samples import Sample
from ntg_assets.statistics.shares.proportions import Count
from ntg_assets.statistics.student_t import Alternative


def welch_by_library(
    control: Sample,
    treatment: Sample,
    *,
    confidence: float = 0.95,
    alternative: Alternative = "two-sided",
) -> dict[str, float]:
    """Compare two means by tea-tasting's `Mean`, guarded: unequal variances,
    Student's distribution, no data of its own.

    Both means must be above zero, because the library computes the log ratio in any case.

    Returns:
        `effect_size`, its interval, `pvalue`, `rel_effect_size` and its interval, as the library
        names them.
    """
    from tea_tasting.metrics import Mean

    test = Mean(
        "value", alternative=alternative, confidence_level=confidence, equal_var=False, use_t=True
    )
    result = test.analyze_aggregates(_aggregates(control), _aggregates(treatment))
    return {name: float(value) for name, value in result._asdict().items()}


def _aggregates(sample: Sample):  # type: ignore[no-untyped-def]  # noqa: ANN202  # tea-tasting ships no types
    from tea_tasting.aggr import Aggregates

    return Aggregates(
        count_=sample.n, mean_={"value": sample.mean}, var_={"value": sample.variance}
    )


def proportions_by_library(
    control: Count, treatment: Count, *, pooled: bool = False
) -> dict[str, float]:
    """Compare two shares by tea-tasting's `Proportion`, guarded: the normal test,
    no continuity correction.
    """
    from tea_tasting.aggr import Aggregates
    from tea_tasting.metrics import Proportion

    test = Proportion("value", method="norm", correction=False, equal_var=pooled)
    arms = (
        Aggregates(
            count_=arm.n, mean_={"value": arm.share}, var_={"value": arm.share * (1 - arm.share)}
        )
        for arm in (control, treatment)
    )
    result = test.analyze_aggregates(*arms)
    return {name: float(value) for name, value in result._asdict().items()}
