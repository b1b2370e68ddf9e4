"""What the statistics say to an outside test vector of a kind, computed from its inputs alone."""

import re
from collections.abc import Callable
from math import inf, sqrt
from typing import Any

import numpy as np

from ntg_assets.experiments import statistics as st

Inputs = dict[str, Any]
ANSWERS: dict[str, Callable[[Inputs], Any]] = {}


class NotComputedError(Exception):
    """Inputs that say something else than this kind is known for."""


def answers(*kinds: str) -> Callable[[Callable[[Inputs], Any]], Callable[[Inputs], Any]]:
    """Register a function for some kinds of vector."""

    def register(function: Callable[[Inputs], Any]) -> Callable[[Inputs], Any]:
        ANSWERS.update(dict.fromkeys(kinds, function))
        return function

    return register


def arm_of(given: Inputs) -> st.Sample:
    """Read one arm, however its moments are written down."""
    if "m_sum" in given:
        return st.adjusted_samples([ratio_of(given)], use_covariate=False)[0]
    if "successes" in given:
        return st.sample_from_share(given["successes"], given["n"])
    if "sum_squares" in given:
        return st.sample_from_sums(given["n"], given["sum"], given["sum_squares"])
    if "values" in given:
        return st.sample_from_values(given["values"])
    variance = given["var"] if "var" in given else given["sd"] ** 2
    return st.Sample(given["n"], given["mean"], variance)


def ratio_of(given: Inputs) -> st.Moments:
    """Read the sums of a ratio (m / d), with those of its pre-period (mpre / dpre) where they are given."""
    n = int(given["n"])
    names = {"value": "m", "denominator": "d", "covariate": "mpre", "covariate_denominator": "dpre"}
    products = {
        ("value", "value"): "m_ss", ("value", "denominator"): "m_d", ("value", "covariate"): "m_mpre",
        ("value", "covariate_denominator"): "m_dpre", ("denominator", "denominator"): "d_ss", ("denominator", "covariate"): "mpre_d",
        ("denominator", "covariate_denominator"): "d_dpre", ("covariate", "covariate"): "mpre_ss",
        ("covariate", "covariate_denominator"): "mpre_dpre", ("covariate_denominator", "covariate_denominator"): "dpre_ss",
    }  # fmt: skip
    known = {"d_sum": n, "dpre_sum": n, "mpre_sum": 0} | given
    sums = {name: float(known[f"{short}_sum"]) for name, short in names.items()}
    return st.Moments(
        n,
        {name: total / n for name, total in sums.items()},
        {pair: (given[key] - sums[pair[0]] * sums[pair[1]] / n) / (n - 1) if key in given else 0.0 for pair, key in products.items()},
    )


def arms_of(given: Inputs) -> list[st.Sample]:
    """Read control (a) and treatment (b), adjusted by the pre-period where it is given."""
    pair = [given["a"], given["b"]]
    if "m_sum" in pair[0]:
        return st.adjusted_samples([ratio_of(one) for one in pair])
    return [arm_of(one) for one in pair]


def told(found: st.Difference) -> Inputs:
    """Spell out a difference under the names that vectors use."""
    return {
        "effect": found.difference,
        "ci": [found.low, found.high],
        "se": found.standard_error,
        "p": found.p,
        "statistic": found.difference / found.standard_error,
        "df": found.degrees_of_freedom,
        "rel_effect": found.relative,
        "rel_log_ci": [found.relative_low, found.relative_high],
        "rel_ci": [found.relative_low, found.relative_high],
    }


def options(given: Inputs) -> Inputs:
    """Read confidence and alternative."""
    alternative = {"larger": "greater", "smaller": "less", "two.sided": "two-sided"}.get(
        given.get("alternative", ""), given.get("alternative")
    )
    return {"confidence": given.get("confidence", 1 - given.get("alpha", 0.05)), "alternative": alternative or "two-sided"}


@answers("bucketing.hash")
def _answer_bucket(given: Inputs) -> int:
    text = re.search(r'"([^":]+):([^"]+)"', given["algorithm"])
    if not text:
        raise NotComputedError("the text that is hashed is not named")
    return st.bucket_of(*text.groups())


