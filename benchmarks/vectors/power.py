"""Answers about power, units and detectable effects."""

from math import ceil, inf, sqrt
from typing import Any

from benchmarks.vectors.arms import Inputs
from benchmarks.vectors.designs import cohen_h
from benchmarks.vectors.plan_fields import (
    design_of,
    effect_of,
    h_of,
    has_data,
    is_one_sample,
    is_t,
    number_of,
    sd_of,
    share_design,
    shares_of,
    signed,
    sizes_of,
)
from benchmarks.vectors.readers import NotComputedError, Vector, answers
from ntg_assets.statistics import library as st


def _asks_power(vector: Vector) -> bool:
    known = shares_of(vector) or effect_of(vector) is not None or h_of(vector) is not None
    return (
        bool(known)
        and sizes_of(vector) is not None
        and "power" not in vector.given
        and not has_data(vector)
    )


@answers(_asks_power, "power beta chance", rank=3)
def answer_power(vector: Vector) -> Any:
    """The chance of finding an effect with so many units."""
    sizes = sizes_of(vector)
    if sizes is None:
        raise NotComputedError("no number of units is given")
    n, other = sizes
    effect, h, shares = effect_of(vector), h_of(vector), shares_of(vector)
    if is_one_sample(vector) and effect is not None:
        found = st.pairs_power(
            effect, n=n, sd=sd_of(vector), significance=vector.alpha, alternative=vector.alternative
        )
        return _as_power(found)
    if shares is not None and h is None:
        if vector.says("arcsine", "cohen"):
            h = cohen_h(shares[1], shares[0])
        else:
            design = share_design(vector, shares, other / n)
            found = st.power(signed(shares[1] - shares[0], design), n_control=n, design=design)
            return _as_power(found)
    if h is not None:
        design = st.Design(
            1,
            1,
            ratio=other / n,
            significance=vector.alpha,
            alternative=vector.alternative,
            use_t=False,
        )
        return _as_power(st.power(h, n_control=n, design=design))
    if effect is None:
        raise NotComputedError("no effect is given")
    design = design_of(vector, other / n, use_t=is_t(vector))
    found = st.power(effect, n_control=n, design=design)
    one_tail = st.Design(
        design.control_variance,
        design.treatment_variance,
        ratio=other / n,
        significance=vector.alpha / 2,
        alternative="greater",
        equal_variances=design.equal_variances,
    )
    lenient = (
        st.power(abs(effect), n_control=n, design=one_tail)
        if vector.alternative == "two-sided"
        else found
    )
    return _as_power(found) | {"strict": found, "r_default_nonstrict": lenient}


def _as_power(found: float) -> Inputs:
    return {"value": found, "power": found, "beta": 1 - found}


def _asks_units(vector: Vector) -> bool:
    known = shares_of(vector) or effect_of(vector) is not None or h_of(vector) is not None
    is_margin = vector.has("margin")
    return (
        (bool(known) or is_margin)
        and vector.has("power")
        and sizes_of(vector) is None
        and not has_data(vector)
    )


@answers(_asks_units, "power n units sample size total", rank=4)
def answer_units(vector: Vector) -> Inputs:
    """How many units find an effect."""
    ratio, power = number_of(vector, "ratio") or 1.0, vector.number("power")
    shares, effect, h = shares_of(vector), effect_of(vector), h_of(vector)
    if is_one_sample(vector) and effect is not None:
        return _as_units(_pairs_for(vector, effect, power), ratio=0.0)
    if shares is not None and h is None:
        if vector.says("arcsine", "cohen"):
            h = cohen_h(shares[1], shares[0])
        else:
            design = share_design(vector, shares, ratio)
            change = signed(shares[1] - shares[0], design)
            found = st.units_for_effect(change, design=design, wanted_power=power)
            if vector.says("continuity", "corrected", "fleiss", "cc"):
                found = _fleiss(found, abs(change), ratio)
            return _as_units(found, ratio=ratio)
    if h is not None:
        design = st.Design(
            1,
            1,
            ratio=ratio,
            significance=vector.alpha,
            alternative=vector.alternative,
            use_t=False,
        )
        found = st.units_for_effect(signed(h, design), design=design, wanted_power=power)
        return _as_units(found, ratio=ratio)
    uses_t = is_t(vector) and "baseline_variance_or_p" not in vector.raw
    design = design_of(vector, ratio, use_t=uses_t)
    if effect is None:
        raise NotComputedError("no effect is given")
    found = st.units_for_effect(signed(effect, design), design=design, wanted_power=power)
    return _as_units(found, ratio=ratio)


def _fleiss(n: float, change: float, ratio: float) -> float:
    """Add what a continuity correction costs (Fleiss, Tytun and Ury 1980)."""
    return n / 4 * (1 + sqrt(1 + 2 * (1 + ratio) / (ratio * n * change))) ** 2


def _pairs_for(vector: Vector, effect: float, power: float) -> float:
    """Find the pairs by halving: power rises with them."""
    low, high = 2.0, 1e9
    sign = -1.0 if vector.alternative == "less" else 1.0
    for _ in range(200):
        middle = (low + high) / 2
        found = st.pairs_power(
            sign * abs(effect),
            n=middle,
            sd=sd_of(vector),
            significance=vector.alpha,
            alternative=vector.alternative,
        )
        low, high = (middle, high) if found < power else (low, middle)
    return high


