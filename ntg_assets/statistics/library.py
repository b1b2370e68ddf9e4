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

from ntg_assets.randomness import bucket_of
from ntg_assets.statistics.bayes import (
    Belief,
    PastEffect,
    ShareBelief,
    chances_to_be_best,
    compare_shares_bayes,
    learn_prior,
    update,
    update_share,
)
from ntg_assets.statistics.bootstrap import bootstrap_t_interval, mean_intervals
from ntg_assets.statistics.classical_tests import (
    compare_with_known_variance,
    compare_with_one_variance,
    equivalence_p,
    margin_p,
)
from ntg_assets.statistics.designs.clusters import (
    ClusterMeans,
    cluster_sample,
    clustered,
    compare_clusters,
    design_effect,
    intracluster_correlation,
)
from ntg_assets.statistics.designs.covariates import compare_with_covariates
from ntg_assets.statistics.designs.strata import compare_within_strata
from ntg_assets.statistics.from_values import (
    adjusted_by_covariates,
    dunnett_p,
    moments_from_values,
    order_statistics,
    sample_from_share,
    sample_from_sums,
    sample_from_values,
    winsorised,
)
from ntg_assets.statistics.heterogeneity import alike_p
from ntg_assets.statistics.moments import Moments
from ntg_assets.statistics.named.distributions import (
    anova_of_samples,
    bartlett,
    brunner_munzel,
    friedman,
    kolmogorov_smirnov,
    levene,
    permutation_p,
    trimmed_t,
    tukey,
)
from ntg_assets.statistics.named.effect_sizes import (
    EffectSize,
    cliffs_delta,
    correlation,
    effect_size,
    hodges_lehmann,
    number_needed_to_treat,
    ratio_of_geometric_means,
)
from ntg_assets.statistics.named.meta_analysis import Combined, combine_effects
from ntg_assets.statistics.named.named_tests import (
    barnard,
    chi_squared,
    fisher_table,
    log_rank,
    mantel_haenszel,
    one_way_anova,
)
from ntg_assets.statistics.named.rank_tests import (
    kruskal_wallis,
    mann_whitney,
    sign_test,
    signed_ranks,
)
from ntg_assets.statistics.named.rates import (
    Rate,
    RateBelief,
    RateMethod,
    compare_rates,
    rate_interval,
    rate_ratio_interval,
    update_rate,
)
from ntg_assets.statistics.named.single_samples import (
    binomial_p,
    cochran_q,
    mcnemar,
    one_sample_t,
    one_share_z,
)
from ntg_assets.statistics.named.tested import Tested
from ntg_assets.statistics.planning.plan_answer import PlanAnswer
from ntg_assets.statistics.planning.plan_request import PlanRequest
from ntg_assets.statistics.planning.power import (
    Design,
    days_for_units,
    detectable_effect,
    equivalence_power,
    pairs_power,
    power,
    units_for_effect,
)
from ntg_assets.statistics.planning.rules import (
    DesignErrors,
    anova_power,
    chi_squared_power,
    design_errors,
    diluted_effect,
    false_positive_risk,
    sprt_bounds,
    units_by_rule_of_thumb,
    units_for_skewness,
)
from ntg_assets.statistics.planning.sample_size import answer_plan
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
from ntg_assets.statistics.repeated.alpha_split import (
    conditional_power,
    preferential_alpha,
    split_alpha,
    units_still_needed,
    weighted_bonferroni,
    weighted_holm,
)
from ntg_assets.statistics.repeated.anytime import (
    anytime_factor,
    anytime_p,
    mixture_p,
    one_sided_anytime_p,
    one_sided_factor,
)
from ntg_assets.statistics.repeated.max_t import max_t_critical, max_t_p, shared_control_loadings
from ntg_assets.statistics.repeated.multiple_testing import (
    benjamini_hochberg,
    benjamini_yekutieli,
    bonferroni,
    fisher_p,
    fixed_sequence,
    hochberg,
    holm,
    holm_sidak,
    hommel,
    sidak,
    simes_p,
    stouffer_p,
    two_stage_benjamini_hochberg,
)
from ntg_assets.statistics.repeated.sequential import (
    Looks,
    crossing_probability,
    haybittle_peto_bound,
    hwang_shih_decani,
    obrien_fleming,
    obrien_fleming_bound,
    planned_looks,
    pocock_bound,
    pocock_spending,
    power_family,
    wang_tsiatis_bound,
)
from ntg_assets.statistics.samples import Sample, adjusted_samples, pooled_theta
from ntg_assets.statistics.shares.one_share import ShareMethod, share_interval
from ntg_assets.statistics.shares.proportions import (
    Count,
    compare_proportions,
    compare_small_proportions,
    equal_shares_p,
    fisher_exact_p,
    newcombe_interval,
    sample_ratio_p,
    wilson_interval,
)
from ntg_assets.statistics.shares.score import score_p, score_statistic
from ntg_assets.statistics.shares.share_intervals import (
    DifferenceMethod,
    RatioMethod,
    compare_by_score,
    difference_interval,
    odds_ratio_interval,
    ratio_interval,
)
from ntg_assets.statistics.skewness import Shape, compare_skewed, skew_of_difference
from ntg_assets.statistics.student_t import Alternative, t_critical, t_p
from ntg_assets.statistics.two_samples import (
    Difference,
    compare_means,
    compare_pairs,
    welch_degrees_of_freedom,
)

__all__ = sorted(name for name in globals() if name[0] != "_")  # noqa: PLE0605  # one list, not two that differ one day
