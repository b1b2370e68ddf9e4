"""Answers about events per exposure, several experiments on one thing, and rules of plans."""

from math import sqrt
from typing import Any

from scipy import optimize

from benchmarks.vectors.arms import Inputs
from benchmarks.vectors.plan_fields import effect_of, sd_of
from benchmarks.vectors.readers import NotComputedError, Vector, answers
from ntg_assets.statistics import library as st

EVENTS = ("count", "events", "n_events", "cases", "x", "k", "sum", "total")
EXPOSURE = ("exposure", "time", "person_years", "person_time", "t", "days", "units", "nobs", "n")
ENDS = (("1", "2"), ("_1", "_2"), ("_a", "_b"), ("_c", "_t"), ("_control", "_treatment"))
SIDES = (("control", "treatment"), ("a", "b"), ("arm_a", "arm_b"), ("baseline", "variant"))
METHODS: dict[str, st.RateMethod] = {
    "exact-cond": "exact",
    "exact": "exact",
    "conditional": "exact",
    "wald-log": "wald-log",
    "sqrt": "sqrt",
    "wald": "wald",
    "score": "score",
}
RANDOM = ("random", "dersimonian", "laird", "dersimonian-laird", "dl", "re")
LEAST, MOST = 3.0, 1e9


def _first(given: Inputs, names: tuple[str, ...], end: str = "") -> float | None:
    for name in names:
        found = given.get(f"{name}{end}")
        if isinstance(found, (int, float)) and not isinstance(found, bool):
            return float(found)
    return None


def _rate(given: Inputs, end: str = "") -> st.Rate | None:
    events, exposure = _first(given, EVENTS, end), _first(given, EXPOSURE, end)
    return None if events is None or not exposure else st.Rate(events, exposure)


def _is_poisson(vector: Vector) -> bool:
    named = vector.says("poisson", "rate", "rates", "incidence", "events", "gamma", "gamma-poisson")
    return named or any(name.startswith(("exposure", "person")) for name in vector.raw)


def _rates(vector: Vector) -> list[st.Rate]:
    """Find two rates; as textbooks have it, group 1 over group 2 is treatment over control."""
    if not _is_poisson(vector):
        return []
    for one, other in SIDES:
        parts = vector.raw.get(one), vector.raw.get(other)
        if all(isinstance(part, dict) for part in parts):
            found = [_rate(part) for part in parts if isinstance(part, dict)]
            if all(found):
                return [rate for rate in found if rate]
    for ends in ENDS:
        found = [_rate(vector.raw, end) for end in ends]
        if all(found):
            rates = [rate for rate in found if rate]
            return rates[::-1] if ends[0] in {"1", "_1"} else rates
    return []


@answers(
    lambda vector: len(_rates(vector)) > 1, "poisson rate rates ratio incidence events", rank=9
)
def answer_rates(vector: Vector) -> Inputs:
    """Two Poisson rates, by the test that is named."""
    control, treatment = _rates(vector)
    named: st.RateMethod = next(
        (METHODS[word] for word in METHODS if word in vector.words), "score"
    )
    found = st.compare_rates(control, treatment, method=named, alternative=vector.alternative)
    answer: Inputs = {
        "statistic": found.statistic,
        "z": found.statistic,
        "p": found.p,
        "value": found.p,
        "ratio": found.estimate,
        "rate_ratio": found.estimate,
        "irr": found.estimate,
        "effect": treatment.value - control.value,
        "difference": treatment.value - control.value,
        "rate_control": control.value,
        "rate_treatment": treatment.value,
    }
    if control.events and treatment.events:
        ends = st.rate_ratio_interval(control, treatment, confidence=vector.confidence)
        answer |= {"ci": list(ends), "ci_lower": ends[0], "ci_upper": ends[1]}
    return answer


def _one_rate(vector: Vector) -> st.Rate | None:
    if not _is_poisson(vector) or _rates(vector):
        return None
    events = _first(vector.raw, EVENTS)
    return None if events is None else st.Rate(events, _first(vector.raw, EXPOSURE) or 1.0)


@answers(lambda vector: _one_rate(vector) is not None, "poisson rate interval ci exact", rank=6)
def answer_one_rate(vector: Vector) -> Inputs:
    """One Poisson rate with its exact interval."""
    rate = _one_rate(vector) or st.Rate(0, 1)
    low, high = st.rate_interval(rate, confidence=vector.confidence)
    return {"rate": rate.value, "effect": rate.value, "ci": [low, high]} | {
        "ci_lower": low,
        "ci_upper": high,
    }


@answers(
    lambda vector: _one_rate(vector) is not None and vector.says("gamma", "posterior", "bayes"),
    "gamma posterior bayes bayesian gamma-poisson",
    rank=7,
)
def answer_rate_belief(vector: Vector) -> Inputs:
    """A gamma belief about a rate."""
    prior = vector.raw.get("prior")
    shape = _first(vector.raw, ("a", "shape", "prior_shape", "alpha", "prior_a"))
    rate = _first(vector.raw, ("b", "rate", "prior_rate", "beta", "prior_b"))
    if isinstance(prior, list):
        shape, rate = float(prior[0]), float(prior[1])
    if shape is None or rate is None:
        raise NotComputedError("no prior is given")
    found = st.update_rate(_one_rate(vector) or st.Rate(0, 1), prior=(shape, rate))
    ends = list(found.interval(confidence=vector.confidence))
    return {"mean": found.mean, "variance": found.variance, "ci": ends, "effect": found.mean} | {
        "shape": found.shape,
        "rate": found.rate,
    }


