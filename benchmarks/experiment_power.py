"""What the estimators that hold on every shape of data cost where data are clean: each on normal
values with an effect that Welch's test finds in 80% of worlds, the same worlds for all.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.experiment_grid import ALPHA, Random, shape_of
from benchmarks.harness import Goal
from ntg_assets.arrays import Floats
from ntg_assets.statistics import library as st
from ntg_assets.statistics.designs.contrasts import contrast_units
from ntg_assets.statistics.designs.units import Units
from ntg_assets.statistics.metric_kinds import KINDS, Arm, Terms

WORLDS, SEED, POWER, LEAST = 1_000, 20260103, 0.8, 0.9
SIZES = ((600, 600), (2_000, 200))
Estimate = Callable[[list[Floats], Random], float]


def _by_kind(kind: str, arms: list[Arm], *, use_covariate: bool = False) -> float:
    terms = Terms(1 - ALPHA, use_covariate=use_covariate)
    return KINDS[kind].compare(arms, terms).differences[0].p


def _mean(values: list[Floats], rng: Random) -> float:  # noqa: ARG001  # estimators are alike
    return _by_kind("mean", [Arm(st.moments_from_values(y), shape=shape_of(y)) for y in values])


def _winsorised(values: list[Floats], rng: Random) -> float:  # as above
    return _mean([*st.winsorised(values, at=0.99)], rng)


def _cuped(values: list[Floats], rng: Random) -> float:
    pasts = [rng.normal(0, 1, len(y)) for y in values]  # that tell nothing
    arms = [
        Arm(st.moments_from_values(y, covariate=x), shape=shape_of(y))
        for y, x in zip(values, pasts, strict=True)
    ]
    return _by_kind("mean", arms, use_covariate=True)


def _ratio(values: list[Floats], rng: Random) -> float:  # noqa: ARG001  # as above
    arms = [
        Arm(st.moments_from_values(y, denominator=np.ones(len(y))), shape=shape_of(y))
        for y in values
    ]
    return _by_kind("ratio", arms)


def _designed(values: list[Floats], **design: Any) -> float:
    arms = np.repeat(np.arange(len(values)), [len(y) for y in values]).astype(np.int64)
    return contrast_units(Units(np.concatenate(values), arms, **design))[0].at(1 - ALPHA).p


def _clusters(values: list[Floats], rng: Random) -> float:  # noqa: ARG001  # as above
    return _designed(values, clusters=np.arange(sum(map(len, values))))


def _covariates(values: list[Floats], rng: Random) -> float:
    return _designed(values, covariates=rng.normal(0, 1, (sum(map(len, values)), 4)))


def _strata(values: list[Floats], rng: Random) -> float:
    return _designed(values, strata=rng.integers(0, 5, sum(map(len, values))))


ESTIMATORS: dict[str, Estimate] = {
    "mean, with the rule for skewness": _mean,
    "winsorised at 99%": _winsorised,
    "CUPED on a past that tells nothing": _cuped,
    "ratio over 1": _ratio,
    "clusters of one unit": _clusters,
    "four covariates that tell nothing": _covariates,
    "five strata that tell nothing": _strata,
}


def measure_power(*, worlds: int = WORLDS) -> tuple[dict[str, float], list[Goal]]:
    """Return the share of Welch's power that each estimator keeps, and its worst as a goal."""
    kept: dict[str, float] = {}
    for sizes in SIZES:
        found = _found(sizes, worlds)
        welch = found.pop("Welch")
        kept |= {f"{name}, {sizes[0]}:{sizes[1]}": n / welch for name, n in found.items()}
    goals = [
        Goal(
            f"share of Welch's power on clean data: {name}",
            round(min(share for where, share in kept.items() if where.startswith(name)), 3),
            LEAST,
            "at_least",
        )
        for name in ESTIMATORS
    ]
    return {where: round(share, 3) for where, share in kept.items()}, goals


def _found(sizes: tuple[int, int], worlds: int) -> dict[str, int]:
    """Count the worlds in which each estimator finds the effect."""
    rng = np.random.default_rng(SEED)
    design = st.Design(1, 1, ratio=sizes[1] / sizes[0])
    effect = st.detectable_effect(n_control=sizes[0], design=design, wanted_power=POWER)
    counts = dict.fromkeys(["Welch", *ESTIMATORS], 0)
    for _ in range(worlds):
        values = [rng.normal(0, 1, sizes[0]), rng.normal(effect, 1, sizes[1])]
        p = st.compare_means(*(st.sample_from_values(y) for y in values)).p
        counts["Welch"] += p < ALPHA
        for name, p_of in ESTIMATORS.items():
            counts[name] += p_of(values, rng) < ALPHA
    return counts
