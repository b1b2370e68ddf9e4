"""Answers about designs: buckets, power and units, traffic, several arms, planned looks."""

import re
from math import inf, sqrt
from typing import Any

import numpy as np

from benchmarks.vector_readers import ANSWERS, Inputs, NotComputedError, answers
from ntg_assets.statistics import library as st


@answers("bucketing.hash")
def _answer_bucket(given: Inputs) -> int:
    text = re.search(r'"([^":]+):([^"]+)"', given["algorithm"])
    if not text:
        raise NotComputedError("the text that is hashed is not named")
    return st.bucket_of(*text.groups())


def _call(given: Inputs) -> Inputs:
    """Read `d=1,n=30,two.sample,two.sided` or the same as keys."""
    parts = dict(re.findall(r"(\w+)=([\d.eE+-]+)", given.get("call", "")))
    found = {name: float(value) for name, value in parts.items()} | {
        key: value for key, value in given.items() if key != "call"
    }
    named = [
        word
        for word in ("greater", "less", "larger", "smaller", "one.sided")
        if word in given.get("call", "")
    ]
    alternative = (
        str(given.get("alternative", named[0] if named else "two-sided"))
        .replace("larger", "greater")
        .replace("smaller", "less")
    )
    alternative = (
        "greater"
        if alternative in {"one.sided", "one-sided"}
        else alternative.replace("two.sided", "two-sided")
    )
    return found | {
        "alternative": alternative,
        "is_one_sample": any(word in given.get("call", "") for word in ("one.sample", "paired")),
    }


def _first(call: Inputs, *names: str) -> Any:
    return next((call[name] for name in names if name in call), None)


@answers("power")
def _answer_chance(given: Inputs) -> Any:
    call = _call(given)
    effect = _first(call, "d", "h", "delta")
    if effect is None and "p1" in call:
        return _share_power(call)
    n = _first(call, "n1", "n", "n_per_arm")
    sd, alpha = call.get("sd", 1.0), call.get("alpha", 0.05)
    if call["is_one_sample"]:
        return st.pairs_power(
            effect, n=n, sd=sd, significance=alpha, alternative=call["alternative"]
        )
    known: Inputs = {"ratio": call.get("n2", n) / n, "equal_variances": True}
    design = st.Design(
        sd**2,
        sd**2,
        significance=alpha,
        alternative=call["alternative"],
        use_t="h" not in call,
        **known,
    )
    found = st.power(effect, n_control=n, design=design)
    one_tail = st.Design(sd**2, sd**2, significance=alpha / 2, alternative="greater", **known)
    lenient = (
        st.power(abs(effect), n_control=n, design=one_tail)
        if call["alternative"] == "two-sided"
        else found
    )
    return {"strict": found, "r_default_nonstrict": lenient} if "delta" in call else found


def _share_design(call: Inputs) -> st.Design:
    p1, p2 = call["p1"], call["p2"]
    common = (p1 + p2) / 2
    return st.Design(
        p1 * (1 - p1),
        p2 * (1 - p2),
        ratio=call.get("ratio", 1.0),
        significance=call.get("alpha", 0.05),
        alternative=call["alternative"],
        null_variance=common * (1 - common),
        use_t=False,
    )


def _share_power(call: Inputs) -> float:
    return st.power(
        call["p2"] - call["p1"],
        n_control=_first(call, "n", "n_per_arm"),
        design=_share_design(call),
    )


@answers("power.n")
def _answer_units(given: Inputs) -> Any:
    call = _call(given)
    if "p1" in call:
        return st.units_for_effect(
            call["p2"] - call["p1"], design=_share_design(call), wanted_power=call["power"]
        )
    sd = call.get("sd", 1.0)
    design = st.Design(
        sd**2,
        sd**2,
        significance=call.get("alpha", 0.05),
        equal_variances=True,
        alternative=call["alternative"],
    )
    effect = _first(call, "delta", "d")
    return {"n_per_arm": st.units_for_effect(effect, design=design, wanted_power=call["power"])}


@answers("power.n_total")
def _answer_all_units(given: Inputs) -> float:
    base, effect, ratio = (
        given["baseline_variance_or_p"],
        given["absolute_mde"],
        given.get("ratio", 1.0),
    )
    is_share = "binomial" in given.get("metric", "")
    control, treated = (p * (1 - p) for p in (base, base + effect)) if is_share else (base, base)
    alternative: Any = "two-sided" if given.get("two_sided", True) else "greater"
    design = st.Design(
        control,
        treated,
        ratio=ratio,
        significance=given["alpha"],
        alternative=alternative,
        use_t=False,
    )
    return (1 + ratio) * st.units_for_effect(effect, design=design, wanted_power=given["power"])


@answers("power.mde_relative", "power.sequential_mde")
def _answer_relative_mde(given: Inputs) -> float:
    """Solve the peer's planning equation, whose error grows with the effect because the effect is
    relative.
    """
    n, z_alpha = given["n_total"] / given["n_variations"], st.t_critical(given["alpha"] / 2, inf)
    inflation = (
        st.anytime_factor(2 * n, alpha=given["alpha"], tuned_for=given["tuning"]) / z_alpha
        if "tuning" in given
        else 1.0
    )
    z, effect = z_alpha + st.t_critical(1 - given["power"], inf), 0.0
    for _ in range(200):
        arms = [
            st.Sample(n, mean, given["sd"] ** 2)
            for mean in (given["mean"], given["mean"] * (1 + effect))
        ]
        effect = z * inflation * st.relative_error(*arms)
    return effect


