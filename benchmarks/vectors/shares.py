"""Answers about shares: one, two, several; their intervals by name; traffic."""

from math import sqrt
from typing import Any

from benchmarks.vectors.arms import Inputs, count_of, told
from benchmarks.vectors.many_shares import pooled_z
from benchmarks.vectors.readers import Vector, answers
from ntg_assets.statistics import library as st

ONE_SHARE: dict[str, st.ShareMethod] = {
    "clopper": "clopper-pearson",
    "pearson": "clopper-pearson",
    "exact": "clopper-pearson",
    "beta": "clopper-pearson",
    "jeffreys": "jeffreys",
    "agresti": "agresti-coull",
    "coull": "agresti-coull",
    "wald": "wald",
    "normal": "wald",
    "asymptotic": "wald",
    "score": "wilson",
    "wilson": "wilson",
}
DIFFERENCE: dict[str, st.DifferenceMethod] = {
    "newcombe": "newcombe",
    "newcomb": "newcombe",
    "hybrid": "newcombe",
    "miettinen": "miettinen-nurminen",
    "nurminen": "miettinen-nurminen",
    "farrington": "mee",
    "mee": "mee",
    "score": "miettinen-nurminen",
    "caffo": "agresti-caffo",
    "agresti": "agresti-caffo",
    "wald": "wald",
    "normal": "wald",
}
WORDS_OF_A_DIFFERENCE = (
    "proportion proportions share z prop absolute binomial risk difference newcombe miettinen"
    " nurminen mee caffo agresti wald score two"
)
RATIO: dict[str, st.RatioMethod] = {  # the more exact name first
    "walter": "walter",
    "miettinen": "miettinen-nurminen",
    "nurminen": "miettinen-nurminen",
    "katz": "katz",
    "koopman": "koopman",
    "score": "koopman",
    "log": "katz",
}
MOST_ERROR = 0.5  # an `alpha` below that is an error rate and no prior
CORRECTED = ("cc", "corrected", "continuity", "correction", "yates")


def is_share(vector: Vector) -> bool:
    """Whether two arms say their units and successes."""
    return vector.arms_have("n", "successes") or vector.arms_have("n", "p")


def one_share(vector: Vector) -> st.Count | None:
    """Find one count of successes."""
    given = vector.raw
    hits = next(
        (given[name] for name in ("successes", "x", "conversions", "count", "k") if name in given),
        None,
    )
    n = next((given[name] for name in ("n", "nobs", "trials", "N") if name in given), None)
    return st.Count(hits, n) if isinstance(hits, (int, float)) and isinstance(n, int) else None


def method_named(vector: Vector, names: dict[str, Any], default: Any) -> Any:
    """Find the method that a vector names."""
    found = next((method for word, method in names.items() if word in vector.words), default)
    is_corrected = vector.says(*CORRECTED) or vector.raw.get("correction") is True
    return f"{found}-cc" if is_corrected and found in {"wald", "wilson", "newcombe"} else found


def _is_corrected(vector: Vector) -> bool:
    return vector.raw.get("correction") is True or vector.says(*CORRECTED)


@answers(is_share, WORDS_OF_A_DIFFERENCE, rank=4)
def answer_shares(vector: Vector) -> Inputs:
    """The z-test of two shares, or their interval by the method that is named."""
    control, treatment = (count_of(arm) for arm in vector.arms[:2])
    is_z = vector.says("z", "ztest", "z-test", "prop_z", "chisq", "chi")
    is_z = vector.says("z", "ztest", "z-test", "prop_z", "chisq", "chi")
    is_named = vector.says("pooled") or (is_z and not vector.says("unpooled", "wald"))
    is_pooled = vector.raw.get("pooled", is_named)
    found = st.compare_proportions(control, treatment, pooled=bool(is_pooled), **vector.options)
    answer = told(found) | {"risk_difference": found.difference}
    common = pooled_z(control, treatment)
    if is_pooled:
        answer |= {"statistic": common["z"]}
    answer |= {"z": common["z"], "chisq": common["z"] ** 2}
    named = method_named(vector, DIFFERENCE, None)
    if named is not None:
        low, high = st.difference_interval(
            control, treatment, method=named, confidence=vector.confidence
        )
        answer |= {"ci": [low, high], "ci_lower": low, "ci_upper": high}
    return answer | {"share_control": control.share, "share_treatment": treatment.share}


@answers(
    is_share,
    "ratio risk relative katz koopman rr score miettinen nurminen walter",
    rank=3,
)
def answer_ratio_of_shares(vector: Vector) -> Inputs:
    """The ratio of two shares (relative risk), or the relative difference."""
    control, treatment = (count_of(arm) for arm in vector.arms[:2])
    low, high = st.ratio_interval(
        control,
        treatment,
        method=method_named(vector, RATIO, "katz"),
        confidence=vector.confidence,
    )
    ratio = treatment.share / control.share if control.successes else None
    se = sqrt(sum(1 / one.successes - 1 / one.n for one in (control, treatment) if one.successes))
    return {"ratio": ratio, "rr": ratio, "effect": ratio, "ci": [low, high], "log_se": se} | {
        "ci_lower": low,
        "ci_upper": high,
        "relative_risk": ratio,
    }


