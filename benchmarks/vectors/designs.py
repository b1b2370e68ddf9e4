"""Answers about designs: buckets, power and units, several comparisons, planned looks."""

import re
from math import asin, sqrt
from typing import Any

import numpy as np

from benchmarks.vectors.arms import Inputs
from benchmarks.vectors.readers import NotComputedError, Vector, answers
from ntg_assets.statistics import library as st

ADJUST = {
    "holm-sidak": st.holm_sidak,
    "holm": st.holm,
    "bonferroni": st.bonferroni,
    "bh": st.benjamini_hochberg,
    "fdr_bh": st.benjamini_hochberg,
    "benjamini-hochberg": st.benjamini_hochberg,
    "hochberg": st.hochberg,
    "simes-hochberg": st.hochberg,
    "hommel": st.hommel,
    "by": st.benjamini_yekutieli,
    "fdr_by": st.benjamini_yekutieli,
    "benjamini-yekutieli": st.benjamini_yekutieli,
    "sidak": st.sidak,
    "bky": st.two_stage_benjamini_hochberg,
    "tsbky": st.two_stage_benjamini_hochberg,
    "fixed": st.fixed_sequence,
}


@answers(lambda vector: "algorithm" in vector.raw or "salt" in vector.raw, "bucketing hash", 5)
def answer_bucket(vector: Vector) -> Any:
    """Bucket of a unit."""
    text = re.search(r'"([^":]+):([^"]+)"', str(vector.raw.get("algorithm", "")))
    unit = next(
        (vector.raw[name] for name in ("unit", "unit_id", "user_id") if name in vector.raw), None
    )
    if text:
        return st.bucket_of(*text.groups())
    if "salt" not in vector.raw or unit is None:
        raise NotComputedError("the text that is hashed is not named")
    return st.bucket_of(vector.raw["salt"], str(unit))


def _p_values(vector: Vector) -> list[float] | None:
    found = vector.given.get("p_values")
    return found if isinstance(found, list) and found else None


@answers(lambda vector: _p_values(vector) is not None, "multiplicity adjusted fdr fwer", rank=5)
def answer_adjusted(vector: Vector) -> Any:
    """Adjusted p-values by the method that is named."""
    p = _p_values(vector) or []
    weights = vector.given.get("weights")
    if isinstance(weights, list):
        adjusted = (st.weighted_holm if vector.says("holm") else st.weighted_bonferroni)(p, weights)
    else:
        adjusted = _adjust_of(vector)(p)
    return {
        "value": adjusted,
        "adjusted": adjusted,
        "p": adjusted,
        "rejected": [one <= vector.alpha for one in adjusted],
        "n_rejected": sum(one <= vector.alpha for one in adjusted),
        "fisher": st.fisher_p(p),
        "simes": st.simes_p(p),
    }


def _adjust_of(vector: Vector) -> Any:
    text = " ".join([*vector.words])
    named = str(vector.given.get("method", "")).lower().replace(" ", "-")
    if named in ADJUST:
        return ADJUST[named]
    for name, adjust in ADJUST.items():
        if name in vector.words:
            return adjust
    if "holm" in text and "sidak" in text:
        return st.holm_sidak
    if vector.says("benjamini"):
        return st.benjamini_yekutieli if vector.says("yekutieli") else st.benjamini_hochberg
    raise NotComputedError("no procedure of several comparisons is named")


@answers(lambda vector: _p_values(vector) is not None, "fisher", rank=0)
def answer_fisher(vector: Vector) -> Any:
    """One p of several tests."""
    return {
        "p": st.fisher_p(_p_values(vector) or []),
        "value": st.fisher_p(_p_values(vector) or []),
    }


@answers(lambda vector: _p_values(vector) is not None, "simes", rank=0)
def answer_simes(vector: Vector) -> Any:
    """One p of several tests."""
    if vector.says("hochberg"):
        return st.hochberg(_p_values(vector) or [])
    return {"p": st.simes_p(_p_values(vector) or []), "value": st.simes_p(_p_values(vector) or [])}


@answers(lambda vector: isinstance(vector.raw.get("cases"), list), rank=5)
def answer_cases(vector: Vector) -> str:
    """Several cases, each with what it expects."""
    for case in vector.raw["cases"]:
        if not np.allclose(ADJUST[case["method"]](case["p"]), case["expect"], rtol=0, atol=1e-6):
            return f"{case['method']} of {case['p']} is {ADJUST[case['method']](case['p'])}"
    return "see cases"


def _is_preferential(vector: Vector) -> bool:
    return {"gamma", "alpha"} <= vector.raw.keys()