@answers("srm")
def _answer_mismatch(given: Inputs) -> Inputs:
    observed, weights = given["observed"], given.get("weights") or [1] * len(given["observed"])
    expected = [sum(observed) * weight / sum(weights) for weight in weights]
    chisq = sum(
        (found - wanted) ** 2 / wanted for found, wanted in zip(observed, expected, strict=True)
    )
    return {"chisq": chisq, "df": len(observed) - 1, "p": st.sample_ratio_p(observed, weights)}


ADJUST = {
    "holm": st.holm,
    "bonferroni": st.bonferroni,
    "bh": st.benjamini_hochberg,
    "fdr_bh": st.benjamini_hochberg,
    "hochberg": st.hochberg,
    "by": st.benjamini_yekutieli,
    "fdr_by": st.benjamini_yekutieli,
    "sidak": st.sidak,
    "holm-sidak": st.holm_sidak,
}


@answers("multiplicity.misc")
def _answer_several_adjustments(given: Inputs) -> str:
    for case in given["cases"]:
        if not np.allclose(ADJUST[case["method"]](case["p"]), case["expect"], rtol=0, atol=1e-6):
            return f"{case['method']} of {case['p']} is {ADJUST[case['method']](case['p'])}"
    return "see cases"


for _name, _adjust in ADJUST.items():
    ANSWERS[f"multiplicity.{_name}"] = lambda given, adjust=_adjust: adjust(given["p"])  # type: ignore[misc]


@answers("dunnett")
def _answer_dunnett(given: Inputs) -> Inputs:
    arms = [np.asarray(one, dtype=float) for one in (given["control"], *given["samples"])]
    df = sum(len(arm) - 1 for arm in arms)
    pooled = sum((len(arm) - 1) * arm.var(ddof=1) for arm in arms) / df
    error = [sqrt(pooled / len(arms[0]) + pooled / len(arm)) for arm in arms[1:]]
    return {
        "statistic": [
            float(arm.mean() - arms[0].mean()) / one
            for arm, one in zip(arms[1:], error, strict=True)
        ],
        "p_two_sided": st.dunnett_p(given["control"], given["samples"]),
        "p_greater": st.dunnett_p(given["control"], given["samples"], two_sided=False),
        "p_less": st.dunnett_p(
            [-x for x in given["control"]],
            [[-x for x in one] for one in given["samples"]],
            two_sided=False,
        ),
    }


@answers("dunnett.critical")
def _answer_dunnett_critical(given: Inputs) -> Any:
    df = float(given.get("df", "inf"))
    sizes = given["k"] if isinstance(given["k"], list) else [given["k"]]
    asked: Inputs = {
        "significance": given["alpha"],
        "degrees_of_freedom": df,
        "two_sided": given.get("two_sided", True),
    }
    found = [st.max_t_critical([sqrt(given["rho"])] * k, **asked) for k in sizes]
    return found if isinstance(given["k"], list) else found[0]


@answers("sequential.property")
def _answer_sequence_order(given: Inputs) -> str:
    n = given["a"]["n"] + given["b"]["n"]
    order = sorted(given["tunings"], key=lambda tuned: st.anytime_factor(n, tuned_for=tuned))
    return " < ".join(f"width({'N*=' if tuned == n else ''}{tuned})" for tuned in order)


@answers("group_sequential")
def _answer_group_sequential(given: Inputs) -> Any:
    if "K" in given:
        alpha = given["alpha"] * (1 if given.get("two_sided", True) else 2)
        return {
            "C_P": st.pocock_bound(given["K"], alpha=alpha),
            "C_B": st.obrien_fleming_bound(given["K"], alpha=alpha),
        }
    alpha = (
        2 * given["one_sided_alpha_each"]
        if "one_sided_alpha_each" in given
        else given.get("alpha", 0.05)
    )
    spending = (
        st.pocock_spending
        if re.search(r"pocock|ln|log", given.get("spending", ""), re.IGNORECASE)
        else st.obrien_fleming
    )
    return list(st.planned_looks(given["t"], alpha=alpha, spending=spending).bounds)


@answers("group_sequential.adjusted_alpha")
def _answer_nominal_p(given: Inputs) -> list[float]:
    """The peer spends alpha * share ** 2, and once the sample overruns,
    shares of the sample it got.
    """
    reached = max(given["final_expected_total"], given["cumulative_n"][-1])
    alpha = given["alpha"] / given.get("comparisons", 1)
    looks = st.planned_looks(
        [n / reached for n in given["cumulative_n"]], alpha=alpha, spending=st.power_family(2)
    )
    return [2 * p if given.get("two_sided", True) else p for p in looks.nominal_p]


@answers("noninferiority.power")
def _answer_equivalence(given: Inputs) -> Any:
    shares = given["p_alt"] if isinstance(given["p_alt"], list) else [given["p_alt"]]
    low, high, n = given["low"], given.get("upp", 1.0), given["n"]
    found = [
        st.equivalence_power(low, high, n=n, share=share, significance=given["alpha"])
        for share in shares
    ]
    return found if isinstance(given["p_alt"], list) else found[0]


@answers("realdata.sequential", "sequential.hybrid", "multiplicity.weighted_bonferroni")
def _answer_another_convention(given: Inputs) -> Any:
    raise NotComputedError(f"the convention of {', '.join(given)} is not ours")
