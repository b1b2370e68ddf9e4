"""Answers about plans of several groups, and short rules of plans and claims."""

from math import ceil
from typing import Any

from scipy import optimize

from benchmarks.vectors.arms import Inputs
from benchmarks.vectors.plan_fields import effect_of, sd_of
from benchmarks.vectors.rates import first_number
from benchmarks.vectors.readers import Vector, answers
from ntg_assets.statistics import library as st

LEAST, MOST = 3.0, 1e9


def _groups(vector: Vector) -> float | None:
    return first_number(vector.raw, ("k_groups", "k", "groups", "n_groups", "num_groups"))


def _size(vector: Vector) -> float | None:
    return first_number(vector.raw, ("nobs", "n_total", "n", "N", "total_n"))


def _f_or_w(vector: Vector) -> float | None:
    return first_number(vector.raw, ("effect_size", "f", "w", "cohens_f", "cohens_w", "effect"))


def _is_anova_plan(vector: Vector) -> bool:
    return _f_or_w(vector) is not None and _groups(vector) is not None and not vector.arms


@answers(_is_anova_plan, "power anova f f-test sample size n", rank=8)
def answer_anova_plan(vector: Vector) -> Inputs:
    """Power or units of a one-way analysis of variance; units of all groups together."""
    effect, groups = _f_or_w(vector) or 0.0, int(_groups(vector) or 2)
    each = first_number(vector.raw, ("n_per_group", "n_per_arm", "n_each"))
    size = _size(vector) if each is None else each * groups

    def power(n: float) -> float:
        return st.anova_power(effect, n=n, groups=groups, significance=vector.alpha)

    return _solved(vector, power, size, groups=groups)


def _freedom(vector: Vector) -> float | None:
    bins = first_number(vector.raw, ("n_bins", "bins", "categories", "n_categories"))
    return bins - 1 if bins is not None else first_number(vector.raw, ("df", "dof"))


def _is_chi_squared_plan(vector: Vector) -> bool:
    return _f_or_w(vector) is not None and _freedom(vector) is not None and not vector.arms


@answers(_is_chi_squared_plan, "power chisquare chi-square chi chi-squared gof w", rank=8)
def answer_chi_squared_plan(vector: Vector) -> Inputs:
    """Power or units of a chi-squared test."""
    effect, df = _f_or_w(vector) or 0.0, _freedom(vector) or 1.0
    return _solved(
        vector,
        lambda n: st.chi_squared_power(effect, n=n, df=df, significance=vector.alpha),
        _size(vector),
    )


def _solved(vector: Vector, power: Any, size: float | None, *, groups: int = 1) -> Inputs:
    if size is not None:
        found = power(size)
        return {"value": found, "power": found, "beta": 1 - found}
    wanted = vector.number("power")
    n = float(optimize.brentq(lambda n: power(n) - wanted, groups + LEAST - 2, MOST))
    return {"value": n, "n": n, "n_total": n, "n_per_arm": n / groups, "n_per_group": n / groups}


@answers(
    lambda vector: (
        vector.has("alpha")
        and ("beta" in vector.raw or vector.has("power"))
        and vector.says("sprt", "wald")
        and not vector.arms
    ),
    "sprt wald sequential",
    rank=9,
)
def answer_sprt(vector: Vector) -> Inputs:
    """When a sequential probability ratio test stops."""
    power = 1 - vector.raw["beta"] if "beta" in vector.raw else vector.number("power")
    low, high = st.sprt_bounds(significance=vector.alpha, power=power)
    a, b = power / vector.alpha, (1 - power) / (1 - vector.alpha)
    return {"lower": low, "upper": high, "ci": [low, high], "bounds": [low, high], "A": a, "B": b}


PRIORS = ("prior_success", "prior", "prior_true", "pi", "prior_probability", "success_rate", "pi1")


@answers(
    lambda vector: vector.has("alpha", "power") and first_number(vector.raw, PRIORS) is not None,
    "fpr false risk positive false-positive-risk discovery fdr",
    rank=9,
)
def answer_false_positives(vector: Vector) -> Inputs:
    """How many significant results are false."""
    prior = first_number(vector.raw, PRIORS) or 0.0
    found = st.false_positive_risk(
        significance=vector.alpha, power=vector.number("power"), prior=prior
    )
    same = ("value", "fpr", "false_positive_risk", "risk", "fdr")
    return dict.fromkeys(same, found) | {"ppv": 1 - found}


TRIGGERED = ("trigger_rate", "triggered_share", "trigger_share", "exposure_rate", "coverage")


@answers(
    lambda vector: (
        first_number(vector.raw, TRIGGERED) is not None and vector.given.get("effect") is not None
    ),
    "trigger triggered dilution diluted",
    rank=9,
)
def answer_diluted(vector: Vector) -> Inputs:
    """What an effect on the triggered is for all."""
    share = first_number(vector.raw, TRIGGERED) or 0.0
    found = st.diluted_effect(float(vector.given["effect"]), triggered=share)
    return {"value": found, "effect": found, "diluted_effect": found}


@answers(
    lambda vector: vector.says("rule", "thumb") and effect_of(vector) is not None,
    "rule thumb lehr sixteen",
    rank=9,
)
def answer_thumb(vector: Vector) -> Inputs:
    """Units by the rule of thumb."""
    found = st.units_by_rule_of_thumb(sd_of(vector) ** 2, effect_of(vector) or 1.0)
    return {"value": found, "n": found, "n_per_arm": found}


@answers(
    lambda vector: first_number(vector.raw, ("skewness", "skew")) is not None and not vector.arms,
    "skewness minimum units kohavi",
    rank=5,
)
def answer_skewness(vector: Vector) -> Inputs:
    """Units from which on a skewness does no harm."""
    found = st.units_for_skewness(first_number(vector.raw, ("skewness", "skew")) or 0.0)
    return {"value": found, "n": found, "n_per_arm": found}


@answers(
    lambda vector: (
        effect_of(vector) is not None
        and first_number(vector.raw, ("se", "standard_error")) is not None
        and vector.says("type", "exaggeration", "retrodesign", "gelman", "magnitude")
    ),
    "type exaggeration retrodesign gelman carlin sign magnitude",
    rank=9,
)
def answer_design_errors(vector: Vector) -> Inputs:
    """What a significant result of a small study is worth."""
    error = first_number(vector.raw, ("se", "standard_error")) or 1.0
    found = st.design_errors(effect_of(vector) or 0.0, error, significance=vector.alpha)
    return {
        "power": found.power,
        "type_s": found.wrong_sign,
        "type_m": found.exaggeration,
        "exaggeration": found.exaggeration,
        "exaggeration_ratio": found.exaggeration,
    }


def _needed(vector: Vector) -> float | None:
    total = first_number(vector.raw, ("n_total", "total_n", "N", "n", "units", "sample_size"))
    each = first_number(vector.raw, ("n_per_arm", "n_per_group"))
    return total if each is None else each * (first_number(vector.raw, ("arms", "n_arms")) or 2)


@answers(
    lambda vector: (
        vector.given.get("units_per_day") is not None
        and _needed(vector) is not None
        and effect_of(vector) is None
    ),
    "days duration runtime weeks long",
    rank=6,
)
def answer_days(vector: Vector) -> Inputs:
    """How long the traffic takes, in days, and in days of whole weeks."""
    per_day, units = vector.number("units_per_day"), _needed(vector) or 0.0
    weeks = st.days_for_units(units, units_per_day=per_day)
    days = float(ceil(units / per_day))
    return {"value": days, "days": days, "weeks": weeks / 7, "days_in_whole_weeks": weeks}
