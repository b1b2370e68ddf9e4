"""The statistics as a library: every public function under one name,
and arms made from whatever numbers are at hand.

    from ntg_assets.statistics import library as st
    st.compare_means(
        st.sample_from_sums(3407, 1396.87, 52377.9767),
        st.sample_from_sums(3461, 2422.7, 134698.29),
    ).p

`docs/experiments.md` has one example for each kind of question. Nothing here touches Dagster, a
file or a store.
"""

from collections.abc import Sequence
from math import ceil, sqrt

import numpy as np
import numpy.typing as npt

from ntg_assets.randomness import bucket_of
from ntg_assets.statistics.alpha_split import (
    conditional_power,
    preferential_alpha,
    split_alpha,
    units_still_needed,
    weighted_bonferroni,
    weighted_holm,
)
from ntg_assets.statistics.bayes import (
    Belief,
    PastEffect,
    ShareBelief,
    compare_shares_bayes,
    learn_prior,
    update,
    update_share,
)
from ntg_assets.statistics.bootstrap import bootstrap_t_interval, mean_intervals
from ntg_assets.statistics.clusters import (
    ClusterMeans,
    cluster_sample,
    clustered,
    compare_clusters,
    design_effect,
    intracluster_correlation,
)
from ntg_assets.statistics.covariates import compare_with_covariates
from ntg_assets.statistics.moments import PAIRS, VARIABLES, Moments
from ntg_assets.statistics.multiple_testing import (
    benjamini_hochberg,
    benjamini_yekutieli,
    bonferroni,
    fisher_p,
    fixed_sequence,
    hochberg,
    holm,
    holm_sidak,
    hommel,
    max_t_critical,
    max_t_p,
    shared_control_loadings,
    sidak,
    simes_p,
    stouffer_p,
    two_stage_benjamini_hochberg,
)
from ntg_assets.statistics.named_tests import (
    Tested,
    barnard,
    chi_squared,
    fisher_table,
    kruskal_wallis,
    log_rank,
    mann_whitney,
    mantel_haenszel,
    one_way_anova,
    sign_test,
    signed_ranks,
)
from ntg_assets.statistics.plan_request import PlanRequest
from ntg_assets.statistics.power import (
    Design,
    days_for_units,
    detectable_effect,
    equivalence_power,
    pairs_power,
    power,
    units_for_effect,
)
from ntg_assets.statistics.proportions import (
    Count,
    compare_proportions,
    compare_small_proportions,
    equal_shares_p,
    fisher_exact_p,
    newcombe_interval,
    sample_ratio_p,
    wilson_interval,
)
from ntg_assets.statistics.quantiles import (
    OrderStatistics,
    compare_quantiles,
    mid_quantiles,
    quantile_sample,
)
from ntg_assets.statistics.relative_effects import (
    compare_relative,
    fieller_interval,
    relative_error,
)
from ntg_assets.statistics.sample_size import PlanAnswer, answer_plan
from ntg_assets.statistics.sequential import (
    Looks,
    anytime_factor,
    anytime_p,
    crossing_probability,
    haybittle_peto_bound,
    hwang_shih_decani,
    mixture_p,
    obrien_fleming,
    obrien_fleming_bound,
    one_sided_anytime_p,
    one_sided_factor,
    planned_looks,
    pocock_bound,
    pocock_spending,
    power_family,
    wang_tsiatis_bound,
)
from ntg_assets.statistics.share_intervals import (
    DifferenceMethod,
    RatioMethod,
    ShareMethod,
    compare_by_score,
    difference_interval,
    odds_ratio_interval,
    ratio_interval,
    score_p,
    score_statistic,
    share_interval,
)
from ntg_assets.statistics.skewness import Shape, compare_skewed, skew_of_difference
from ntg_assets.statistics.strata import compare_within_strata
from ntg_assets.statistics.two_samples import (
    Alternative,
    Difference,
    Sample,
    adjusted_samples,
    compare_means,
    compare_pairs,
    compare_with_known_variance,
    compare_with_one_variance,
    equivalence_p,
    margin_p,
    pooled_theta,
    t_critical,
    t_p,
    welch_degrees_of_freedom,
)

__all__ = [
    "Alternative",
    "Belief",
    "ClusterMeans",
    "Count",
    "Design",
    "Difference",
    "DifferenceMethod",
    "Looks",
    "Moments",
    "OrderStatistics",
    "PastEffect",
    "PlanAnswer",
    "PlanRequest",
    "RatioMethod",
    "Sample",
    "Shape",
    "ShareBelief",
    "ShareMethod",
    "Tested",
    "adjusted_by_covariates",
    "adjusted_samples",
    "answer_plan",
    "anytime_factor",
    "anytime_p",
    "barnard",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "bonferroni",
    "bootstrap_t_interval",
    "bucket_of",
    "chi_squared",
    "cluster_sample",
    "clustered",
    "compare_by_score",
    "compare_clusters",
    "compare_means",
    "compare_pairs",
    "compare_proportions",
    "compare_quantiles",
    "compare_relative",
    "compare_shares_bayes",
    "compare_skewed",
    "compare_small_proportions",
    "compare_with_covariates",
    "compare_with_known_variance",
    "compare_with_one_variance",
    "compare_within_strata",
    "conditional_power",
    "crossing_probability",
    "days_for_units",
    "design_effect",
    "detectable_effect",
    "difference_interval",
    "dunnett_p",
    "equal_shares_p",
    "equivalence_p",
    "equivalence_power",
    "fieller_interval",
    "fisher_exact_p",
    "fisher_p",
    "fisher_table",
    "fixed_sequence",
    "haybittle_peto_bound",
    "hochberg",
    "holm",
    "holm_sidak",
    "hommel",
    "hwang_shih_decani",
    "intracluster_correlation",
    "kruskal_wallis",
    "learn_prior",
    "log_rank",
    "mann_whitney",
    "mantel_haenszel",
    "margin_p",
    "max_t_critical",
    "max_t_p",
    "mean_intervals",
    "mid_quantiles",
    "mixture_p",
    "moments_from_values",
    "newcombe_interval",
    "obrien_fleming",
    "obrien_fleming_bound",
    "odds_ratio_interval",
    "one_sided_anytime_p",
    "one_sided_factor",
    "one_way_anova",
    "order_statistics",
    "pairs_power",
    "planned_looks",
    "pocock_bound",
    "pocock_spending",
    "pooled_theta",
    "power",
    "power_family",
    "preferential_alpha",
    "quantile_sample",
    "ratio_interval",
    "relative_error",
    "sample_from_share",
    "sample_from_sums",
    "sample_from_values",
    "sample_ratio_p",
    "score_p",
    "score_statistic",
    "share_interval",
    "shared_control_loadings",
    "sidak",
    "sign_test",
    "signed_ranks",
    "simes_p",
    "skew_of_difference",
    "split_alpha",
    "stouffer_p",
    "t_critical",
    "t_p",
    "two_stage_benjamini_hochberg",
    "units_for_effect",
    "units_still_needed",
    "update",
    "update_share",
    "wang_tsiatis_bound",
    "weighted_bonferroni",
    "weighted_holm",
    "welch_degrees_of_freedom",
    "wilson_interval",
    "winsorised",
]

