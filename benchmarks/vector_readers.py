"""How outside test vectors are read: by the fields that they have, whatever they are called.

Fields with one meaning get one name (`ALIASES`), the two arms are found under any of their usual
names, in parts (`{"a": {"n": ...}}`) or flat (`n_a`, `mean1`, `control_sd`), and an answer says
which fields it needs. Words of the vector's kind and method only choose between answers whose
fields are all there; no answer knows an id, and none is chosen by the figures that are expected.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from typing import Any, Literal

import numpy as np

from ntg_assets.statistics import library as st

Inputs = dict[str, Any]
ALIASES = {
    "alpha": "significance sig_level sig.level significance_level alpha_level",
    "confidence": "confidence_level conf_level conf.level level ci_level",
    "power": "wanted_power target_power",
    "alternative": "sided tail tails side sides alt",
    "effect": "delta d mde absolute_mde abs_mde effect_size difference_worth_finding min_effect",
    "observed": "observed_counts counts assigned assignments units_per_arm sample_sizes",
    "weights": "expected_ratio expected_ratios proportions expected_proportions allocation shares",
    "p_values": "p pvalues pvals p_vals p.values raw_p ps",
    "looks": "K n_looks number_of_looks n_analyses kmax",
    "times": "t information information_fractions info_frac fractions timing information_rates",
    "tuning": "tuning_parameter n_star optimal_n tuned_for N_star",
    "quantile": "nu q prob tau percentile",
    "correlation": "rho icc intraclass_correlation intracluster_correlation",
    "cluster_size": "m cluster_sz average_cluster_size mean_cluster_size",
    "margin": "ni_margin noninferiority_margin non_inferiority_margin nim",
    "lower_limit": "low lower_margin equivalence_low lower_bound theta1",
    "upper_limit": "upp upper_margin equivalence_high upper_bound high theta2",
    "ratio": "allocation_ratio kappa n_ratio",
    "baseline": "baseline_rate p0 base_rate baseline_share baseline_conversion",
    "n_per_arm": "n_per_group n_each sample_size_per_arm units_per_group",
    "n_total": "total_n N total_sample_size",
    "prior_variance": "tau2 mixing_variance tau_squared mixture_variance",
    "df": "degrees_of_freedom dof",
    "k": "n_comparisons n_treatments m_comparisons",
    "spending": "spending_function sf alpha_spending",
    "relative": "is_relative rel",
    "method": "interval method_name test estimator procedure",
    "relative_effect": "relative_mde effect_rel lift relative_lift mde_relative",
    "days": "duration duration_days",
    "units_per_day": "daily_traffic traffic_per_day visitors_per_day",
}
ARM_ALIASES = {
    "n": "size count users units nobs trials n_units sample_size n_users visitors total_n",
    "mean": "avg average xbar m m_mean mu",
    "var": "variance s2 sample_variance",
    "sd": "std stddev std_dev s sigma standard_deviation stdev",
    "sum": "total sum_x main_sum",
    "sum_squares": "sum_sq sumsq sum_of_squares ss sum_x2 main_sum_squares",
    "successes": "x conversions events hits converted count_success success k successes_count",
    "values": "data sample samples_values y outcomes observations post_values",
    "p": "rate share proportion conversion_rate cr",
    "clusters": "cluster cluster_id cluster_ids groups",
    "covariate": "pre x_pre pre_period covariates pre_values",
    "numerator": "num numerators",
    "denominator": "den denom denominators",
}
CONTROL = ("control", "a", "baseline", "ctrl", "c", "arm_a", "group_a", "group0", "old", "placebo")
TREATMENT = (
    "treatment",
    "b",
    "variant",
    "test",
    "t",
    "arm_b",
    "group_b",
    "treat",
    "new",
    "variation",
)
SIDES: dict[str, st.Alternative] = {
    "larger": "greater",
    "smaller": "less",
    "one-sided": "greater",
    "upper": "greater",
    "lower": "less",
    "right": "greater",
    "left": "less",
    "two.sided": "two-sided",
    "two_sided": "two-sided",
    "twosided": "two-sided",
    "both": "two-sided",
    "one.sided": "greater",
    "one_sided": "greater",
    "1": "greater",
    "2": "two-sided",
}


class NotComputedError(Exception):
    """Inputs that say something else than any answer is known for."""


@dataclass(frozen=True)
class Vector:
    """One vector as the answers see it.

    Attributes:
        raw: Its inputs as they are written.
        words: Words of its kind and of its inputs' texts, lower case.
    """

    raw: Any
    words: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def given(self) -> Inputs:
        """Fields under one name each; an R-like `call` is read as fields."""
        flat = dict(self.raw)
        call = str(flat.pop("call", ""))
        flat |= {name: float(value) for name, value in re.findall(r"(\w+)=([\d.eE+-]+)", call)}
        return {_canonical(name, _GENERAL): value for name, value in flat.items()}

    @cached_property
    def arms(self) -> list[Inputs]:
        """The arms, control first, each with one name per field; none where there are no two."""
        return _parts(self.raw) or _flat(self.raw)

    @property
    def alpha(self) -> float:
        found = self.given.get("alpha")
        return 1 - self.given.get("confidence", 0.95) if found is None else float(found)

    @property
    def confidence(self) -> float:
        return float(self.given.get("confidence", 1 - self.given.get("alpha", 0.05)))

    @property
    def alternative(self) -> st.Alternative:
        if "two_sided" in self.raw:
            return "two-sided" if self.raw["two_sided"] else "greater"
        text = str(self.given.get("alternative", "")).lower().strip()
        if text in {"two-sided", "greater", "less"}:
            return text  # type: ignore[return-value]
        if text in SIDES:
            return SIDES[text]
        if self.says("less", "smaller"):
            return "less"
        return "greater" if self.says("greater", "larger", "one-sided", "onesided") else "two-sided"

    @property
    def options(self) -> Inputs:
        return {"confidence": self.confidence, "alternative": self.alternative}

    def has(self, *names: str) -> bool:
        """Whether all of these fields are there."""
        return all(self.given.get(name) is not None for name in names)

    def arms_have(self, *names: str) -> bool:
        """Whether there are two arms and each has all of these fields."""
        return bool(self.arms) and all(name in arm for arm in self.arms for name in names)

    def says(self, *words: str) -> bool:
        """Whether any of these words stands in the kind or in a text of the inputs."""
        return bool(self.words & set(words))

    def number(self, name: str, default: float | None = None) -> float:
        """Read one number.

        Raises:
            NotComputedError: it is missing.
        """
        found = self.given.get(name, default)
        if found is None:
            raise NotComputedError(f"{name} is not given")
        return float(found)


Fits = Callable[[Vector], bool]


@dataclass(frozen=True)
class Answer:
    """One function, what it needs, and the words that speak for it or against."""

    function: Callable[[Vector], Any]
    fits: Fits
    words: frozenset[str]
    rank: int = 0

    def weight(self, vector: Vector) -> tuple[int, int]:
        """Order answers whose fields are all there: by words, then by how much they need."""
        return len(self.words & vector.words), self.rank


ANSWERS: list[Answer] = []


def answers(
    fits: Fits, words: str = "", rank: int = 0
) -> Callable[[Callable[[Vector], Any]], Callable[[Vector], Any]]:
    """Register a function for the vectors that have its fields."""

    def register(function: Callable[[Vector], Any]) -> Callable[[Vector], Any]:
        ANSWERS.append(Answer(function, fits, frozenset(words.split()), rank))
        return function

    return register


def read_vector(vector: Inputs) -> Vector:
    """Read the inputs of a vector and the words in which it speaks of itself."""
    texts = [str(vector.get("kind", "")), *_texts(vector["inputs"])]
    joined = " ".join(texts).lower()
    words = re.findall(r"[a-z]+(?:-[a-z]+)*", joined) + re.findall(r"[a-z]+", joined)
    words += [two.replace(".", "-") for two in re.findall(r"[a-z]+\.[a-z]+", joined)]
    return Vector(vector["inputs"], frozenset(words))


def _texts(tree: Any) -> list[str]:
    if isinstance(tree, str):
        return [tree]
    if isinstance(tree, dict):
        return [text for value in tree.values() for text in _texts(value)]
    return [text for value in tree for text in _texts(value)] if isinstance(tree, list) else []


def _lookup(aliases: dict[str, str]) -> dict[str, str]:
    return {
        name: canonical
        for canonical, others in aliases.items()
        for name in (canonical, *others.split())
    }


_GENERAL, _ARM = _lookup(ALIASES), _lookup(ARM_ALIASES)


def _canonical(name: str, lookup: dict[str, str]) -> str:
    return lookup.get(name, lookup.get(name.lower(), name))


def read_arm(given: Inputs | list[float]) -> Inputs:
    """Give the fields of one arm one name each; a bare list is its values."""
    if not isinstance(given, dict):
        if len(given) == 2 and all(isinstance(one, int) for one in given):  # noqa: PLR2004
            return {"successes": given[0], "n": given[1]}
        return {"values": given}
    if "m_sum" in given:
        return dict(given)
    return {_canonical(name, _ARM): value for name, value in given.items()}


def _parts(raw: Inputs) -> list[Inputs]:
    """Find arms that are written apart from each other."""
    listed = raw.get("arms") or raw.get("groups") or raw.get("variations")
    if isinstance(listed, dict):
        listed = list(listed.values())
    if isinstance(listed, list) and len(listed) > 1:
        return [read_arm(one) for one in listed]
    lower = {name.lower(): value for name, value in raw.items()}
    for one in CONTROL:
        for other in TREATMENT:
            pair = [lower.get(one), lower.get(other)]
            if all(isinstance(value, (dict, list)) for value in pair):
                return [read_arm(value) for value in pair if value is not None]
    return []


_ENDS = [
    (("2", "1"), "number"),  # group 1 minus group 2, as R and textbooks have it
    (("_2", "_1"), "number"),
    (("_a", "_b"), "letter"),
    (("_c", "_t"), "letter"),
    (("_control", "_treatment"), "word"),
    (("_ctrl", "_treat"), "word"),
    (("0", "1"), "number"),
    (("_0", "_1"), "number"),
    (("_x", "_y"), "letter"),
]


def _flat(raw: Inputs) -> list[Inputs]:
    """Find arms whose fields stand side by side, told apart by an ending or a beginning."""
    for ends, _ in _ENDS:
        arms = [_with_end(raw, end, prefix=False) for end in ends]
        if all(arms) and arms[0].keys() == arms[1].keys():
            return arms
    for names in ((one, other) for one in CONTROL for other in TREATMENT):
        arms = [_with_end(raw, f"{name}_", prefix=True) for name in names]
        if all(arms) and arms[0].keys() == arms[1].keys():
            return arms
    return []


def _with_end(raw: Inputs, end: str, *, prefix: bool) -> Inputs:
    found = {}
    for name, value in raw.items():
        matches = name.startswith(end) if prefix else name.endswith(end)
        bare = name[len(end) :] if prefix else name[: -len(end)]
        canonical = _canonical(bare, _ARM) if matches else ""
        if canonical in ARM_ALIASES:
            found[canonical] = value
    return found


def sample_of(arm: Inputs) -> st.Sample:  # noqa: PLR0911  # one way of writing an arm each
    """Read one arm as a mean, however its moments are written down."""
    if "m_sum" in arm:
        return st.adjusted_samples([ratio_of(arm)], use_covariate=False)[0]
    if "values" in arm:
        values = [np.nan if one is None else one for one in arm["values"]]
        return st.sample_from_values(np.asarray(values, dtype=float))
    if "successes" in arm:
        return st.sample_from_share(arm["successes"], arm["n"])
    if "sum_squares" in arm:
        return st.sample_from_sums(arm["n"], arm["sum"], arm["sum_squares"])
    if "p" in arm and "mean" not in arm:
        return st.sample_from_share(arm["p"] * arm["n"], arm["n"])
    mean = arm["mean"] if "mean" in arm else arm["sum"] / arm["n"]
    if "se" in arm:
        return st.Sample(arm["n"], mean, arm["se"] ** 2 * arm["n"])
    return st.Sample(arm["n"], mean, arm["var"] if "var" in arm else arm["sd"] ** 2)


arm_of = sample_of


def count_of(arm: Inputs) -> st.Count:
    """Read one arm as a count of successes."""
    if "values" in arm:
        return st.Count(float(sum(arm["values"])), len(arm["values"]))
    hits = arm["successes"] if "successes" in arm else arm["p"] * arm["n"]
    return st.Count(hits, arm["n"])


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


def samples_of(vector: Vector) -> list[st.Sample]:
    """Read control and treatment, adjusted by the pre-period where it is given."""
    if "m_sum" in vector.arms[0]:
        return st.adjusted_samples([ratio_of(one) for one in vector.arms])
    return [sample_of(one) for one in vector.arms]


def told(found: st.Difference) -> Inputs:
    """Spell out a difference under the names that vectors use."""
    return {
        "effect": found.difference,
        "ci": [found.low, found.high],
        "ci_lower": found.low,
        "ci_upper": found.high,
        "se": found.standard_error,
        "p": found.p,
        "statistic": found.difference / found.standard_error,
        "df": found.degrees_of_freedom,
        "rel_effect": found.relative,
        "rel_log_ci": [found.relative_low, found.relative_high],
        "rel_ci": [found.relative_low, found.relative_high],
    }


Side = Literal["two-sided", "greater", "less"]
INFINITE = inf
