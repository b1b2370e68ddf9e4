"""Estimators held against statsmodels, scipy, published figures and each other."""

from math import exp, inf, log, sqrt

import numpy as np
import pytest
import scipy
from scipy import optimize, special

from ntg_assets.errors import ConfigurationError, NotEnoughDataError
from ntg_assets.statistics import library as st

SEVERAL = [
    (st.Count(1, 34), st.Count(7, 34)),
    (st.Count(5, 20), st.Count(5, 200)),
    (st.Count(56, 70), st.Count(48, 80)),
    (st.Count(0, 20), st.Count(3, 30)),
]
ONE_SHARE = {
    "wald": "normal",
    "wilson": "wilson",
    "agresti-coull": "agresti_coull",
    "clopper-pearson": "beta",
}


@pytest.mark.parametrize("method", ONE_SHARE)
def test_intervals_of_one_share_are_those_of_statsmodels(method: st.ShareMethod) -> None:
    from statsmodels.stats.proportion import proportion_confint

    for count in {one for pair in SEVERAL for one in pair}:
        expected = proportion_confint(count.successes, count.n, method=ONE_SHARE[method])
        assert st.share_interval(count, method=method) == pytest.approx(expected, abs=1e-12)


# Newcombe 1998, tables II: 56/70 against 48/80 and 0/10 against 0/20 by several methods
@pytest.mark.parametrize(
    ("method", "control", "treatment", "expected"),
    [
        ("wald", (48, 80), (56, 70), (0.0575, 0.3425)),
        ("wald-cc", (48, 80), (56, 70), (0.0441, 0.3559)),
        ("mee", (48, 80), (56, 70), (0.0533, 0.3377)),
        ("newcombe", (48, 80), (56, 70), (0.0524, 0.3339)),
        ("newcombe-cc", (48, 80), (56, 70), (0.0428, 0.3422)),
        ("mee", (0, 20), (0, 10), (-0.1611, 0.2775)),
        ("newcombe", (0, 20), (0, 10), (-0.1611, 0.2775)),
    ],
)
def test_intervals_of_two_shares_are_those_that_are_published(
    method: st.DifferenceMethod,
    control: tuple[int, int],
    treatment: tuple[int, int],
    expected: tuple[float, float],
) -> None:
    found = st.difference_interval(st.Count(*control), st.Count(*treatment), method=method)
    assert found == pytest.approx(expected, abs=5.1e-5)


@pytest.mark.parametrize("pair", [((48, 80), (56, 70)), ((0, 20), (0, 10)), ((3, 9), (1, 40))])
@pytest.mark.parametrize("method", ["miettinen-nurminen", "mee"])
def test_the_ends_of_score_intervals_solve_the_score_equation(
    pair: tuple[tuple[int, int], tuple[int, int]], method: st.DifferenceMethod
) -> None:
    (x0, n0), (x1, n1) = pair
    n = n0 + n1
    more = n / (n - 1) if method == "miettinen-nurminen" else 1.0

    def squared_score(difference: float) -> float:
        """By the likelihood itself, with the shares that far apart, and no closed form."""

        def unlikely(p0: float) -> float:
            shares = np.clip([p0, p0 + difference], 0, 1)
            hits, sizes = np.array([x0, x1]), np.array([n0, n1])
            return -float(
                (special.xlogy(hits, shares) + special.xlogy(sizes - hits, 1 - shares)).sum()
            )

        ends = (max(0.0, -difference), min(1.0, 1 - difference))
        grid = np.linspace(*ends, 2_001)
        at = grid[np.argmin([unlikely(one) for one in grid])]
        step = (ends[1] - ends[0]) / 2_000
        near = (max(ends[0], at - step), min(ends[1], at + step))
        p0 = optimize.minimize_scalar(
            unlikely, bounds=near, method="bounded", options={"xatol": 1e-13}
        ).x
        p1 = p0 + difference
        variance = p0 * (1 - p0) / n0 + p1 * (1 - p1) / n1
        return float((x1 / n1 - x0 / n0 - difference) ** 2 / (variance * more))

    ends = st.difference_interval(st.Count(x0, n0), st.Count(x1, n1), method=method)
    for end in ends:
        assert squared_score(end) == pytest.approx(special.chdtri(1, 0.05), rel=1e-4)


