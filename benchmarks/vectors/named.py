"""Answers of further tests with names: one sample, pairs of yes and no, spread, ranks, pairs of
groups, correlation; and effect sizes.
"""

from math import sqrt
from typing import Any, Literal

import numpy as np

from benchmarks.vectors.arms import Inputs, count_of, sample_of, told
from benchmarks.vectors.effects import is_mean
from benchmarks.vectors.readers import NotComputedError, Vector, answers
from benchmarks.vectors.shares import is_share, one_share
from benchmarks.vectors.tests import groups_of, has_groups, is_corrected, table_of, tested
from ntg_assets.statistics import library as st

NULLS = ("popmean", "mu", "mu0", "null", "null_value", "null_mean", "reference", "h0")
SHARES = ("p0", "null", "null_share", "null_proportion", "prob", "probability", "pi0", "value", "p")
FIRST = ("x", "first", "xs", "u")
SECOND = ("y", "second", "ys", "v")


def _number(vector: Vector, names: tuple[str, ...]) -> float | None:
    found = next((vector.raw[name] for name in names if name in vector.raw), None)
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        return float(found)
    return None


def _flat(vector: Vector, names: tuple[str, ...]) -> list[float] | None:
    for name in names:
        found = vector.raw.get(name)
        if isinstance(found, list) and found and all(isinstance(x, (int, float)) for x in found):
            return found
    return None


def _one_sample(vector: Vector) -> st.Sample | None:
    if vector.arms or _number(vector, NULLS) is None:
        return None
    values = _flat(vector, ("values", "sample", "data", "x", "a", "observations"))
    if values is not None:
        return st.sample_from_values(values)
    known = {"n", "mean"} <= vector.raw.keys() and {"sd", "var", "std", "variance", "se"} & set(
        vector.raw
    )
    return sample_of(vector.one_arm) if known else None


@answers(lambda vector: _one_sample(vector) is not None, "one-sample one sample ttest t", rank=4)
def answer_one_sample(vector: Vector) -> Inputs:
    """One mean against a value; the interval is of the mean."""
    sample, value = _one_sample(vector), _number(vector, NULLS)
    if sample is None or value is None:
        raise NotComputedError("no value to hold it against")
    found = told(st.one_sample_t(sample, value=value, **vector.options))
    ends = [found["ci_lower"] + value, found["ci_upper"] + value]
    return found | {"ci": ends, "ci_lower": ends[0], "ci_upper": ends[1], "mean": sample.mean}


def _has_null_share(vector: Vector) -> bool:
    return one_share(vector) is not None and _number(vector, SHARES) is not None


@answers(_has_null_share, "binomial exact binom binomtest one-sample", rank=4)
def answer_binomial(vector: Vector) -> Inputs:
    """Successes against a share, exactly."""
    count, share = one_share(vector), _number(vector, SHARES)
    if count is None or share is None:
        raise NotComputedError("no share to hold it against")
    p = st.binomial_p(count, share, alternative=vector.alternative)
    return {"p": p, "value": p, "share": count.share, "estimate": count.share}


@answers(_has_null_share, "z ztest z-test proportion one-sample normal", rank=3)
def answer_share_z(vector: Vector) -> Inputs:
    """Successes against a share, by the z-test."""
    count, share = one_share(vector), _number(vector, SHARES)
    if count is None or share is None:
        raise NotComputedError("no share to hold it against")
    own = vector.says("wald", "sample-variance") or vector.raw.get("prop_var") is False
    found = st.one_share_z(count, share, alternative=vector.alternative, own_variance=own)
    return tested(found) | {"z": found.statistic, "chisq": found.statistic**2}


def _changes(vector: Vector) -> tuple[int, int] | None:
    table = table_of(vector)
    if table is not None and np.shape(table) == (2, 2):
        return int(table[0][1]), int(table[1][0])
    for one, other in (("b", "c"), ("n01", "n10"), ("n10", "n01"), ("gained", "lost")):
        gained, lost = vector.raw.get(one), vector.raw.get(other)
        if isinstance(gained, int) and isinstance(lost, int):
            return gained, lost
    return None


@answers(
    lambda vector: _changes(vector) is not None and vector.says("mcnemar", "paired", "discordant"),
    "mcnemar paired discordant",
    rank=9,
)
def answer_mcnemar(vector: Vector) -> Inputs:
    """Pairs of yes and no: chi-squared, unless it is to be exact."""
    gained, lost = _changes(vector) or (0, 0)
    is_mid = vector.says("mid-p", "midp", "mid")
    is_exact = vector.raw.get("exact", vector.says("exact", "binomial"))
    found = st.mcnemar(
        gained,
        lost,
        exact=bool(is_exact),
        correction=is_corrected(vector, default=True),
        mid_p=is_mid,
    )
    return tested(found) | {"chisq": found.statistic, "odds_ratio": found.estimate}


@answers(
    lambda vector: table_of(vector) is not None and vector.says("cochran"),
    "cochran cochrans q",
    rank=9,
)
def answer_cochran(vector: Vector) -> Inputs:
    """Several questions to the same units."""
    found = st.cochran_q(table_of(vector) or [])
    return tested(found) | {"Q": found.statistic}


