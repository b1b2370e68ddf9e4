"""Answers about effects: means, ratios, covariates, clusters, quantiles, beliefs, and intervals
that hold at any time.
"""

from math import inf, sqrt
from typing import Any

import numpy as np

from benchmarks.vector_readers import (
    Inputs,
    NotComputedError,
    Vector,
    answers,
    ratio_of,
    sample_of,
    samples_of,
    told,
)
from ntg_assets.statistics import library as st

SEED = 0
SAMPLES = 9_999


WAYS_TO_SAY_A_MEAN = (
    "n mean var",
    "n mean sd",
    "n mean se",
    "m_sum",
    "values",
    "n sum sum_squares",
    "n successes",
    "n p",
)


def is_mean(vector: Vector) -> bool:
    """Whether each of two arms says its units, mean and variance, one way or another."""
    return any(vector.arms_have(*way.split()) for way in WAYS_TO_SAY_A_MEAN)


def is_ratio(vector: Vector) -> bool:
    """Whether each of two arms has numerators and denominators of its units."""
    return vector.arms_have("numerator", "denominator")


def _is_relative(vector: Vector) -> bool:
    asked = vector.given.get("difference", vector.given.get("relative"))
    if asked is not None:
        return asked is True or asked == "relative"
    return vector.says("relative", "lift", "percent", "uplift", "rel")


@answers(is_mean, "ttest welch mean means absolute cuped ratio realdata degenerate unequal", rank=2)
def answer_welch(vector: Vector) -> Inputs:
    """Welch's test."""
    control, treatment = samples_of(vector)[:2]
    if True in {vector.raw.get("equal_var"), vector.raw.get("var_equal")}:
        return answer_student(vector)
    return told(st.compare_means(control, treatment, **vector.options))


@answers(is_mean, "student ttest means pooled equal equal-var", rank=1)
def answer_student(vector: Vector) -> Inputs:
    """Student's test."""
    return told(st.compare_with_one_variance(*samples_of(vector)[:2], **vector.options))


@answers(is_mean, "z-test ztest z normal known", rank=0)
def answer_z(vector: Vector) -> Inputs:
    """The z-test with a variance for each arm."""
    return told(st.compare_with_known_variance(*samples_of(vector)[:2], **vector.options))


@answers(
    lambda vector: is_mean(vector) and _is_relative(vector),
    "relative delta lift percent uplift rel ttest welch mean means cuped ratio absolute realdata",
    rank=4,
)
def answer_relative(vector: Vector) -> Inputs:
    """A share of the control: the delta method, or the log ratio where that is asked for."""
    control, treatment = samples_of(vector)[:2]
    if vector.says("log"):
        found = st.compare_means(control, treatment, **vector.options)
        ci = [found.relative_low, found.relative_high]
        return {"effect": found.relative, "ci": ci, "p": found.p}
    return told(st.compare_relative(control, treatment, **vector.options))


@answers(is_mean, "fieller", rank=0)
def answer_fieller(vector: Vector) -> Inputs:
    """Fieller's interval, of the relative effect and of the ratio itself."""
    control, treatment = samples_of(vector)[:2]
    low, high = st.fieller_interval(control, treatment, confidence=vector.confidence)
    ratio = treatment.mean / control.mean
    of_ratio = {"ratio": ratio, "ratio_ci": [low + 1, high + 1]}
    is_ratio_asked = vector.says("ratio") and not vector.says("relative", "lift", "effect")
    more = 1.0 if is_ratio_asked else 0.0
    return of_ratio | {
        "effect": ratio - 1 + more,
        "ci": [low + more, high + more],
        "ci_lower": low + more,
        "ci_upper": high + more,
    }


@answers(lambda vector: vector.arms_have("values") and _is_paired(vector), "paired pairs", rank=3)
def answer_pairs(vector: Vector) -> Inputs:
    """The paired t-test."""
    control, treatment = (np.asarray(arm["values"], dtype=float) for arm in vector.arms[:2])
    pairs = st.sample_from_values(treatment - control)
    found = st.compare_pairs(pairs, confidence=vector.confidence)
    p = st.t_p(
        found.difference / found.standard_error,
        found.degrees_of_freedom,
        alternative=vector.alternative,
    )
    return told(found) | {"p": p}


