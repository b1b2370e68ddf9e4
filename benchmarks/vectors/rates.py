"""Answers about events per exposure, several experiments on one thing, and rules of plans."""

from math import sqrt

from benchmarks.vectors.arms import Inputs
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


def first_number(given: Inputs, names: tuple[str, ...], end: str = "") -> float | None:
    """Read the first of some fields that is a number."""
    for name in names:
        found = given.get(f"{name}{end}")
        if isinstance(found, (int, float)) and not isinstance(found, bool):
            return float(found)
    return None


def _rate(given: Inputs, end: str = "") -> st.Rate | None:
    events, exposure = first_number(given, EVENTS, end), first_number(given, EXPOSURE, end)
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
    events = first_number(vector.raw, EVENTS)
    return None if events is None else st.Rate(events, first_number(vector.raw, EXPOSURE) or 1.0)


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
    shape = first_number(vector.raw, ("a", "shape", "prior_shape", "alpha", "prior_a"))
    rate = first_number(vector.raw, ("b", "rate", "prior_rate", "beta", "prior_b"))
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
