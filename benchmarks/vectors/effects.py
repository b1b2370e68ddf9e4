"""Answers about effects: means, ratios, covariates, clusters, quantiles, beliefs, and intervals
that hold at any time.
"""

from math import inf, sqrt

import numpy as np

from benchmarks.vectors.arms import Inputs, ratio_of, told
from benchmarks.vectors.readers import Vector, answers, samples_of
from ntg_assets.statistics import library as st

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
    """Whether each of two arms says its units, mean and variance, one way or another, and several
    means are not asked for at once.
    """
    is_of_many = vector.says("anova") and "groups" in vector.raw
    return not is_of_many and any(vector.arms_have(*way.split()) for way in WAYS_TO_SAY_A_MEAN)


def is_ratio(vector: Vector) -> bool:
    """Whether each of two arms has numerators and denominators of its units."""
    return vector.arms_have("numerator", "denominator")


def is_relative(vector: Vector) -> bool:
    """Whether a vector asks for a share of the control."""
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
    lambda vector: is_mean(vector) and is_relative(vector),
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
    compare = st.compare_relative if is_relative(vector) else st.compare_means
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
    if is_relative(vector):
        return st.relative_error(*arms) ** 2
    return sum(arm.squared_error for arm in arms)


@answers(
    lambda vector: "m_sum" in (vector.arms[0] if vector.arms else {}), "ratio cuped delta", rank=3
)
def answer_ratio_sums(vector: Vector) -> Inputs:
    """A ratio from its sums."""
    samples = st.adjusted_samples([ratio_of(arm) for arm in vector.arms[:2]])
    return told(st.compare_means(*samples, **vector.options))
