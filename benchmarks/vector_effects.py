"""Answers about effects: means, shares, ratios, quantiles, beliefs,
intervals that hold at any time.
"""

from math import sqrt

import numpy as np

from benchmarks.vector_readers import Inputs, answers, arm_of, arms_of, options, told
from ntg_assets.statistics import library as st


@answers(
    "ttest.absolute",
    "ttest.one_sided",
    "ttest.degenerate",
    "ratio.absolute",
    "ratio.cuped.absolute",
    "cuped.absolute",
)
def _answer_welch(given: Inputs) -> Inputs:
    return told(st.compare_means(*arms_of(given), **options(given)))


@answers("ttest.relative_log")
def _answer_log_ratio(given: Inputs) -> Inputs:
    found = st.compare_means(*arms_of(given), **options(given))
    return {"effect": found.relative, "ci": [found.relative_low, found.relative_high], "p": found.p}


@answers(
    "ttest.relative",
    "ratio.relative",
    "ratio.cuped.relative",
    "cuped.relative",
    "proportion.relative",
)
def _answer_relative(given: Inputs) -> Inputs:
    return told(st.compare_relative(*arms_of(given), **options(given)))


@answers("proportion.absolute", "proportion.z")
def _answer_shares(given: Inputs) -> Inputs:
    counts = [st.Count(given[arm]["successes"], given[arm]["n"]) for arm in "ab"]
    return told(
        st.compare_proportions(*counts, pooled=given.get("pooled", False), **options(given))
    )


@answers("proportion.diff_ci")
def _answer_share_interval(given: Inputs) -> list[float]:
    control, treatment = st.Count(given["x2"], given["n2"]), st.Count(given["x1"], given["n1"])
    confidence, method = options(given)["confidence"], given.get("method", "Agresti-Caffo").lower()
    if "newcombe" in method:
        return list(st.newcombe_interval(control, treatment, confidence=confidence))
    compare = st.compare_proportions if "wald" in method else st.compare_small_proportions
    found = compare(control, treatment, confidence=confidence)
    return [found.low, found.high]


@answers("proportion.ci")
def _answer_one_share(given: Inputs) -> list[float]:
    return list(
        st.wilson_interval(
            st.Count(given["successes"], given["n"]), confidence=options(given)["confidence"]
        )
    )


@answers("proportion.k_sample_chisq")
def _answer_equal_shares(given: Inputs) -> Inputs:
    successes, nobs = (
        np.array(given["successes"], dtype=float),
        np.array(given["nobs"], dtype=float),
    )
    common = successes.sum() / nobs.sum()
    chisq = float((((successes - nobs * common) ** 2) / (nobs * common * (1 - common))).sum())
    p = st.equal_shares_p(
        [st.Count(float(one), int(n)) for one, n in zip(successes, nobs, strict=True)]
    )
    return {"chisq": chisq, "df": len(nobs) - 1, "p": p}


@answers("ratio.delta.variance")
def _answer_error_squared(given: Inputs) -> float:
    arms = [st.Sample(given[f"n_{arm}"], given[f"mean_{arm}"], given[f"var_{arm}"]) for arm in "ab"]
    return (
        st.relative_error(*arms) ** 2
        if given.get("relative")
        else sum(arm.squared_error for arm in arms)
    )


@answers("cuped.theta")
def _answer_slope(given: Inputs) -> float:
    arms = (
        [(given["pre"], given["post"])] * 2
        if "pre" in given
        else [(given[arm]["pre"], given[arm]["post"]) for arm in "ab"]
    )
    return st.pooled_theta([st.moments_from_values(post, covariate=pre) for pre, post in arms])


@answers("realdata.welch")
def _answer_real_welch(given: Inputs) -> Inputs:
    return told(
        st.compare_means(arm_of(given["control"]), arm_of(given["treatment"]), **options(given))
    )


@answers("realdata.prop_z")
def _answer_real_shares(given: Inputs) -> Inputs:
    if "gate_30" in given:
        rounds = [name for name in given["gate_30"] if name != "n"]
        counts = {
            name: [st.Count(given[gate][name], given[gate]["n"]) for gate in ("gate_30", "gate_40")]
            for name in rounds
        }
        return {"rates": {name: [one.share for one in pair] for name, pair in counts.items()}} | {
            name: _z(*pair) for name, pair in counts.items()
        }
    return {
        name: _z(st.Count(*given["control"]), st.Count(*arm))
        for name, arm in given.items()
        if name != "control"
    }


def _z(control: st.Count, treatment: st.Count) -> Inputs:
    found = st.compare_proportions(control, treatment, pooled=True)
    share = (control.successes + treatment.successes) / (control.n + treatment.n)
    common = sqrt(share * (1 - share) * (1 / control.n + 1 / treatment.n))
    return {"z": found.difference / common, "p": found.p, "ci": [found.low, found.high]}


@answers("sequential.asympcs")
def _answer_confidence_sequence(given: Inputs) -> Inputs:
    arms = arms_of(given)
    found = (
        st.compare_relative
        if given.get("difference", "relative") == "relative"
        else st.compare_means
    )(*arms)
    n, alpha, tuned = arms[0].n + arms[1].n, given.get("alpha", 0.05), given["tuning"]
    reach = st.anytime_factor(n, alpha=alpha, tuned_for=tuned) * found.standard_error
    p = st.anytime_p(found.difference / found.standard_error, n=n, alpha=alpha, tuned_for=tuned)
    ci = [found.difference - reach, found.difference + reach]
    return {"effect": found.difference, "ci": ci, "se": found.standard_error, "p": p}


@answers("bayes.gaussian_effect")
def _answer_posterior(given: Inputs) -> Inputs:
    arms = arms_of(given)
    is_relative = given.get("difference", "relative") == "relative"
    found = st.compare_relative(*arms) if is_relative else st.compare_means(*arms)
    prior = (
        st.Belief(given["prior"]["mean"], given["prior"]["variance"])
        if isinstance(given.get("prior"), dict)
        else None
    )
    belief = st.update(found.difference, found.standard_error**2, prior=prior)
    return {
        "effect": belief.mean,
        "ci": list(belief.interval()),
        "se": sqrt(belief.variance),
        "chance_to_win": belief.probability_above(0.0),
        "risk": [belief.expected_gain(), belief.expected_loss()],
    }


@answers("quantile.order_stat")
def _answer_quantile(given: Inputs) -> Inputs:
    control, treatment = (
        (
            st.OrderStatistics(
                given[arm]["n"], given[arm]["q"], given[arm]["lower"], given[arm]["upper"]
            )
            if "q" in given[arm]
            else st.order_statistics(given[arm]["values"], given["nu"])
        )
        for arm in ("control", "treatment")
    )
    shared = told(st.compare_relative(st.quantile_sample(control), st.quantile_sample(treatment)))
    return told(st.compare_quantiles(control, treatment)) | {"relative": shared}