@answers("ttest.absolute", "ttest.one_sided", "ttest.degenerate", "ratio.absolute", "ratio.cuped.absolute", "cuped.absolute")
def _answer_welch(given: Inputs) -> Inputs:
    return told(st.compare_means(*arms_of(given), **options(given)))


@answers("ttest.relative_log")
def _answer_log_ratio(given: Inputs) -> Inputs:
    found = st.compare_means(*arms_of(given), **options(given))
    return {"effect": found.relative, "ci": [found.relative_low, found.relative_high], "p": found.p}


@answers("ttest.relative", "ratio.relative", "ratio.cuped.relative", "cuped.relative", "proportion.relative")
def _answer_relative(given: Inputs) -> Inputs:
    return told(st.compare_relative(*arms_of(given), **options(given)))


@answers("proportion.absolute", "proportion.z")
def _answer_shares(given: Inputs) -> Inputs:
    counts = [st.Count(given[arm]["successes"], given[arm]["n"]) for arm in "ab"]
    return told(st.compare_proportions(*counts, pooled=given.get("pooled", False), **options(given)))


@answers("proportion.diff_ci")
def _answer_share_interval(given: Inputs) -> list[float]:
    control, treatment = st.Count(given["x2"], given["n2"]), st.Count(given["x1"], given["n1"])
    confidence, method = options(given)["confidence"], given.get("method", "Agresti-Caffo").lower()
    if "newcombe" in method:
        return list(st.newcombe_interval(control, treatment, confidence=confidence))
    compare = st.compare_proportions if "wald" in method else st.compare_small_proportions
    found = compare(control, treatment, confidence=confidence)
    return [found.low, found.high]


@answers("proportion.ci")
def _answer_one_share(given: Inputs) -> list[float]:
    return list(st.wilson_interval(st.Count(given["successes"], given["n"]), confidence=options(given)["confidence"]))


@answers("proportion.k_sample_chisq")
def _answer_equal_shares(given: Inputs) -> Inputs:
    successes, nobs = np.array(given["successes"], dtype=float), np.array(given["nobs"], dtype=float)
    common = successes.sum() / nobs.sum()
    chisq = float((((successes - nobs * common) ** 2) / (nobs * common * (1 - common))).sum())
    p = st.equal_shares_p([st.Count(float(one), int(n)) for one, n in zip(successes, nobs, strict=True)])
    return {"chisq": chisq, "df": len(nobs) - 1, "p": p}


@answers("ratio.delta.variance")
def _answer_error_squared(given: Inputs) -> float:
    arms = [st.Sample(given[f"n_{arm}"], given[f"mean_{arm}"], given[f"var_{arm}"]) for arm in "ab"]
    return st.relative_error(*arms) ** 2 if given.get("relative") else sum(arm.squared_error for arm in arms)


@answers("cuped.theta")
def _answer_slope(given: Inputs) -> float:
    arms = [(given["pre"], given["post"])] * 2 if "pre" in given else [(given[arm]["pre"], given[arm]["post"]) for arm in "ab"]
    return st.pooled_theta([st.moments_from_values(post, covariate=pre) for pre, post in arms])


def _call(given: Inputs) -> Inputs:
    """Read `d=1,n=30,two.sample,two.sided` or the same as keys."""
    parts = dict(re.findall(r"(\w+)=([\d.eE+-]+)", given.get("call", "")))
    found = {name: float(value) for name, value in parts.items()} | {key: value for key, value in given.items() if key != "call"}
    named = [word for word in ("greater", "less", "larger", "smaller", "one.sided") if word in given.get("call", "")]
    alternative = str(given.get("alternative", named[0] if named else "two-sided")).replace("larger", "greater").replace("smaller", "less")
    alternative = "greater" if alternative in {"one.sided", "one-sided"} else alternative.replace("two.sided", "two-sided")
    return found | {"alternative": alternative, "is_one_sample": any(word in given.get("call", "") for word in ("one.sample", "paired"))}