def test_ratios_of_shares_have_the_intervals_of_statsmodels() -> None:
    from statsmodels.stats.proportion import confint_proportions_2indep

    control, treatment = st.Count(56, 70), st.Count(48, 80)
    methods: dict[st.RatioMethod, str] = {"katz": "log", "koopman": "score"}
    for method, theirs in methods.items():
        expected = confint_proportions_2indep(
            48, 80, 56, 70, method=theirs, compare="ratio", correction=False
        )
        found = st.ratio_interval(control, treatment, method=method)
        assert found == pytest.approx(expected, abs=1e-6)
    assert st.ratio_interval(st.Count(0, 20), st.Count(3, 30), method="koopman")[1] == inf
    with pytest.raises(NotEnoughDataError, match="use 'koopman'"):
        st.ratio_interval(st.Count(0, 20), st.Count(3, 30))
    with pytest.raises(ConfigurationError, match="known: wald, wald-cc, wilson"):
        st.share_interval(control, method="walt")  # type: ignore[arg-type]  # misspelled


def test_the_score_test_and_its_interval_say_the_same() -> None:
    for control, treatment in SEVERAL:
        found = st.compare_by_score(control, treatment)
        assert (found.p < 0.05) == (not found.low <= 0 <= found.high)
        at_low = st.score_statistic(control, treatment, found.low)
        assert at_low == pytest.approx(special.ndtri(0.975), rel=1e-6)
    common = (56 + 48) / 150
    z = (48 / 80 - 56 / 70) / sqrt(common * (1 - common) * (1 / 70 + 1 / 80) * 150 / 149)
    assert st.score_p(st.Count(56, 70), st.Count(48, 80)) == pytest.approx(2 * special.ndtr(z))


def test_student_and_z_share_their_formulas_with_scipy() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(0, 1, 12), rng.normal(0.4, 2, 30)
    samples = st.sample_from_values(a), st.sample_from_values(b)
    found = st.compare_with_one_variance(*samples)
    assert found.p == pytest.approx(scipy.stats.ttest_ind(b, a).pvalue)
    assert found.difference / found.standard_error == pytest.approx(
        scipy.stats.ttest_ind(b, a).statistic
    )
    z = (b.mean() - a.mean()) / sqrt(a.var(ddof=1) / 12 + b.var(ddof=1) / 30)
    assert st.compare_with_known_variance(*samples).p == pytest.approx(2 * special.ndtr(-abs(z)))


def test_margins_move_the_null_hypothesis() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(0, 1, 40), rng.normal(0, 1, 50)
    found = st.compare_means(st.sample_from_values(a), st.sample_from_values(b))
    worse = scipy.stats.ttest_ind(b + 0.5, a, equal_var=False, alternative="greater").pvalue
    better = scipy.stats.ttest_ind(b - 0.6, a, equal_var=False, alternative="less").pvalue
    assert st.margin_p(found, 0.5) == pytest.approx(worse)
    assert st.equivalence_p(found, -0.5, 0.6) == pytest.approx(max(worse, better))


def test_fieller_is_the_set_of_ratios_that_a_t_test_does_not_reject() -> None:
    control, treatment = st.Sample(40, 10.0, 9.0), st.Sample(50, 12.0, 16.0)
    df = st.welch_degrees_of_freedom(control, treatment)
    for end in st.fieller_interval(control, treatment):
        ratio = end + 1
        error = sqrt(treatment.squared_error + ratio**2 * control.squared_error)
        assert abs(12 - ratio * 10) / error == pytest.approx(st.t_critical(0.025, df))
    with pytest.raises(NotEnoughDataError, match="not clearly different from zero"):
        st.fieller_interval(st.Sample(40, 0.1, 9.0), treatment)


def test_clusters_of_one_unit_are_units_and_repeated_units_say_nothing_new() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(0, 1, 30), rng.normal(0.5, 2, 40)
    plain = st.compare_means(st.sample_from_values(a), st.sample_from_values(b))
    ids = [np.arange(30), np.arange(40)]
    single = st.compare_clusters(st.clustered(a, ids[0]), st.clustered(b, ids[1]))
    assert single.p == pytest.approx(plain.p)
    tenfold = st.compare_clusters(
        *(
            st.clustered(np.repeat(x, 10), np.repeat(i, 10))
            for x, i in zip((a, b), ids, strict=True)
        )
    )
    assert [tenfold.p, tenfold.low] == pytest.approx([plain.p, plain.low])
    assert st.design_effect(10, 0.5) == pytest.approx(1 + 9 * 0.5)


