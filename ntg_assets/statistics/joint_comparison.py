"""Several treatments against one control, by whatever test their metric has: intervals and p-values
that hold for all of them together.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from ntg_assets.statistics.metric_kinds import Arm, Compared, Terms
from ntg_assets.statistics.repeated.max_t import max_t_critical, max_t_p, shared_control_loadings
from ntg_assets.statistics.student_t import t_critical, t_p

Compare = Callable[[Sequence[Arm], Terms], Compared]


def widened(compare: Compare, arms: Sequence[Arm], terms: Terms, compared: Compared) -> Compared:
    """Widen comparisons so that they hold for all treatment arms together.

    The intervals are those of the metric's own test at the confidence that one comparison needs,
    and each p is that of the t statistic with the test's own p: so p and interval agree whatever
    the test is.

    Args:
        compare: How arms are compared.
        arms: Control first.
        terms: As each comparison was asked for.
        compared: The comparisons by themselves.

    Source: Dunnett 1955, with a variance for each arm.
    """
    loadings = shared_control_loadings(compared.samples[0], compared.samples[1:])
    # the smallest is the cautious choice when arms differ
    df = min(difference.degrees_of_freedom for difference in compared.differences)
    critical = max_t_critical(loadings, significance=1 - terms.confidence, degrees_of_freedom=df)
    wide = compare(arms, terms._replace(confidence=1 - t_p(critical, df)))
    return replace(
        compared,
        differences=[
            replace(difference, p=_joint_p(difference.p, loadings, degrees_of_freedom=df))
            for difference in wide.differences
        ],
    )


def _joint_p(p: float, loadings: Sequence[float], *, degrees_of_freedom: float) -> float:
    """Adjust the p of one test for all that share its control; what rounds to zero stays there."""
    if p <= 0:
        return 0.0
    statistic = t_critical(p / 2, degrees_of_freedom)
    return max_t_p(statistic, loadings, degrees_of_freedom=degrees_of_freedom)