def _list(given: Inputs, *names: str) -> list[float] | None:
    found = next((given[name] for name in names if isinstance(given.get(name), list)), None)
    return found if found and all(isinstance(one, (int, float)) for one in found) else None


def _studies(vector: Vector) -> tuple[list[float], list[float]] | None:
    effects = _list(vector.raw, "effects", "estimates", "yi", "effect_sizes", "theta", "eff")
    errors = _list(vector.raw, "ses", "se", "standard_errors", "errors", "sei", "std_errors")
    squares = _list(vector.raw, "variances", "vars", "vi", "var")
    if errors is None and squares is not None:
        errors = [sqrt(one) for one in squares]
    return (effects, errors) if effects and errors and len(effects) == len(errors) else None


@answers(lambda vector: _studies(vector) is not None, "meta fixed random combine pooled", rank=8)
def answer_combined(vector: Vector) -> Inputs:
    """Several effects as one."""
    effects, errors = _studies(vector) or ([], [])
    found = st.combine_effects(effects, errors, is_random=vector.says(*RANDOM))
    free = st.combine_effects(effects, errors, is_random=True)
    ends = list(found.interval(confidence=vector.confidence))
    return {
        "effect": found.effect,
        "value": found.effect,
        "se": found.standard_error,
        "p": found.p,
        "z": found.effect / found.standard_error,
        "ci": ends,
        "ci_lower": ends[0],
        "ci_upper": ends[1],
        "Q": found.q,
        "heterogeneity_p": found.heterogeneity_p,
        "q_p": found.heterogeneity_p,
        "I2": found.i_squared,
        "i_squared": found.i_squared,
        "tau2": free.tau_squared,
        "df": len(effects) - 1,
    }


def _groups(vector: Vector) -> float | None:
    return _first(vector.raw, ("k_groups", "k", "groups", "n_groups", "num_groups"))


def _size(vector: Vector) -> float | None:
    return _first(vector.raw, ("nobs", "n_total", "n", "N", "total_n"))


def _f_or_w(vector: Vector) -> float | None:
    return _first(vector.raw, ("effect_size", "f", "w", "cohens_f", "cohens_w", "effect"))


def _is_anova_plan(vector: Vector) -> bool:
    return _f_or_w(vector) is not None and _groups(vector) is not None and not vector.arms


@answers(_is_anova_plan, "power anova f f-test sample size n", rank=8)
def answer_anova_plan(vector: Vector) -> Inputs:
    """Power or units of a one-way analysis of variance; units of all groups together."""
    effect, groups = _f_or_w(vector) or 0.0, int(_groups(vector) or 2)
    each = _first(vector.raw, ("n_per_group", "n_per_arm", "n_each"))
    size = _size(vector) if each is None else each * groups

    def power(n: float) -> float:
        return st.anova_power(effect, n=n, groups=groups, significance=vector.alpha)

    return _solved(vector, power, size, groups=groups)


def _freedom(vector: Vector) -> float | None:
    bins = _first(vector.raw, ("n_bins", "bins", "categories", "n_categories"))
    return bins - 1 if bins is not None else _first(vector.raw, ("df", "dof"))


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
    lambda vector: vector.has("alpha", "power") and _first(vector.raw, PRIORS) is not None,
    "fpr false risk positive false-positive-risk discovery fdr",
    rank=9,
)
def answer_false_positives(vector: Vector) -> Inputs:
    """How many significant results are false."""
    prior = _first(vector.raw, PRIORS) or 0.0
    found = st.false_positive_risk(
        significance=vector.alpha, power=vector.number("power"), prior=prior
    )
    same = ("value", "fpr", "false_positive_risk", "risk", "fdr")
    return dict.fromkeys(same, found) | {"ppv": 1 - found}


TRIGGERED = ("trigger_rate", "triggered_share", "trigger_share", "exposure_rate", "coverage")


@answers(
    lambda vector: (
        _first(vector.raw, TRIGGERED) is not None and vector.given.get("effect") is not None
    ),
    "trigger triggered dilution diluted",
    rank=9,
)
def answer_diluted(vector: Vector) -> Inputs:
    """What an effect on the triggered is for all."""
    share = _first(vector.raw, TRIGGERED) or 0.0
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
    lambda vector: _first(vector.raw, ("skewness", "skew")) is not None and not vector.arms,
    "skewness minimum units kohavi",
    rank=5,
)
def answer_skewness(vector: Vector) -> Inputs:
    """Units from which on a skewness does no harm."""
    found = st.units_for_skewness(_first(vector.raw, ("skewness", "skew")) or 0.0)
    return {"value": found, "n": found, "n_per_arm": found}


@answers(
    lambda vector: (
        effect_of(vector) is not None
        and _first(vector.raw, ("se", "standard_error")) is not None
        and vector.says("type", "exaggeration", "retrodesign", "gelman", "magnitude")
    ),
    "type exaggeration retrodesign gelman carlin sign magnitude",
    rank=9,
)
def answer_design_errors(vector: Vector) -> Inputs:
    """What a significant result of a small study is worth."""
    error = _first(vector.raw, ("se", "standard_error")) or 1.0
    found = st.design_errors(effect_of(vector) or 0.0, error, significance=vector.alpha)
    return {
        "power": found.power,
        "type_s": found.wrong_sign,
        "type_m": found.exaggeration,
        "exaggeration": found.exaggeration,
        "exaggeration_ratio": found.exaggeration,
    }