@answers(_is_preferential, "preferential weighted bonferroni", rank=6)
def answer_preferential(vector: Vector) -> Inputs:
    """The error rate of the primary metric and of the others, as figures or as formulas."""
    given = vector.raw
    k = given.get("k_treatments", given.get("n_treatments", 1))
    m = given.get("m_metrics", given.get("n_metrics", 2))
    if isinstance(given["gamma"], str):
        # formulas: checked on figures before they are written with the letters that are given
        primary, others = st.preferential_alpha(
            primary_share=0.6, alpha=0.05, n_treatments=2, n_metrics=4
        )
        if not np.allclose([primary, others], [0.6 * 0.05 / 2, 0.4 * 0.05 / (2 * 3)]):
            raise NotComputedError("the formula is not what the function computes")
        g, a = given["gamma"], given["alpha"]
        return {"primary": f"{g}*{a}/{k}", "others": f"(1-{g})*{a}/({k}*({m}-1))"}
    primary, others = st.preferential_alpha(
        primary_share=given["gamma"], alpha=given["alpha"], n_treatments=k, n_metrics=m
    )
    return {"primary": primary, "others": others}


def _treatments(vector: Vector) -> list[list[float]] | None:
    names = [name for name in ("samples", "treatments") if isinstance(vector.raw.get(name), list)]
    found: list[list[float]] = vector.raw[names[0]] if names else []
    return found if found and all(isinstance(one, list) for one in found) else None


@answers(
    lambda vector: _treatments(vector) is not None and "control" in vector.raw,
    "dunnett",
    rank=8,
)
def answer_dunnett(vector: Vector) -> Inputs:
    """Several treatments against one control."""
    given = vector.raw | {"samples": _treatments(vector) or []}
    arms = [np.asarray(one, dtype=float) for one in (given["control"], *given["samples"])]
    df = sum(len(arm) - 1 for arm in arms)
    pooled = sum((len(arm) - 1) * arm.var(ddof=1) for arm in arms) / df
    error = [sqrt(pooled / len(arms[0]) + pooled / len(arm)) for arm in arms[1:]]
    loadings = [sqrt(len(arm) / (len(arm) + len(arms[0]))) for arm in arms[1:]]
    differences = [float(arm.mean() - arms[0].mean()) for arm in arms[1:]]
    critical = st.max_t_critical(loadings, significance=vector.alpha, degrees_of_freedom=df)
    negative = ([-x for x in given["control"]], [[-x for x in one] for one in given["samples"]])
    p = {
        "two-sided": st.dunnett_p(given["control"], given["samples"]),
        "greater": st.dunnett_p(given["control"], given["samples"], two_sided=False),
        "less": st.dunnett_p(*negative, two_sided=False),
    }
    return {
        "statistic": [one / wide for one, wide in zip(differences, error, strict=True)],
        "p_two_sided": p["two-sided"],
        "p_greater": p["greater"],
        "p_less": p["less"],
        "p": p[vector.alternative],
        "critical": critical,
        "ci": [
            [one - critical * wide, one + critical * wide]
            for one, wide in zip(differences, error, strict=True)
        ],
    }


@answers(
    lambda vector: "k" in vector.given and "correlation" in vector.given, "dunnett critical", rank=7
)
def answer_critical(vector: Vector) -> Any:
    """The critical value of the largest of several correlated statistics."""
    df = float(vector.given.get("df", "inf"))
    k = vector.given["k"]
    sizes = k if isinstance(k, list) else [k]
    asked: Inputs = {
        "significance": vector.alpha,
        "degrees_of_freedom": df,
        "two_sided": vector.alternative == "two-sided",
    }
    loading = sqrt(vector.number("correlation"))
    found = [st.max_t_critical([loading] * size, **asked) for size in sizes]
    return found if isinstance(k, list) else found[0]


@answers(
    lambda vector: vector.has("lower_limit") and "p_alt" in vector.raw, "power equivalence", rank=9
)
def answer_equivalence_power(vector: Vector) -> Any:
    """The power of two one-sided binomial tests."""
    shares = vector.raw["p_alt"] if isinstance(vector.raw["p_alt"], list) else [vector.raw["p_alt"]]
    low, high, n = vector.number("lower_limit"), vector.number("upper_limit", 1.0), vector.raw["n"]
    found = [
        st.equivalence_power(low, high, n=n, share=share, significance=vector.alpha)
        for share in shares
    ]
    return found if isinstance(vector.raw["p_alt"], list) else found[0]


@answers(
    lambda vector: isinstance(vector.raw.get("z", vector.raw.get("z_values")), list),
    "stouffer combined",
    rank=3,
)
def answer_stouffer(vector: Vector) -> Inputs:
    """One p of several z statistics."""
    z = vector.raw.get("z", vector.raw.get("z_values"))
    p = st.stouffer_p(z, vector.given.get("weights"))
    return {"p": p, "value": p}


def cohen_h(p1: float, p2: float) -> float:
    """Return the difference of two shares on the arcsine scale (Cohen 1988)."""
    return 2 * asin(sqrt(p1)) - 2 * asin(sqrt(p2))
