"""Answers of further tests with names: one sample, pairs of yes and no, spread, ranks, pairs of
groups, correlation; and effect sizes.
"""

import numpy as np

from benchmarks.vectors.arms import Inputs, sample_of, told
from benchmarks.vectors.readers import NotComputedError, Vector, answers
from benchmarks.vectors.sample_fields import flat_list, has_two_samples, named_number, pair_of
from benchmarks.vectors.shares import one_share
from benchmarks.vectors.tests import groups_of, has_groups, is_corrected, table_of, tested
from ntg_assets.statistics import library as st

NULLS = ("popmean", "mu", "mu0", "null", "null_value", "null_mean", "reference", "h0")
SHARES = ("p0", "null", "null_share", "null_proportion", "prob", "probability", "pi0", "value", "p")


def _one_sample(vector: Vector) -> st.Sample | None:
    if vector.arms or named_number(vector, NULLS) is None:
        return None
    values = flat_list(vector, ("values", "sample", "data", "x", "a", "observations"))
    if values is not None:
        return st.sample_from_values(values)
    known = {"n", "mean"} <= vector.raw.keys() and {"sd", "var", "std", "variance", "se"} & set(
        vector.raw
    )
    return sample_of(vector.one_arm) if known else None


@answers(lambda vector: _one_sample(vector) is not None, "one-sample one sample ttest t", rank=4)
def answer_one_sample(vector: Vector) -> Inputs:
    """One mean against a value; the interval is of the mean."""
    sample, value = _one_sample(vector), named_number(vector, NULLS)
    if sample is None or value is None:
        raise NotComputedError("no value to hold it against")
    found = told(st.one_sample_t(sample, value=value, **vector.options))
    ends = [found["ci_lower"] + value, found["ci_upper"] + value]
    return found | {"ci": ends, "ci_lower": ends[0], "ci_upper": ends[1], "mean": sample.mean}


def _has_null_share(vector: Vector) -> bool:
    return one_share(vector) is not None and named_number(vector, SHARES) is not None


@answers(_has_null_share, "binomial exact binom binomtest one-sample", rank=4)
def answer_binomial(vector: Vector) -> Inputs:
    """Successes against a share, exactly."""
    count, share = one_share(vector), named_number(vector, SHARES)
    if count is None or share is None:
        raise NotComputedError("no share to hold it against")
    p = st.binomial_p(count, share, alternative=vector.alternative)
    return {"p": p, "value": p, "share": count.share, "estimate": count.share}


@answers(_has_null_share, "z ztest z-test proportion one-sample normal", rank=3)
def answer_share_z(vector: Vector) -> Inputs:
    """Successes against a share, by the z-test."""
    count, share = one_share(vector), named_number(vector, SHARES)
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


@answers(has_two_samples, "ks kolmogorov smirnov kolmogorov-smirnov distribution", rank=0)
def answer_kolmogorov(vector: Vector) -> Inputs:
    """The largest distance between two distributions."""
    found = st.kolmogorov_smirnov(*pair_of(vector), alternative=vector.alternative)
    return tested(found) | {"D": found.statistic}


@answers(has_two_samples, "brunner munzel brunner-munzel brunnermunzel", rank=0)
def answer_brunner(vector: Vector) -> Inputs:
    """Ranks of two arms that may differ in spread."""
    return tested(st.brunner_munzel(*pair_of(vector), alternative=vector.alternative))


@answers(
    lambda vector: (
        has_two_samples(vector)
        and named_number(vector, ("trim", "trimmed", "proportion")) is not None
    ),
    "yuen trimmed trim",
    rank=5,
)
def answer_trimmed(vector: Vector) -> Inputs:
    """Means without the ends of each arm."""
    trim = named_number(vector, ("trim", "trimmed", "proportion")) or 0.0
    return tested(st.trimmed_t(*pair_of(vector), trim=trim, alternative=vector.alternative))


@answers(has_two_samples, "permutation randomization randomisation exact", rank=-1)
def answer_permutation(vector: Vector) -> Inputs:
    """Values given their arms again."""
    control, treatment = pair_of(vector)
    found = st.permutation_p(control, treatment, alternative=vector.alternative)
    return tested(found) | {"effect": found.statistic, "difference": found.statistic}