def _first(call: Inputs, *names: str) -> Any:
    return next((call[name] for name in names if name in call), None)


@answers("power")
def _answer_chance(given: Inputs) -> Any:
    call = _call(given)
    effect = _first(call, "d", "h", "delta")
    if effect is None and "p1" in call:
        return _share_power(call)
    n = _first(call, "n1", "n", "n_per_arm")
    sd, alpha = call.get("sd", 1.0), call.get("alpha", 0.05)
    if call["is_one_sample"]:
        return st.pairs_power(effect, n=n, sd=sd, significance=alpha, alternative=call["alternative"])
    known: Inputs = {"ratio": call.get("n2", n) / n, "equal_variances": True}
    design = st.Design(sd**2, sd**2, significance=alpha, alternative=call["alternative"], use_t="h" not in call, **known)
    found = st.power(effect, n_control=n, design=design)
    one_tail = st.Design(sd**2, sd**2, significance=alpha / 2, alternative="greater", **known)
    lenient = st.power(abs(effect), n_control=n, design=one_tail) if call["alternative"] == "two-sided" else found
    return {"strict": found, "r_default_nonstrict": lenient} if "delta" in call else found


def _share_design(call: Inputs) -> st.Design:
    p1, p2 = call["p1"], call["p2"]
    common = (p1 + p2) / 2
    return st.Design(
        p1 * (1 - p1),
        p2 * (1 - p2),
        ratio=call.get("ratio", 1.0),
        significance=call.get("alpha", 0.05),
        alternative=call["alternative"],
        null_variance=common * (1 - common),
        use_t=False,
    )


def _share_power(call: Inputs) -> float:
    return st.power(call["p2"] - call["p1"], n_control=_first(call, "n", "n_per_arm"), design=_share_design(call))


@answers("power.n")
def _answer_units(given: Inputs) -> Any:
    call = _call(given)
    if "p1" in call:
        return st.units_for_effect(call["p2"] - call["p1"], design=_share_design(call), wanted_power=call["power"])
    sd = call.get("sd", 1.0)
    design = st.Design(sd**2, sd**2, significance=call.get("alpha", 0.05), equal_variances=True, alternative=call["alternative"])
    effect = _first(call, "delta", "d")
    return {"n_per_arm": st.units_for_effect(effect, design=design, wanted_power=call["power"])}


@answers("power.n_total")
def _answer_all_units(given: Inputs) -> float:
    base, effect, ratio = given["baseline_variance_or_p"], given["absolute_mde"], given.get("ratio", 1.0)
    is_share = "binomial" in given.get("metric", "")
    control, treated = (p * (1 - p) for p in (base, base + effect)) if is_share else (base, base)
    alternative: Any = "two-sided" if given.get("two_sided", True) else "greater"
    design = st.Design(control, treated, ratio=ratio, significance=given["alpha"], alternative=alternative, use_t=False)
    return (1 + ratio) * st.units_for_effect(effect, design=design, wanted_power=given["power"])


@answers("power.mde_relative", "power.sequential_mde")
def _answer_relative_mde(given: Inputs) -> float:
    """Solve the peer's planning equation, whose error grows with the effect because the effect is relative."""
    n, z_alpha = given["n_total"] / given["n_variations"], st.t_critical(given["alpha"] / 2, inf)
    inflation = st.anytime_factor(2 * n, alpha=given["alpha"], tuned_for=given["tuning"]) / z_alpha if "tuning" in given else 1.0
    z, effect = z_alpha + st.t_critical(1 - given["power"], inf), 0.0
    for _ in range(200):
        arms = [st.Sample(n, mean, given["sd"] ** 2) for mean in (given["mean"], given["mean"] * (1 + effect))]
        effect = z * inflation * st.relative_error(*arms)
    return effect


@answers("srm")
def _answer_mismatch(given: Inputs) -> Inputs:
    observed, weights = given["observed"], given.get("weights") or [1] * len(given["observed"])
    expected = [sum(observed) * weight / sum(weights) for weight in weights]
    chisq = sum((found - wanted) ** 2 / wanted for found, wanted in zip(observed, expected, strict=True))
    return {"chisq": chisq, "df": len(observed) - 1, "p": st.sample_ratio_p(observed, weights)}