def _is_paired(vector: Vector) -> bool:
    sizes = {len(arm["values"]) for arm in vector.arms}
    return vector.says("paired", "pairs") and len(sizes) == 1


@answers(lambda vector: is_mean(vector) and vector.has("margin"), "noninferiority inferiority", 5)
def answer_margin(vector: Vector) -> Inputs:
    """Non-inferiority of a mean."""
    control, treatment = samples_of(vector)[:2]
    found = st.compare_means(control, treatment, confidence=1 - 2 * vector.alpha)
    margin = abs(vector.number("margin"))
    is_less = str(vector.raw.get("better", vector.raw.get("direction", ""))).startswith(
        ("less", "low", "decr")
    )
    p = st.margin_p(found, margin, alternative="less" if is_less else "greater")
    passes = found.high < margin if is_less else found.low > -margin
    return told(found) | {
        "p": p,
        "noninferior": passes,
        "non_inferior": passes,
        "lower_bound": found.low,
        "statistic": (found.difference + (-margin if is_less else margin)) / found.standard_error,
    }


@answers(
    lambda vector: (
        is_mean(vector) and (vector.has("lower_limit", "upper_limit") or vector.has("margin"))
    ),
    "equivalence tost",
    rank=5,
)
def answer_equivalence(vector: Vector) -> Inputs:
    """Two one-sided tests."""
    control, treatment = samples_of(vector)[:2]
    margin = vector.given.get("margin")
    low, high = (
        (-margin, margin)
        if margin is not None
        else (vector.number("lower_limit"), vector.number("upper_limit"))
    )
    compare = st.compare_with_one_variance if vector.says("pooled", "equal") else st.compare_means
    found = compare(control, treatment, confidence=1 - 2 * vector.alpha)
    p_low, p_high = st.margin_p(found, -low), st.margin_p(found, high, alternative="less")
    is_equal = max(p_low, p_high) < vector.alpha
    return told(found) | {
        "p": max(p_low, p_high),
        "p_lower": p_low,
        "p_upper": p_high,
        "equivalent": is_equal,
    }


@answers(is_ratio, "ratio delta", rank=6)
def answer_ratio_of_values(vector: Vector) -> Inputs:
    """A ratio of two sums from its units: the delta method."""
    arms = [
        st.moments_from_values(arm["numerator"], denominator=arm["denominator"])
        for arm in vector.arms[:2]
    ]
    samples = st.adjusted_samples(arms)
    compare = st.compare_relative if _is_relative(vector) else st.compare_means
    found = told(compare(*samples, **vector.options))
    return found | {"variance": found["se"] ** 2}


@answers(
    lambda vector: vector.has("numerator", "denominator") and not vector.arms, "ratio delta", rank=3
)
def answer_one_ratio(vector: Vector) -> Inputs:
    """One ratio with its error."""
    moments = st.moments_from_values(
        vector.given["numerator"], denominator=vector.given["denominator"]
    )
    sample = st.adjusted_samples([moments])[0]
    reach = st.t_critical((1 - vector.confidence) / 2, inf) * sqrt(sample.squared_error)
    return {
        "ratio": sample.mean,
        "mean": sample.mean,
        "variance": sample.squared_error,
        "se": sqrt(sample.squared_error),
        "ci": [sample.mean - reach, sample.mean + reach],
    }


@answers(lambda vector: is_mean(vector) and "variance" in vector.words, "delta variance", rank=1)
def answer_squared_error(vector: Vector) -> float:
    """The squared error of a difference, absolute or relative."""
    arms = samples_of(vector)[:2]
    if _is_relative(vector):
        return st.relative_error(*arms) ** 2
    return sum(arm.squared_error for arm in arms)


