"""Answers about looking more than once: planned looks, conditional power."""

import re
from math import inf
from typing import Any

from benchmarks.vectors.arms import Inputs
from benchmarks.vectors.readers import Vector, answers
from ntg_assets.statistics import library as st


def _times(vector: Vector) -> list[float]:
    times = vector.given.get("times")
    if isinstance(times, list):
        return [float(one) for one in times]
    looks = int(vector.number("looks"))
    return [look / looks for look in range(1, looks + 1)]


def _has_looks(vector: Vector) -> bool:
    return isinstance(vector.given.get("times"), list) or (
        isinstance(vector.given.get("looks"), int) and not vector.arms
    )


@answers(_has_looks, "group sequential gst bounds pocock obf obrien fleming lan demets", rank=6)
def answer_looks(vector: Vector) -> Any:
    """Bounds of planned looks, by the spending or the family that is named."""
    alpha = (
        2 * vector.raw["one_sided_alpha_each"]
        if "one_sided_alpha_each" in vector.raw
        else vector.alpha * (1 if vector.alternative == "two-sided" else 2)
    )
    times = _times(vector)
    n = len(times)
    is_spending = isinstance(vector.given.get("times"), list) or vector.says(
        "spending", "lan", "demets", "hsd", "hwang", "kim", "power"
    )
    constants = {
        "C_P": st.pocock_bound(n, alpha=alpha),
        "C_B": st.obrien_fleming_bound(n, alpha=alpha),
    }
    constants |= {"pocock": constants["C_P"], "obrien_fleming": constants["C_B"]}
    bounds = (
        list(st.planned_looks(times, alpha=alpha, spending=_spending(vector)).bounds)
        if is_spending
        else _family(vector, n, alpha)
    )
    nominal = [st.t_p(bound, inf, alternative="two-sided") for bound in bounds]
    spent = [2 * _spending(vector)(time, alpha / 2) for time in times]  # both sides together
    return constants | {
        "value": bounds,
        "bounds": bounds,
        "critical": bounds,
        "z": bounds,
        "constant": bounds[-1],
        "nominal_p": nominal,
        "nominal_alpha": nominal,
        "spent": spent,
        "cumulative_alpha": spent,
        "last": bounds[-1],
    }


def _spending(vector: Vector) -> Any:
    text = str(vector.given.get("spending", "")).lower() + " " + " ".join(vector.words)
    raw = vector.raw
    if re.search(r"hwang|hsd|decani", text):
        return st.hwang_shih_decani(float(raw.get("gamma", raw.get("parameter", -4.0))))
    if re.search(r"power|kim", text) or "exponent" in raw:
        return st.power_family(
            float(raw.get("exponent", raw.get("rho", raw.get("parameter", 1.0))))
        )
    if re.search(r"pocock|\bln\b|\blog\b", text):
        return st.pocock_spending
    return st.obrien_fleming


def _family(vector: Vector, n: int, alpha: float) -> list[float]:
    if vector.says("haybittle", "peto"):
        early = float(vector.raw.get("early", 3.0))
        return [*[early] * (n - 1), st.haybittle_peto_bound(n, early=early, alpha=alpha)]
    if vector.says("pocock"):
        return [st.pocock_bound(n, alpha=alpha)] * n
    shape = float(vector.raw.get("shape", 0.0))
    if vector.says("wang", "tsiatis"):
        shape = float(vector.raw.get("delta", vector.raw.get("Delta", shape)))
    constant = st.wang_tsiatis_bound(n, delta=shape, alpha=alpha)
    return [constant * (look / n) ** (shape - 0.5) for look in range(1, n + 1)]


@answers(lambda vector: "cumulative_n" in vector.raw, "group sequential adjusted alpha", rank=7)
def answer_nominal(vector: Vector) -> list[float]:
    """The peer spends alpha * share ** 2, and once the sample overruns, shares of what it got."""
    given = vector.raw
    reached = max(given["final_expected_total"], given["cumulative_n"][-1])
    alpha = vector.alpha / given.get("comparisons", 1)
    looks = st.planned_looks(
        [n / reached for n in given["cumulative_n"]], alpha=alpha, spending=st.power_family(2)
    )
    return [2 * p if given.get("two_sided", True) else p for p in looks.nominal_p]


def _statistic(vector: Vector) -> float | None:
    found = next(
        (vector.raw[name] for name in ("z", "statistic", "z_t") if name in vector.raw), None
    )
    return float(found) if isinstance(found, (int, float)) else None


@answers(
    lambda vector: (
        _statistic(vector) is not None
        and isinstance(vector.given.get("times", vector.raw.get("share")), (int, float))
    ),
    "conditional power futility",
    rank=6,
)
def answer_conditional(vector: Vector) -> Inputs:
    """The chance that a running test ends in a claim."""
    share = float(vector.given.get("times", vector.raw.get("share")))
    drift = vector.raw.get("theta", vector.raw.get("drift"))
    found = st.conditional_power(
        _statistic(vector) or 0.0,
        share=share,
        significance=vector.alpha,
        effect_statistic=drift,
        alternative=vector.alternative,
    )
    return {"value": found, "conditional_power": found, "power": found}


@answers(
    lambda vector: (
        vector.has("alpha")
        and not vector.arms
        and len(vector.raw) == 1
        and "hybrid" in vector.words
    ),
    rank=0,
)
def answer_hybrid(vector: Vector) -> Inputs:
    """Half the error rate for looking at any time, half for the end."""
    half = st.split_alpha({"sequential": 1, "fixed": 1}, alpha=vector.alpha)
    return {
        "sequential_two_sided": half["sequential"],
        "fixed_two_sided": half["fixed"],
        "per_tail": half["fixed"] / 2,
    }