def _as_units(found: float, *, ratio: float) -> Inputs:
    total = (1 + ratio) * found
    whole = ceil(found - 1e-9) if found < inf else inf
    return {
        "value": found,
        "n_per_arm": found,
        "n": found,
        "n1": found,
        "n_control": found,
        "n2": ratio * found,
        "n_treatment": ratio * found,
        "n_total": total,
        "total": total,
        "n_per_arm_ceiled": whole,
        "n_pairs": found,
    }


@answers(
    lambda vector: (
        _asks_units(vector) and ("metric" in vector.raw or vector.says("total", "n-total"))
    ),
    "power n units sample size total binomial gpower",
    rank=5,
)
def answer_all_units(vector: Vector) -> Inputs:
    """The units of both arms together, where a total is asked for."""
    found = answer_units(vector)
    return found | {"value": found["n_total"], "n": found["n_total"]}


@answers(
    lambda vector: (
        vector.has("margin", "power") and sizes_of(vector) is None and not has_data(vector)
    ),
    "noninferiority inferiority equivalence tost superiority margin",
    rank=6,
)
def answer_units_for_a_margin(vector: Vector) -> Inputs:
    """How many units show that a difference is within a margin, its true size being given or 0."""
    ratio, power = number_of(vector, "ratio") or 1.0, vector.number("power")
    margin, shares = abs(vector.number("margin")), shares_of(vector)
    base = number_of(vector, "p", "p1", "baseline")
    if shares is None and base is not None and 0 < base < 1 and "sd" not in vector.raw:
        shares = (base, base)
    true = shares[1] - shares[0] if shares else (effect_of(vector) or 0.0)
    variances = [p * (1 - p) for p in shares] if shares else [sd_of(vector) ** 2] * 2
    is_two_sided = vector.says("equivalence", "tost")
    missed = (1 - power) / 2 if is_two_sided and true == 0 else 1 - power
    z = st.t_critical(vector.alpha, inf) + st.t_critical(missed, inf)
    distance = margin - abs(true) if is_two_sided else margin + true
    found = (variances[0] + variances[1] / ratio) * (z / distance) ** 2
    return _as_units(found, ratio=ratio)


@answers(
    lambda vector: (
        vector.has("margin")
        and sizes_of(vector) is not None
        and "power" not in vector.given
        and not has_data(vector)
    ),
    "noninferiority inferiority power",
    rank=6,
)
def answer_power_for_a_margin(vector: Vector) -> Inputs:
    """The chance of showing that a difference is not below a margin."""
    sizes = sizes_of(vector)
    if sizes is None:
        raise NotComputedError("no number of units is given")
    n, other = sizes
    shares = shares_of(vector)
    base = number_of(vector, "p", "p1", "baseline")
    if shares is None and base is not None and 0 < base < 1 and "sd" not in vector.raw:
        shares = (base, base)
    true = shares[1] - shares[0] if shares else (effect_of(vector) or 0.0)
    variances = [p * (1 - p) for p in shares] if shares else [sd_of(vector) ** 2] * 2
    design = st.Design(
        variances[0],
        variances[1],
        ratio=other / n,
        significance=vector.alpha,
        alternative="greater",
        use_t=not shares and is_t(vector),
        equal_variances=not shares,
    )
    return _as_power(st.power(abs(vector.number("margin")) + true, n_control=n, design=design))


def _asks_effect(vector: Vector) -> bool:
    is_known = effect_of(vector) is not None or h_of(vector) is not None
    is_solved = vector.says("mde", "detectable")
    return (
        vector.has("power")
        and sizes_of(vector) is not None
        and (is_solved or not is_known)
        and not has_data(vector)
    )


@answers(_asks_effect, "mde detectable effect", rank=4)
def answer_mde(vector: Vector) -> Inputs:
    """The smallest effect that so many units find; a relative one by the peer's equation, whose
    error grows with the effect.
    """
    sizes = sizes_of(vector)
    if sizes is None:
        raise NotComputedError("no number of units is given")
    n, other = sizes
    power, mean = vector.number("power"), number_of(vector, "mean")
    base = number_of(vector, "p1", "baseline")
    if base is not None and 0 < base < 1 and "sd" not in vector.raw:
        variance = base * (1 - base)
        design = st.Design(
            variance,
            variance,
            ratio=other / n,
            significance=vector.alpha,
            alternative=vector.alternative,
            use_t=False,
        )
        mean = base
    else:
        design = design_of(vector, other / n, use_t=is_t(vector))
    found = st.detectable_effect(n_control=n, design=design, wanted_power=power)
    answer = {"value": found, "mde": found, "effect": found, "delta": found}
    if mean is None:
        return answer
    relative = _relative_mde(vector, n, mean)
    answer |= {"relative": found / mean, "relative_mde": found / mean}
    is_relative = vector.says("relative") or "relative_effect" in vector.given
    return answer | {"value": relative, "relative_mde": relative} if is_relative else answer


def _relative_mde(vector: Vector, n: float, mean: float) -> float:
    tail = vector.alpha / (2 if vector.alternative == "two-sided" else 1)
    z_alpha, tuning = st.t_critical(tail, inf), vector.given.get("tuning")
    inflation = (
        st.anytime_factor(2 * n, alpha=vector.alpha, tuned_for=tuning) / z_alpha if tuning else 1.0
    )
    z, effect = z_alpha + st.t_critical(1 - vector.number("power"), inf), 0.0
    for _ in range(200):
        arms = [st.Sample(n, one, sd_of(vector) ** 2) for one in (mean, mean * (1 + effect))]
        effect = z * inflation * st.relative_error(*arms)
    return effect