def test_units_read_by_cluster_keep_their_level_where_single_ones_do_not() -> None:
    rng = np.random.default_rng(4)
    by_cluster, singly = [], []
    for _ in range(400):
        arms = []
        for _ in range(2):
            sizes = rng.integers(2, 30, 15)
            shared = np.repeat(rng.normal(0, 1, 15), sizes)
            arms.append((shared + rng.normal(0, 1, sizes.sum()), np.repeat(np.arange(15), sizes)))
        by_cluster.append(st.compare_clusters(*(st.clustered(*arm) for arm in arms)).p < 0.05)
        singly.append(st.compare_means(*(st.sample_from_values(x) for x, _ in arms)).p < 0.05)
    low, high = scipy.stats.binom.interval(0.999, 400, np.mean(by_cluster))
    assert low / 400 <= 0.065
    assert high / 400 >= 0.035
    assert np.mean(singly) > 0.3


def test_the_correlation_within_clusters_is_that_of_the_analysis_of_variance() -> None:
    values, ids = np.array([1.0, 2, 3, 7, 8, 9]), [0, 0, 0, 1, 1, 1]
    between, within = 3 * (2 - 5) ** 2 + 3 * (8 - 5) ** 2, (2 + 2) / 4
    expected = (between - within) / (between + 2 * within)
    found = st.intracluster_correlation(st.clustered(values, ids), float((values**2).sum()))
    assert found == pytest.approx(expected)


def test_one_covariate_and_two_arms_are_a_regression() -> None:
    from statsmodels.api import OLS

    rng = np.random.default_rng(5)
    x = [rng.normal(0, 1, (n, 2)) for n in (14, 14)]
    y = [one @ [1.0, -2.0] + rng.normal(0, 1, len(one)) for one in x]
    found = st.compare_with_covariates(y, x)[0]
    arm = np.repeat([0.0, 1.0], 14)
    fit = OLS(np.concatenate(y), np.column_stack([np.ones(28), arm, np.vstack(x)])).fit(
        cov_type="HC2"
    )
    assert [found.difference, found.standard_error] == pytest.approx([fit.params[1], fit.bse[1]])
    assert 20 < found.degrees_of_freedom <= 24