def _covariates(vector: Vector) -> list[tuple[Any, Any]]:
    if vector.arms_have("covariate"):
        return [(arm["covariate"], arm.get("values", arm.get("post"))) for arm in vector.arms]
    given = vector.raw
    before = next((given[name] for name in ("pre", "x", "covariate") if name in given), None)
    after = next((given[name] for name in ("post", "y", "values") if name in given), None)
    return [(before, after)] if before is not None and after is not None else []


@answers(
    lambda vector: bool(_covariates(vector)), "cuped theta covariate ancova regression", rank=7
)
def answer_cuped(vector: Vector) -> Inputs:
    """The slope, and what it does to arms and error."""
    pairs = _covariates(vector)
    moments = [st.moments_from_values(after, covariate=before) for before, after in pairs]
    found: Inputs = {"theta": st.pooled_theta(moments)}
    plain, adjusted = (st.adjusted_samples(moments, use_covariate=use) for use in (False, True))
    before, after = (sum(arm.squared_error for arm in arms) for arms in (plain, adjusted))
    found |= {
        "variance_reduction": 1 - after / before,
        "adjusted_means": [arm.mean for arm in adjusted],
        "adjusted_variance": adjusted[0].variance,
        "correlation": float(np.corrcoef(*pairs[0])[0, 1]),
    }
    if len(adjusted) > 1 and adjusted[0].variance + adjusted[1].variance > 0:
        found |= told(st.compare_means(*adjusted[:2], **vector.options))
    return found


@answers(
    lambda vector: vector.arms_have("covariate", "values") and "ancova" in vector.words,
    "ancova hc several regression",
    rank=8,
)
def answer_ancova(vector: Vector) -> Inputs:
    """Several covariates, each arm with a variance of its own."""
    values = [np.asarray(arm["values"], dtype=float) for arm in vector.arms]
    before = [np.asarray(arm["covariate"], dtype=float) for arm in vector.arms]
    return told(st.compare_with_covariates(values, before, **vector.options)[0])


@answers(lambda vector: vector.arms_have("values", "clusters"), "cluster clusters robust", rank=9)
def answer_clusters(vector: Vector) -> Inputs:
    """Units randomised in clusters."""
    arms = [st.clustered(arm["values"], arm["clusters"]) for arm in vector.arms[:2]]
    squares = [float(np.square(arm["values"]).sum()) for arm in vector.arms[:2]]
    return told(st.compare_clusters(*arms, **vector.options)) | {
        "icc": st.intracluster_correlation(arms[0], squares[0]),
        "n_clusters": [len(arm.sizes) for arm in arms],
    }


@answers(
    lambda vector: vector.has("cluster_size", "correlation") and not vector.arms,
    "cluster design deff",
    rank=4,
)
def answer_design_effect(vector: Vector) -> Inputs:
    """By how much clusters multiply a variance, and units."""
    variation = float(vector.raw.get("cv", vector.raw.get("size_variation", 0.0)))
    size, correlation = vector.number("cluster_size"), vector.number("correlation")
    found = st.design_effect(size, correlation, size_variation=variation)
    n = next(
        (vector.raw[name] for name in ("n", "n_individual", "n_per_arm") if name in vector.raw), 1
    )
    return {
        "value": found,
        "design_effect": found,
        "deff": found,
        "n": n * found,
        "n_per_arm": n * found,
        "clusters_per_arm": n * found / size,
        "n_clusters": n * found / size,
        "effective_n": n / found,
    }