ADJUST = {
    "holm": st.holm, "bonferroni": st.bonferroni, "bh": st.benjamini_hochberg, "fdr_bh": st.benjamini_hochberg, "hochberg": st.hochberg,
    "by": st.benjamini_yekutieli, "fdr_by": st.benjamini_yekutieli, "sidak": st.sidak, "holm-sidak": st.holm_sidak,
}  # fmt: skip


@answers("multiplicity.misc")
def _answer_several_adjustments(given: Inputs) -> str:
    for case in given["cases"]:
        if not np.allclose(ADJUST[case["method"]](case["p"]), case["expect"], rtol=0, atol=1e-6):
            return f"{case['method']} of {case['p']} is {ADJUST[case['method']](case['p'])}"
    return "see cases"


for _name, _adjust in ADJUST.items():
    ANSWERS[f"multiplicity.{_name}"] = lambda given, adjust=_adjust: adjust(given["p"])  # type: ignore[misc]


@answers("dunnett")
def _answer_dunnett(given: Inputs) -> Inputs:
    arms = [np.asarray(one, dtype=float) for one in (given["control"], *given["samples"])]
    df = sum(len(arm) - 1 for arm in arms)
    pooled = sum((len(arm) - 1) * arm.var(ddof=1) for arm in arms) / df
    error = [sqrt(pooled / len(arms[0]) + pooled / len(arm)) for arm in arms[1:]]
    return {
        "statistic": [float(arm.mean() - arms[0].mean()) / one for arm, one in zip(arms[1:], error, strict=True)],
        "p_two_sided": st.dunnett_p(given["control"], given["samples"]),
        "p_greater": st.dunnett_p(given["control"], given["samples"], two_sided=False),
        "p_less": st.dunnett_p([-x for x in given["control"]], [[-x for x in one] for one in given["samples"]], two_sided=False),
    }


@answers("dunnett.critical")
def _answer_dunnett_critical(given: Inputs) -> Any:
    df = float(given.get("df", "inf"))
    sizes = given["k"] if isinstance(given["k"], list) else [given["k"]]
    asked: Inputs = {"significance": given["alpha"], "degrees_of_freedom": df, "two_sided": given.get("two_sided", True)}
    found = [st.max_t_critical([sqrt(given["rho"])] * k, **asked) for k in sizes]
    return found if isinstance(given["k"], list) else found[0]


@answers("realdata.welch")
def _answer_real_welch(given: Inputs) -> Inputs:
    return told(st.compare_means(arm_of(given["control"]), arm_of(given["treatment"]), **options(given)))


@answers("realdata.prop_z")
def _answer_real_shares(given: Inputs) -> Inputs:
    if "gate_30" in given:
        rounds = [name for name in given["gate_30"] if name != "n"]
        counts = {name: [st.Count(given[gate][name], given[gate]["n"]) for gate in ("gate_30", "gate_40")] for name in rounds}
        return {"rates": {name: [one.share for one in pair] for name, pair in counts.items()}} | {
            name: _z(*pair) for name, pair in counts.items()
        }
    return {name: _z(st.Count(*given["control"]), st.Count(*arm)) for name, arm in given.items() if name != "control"}


def _z(control: st.Count, treatment: st.Count) -> Inputs:
    found = st.compare_proportions(control, treatment, pooled=True)
    share = (control.successes + treatment.successes) / (control.n + treatment.n)
    common = sqrt(share * (1 - share) * (1 / control.n + 1 / treatment.n))
    return {"z": found.difference / common, "p": found.p, "ci": [found.low, found.high]}


