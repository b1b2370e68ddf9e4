"""What the statistics answer to outside test vectors: which function answers which kind,
and how the vectors' inputs are read.
"""

from collections.abc import Callable
from typing import Any

from ntg_assets.statistics import library as st

Inputs = dict[str, Any]
ANSWERS: dict[str, Callable[[Inputs], Any]] = {}


class NotComputedError(Exception):
    """Inputs that say something else than this kind is known for."""


def answers(*kinds: str) -> Callable[[Callable[[Inputs], Any]], Callable[[Inputs], Any]]:
    """Register a function for some kinds of vector."""

    def register(function: Callable[[Inputs], Any]) -> Callable[[Inputs], Any]:
        ANSWERS.update(dict.fromkeys(kinds, function))
        return function

    return register


def arm_of(given: Inputs) -> st.Sample:
    """Read one arm, however its moments are written down."""
    if "m_sum" in given:
        return st.adjusted_samples([ratio_of(given)], use_covariate=False)[0]
    if "successes" in given:
        return st.sample_from_share(given["successes"], given["n"])
    if "sum_squares" in given:
        return st.sample_from_sums(given["n"], given["sum"], given["sum_squares"])
    if "values" in given:
        return st.sample_from_values(given["values"])
    variance = given["var"] if "var" in given else given["sd"] ** 2
    return st.Sample(given["n"], given["mean"], variance)


def ratio_of(given: Inputs) -> st.Moments:
    """Read the sums of a ratio (m / d), with those of its pre-period
    (mpre / dpre) where they are given.
    """
    n = int(given["n"])
    names = {"value": "m", "denominator": "d", "covariate": "mpre", "covariate_denominator": "dpre"}
    products = {
        ("value", "value"): "m_ss",
        ("value", "denominator"): "m_d",
        ("value", "covariate"): "m_mpre",
        ("value", "covariate_denominator"): "m_dpre",
        ("denominator", "denominator"): "d_ss",
        ("denominator", "covariate"): "mpre_d",
        ("denominator", "covariate_denominator"): "d_dpre",
        ("covariate", "covariate"): "mpre_ss",
        ("covariate", "covariate_denominator"): "mpre_dpre",
        ("covariate_denominator", "covariate_denominator"): "dpre_ss",
    }
    known = {"d_sum": n, "dpre_sum": n, "mpre_sum": 0} | given
    sums = {name: float(known[f"{short}_sum"]) for name, short in names.items()}
    return st.Moments(
        n,
        {name: total / n for name, total in sums.items()},
        {
            pair: (
                (given[key] - sums[pair[0]] * sums[pair[1]] / n) / (n - 1) if key in given else 0.0
            )
            for pair, key in products.items()
        },
    )


def arms_of(given: Inputs) -> list[st.Sample]:
    """Read control (a) and treatment (b), adjusted by the pre-period where it is given."""
    pair = [given["a"], given["b"]]
    if "m_sum" in pair[0]:
        return st.adjusted_samples([ratio_of(one) for one in pair])
    return [arm_of(one) for one in pair]


def told(found: st.Difference) -> Inputs:
    """Spell out a difference under the names that vectors use."""
    return {
        "effect": found.difference,
        "ci": [found.low, found.high],
        "se": found.standard_error,
        "p": found.p,
        "statistic": found.difference / found.standard_error,
        "df": found.degrees_of_freedom,
        "rel_effect": found.relative,
        "rel_log_ci": [found.relative_low, found.relative_high],
        "rel_ci": [found.relative_low, found.relative_high],
    }


def options(given: Inputs) -> Inputs:
    """Read confidence and alternative."""
    alternative = {"larger": "greater", "smaller": "less", "two.sided": "two-sided"}.get(
        given.get("alternative", ""), given.get("alternative")
    )
    return {
        "confidence": given.get("confidence", 1 - given.get("alpha", 0.05)),
        "alternative": alternative or "two-sided",
    }