Numbers = Sequence[float] | npt.NDArray[np.float64]


def sample_from_sums(n: float, total: float, squares: float) -> Sample:
    """Make an arm from its units, the sum of their values and the sum of their squares."""
    mean = total / n
    return Sample(n, mean, (squares - n * mean**2) / (n - 1) if n > 1 else float("nan"))


def sample_from_values(values: Numbers) -> Sample:
    """Make an arm from its values; those that are missing (NaN) do not count."""
    known = np.asarray(values, dtype=float)
    known = known[~np.isnan(known)]
    return Sample(len(known), float(known.mean()), float(known.var(ddof=1)))


def sample_from_share(successes: float, n: int) -> Sample:
    """Make an arm from a count of successes; the variance is share * (1 - share)."""
    share = successes / n
    return Sample(n, share, share * (1 - share))


def moments_from_values(
    value: Numbers,
    *,
    denominator: Numbers | None = None,
    covariate: Numbers | None = None,
    covariate_denominator: Numbers | None = None,
) -> Moments:
    """Make the moments of an arm from its units: a mean or ratio,
    with the same quantity before the experiment where it is known.
    """
    n = len(value)
    given = (value, denominator, covariate, covariate_denominator)
    filled = [
        np.full(n, constant) if one is None else np.asarray(one, dtype=float)
        for one, constant in zip(given, (0.0, 1.0, 0.0, 1.0), strict=True)
    ]
    table = np.cov(np.array(filled))
    place = {name: position for position, name in enumerate(VARIABLES)}
    return Moments(
        n,
        {name: float(column.mean()) for name, column in zip(VARIABLES, filled, strict=True)},
        {(one, other): float(table[place[one], place[other]]) for one, other in PAIRS},
    )


def adjusted_by_covariates(
    values: Sequence[Numbers], covariates: Sequence[npt.NDArray[np.float64]]
) -> list[Sample]:
    """Take out of each arm what several covariates explain: one set of slopes,
    fitted within the arms (CUPED with a vector).

    Args:
        values: Per arm, one number per unit.
        covariates: Per arm, an array (units, covariates), known before the experiment.
    """
    rows = [np.asarray(one, dtype=float) for one in covariates]
    centred = [one - one.mean(axis=0) for one in rows]
    inner = [np.asarray(one, dtype=float) - np.mean(one) for one in values]
    slopes = np.linalg.lstsq(np.vstack(centred), np.concatenate(inner), rcond=None)[0]
    centre = np.vstack(rows).mean(axis=0)
    return [
        sample_from_values(np.asarray(one, dtype=float) - (row - centre) @ slopes)
        for one, row in zip(values, rows, strict=True)
    ]


def order_statistics(values: Numbers, quantile: float) -> OrderStatistics:
    """Find a quantile of one arm by itself and the values that enclose it with 95% confidence; of
    arms that are to be compared and share values, ask `mid_quantiles` for all of them together.
    """
    return mid_quantiles([values], quantile)[0]


def winsorised(arms: Sequence[Numbers], *, at: float) -> list[npt.NDArray[np.float64]]:
    """Cut the values of all arms at one common quantile, so that no arm has a cap of its own."""
    pooled = np.sort(np.concatenate([np.asarray(one, dtype=float) for one in arms]))
    cap = pooled[ceil(len(pooled) * at) - 1]
    return [np.minimum(np.asarray(one, dtype=float), cap) for one in arms]


def dunnett_p(
    control: Numbers, treatments: Sequence[Numbers], *, two_sided: bool = True
) -> list[float]:
    """Compare several treatments with one control, p-values adjusted for all of them,
    with one variance for all arms (Dunnett 1955).
    """
    arms = [np.asarray(one, dtype=float) for one in (control, *treatments)]
    df = sum(len(one) - 1 for one in arms)
    pooled = sum((len(one) - 1) * float(one.var(ddof=1)) for one in arms) / df
    base, *others = [Sample(len(one), float(one.mean()), pooled) for one in arms]
    loadings = shared_control_loadings(base, others)
    statistics = [
        (one.mean - base.mean) / sqrt(one.squared_error + base.squared_error) for one in others
    ]
    return [
        max_t_p(statistic, loadings, degrees_of_freedom=df, two_sided=two_sided)
        for statistic in statistics
    ]