@answers(is_share, "fisher exact", rank=0)
def answer_exact(vector: Vector) -> Inputs:
    """Fisher's exact test."""
    control, treatment = (count_of(arm) for arm in vector.arms[:2])
    p = st.fisher_exact_p(control, treatment, alternative=vector.alternative)
    return {"p": p, "value": p}


@answers(is_share, "odds or woolf", rank=0)
def answer_odds(vector: Vector) -> Inputs:
    """The odds ratio."""
    control, treatment = (count_of(arm) for arm in vector.arms[:2])
    ratio, low, high = st.odds_ratio_interval(control, treatment, confidence=vector.confidence)
    return {"odds_ratio": ratio, "or": ratio, "effect": ratio, "ci": [low, high]}


@answers(
    lambda vector: is_share(vector) and vector.has("margin"),
    "noninferiority inferiority farrington manning",
    rank=9,
)
def answer_share_margin(vector: Vector) -> Inputs:
    """Non-inferiority of a share: the score test, or Wald's where that is named."""
    control, treatment = (count_of(arm) for arm in vector.arms[:2])
    margin = abs(vector.number("margin"))
    found = st.compare_proportions(control, treatment, confidence=1 - 2 * vector.alpha)
    wald = (found.difference + margin) / found.standard_error
    is_unbiased = vector.says("miettinen", "nurminen")
    score = st.score_statistic(control, treatment, -margin, is_unbiased=is_unbiased)
    z = score if vector.says("score", "farrington", "manning", "miettinen") else wald
    p = st.t_p(z, float("inf"), alternative="greater")
    passes = p < vector.alpha
    return (
        told(found)
        | {"statistic": z, "z": z, "p": p, "noninferior": passes}
        | {
            "lower_bound": found.low,
            "non_inferior": passes,
        }
    )


@answers(is_share, "bayes bayesian beta posterior", rank=0)
def answer_share_beliefs(vector: Vector) -> Inputs:
    """Beta beliefs about two shares."""
    prior = vector.raw.get("prior")
    known = _beta(prior) if isinstance(prior, (dict, list)) else _beta(vector.raw)
    control, treatment = (
        st.update_share(one.successes, one.n, prior=known)
        for one in (count_of(arm) for arm in vector.arms[:2])
    )
    found = st.compare_shares_bayes(control, treatment)
    return {
        "chance_to_win": found.chance_to_win,
        "probability": found.chance_to_win,
        "value": found.chance_to_win,
        "expected_loss": found.loss_of_treatment,
        "risk": [found.loss_of_control, found.loss_of_treatment],
        "mean_control": control.mean,
        "mean_treatment": treatment.mean,
        "effect": treatment.mean - control.mean,
        "ci_control": list(control.interval(confidence=vector.confidence)),
        "ci_treatment": list(treatment.interval(confidence=vector.confidence)),
    }


def _beta(given: Any) -> tuple[float, float]:
    if isinstance(given, list):
        return float(given[0]), float(given[1])
    a = next((given[name] for name in ("alpha", "a", "prior_alpha", "prior_a") if name in given), 1)
    b = next((given[name] for name in ("beta", "b", "prior_beta", "prior_b") if name in given), 1)
    is_number = isinstance(a, (int, float)) and isinstance(b, (int, float))
    is_error_rate = is_number and a < MOST_ERROR and "beta" not in given
    return (float(a), float(b)) if is_number and not is_error_rate else (1.0, 1.0)


@answers(lambda vector: one_share(vector) is not None, "proportion share ci interval", rank=2)
def answer_one_share(vector: Vector) -> Inputs:
    """The interval of one share by the method that is named."""
    count = one_share(vector)
    if count is None:
        raise KeyError("successes")
    method = method_named(vector, ONE_SHARE, "wilson")
    low, high = st.share_interval(count, method=method, confidence=vector.confidence)
    return {"share": count.share, "effect": count.share, "ci": [low, high]} | {
        "ci_lower": low,
        "ci_upper": high,
    }


@answers(lambda vector: one_share(vector) is not None, "bayes bayesian beta posterior", rank=1)
def answer_one_belief(vector: Vector) -> Inputs:
    """A beta belief about one share."""
    count = one_share(vector)
    if count is None:
        raise KeyError("successes")
    prior = vector.raw.get("prior")
    found = st.update_share(
        count.successes,
        count.n,
        prior=_beta(prior) if isinstance(prior, (dict, list)) else _beta(vector.raw),
    )
    ci = list(found.interval(confidence=vector.confidence))
    return {"mean": found.mean, "variance": found.variance, "ci": ci, "effect": found.mean}