@answers(has_groups, "levene brown forsythe brown-forsythe variances spread homogeneity", rank=-1)
def answer_levene(vector: Vector) -> Inputs:
    """The spread of several groups, around the median unless said otherwise."""
    center = vector.raw.get("center", "mean" if vector.says("mean") else "median")
    return tested(st.levene(groups_of(vector) or [], center=center)) | {}


@answers(has_groups, "bartlett", rank=-1)
def answer_bartlett(vector: Vector) -> Inputs:
    """The variances of several normal groups."""
    found = st.bartlett(groups_of(vector) or [])
    return tested(found) | {"chisq": found.statistic}


@answers(has_groups, "friedman repeated", rank=-1)
def answer_friedman(vector: Vector) -> Inputs:
    """Several treatments of the same units."""
    found = st.friedman(groups_of(vector) or [])
    return tested(found) | {"chisq": found.statistic, "Q": found.statistic}


@answers(has_groups, "tukey hsd kramer games howell games-howell pairwise", rank=-1)
def answer_tukey(vector: Vector) -> Inputs:
    """Every pair of groups."""
    groups = groups_of(vector) or []
    is_one = not vector.says("games", "howell", "games-howell")
    pairs = st.tukey(groups, equal_var=is_one)
    changes = [float(np.mean(groups[one]) - np.mean(groups[other])) for one, other, _ in pairs]
    p = [found for _, _, found in pairs]
    return {"p": p, "value": p, "adjusted": p, "statistic": changes, "differences": changes}


def _two(vector: Vector) -> tuple[list[float], list[float]] | None:
    if vector.arms_have("values"):
        return vector.arms[0]["values"], vector.arms[1]["values"]
    one, other = _flat(vector, FIRST), _flat(vector, SECOND)
    return (one, other) if one and other else None


def _has_two(vector: Vector) -> bool:
    return _two(vector) is not None


def _pair(vector: Vector) -> tuple[list[float], list[float]]:
    found = _two(vector)
    if found is None:
        raise NotComputedError("no two samples")
    return found


@answers(_has_two, "ks kolmogorov smirnov kolmogorov-smirnov distribution", rank=0)
def answer_kolmogorov(vector: Vector) -> Inputs:
    """The largest distance between two distributions."""
    found = st.kolmogorov_smirnov(*_pair(vector), alternative=vector.alternative)
    return tested(found) | {"D": found.statistic}


@answers(_has_two, "brunner munzel brunner-munzel brunnermunzel", rank=0)
def answer_brunner(vector: Vector) -> Inputs:
    """Ranks of two arms that may differ in spread."""
    return tested(st.brunner_munzel(*_pair(vector), alternative=vector.alternative))


@answers(
    lambda vector: (
        _has_two(vector) and _number(vector, ("trim", "trimmed", "proportion")) is not None
    ),
    "yuen trimmed trim",
    rank=5,
)
def answer_trimmed(vector: Vector) -> Inputs:
    """Means without the ends of each arm."""
    trim = _number(vector, ("trim", "trimmed", "proportion")) or 0.0
    return tested(st.trimmed_t(*_pair(vector), trim=trim, alternative=vector.alternative))


@answers(_has_two, "permutation randomization randomisation exact", rank=-1)
def answer_permutation(vector: Vector) -> Inputs:
    """Values given their arms again."""
    control, treatment = _pair(vector)
    found = st.permutation_p(control, treatment, alternative=vector.alternative)
    return tested(found) | {"effect": found.statistic, "difference": found.statistic}


@answers(
    lambda vector: _has_two(vector) and len({len(one) for one in _pair(vector)}) == 1,
    "correlation correlate pearson spearman kendall pearsonr spearmanr",
    rank=0,
)
def answer_correlation(vector: Vector) -> Inputs:
    """How two quantities go together."""
    methods: tuple[Literal["spearman", "kendall"], ...] = ("spearman", "kendall")
    named = [one for one in methods if vector.says(one, f"{one}r", f"{one}tau")]
    found = st.correlation(*_pair(vector), method=named[0] if named else "pearson")
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


@answers(_has_two, "cliff cliffs cliffs-delta dominance", rank=0)
def answer_cliff(vector: Vector) -> Inputs:
    """How much oftener one arm lies above the other."""
    found = st.cliffs_delta(*_pair(vector))
    same = ("delta", "cliffs_delta", "effect", "value", "estimate")
    return dict.fromkeys(same, found) | {"superiority": (found + 1) / 2}


@answers(_has_two, "hodges lehmann hodges-lehmann", rank=1)
def answer_hodges(vector: Vector) -> Inputs:
    """The median difference."""
    found = st.hodges_lehmann(*_pair(vector))
    return {"effect": found, "value": found, "estimate": found, "shift": found}


@answers(_has_two, "geometric lognormal log-normal", rank=1)
def answer_geometric(vector: Vector) -> Inputs:
    """The ratio of geometric means."""
    found = st.ratio_of_geometric_means(*_pair(vector), **vector.options)
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
