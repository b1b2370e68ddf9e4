"""Answers about beliefs, and intervals that hold at any time."""

from math import inf, sqrt

from benchmarks.vectors.arms import Inputs
from benchmarks.vectors.effects import is_mean
from benchmarks.vectors.readers import NotComputedError, Vector, answers, samples_of
from ntg_assets.statistics import library as st


@answers(
    lambda vector: is_mean(vector) and vector.has("tuning"),
    "sequential asympcs anytime always valid confidence sequence",
    rank=8,
)
def answer_sequence(vector: Vector) -> Inputs:
    """An asymptotic confidence sequence, relative unless said otherwise."""
    arms = samples_of(vector)[:2]
    is_absolute = (
        vector.given.get("difference") == "absolute" or vector.given.get("relative") is False
    )
    found = (st.compare_means if is_absolute else st.compare_relative)(*arms)
    n, alpha, tuned = arms[0].n + arms[1].n, vector.alpha, vector.number("tuning")
    statistic = found.difference / found.standard_error
    if vector.alternative != "two-sided":
        sign = 1 if vector.alternative == "greater" else -1
        reach = st.one_sided_factor(n, alpha=alpha, tuned_for=tuned) * found.standard_error
        p = st.one_sided_anytime_p(sign * statistic, n=n, alpha=alpha, tuned_for=tuned)
        ci = [found.difference - reach, inf] if sign > 0 else [-inf, found.difference + reach]
    else:
        reach = st.anytime_factor(n, alpha=alpha, tuned_for=tuned) * found.standard_error
        p = st.anytime_p(statistic, n=n, alpha=alpha, tuned_for=tuned)
        ci = [found.difference - reach, found.difference + reach]
    return {
        "effect": found.difference,
        "ci": ci,
        "se": found.standard_error,
        "p": p,
        "reach": reach,
    }


@answers(lambda vector: is_mean(vector) and "tunings" in vector.raw, rank=9)
def answer_sequence_order(vector: Vector) -> str:
    """Which tuning makes the narrowest sequence."""
    n = sum(arm.n for arm in samples_of(vector)[:2])
    order = sorted(vector.raw["tunings"], key=lambda one: st.anytime_factor(n, tuned_for=one))
    return " < ".join(f"width({'N*=' if tuned == n else ''}{tuned})" for tuned in order)


@answers(
    lambda vector: (
        vector.has("prior_variance") and (is_mean(vector) or _squared(vector) is not None)
    ),
    "msprt mixture always valid sprt",
    rank=7,
)
def answer_mixture(vector: Vector) -> Inputs:
    """A mixture sequential probability ratio test."""
    squared, difference = _squared(vector), vector.given.get("effect")
    if squared is None:
        found = st.compare_means(*samples_of(vector)[:2])
        squared, difference = found.standard_error**2, found.difference
    mixing = vector.number("prior_variance")
    p = st.mixture_p(float(difference or 0.0), squared_error=squared, mixing_variance=mixing)
    return {"p": p, "value": p, "effect": difference, "likelihood_ratio": 1 / p if p < 1 else None}


def _squared(vector: Vector) -> float | None:
    given = vector.raw
    if "effect" not in vector.given:
        return None
    if "variance" in given and "n" not in given:
        return float(given["variance"])
    error = next((given[name] for name in ("se", "standard_error") if name in given), None)
    return None if error is None else float(error) ** 2


@answers(
    lambda vector: is_mean(vector) and ("prior" in vector.raw or "bayes" in vector.words),
    "bayes bayesian posterior gaussian",
    rank=6,
)
def answer_posterior(vector: Vector) -> Inputs:
    """A normal belief about the effect, relative unless said otherwise."""
    arms = samples_of(vector)[:2]
    is_relative = vector.given.get("difference", "relative") == "relative"
    found = (st.compare_relative if is_relative else st.compare_means)(*arms)
    prior = vector.raw.get("prior")
    known = st.Belief(prior["mean"], prior["variance"]) if isinstance(prior, dict) else None
    belief = st.update(found.difference, found.standard_error**2, prior=known)
    return {
        "effect": belief.mean,
        "mean": belief.mean,
        "variance": belief.variance,
        "ci": list(belief.interval(confidence=vector.confidence)),
        "se": sqrt(belief.variance),
        "chance_to_win": belief.probability_above(0.0),
        "risk": [belief.expected_gain(), belief.expected_loss()],
    }


def _normal_parts(vector: Vector) -> tuple[float, float] | None:
    given = vector.raw
    estimate = next(
        (given[name] for name in ("estimate", "effect", "mean", "difference") if name in given),
        None,
    )
    error = next((given[name] for name in ("se", "standard_error") if name in given), None)
    return None if estimate is None or error is None else (float(estimate), float(error))


@answers(
    lambda vector: _normal_parts(vector) is not None and not vector.arms,
    "bayes bayesian posterior shrinkage normal",
    rank=3,
)
def answer_belief(vector: Vector) -> Inputs:
    """An estimate with its error, shrunk by what was believed before."""
    parts = _normal_parts(vector)
    if parts is None:
        raise NotComputedError("an estimate and its error are not given")
    given = {"prior_mean": vector.raw.get("prior_mean", 0.0)} | vector.raw
    spread = given.get("prior_sd", given.get("prior_se"))
    variance = given.get("prior_variance", None if spread is None else spread**2)
    nested = given.get("prior")
    prior = None if variance is None else st.Belief(given["prior_mean"], variance)
    if isinstance(nested, dict):
        wide = nested.get("variance", nested.get("sd", 0) ** 2)
        prior = st.Belief(nested["mean"], wide)
    belief = st.update(parts[0], parts[1] ** 2, prior=prior)
    return {
        "mean": belief.mean,
        "effect": belief.mean,
        "variance": belief.variance,
        "se": sqrt(belief.variance),
        "sd": sqrt(belief.variance),
        "ci": list(belief.interval(confidence=vector.confidence)),
        "chance_to_win": belief.probability_above(0.0),
        "probability": belief.probability_above(0.0),
        "risk": [belief.expected_gain(), belief.expected_loss()],
        "expected_loss": belief.expected_loss(),
    }