@answers(
    lambda vector: is_mean(vector) and vector.has("tuning"),
    "sequential asympcs anytime always valid confidence sequence",
    rank=8,
)
def answer_sequence(vector: Vector) -> Inputs:
    """An asymptotic confidence sequence, relative unless said otherwise."""
    arms = samples_of(vector)[:2]
    is_absolute = (
        vector.given.get("difference") == "absolute" or vector.given.get("relative") is False
    )
    found = (st.compare_means if is_absolute else st.compare_relative)(*arms)
    n, alpha, tuned = arms[0].n + arms[1].n, vector.alpha, vector.number("tuning")
    statistic = found.difference / found.standard_error
    if vector.alternative != "two-sided":
        sign = 1 if vector.alternative == "greater" else -1
        reach = st.one_sided_factor(n, alpha=alpha, tuned_for=tuned) * found.standard_error
        p = st.one_sided_anytime_p(sign * statistic, n=n, alpha=alpha, tuned_for=tuned)
        ci = [found.difference - reach, inf] if sign > 0 else [-inf, found.difference + reach]
    else:
        reach = st.anytime_factor(n, alpha=alpha, tuned_for=tuned) * found.standard_error
        p = st.anytime_p(statistic, n=n, alpha=alpha, tuned_for=tuned)
        ci = [found.difference - reach, found.difference + reach]
    return {
        "effect": found.difference,
        "ci": ci,
        "se": found.standard_error,
        "p": p,
        "reach": reach,
    }


@answers(lambda vector: is_mean(vector) and "tunings" in vector.raw, rank=9)
def answer_sequence_order(vector: Vector) -> str:
    """Which tuning makes the narrowest sequence."""
    n = sum(arm.n for arm in samples_of(vector)[:2])
    order = sorted(vector.raw["tunings"], key=lambda one: st.anytime_factor(n, tuned_for=one))
    return " < ".join(f"width({'N*=' if tuned == n else ''}{tuned})" for tuned in order)


@answers(
    lambda vector: (
        vector.has("prior_variance") and (is_mean(vector) or _squared(vector) is not None)
    ),
    "msprt mixture always valid sprt",
    rank=7,
)
def answer_mixture(vector: Vector) -> Inputs:
    """A mixture sequential probability ratio test."""
    squared, difference = _squared(vector), vector.given.get("effect")
    if squared is None:
        found = st.compare_means(*samples_of(vector)[:2])
        squared, difference = found.standard_error**2, found.difference
    mixing = vector.number("prior_variance")
    p = st.mixture_p(float(difference or 0.0), squared_error=squared, mixing_variance=mixing)
    return {"p": p, "value": p, "effect": difference, "likelihood_ratio": 1 / p if p < 1 else None}


def _squared(vector: Vector) -> float | None:
    given = vector.raw
    if "effect" not in vector.given:
        return None
    if "variance" in given and "n" not in given:
        return float(given["variance"])
    error = next((given[name] for name in ("se", "standard_error") if name in given), None)
    return None if error is None else float(error) ** 2


@answers(
    lambda vector: is_mean(vector) and ("prior" in vector.raw or "bayes" in vector.words),
    "bayes bayesian posterior gaussian",
    rank=6,
)
def answer_posterior(vector: Vector) -> Inputs:
    """A normal belief about the effect, relative unless said otherwise."""
    arms = samples_of(vector)[:2]
    is_relative = vector.given.get("difference", "relative") == "relative"
    found = (st.compare_relative if is_relative else st.compare_means)(*arms)
    prior = vector.raw.get("prior")
    known = st.Belief(prior["mean"], prior["variance"]) if isinstance(prior, dict) else None
    belief = st.update(found.difference, found.standard_error**2, prior=known)
    return {
        "effect": belief.mean,
        "mean": belief.mean,
        "variance": belief.variance,
        "ci": list(belief.interval(confidence=vector.confidence)),
        "se": sqrt(belief.variance),
        "chance_to_win": belief.probability_above(0.0),
        "risk": [belief.expected_gain(), belief.expected_loss()],
    }


def _normal_parts(vector: Vector) -> tuple[float, float] | None:
    given = vector.raw
    estimate = next(
        (given[name] for name in ("estimate", "effect", "mean", "difference") if name in given),
        None,
    )
    error = next((given[name] for name in ("se", "standard_error") if name in given), None)
    return None if estimate is None or error is None else (float(estimate), float(error))


