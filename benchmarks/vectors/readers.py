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

from benchmarks.vectors.arms import (
    Inputs,
    arm_field,
    canonical,
    flat_arms,
    lookup_of,
    parts_of,
    ratio_of,
    sample_of,
)
from ntg_assets.statistics import library as st

ALIASES = {
    "alpha": "significance sig_level sig.level significance_level alpha_level",
    "confidence": "confidence_level conf_level conf.level level ci_level",
    "power": "wanted_power target_power",
    "alternative": "sided tail tails side sides alt",
    "effect": (
        "cohens_d cohen_d delta d mde absolute_mde abs_mde effect_size difference_worth_finding"
        " min_effect"
    ),
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
        return {canonical(name, _GENERAL): value for name, value in flat.items()}

    @cached_property
    def arms(self) -> list[Inputs]:
        """The arms, control first, each with one name per field; none where there are no two."""
        return parts_of(self.raw) or flat_arms(self.raw) or self._listed_arms

    @cached_property
    def arm_lists(self) -> dict[str, list[Any]]:
        """Fields of arms that are written as lists of one length, one place per arm."""
        found = {
            name: value
            for written, value in self.raw.items()
            if isinstance(value, list) and (name := arm_field(written)) is not None
        }
        return found if len({len(value) for value in found.values()}) == 1 else {}

    @property
    def one_arm(self) -> Inputs:
        """The fields of a single arm that stand by themselves."""
        named = {arm_field(name): value for name, value in self.raw.items()}
        return {name: value for name, value in named.items() if name is not None}

    @property
    def _listed_arms(self) -> list[Inputs]:
        """Read two arms from lists of two; more of them are no pair."""
        lists = self.arm_lists
        is_pair = "n" in lists and len(lists) > 1 and len(lists["n"]) == 2  # noqa: PLR2004
        return (
            [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
            if is_pair
            else []
        )

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


_GENERAL = lookup_of(ALIASES)


def samples_of(vector: Vector) -> list[st.Sample]:
    """Read control and treatment, adjusted by the pre-period where it is given."""
    if "m_sum" in vector.arms[0]:
        return st.adjusted_samples([ratio_of(one) for one in vector.arms])
    return [sample_of(one) for one in vector.arms]


Side = Literal["two-sided", "greater", "less"]
INFINITE = inf