@pytest.mark.parametrize("sizes", [(8, 8), (6, 20)])
def test_four_covariates_with_few_units_keep_their_level(sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(6)
    claimed = []
    for _ in range(600):
        x = [rng.normal(0, 1, (n, 4)) for n in sizes]
        y = [one @ [1.0, 1, 1, 1] + rng.normal(0, 1, len(one)) for one in x]
        claimed.append(st.compare_with_covariates(y, x)[0].p < 0.05)
    low, high = scipy.stats.binom.interval(0.999, 600, np.mean(claimed))
    assert low / 600 <= 0.065
    assert high / 600 >= 0.035


def test_covariates_that_say_nothing_new_cost_nothing() -> None:
    rng = np.random.default_rng(7)
    x = [rng.normal(0, 1, (20, 1)) for _ in range(2)]
    y = [one[:, 0] + rng.normal(0, 1, 20) for one in x]
    once = st.compare_with_covariates(y, x)[0]
    twice = st.compare_with_covariates(y, [np.hstack([one, 2 * one, one * 0 + 5]) for one in x])[0]
    assert [twice.difference, twice.p] == pytest.approx([once.difference, once.p])
    with pytest.raises(NotEnoughDataError, match="4 units cannot tell 2 arms and 2 slopes apart"):
        st.compare_with_covariates([[1.0, 2], [3, 5]], [np.eye(2), np.eye(2) * 3])


def test_strata_that_explain_the_values_narrow_the_interval() -> None:
    rng = np.random.default_rng(8)
    arms = [
        {"low": rng.normal(0, 1, 50), "high": rng.normal(20, 1, 70)},
        {"low": rng.normal(0.5, 1, 60), "high": rng.normal(20.5, 1, 60)},
    ]
    strata = [{name: st.sample_from_values(x) for name, x in arm.items()} for arm in arms]
    found = st.compare_within_strata(*strata)
    expected = sum(
        weight * (arms[1][name].mean() - arms[0][name].mean())
        for name, weight in (("low", 110 / 240), ("high", 130 / 240))
    )
    assert found.difference == pytest.approx(expected)
    plain = st.compare_means(
        *(st.sample_from_values(np.concatenate(list(arm.values()))) for arm in arms)
    )
    assert found.standard_error < plain.standard_error / 5
    with pytest.raises(NotEnoughDataError, match="1 strata are in one arm only"):
        st.compare_within_strata({"low": strata[0]["low"]}, strata[1])


def test_a_one_sided_sequence_is_narrower_and_agrees_with_its_p() -> None:
    for n in (500, 5_000, 100_000):
        factor = st.one_sided_factor(n, alpha=0.05)
        assert factor < st.anytime_factor(n, alpha=0.05)
        assert st.one_sided_anytime_p(factor, n=n, alpha=0.05) == pytest.approx(0.05)
    assert st.one_sided_anytime_p(-1.0, n=100) == 1.0
    v, tau, d = 0.01, 0.04, 0.3
    expected = sqrt((v + tau) / v) * exp(-tau * d**2 / (2 * v * (v + tau)))
    found = st.mixture_p(d, squared_error=v, mixing_variance=tau)
    assert found == pytest.approx(expected)


def test_a_one_sided_sequence_holds_at_all_looks_together() -> None:
    rng = np.random.default_rng(9)
    walks = np.cumsum(rng.normal(0, 1, (1_000, 4_000)), axis=1)[:, 19::20]
    n = np.arange(20, 4_001, 20)
    factors = np.array([st.one_sided_factor(float(m), tuned_for=2_000) for m in n])
    assert np.mean((walks / np.sqrt(n) > factors).any(axis=1)) <= 0.05


@pytest.mark.parametrize("n_looks", [2, 3, 5])
def test_families_of_bounds_meet_at_their_known_members(n_looks: int) -> None:
    assert st.wang_tsiatis_bound(n_looks, delta=0.5) == pytest.approx(st.pocock_bound(n_looks))
    assert st.wang_tsiatis_bound(n_looks, delta=0.0) == pytest.approx(
        st.obrien_fleming_bound(n_looks)
    )
    last = st.haybittle_peto_bound(n_looks)
    shares = [look / n_looks for look in range(1, n_looks + 1)]
    crossing = st.crossing_probability(shares, [*[3.0] * (n_looks - 1), last])
    assert crossing == pytest.approx(0.05)
    linear = st.planned_looks(shares, spending=st.hwang_shih_decani(0.0))
    assert linear.spent == pytest.approx([0.025 * share for share in shares])


def test_adjusted_p_values_are_those_of_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    rng = np.random.default_rng(10)
    for n in (1, 2, 3, 7, 12):
        p = [float(one) for one in rng.random(n) ** 3]
        for ours, theirs in (
            (st.hommel, "hommel"),
            (st.hochberg, "simes-hochberg"),
            (st.holm_sidak, "holm-sidak"),
        ):
            assert ours(p) == pytest.approx(multipletests(p, method=theirs)[1])
        found = st.two_stage_benjamini_hochberg(p)
        rejected = multipletests(p, method="fdr_tsbky")[0]
        assert [one <= 0.05 for one in found] == list(rejected)
    assert st.fisher_p([0.1, 0.2]) == pytest.approx(scipy.stats.combine_pvalues([0.1, 0.2]).pvalue)
    assert st.stouffer_p([1.0, 2.0]) == pytest.approx(special.ndtr(-3 / sqrt(2)))
    assert st.simes_p([0.04, 0.03]) == pytest.approx(0.04)
    assert st.fixed_sequence([0.01, 0.2, 0.03]) == [0.01, 0.2, 0.2]


def test_the_error_rate_is_divided_by_preference() -> None:
    assert st.split_alpha({"a": 3, "b": 1}) == pytest.approx({"a": 0.05 * 3 / 4, "b": 0.05 / 4})
    primary, others = st.preferential_alpha(
        primary_share=0.6, alpha=0.05, n_treatments=2, n_metrics=4
    )
    assert [primary, others] == pytest.approx([0.6 * 0.05 / 2, 0.4 * 0.05 / (2 * 3)])
    assert 2 * primary + 2 * 3 * others == pytest.approx(0.05)
    assert st.weighted_bonferroni([0.01, 0.02], [3, 1]) == pytest.approx([0.01 * 4 / 3, 0.08])
    assert st.weighted_holm([0.01, 0.02], [3, 1]) == pytest.approx([0.01 * 4 / 3, 0.02])
    with pytest.raises(ConfigurationError, match="weights must be at least 0"):
        st.split_alpha({"a": 0.0})


def test_a_running_test_says_how_much_more_it_needs() -> None:
    reach = special.ndtri(0.8) - special.ndtri(0.025)
    assert st.units_still_needed(reach / 2, n=100, standard_error=1.0) == pytest.approx(300)
    assert st.units_still_needed(10.0, n=100, standard_error=1.0) == 0
    assert st.units_still_needed(0.0, n=100, standard_error=1.0) == inf
    # with no trend yet and none expected, what remains is chance alone
    expected = special.ndtr(special.ndtri(0.025) / sqrt(0.5))
    assert st.conditional_power(0.0, share=0.5) == pytest.approx(expected)
    assert st.conditional_power(-3.0, share=0.8) == st.conditional_power(3.0, share=0.8) > 0.9


def test_what_lies_at_the_limit_of_the_first_stage_counts_as_rejected() -> None:
    """2 * 0.1 / 1 = 0.25 / (1 + 0.25): one of two is rejected, so half of them may be null."""
    adjusted = st.two_stage_benjamini_hochberg([0.1, 0.9], significance=0.25)
    assert adjusted == pytest.approx([0.2 * 1.25 / 2, 0.9 * 1.25 / 2])


def test_conditional_power_counts_what_is_still_to_come() -> None:
    """After a quarter at z = 1 the B-value is 1 * sqrt(1/4), and three quarters of the drift lie
    ahead: 1 / sqrt(1/4) at the present trend, or what is expected.
    """
    needed, spread = special.ndtri(0.975), sqrt(3 / 4)
    for drift, expected in ((1 / sqrt(1 / 4), None), (3.0, 3.0)):
        ahead = 1 * sqrt(1 / 4) + drift * 3 / 4 - needed
        assert st.conditional_power(1.0, share=0.25, effect_statistic=expected) == pytest.approx(
            special.ndtr(ahead / spread)
        )


def test_beliefs_about_shares_are_integrated_exactly() -> None:
    control, treatment = st.update_share(4, 10), st.update_share(7, 12, prior=(0.5, 0.5))
    assert treatment.mean == pytest.approx(7.5 / 13)
    rng = np.random.default_rng(11)
    a = rng.beta(5, 7, 2_000_000)
    b = rng.beta(7.5, 5.5, 2_000_000)
    found = st.compare_shares_bayes(control, treatment)
    assert found.chance_to_win == pytest.approx(float((b > a).mean()), abs=2e-3)
    assert found.loss_of_treatment == pytest.approx(float(np.maximum(a - b, 0).mean()), abs=3e-4)
    assert found.loss_of_control == pytest.approx(float(np.maximum(b - a, 0).mean()), abs=3e-4)
    # Miller's closed form for whole numbers
    whole = st.compare_shares_bayes(st.update_share(4, 10), st.update_share(7, 12))
    expected = sum(
        exp(
            special.betaln(5 + i, 7 + 6)
            - log(6 + i)
            - special.betaln(1 + i, 6)
            - special.betaln(5, 7)
        )
        for i in range(8)
    )
    assert whole.chance_to_win == pytest.approx(expected, rel=1e-9)
    tight = st.compare_shares_bayes(st.update_share(5e5, 1e6), st.update_share(5.01e5, 1e6))
    assert tight.chance_to_win == pytest.approx(special.ndtr(1e-3 / sqrt(0.5e-6)), abs=1e-4)


def test_the_bootstrap_t_follows_skewness() -> None:
    rng = np.random.default_rng(12)
    control, treatment = rng.normal(0, 1, 400), rng.lognormal(0, 1, 60)
    low, high = st.bootstrap_t_interval(control, treatment, rng=rng, samples=1_000)
    middle = float(treatment.mean() - control.mean())
    assert high - middle > 1.1 * (middle - low)  # a mean of skewed values may be further up
    again = st.bootstrap_t_interval(control, treatment, rng=np.random.default_rng(1), samples=300)
    same = st.bootstrap_t_interval(control, treatment, rng=np.random.default_rng(1), samples=300)
    assert again == same
