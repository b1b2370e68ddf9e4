"""Answers about units with more than a value: covariates, clusters, strata, quantiles."""

from typing import Any

import numpy as np

from benchmarks.vectors.arms import Inputs, sample_of, told
from benchmarks.vectors.readers import Vector, answers
from ntg_assets.statistics import library as st

SEED = 0
SAMPLES = 9_999


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
