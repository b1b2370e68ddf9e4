"""Answers about effects without a unit, and about several arms from their summaries."""

from math import sqrt
from typing import Any, Literal

from benchmarks.vectors.arms import Inputs, count_of, sample_of
from benchmarks.vectors.effects import is_mean
from benchmarks.vectors.readers import Vector, answers
from benchmarks.vectors.sample_fields import has_two_samples, pair_of
from benchmarks.vectors.shares import is_share
from benchmarks.vectors.tests import tested
from ntg_assets.statistics import library as st


@answers(
    lambda vector: has_two_samples(vector) and len({len(one) for one in pair_of(vector)}) == 1,
    "correlation correlate pearson spearman kendall pearsonr spearmanr",
    rank=0,
)
def answer_correlation(vector: Vector) -> Inputs:
    """How two quantities go together."""
    methods: tuple[Literal["spearman", "kendall"], ...] = ("spearman", "kendall")
    named = [one for one in methods if vector.says(one, f"{one}r", f"{one}tau")]
    found = st.correlation(*pair_of(vector), method=named[0] if named else "pearson")
    same = ("r", "rho", "tau", "correlation", "coefficient")
    return tested(found) | dict.fromkeys(same, found.statistic) | {"r_squared": found.statistic**2}


@answers(is_mean, "cohen cohens cohen-d hedges glass effect-size standardized smd d g", rank=0)
def answer_effect_size(vector: Vector) -> Inputs:
    """A difference in standard deviations."""
    found = st.effect_size(*(sample_of(arm) for arm in vector.arms[:2]))
    value = (
        found.g if vector.says("hedges", "g") and not vector.says("cohen", "cohens") else found.d
    )
    return {
        "value": found.glass if vector.says("glass") else value,
        "d": found.d,
        "cohens_d": found.d,
        "g": found.g,
        "hedges_g": found.g,
        "glass_delta": found.glass,
        "se": found.standard_error,
        "variance": found.standard_error**2,
        "ci": list(found.interval(confidence=vector.confidence)),
        "effect": value,
        "effect_size": value,
        "overlap": None,
    }


@answers(has_two_samples, "cliff cliffs cliffs-delta dominance", rank=0)
def answer_cliff(vector: Vector) -> Inputs:
    """How much oftener one arm lies above the other."""
    found = st.cliffs_delta(*pair_of(vector))
    same = ("delta", "cliffs_delta", "effect", "value", "estimate")
    return dict.fromkeys(same, found) | {"superiority": (found + 1) / 2}


@answers(has_two_samples, "hodges lehmann hodges-lehmann", rank=1)
def answer_hodges(vector: Vector) -> Inputs:
    """The median difference."""
    found = st.hodges_lehmann(*pair_of(vector))
    return {"effect": found, "value": found, "estimate": found, "shift": found}


@answers(has_two_samples, "geometric lognormal log-normal", rank=1)
def answer_geometric(vector: Vector) -> Inputs:
    """The ratio of geometric means."""
    found = st.ratio_of_geometric_means(*pair_of(vector), **vector.options)
    ends = {"ci": [found.low, found.high], "ci_lower": found.low, "ci_upper": found.high}
    ratio = {"ratio": found.difference, "effect": found.difference, "value": found.difference}
    return ratio | ends | {"p": found.p, "se": found.standard_error, "df": found.degrees_of_freedom}


@answers(is_share, "nnt needed number-needed treat", rank=0)
def answer_needed(vector: Vector) -> Inputs:
    """Units among which one outcome changes."""
    control, treatment = (count_of(arm) for arm in vector.arms[:2])
    found = st.number_needed_to_treat(control, treatment)
    arr = control.share - treatment.share
    return {"nnt": found, "value": found, "arr": arr, "absolute_risk_reduction": arr}


@answers(
    lambda vector: len(_shares(vector)) > 1,
    "best chances probabilities multi bandit thompson",
    rank=1,
)
def answer_best(vector: Vector) -> Inputs:
    """The chance of each of several shares to be the largest."""
    prior = vector.raw.get("prior")
    known = (float(prior[0]), float(prior[1])) if isinstance(prior, list) else (1.0, 1.0)
    beliefs = [st.update_share(one.successes, one.n, prior=known) for one in _shares(vector)]
    found = st.chances_to_be_best(beliefs)
    same = ("prob_best", "p_best", "probability_best", "value", "chances")
    return dict.fromkeys(same, found)


def _shares(vector: Vector) -> list[st.Count]:
    return [count_of(arm) for arm in vector.arms] if is_share(vector) else []


def _summaries(vector: Vector) -> list[st.Sample]:
    """Read several arms from lists of their means, spreads and units."""
    lists = {
        name: value
        for name, value in vector.arm_lists.items()
        if name in {"n", "mean", "sd", "var", "se"}
    }
    if not ({"n", "mean"} <= lists.keys() and len(lists) > 2):  # noqa: PLR2004
        return []
    return [
        sample_of(dict(zip(lists, row, strict=True))) for row in zip(*lists.values(), strict=True)
    ]


@answers(lambda vector: len(_summaries(vector)) > 1, "anova f oneway one-way", rank=1)
def answer_anova_of_summaries(vector: Vector) -> Inputs:
    """Several means from their summaries."""
    arms = _summaries(vector)
    found, n, k = st.anova_of_samples(arms), sum(arm.n for arm in arms), len(arms)
    f, explained = found.statistic, found.statistic * (k - 1)
    return (
        tested(found)
        | {"F": f, "f": f, "df1": k - 1, "df2": n - k}
        | {"eta_squared": explained / (explained + n - k)}
    )


def _any(vector: Vector) -> Any:  # the four means of two arms and two periods
    names = ("control_pre", "control_post", "treatment_pre", "treatment_post")
    return [vector.raw[name] for name in names] if set(names) <= vector.raw.keys() else None


@answers(lambda vector: _any(vector) is not None, "did difference-in-differences", rank=9)
def answer_differences(vector: Vector) -> Inputs:
    """The change of the treatment less that of the control, of means or of values."""
    before, after, treated_before, treated_after = _any(vector)
    if not isinstance(before, list):
        found = (treated_after - treated_before) - (after - before)
        return {"effect": found, "value": found, "did": found}
    samples = [st.sample_from_values(one) for one in (before, after, treated_before, treated_after)]
    a, b, c, d = (one.mean for one in samples)
    found = (d - c) - (b - a)
    error = sqrt(sum(one.squared_error for one in samples))
    return {"effect": found, "value": found, "did": found, "se": error}