@answers(
    lambda vector: _normal_parts(vector) is not None and not vector.arms,
    "bayes bayesian posterior shrinkage normal",
    rank=3,
)
def answer_belief(vector: Vector) -> Inputs:
    """An estimate with its error, shrunk by what was believed before."""
    parts = _normal_parts(vector)
    if parts is None:
        raise NotComputedError("an estimate and its error are not given")
    given = {"prior_mean": vector.raw.get("prior_mean", 0.0)} | vector.raw
    spread = given.get("prior_sd", given.get("prior_se"))
    variance = given.get("prior_variance", None if spread is None else spread**2)
    nested = given.get("prior")
    prior = None if variance is None else st.Belief(given["prior_mean"], variance)
    if isinstance(nested, dict):
        wide = nested.get("variance", nested.get("sd", 0) ** 2)
        prior = st.Belief(nested["mean"], wide)
    belief = st.update(parts[0], parts[1] ** 2, prior=prior)
    return {
        "mean": belief.mean,
        "effect": belief.mean,
        "variance": belief.variance,
        "se": sqrt(belief.variance),
        "sd": sqrt(belief.variance),
        "ci": list(belief.interval(confidence=vector.confidence)),
        "chance_to_win": belief.probability_above(0.0),
        "probability": belief.probability_above(0.0),
        "risk": [belief.expected_gain(), belief.expected_loss()],
        "expected_loss": belief.expected_loss(),
    }


def _quantiles(vector: Vector) -> bool:
    return vector.has("quantile") and (
        vector.arms_have("values")
        or (bool(vector.arms) and all("q" in arm and "lower" in arm for arm in vector.arms))
    )


@answers(_quantiles, "quantile percentile median", rank=9)
def answer_quantiles(vector: Vector) -> Inputs:
    """A quantile of each arm, from values or from order statistics that enclose it."""
    if vector.arms_have("values"):
        found = st.mid_quantiles(
            [np.asarray(arm["values"], dtype=float) for arm in vector.arms],
            vector.number("quantile"),
        )
    else:
        found = [
            st.OrderStatistics(arm["n"], arm["q"], arm["lower"], arm["upper"])
            for arm in vector.arms
        ]
    answer = told(st.compare_quantiles(found[0], found[1], confidence=vector.confidence))
    if found[0].value > 0:
        shared = st.compare_relative(*(st.quantile_sample(one) for one in found[:2]))
        answer |= {"relative": told(shared)}
    return answer | {"quantiles": [one.value for one in found]}


@answers(lambda vector: vector.arms_have("values"), "bootstrap bootstrapped resampling", rank=0)
def answer_bootstrap(vector: Vector) -> Inputs:
    """A bootstrap-t of the difference of means; within Monte Carlo error of any other seed."""
    control, treatment = (np.asarray(arm["values"], dtype=float) for arm in vector.arms[:2])
    low, high = st.bootstrap_t_interval(
        control,
        treatment,
        rng=np.random.default_rng(SEED),
        samples=SAMPLES,
        confidence=vector.confidence,
    )
    return {
        "effect": float(treatment.mean() - control.mean()),
        "ci": [low, high],
        "ci_lower": low,
        "ci_upper": high,
    }


@answers(
    lambda vector: "strata" in vector.raw and isinstance(vector.raw["strata"], (list, dict)),
    "stratification strata stratified poststratification",
    rank=9,
)
def answer_strata(vector: Vector) -> Inputs:
    """Differences within strata, weighed alike in both arms."""
    strata = vector.raw["strata"]
    parts = strata if isinstance(strata, dict) else dict(enumerate(strata))
    arms: list[dict[str, st.Sample]] = [{}, {}]
    for name, part in parts.items():
        for place, arm in enumerate(Vector(part).arms[:2]):
            arms[place][str(name)] = sample_of(arm)
    return told(st.compare_within_strata(arms[0], arms[1], **vector.options))


@answers(
    lambda vector: "m_sum" in (vector.arms[0] if vector.arms else {}), "ratio cuped delta", rank=3
)
def answer_ratio_sums(vector: Vector) -> Inputs:
    """A ratio from its sums."""
    samples = st.adjusted_samples([ratio_of(arm) for arm in vector.arms[:2]])
    return told(st.compare_means(*samples, **vector.options))