@answers("sequential.asympcs")
def _answer_confidence_sequence(given: Inputs) -> Inputs:
    arms = arms_of(given)
    found = (st.compare_relative if given.get("difference", "relative") == "relative" else st.compare_means)(*arms)
    n, alpha, tuned = arms[0].n + arms[1].n, given.get("alpha", 0.05), given["tuning"]
    reach = st.anytime_factor(n, alpha=alpha, tuned_for=tuned) * found.standard_error
    p = st.anytime_p(found.difference / found.standard_error, n=n, alpha=alpha, tuned_for=tuned)
    ci = [found.difference - reach, found.difference + reach]
    return {"effect": found.difference, "ci": ci, "se": found.standard_error, "p": p}


@answers("sequential.property")
def _answer_sequence_order(given: Inputs) -> str:
    n = given["a"]["n"] + given["b"]["n"]
    order = sorted(given["tunings"], key=lambda tuned: st.anytime_factor(n, tuned_for=tuned))
    return " < ".join(f"width({'N*=' if tuned == n else ''}{tuned})" for tuned in order)


@answers("group_sequential")
def _answer_group_sequential(given: Inputs) -> Any:
    if "K" in given:
        alpha = given["alpha"] * (1 if given.get("two_sided", True) else 2)
        return {"C_P": st.pocock_bound(given["K"], alpha=alpha), "C_B": st.obrien_fleming_bound(given["K"], alpha=alpha)}
    alpha = 2 * given["one_sided_alpha_each"] if "one_sided_alpha_each" in given else given.get("alpha", 0.05)
    spending = st.pocock_spending if re.search(r"pocock|ln|log", given.get("spending", ""), re.IGNORECASE) else st.obrien_fleming
    return list(st.planned_looks(given["t"], alpha=alpha, spending=spending).bounds)


@answers("group_sequential.adjusted_alpha")
def _answer_nominal_p(given: Inputs) -> list[float]:
    """The peer spends alpha * share ** 2, and once the sample overruns, shares of the sample it got."""
    reached = max(given["final_expected_total"], given["cumulative_n"][-1])
    alpha = given["alpha"] / given.get("comparisons", 1)
    looks = st.planned_looks([n / reached for n in given["cumulative_n"]], alpha=alpha, spending=st.power_family(2))
    return [2 * p if given.get("two_sided", True) else p for p in looks.nominal_p]


@answers("bayes.gaussian_effect")
def _answer_posterior(given: Inputs) -> Inputs:
    arms = arms_of(given)
    is_relative = given.get("difference", "relative") == "relative"
    found = st.compare_relative(*arms) if is_relative else st.compare_means(*arms)
    prior = st.Belief(given["prior"]["mean"], given["prior"]["variance"]) if isinstance(given.get("prior"), dict) else None
    belief = st.update(found.difference, found.standard_error**2, prior=prior)
    return {
        "effect": belief.mean,
        "ci": list(belief.interval()),
        "se": sqrt(belief.variance),
        "chance_to_win": belief.probability_above(0.0),
        "risk": [belief.expected_gain(), belief.expected_loss()],
    }


@answers("quantile.order_stat")
def _answer_quantile(given: Inputs) -> Inputs:
    control, treatment = (
        st.OrderStatistics(given[arm]["n"], given[arm]["q"], given[arm]["lower"], given[arm]["upper"])
        if "q" in given[arm]
        else st.order_statistics(given[arm]["values"], given["nu"])
        for arm in ("control", "treatment")
    )
    shared = told(st.compare_relative(st.quantile_sample(control), st.quantile_sample(treatment)))
    return told(st.compare_quantiles(control, treatment)) | {"relative": shared}


@answers("noninferiority.power")
def _answer_equivalence(given: Inputs) -> Any:
    shares = given["p_alt"] if isinstance(given["p_alt"], list) else [given["p_alt"]]
    low, high, n = given["low"], given.get("upp", 1.0), given["n"]
    found = [st.equivalence_power(low, high, n=n, share=share, significance=given["alpha"]) for share in shares]
    return found if isinstance(given["p_alt"], list) else found[0]


@answers("realdata.sequential", "sequential.hybrid", "multiplicity.weighted_bonferroni")
def _answer_another_convention(given: Inputs) -> Any:
    raise NotComputedError(f"the convention of {', '.join(given)} is not ours")
