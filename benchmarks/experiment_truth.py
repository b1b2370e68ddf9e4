"""The promises of the statistics where the truth is known: error rates for each kind of test,
coverage, families, looks, power.

Every figure comes from repetitions with a fixed seed and stands beside its Monte Carlo error.
"""

from collections.abc import Callable, Iterator
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import Goal
from ntg_assets.statistics import library as st

REPETITIONS, FAMILIES, SEED = 4_000, 40_000, 20260101
EFFECT, WANTED_POWER, ALPHA = 0.25, 0.8, 0.05
ERRORS = 3.0  # a rate further off than three of its own errors is not chance
Random = np.random.Generator
Once = Callable[[Random, float], st.Difference]


def mean(rng: Random, effect: float) -> st.Difference:
    """A heavy-tailed mean in arms of unequal size."""
    return st.compare_means(
        st.sample_from_values(rng.lognormal(0, 1, 800)),
        st.sample_from_values(effect + rng.lognormal(0, 1, 1_200)),
    )


def ratio(rng: Random, effect: float) -> st.Difference:
    """Clicks over views; views differ between users."""
    views = [(rng.poisson(5, 800) + 1).astype(np.float64) for _ in range(2)]
    clicks = [
        rng.binomial(n.astype(int), 0.3) + extra * n
        for n, extra in zip(views, (0.0, effect), strict=True)
    ]
    arms = [
        st.moments_from_values(click, denominator=n) for click, n in zip(clicks, views, strict=True)
    ]
    return st.compare_means(*st.adjusted_samples(arms))


def cuped(rng: Random, effect: float) -> st.Difference:
    """A mean with its pre-period."""
    before = [rng.lognormal(0, 1, 600) for _ in range(2)]
    arms = [
        st.moments_from_values(x + extra + rng.normal(0, 1, 600), covariate=x)
        for x, extra in zip(before, (0.0, effect), strict=True)
    ]
    return st.compare_means(*st.adjusted_samples(arms))


def share(rng: Random, effect: float) -> st.Difference:
    """A share of units."""
    return st.compare_proportions(
        st.Count(rng.binomial(2_000, 0.1), 2_000),
        st.Count(rng.binomial(3_000, 0.1 + effect), 3_000),
    )


def quantile(rng: Random, effect: float) -> st.Difference:
    """The 90% quantile."""
    values = [rng.lognormal(0, 1, 2_000), effect + rng.lognormal(0, 1, 2_000)]
    return st.compare_quantiles(*(st.order_statistics(one, 0.9) for one in values))


def winsorised(rng: Random, effect: float) -> st.Difference:
    """A mean of values cut at their common 99% quantile."""
    cut = st.winsorised([rng.lognormal(0, 1.5, 800), effect + rng.lognormal(0, 1.5, 800)], at=0.99)
    return st.compare_means(*(st.sample_from_values(one) for one in cut))


# with the effect of the coverage test; a cut value has no simple true effect
KINDS: dict[str, tuple[Once, float]] = {
    "mean": (mean, 0.2),
    "ratio": (ratio, 0.02),
    "CUPED": (cuped, 0.2),
    "share": (share, 0.02),
    "quantile": (quantile, 0.3),
    "winsorised mean": (winsorised, 0.0),
}


def measure_truth() -> tuple[dict[str, float], list[Goal]]:
    """Return all figures and the goals on them."""
    found = [*_rates(), *_families(), *_power()]
    return {goal.name: goal.value for goal in found}, found


def _rates() -> Iterator[Goal]:
    error = sqrt(ALPHA * (1 - ALPHA) / REPETITIONS)
    for name, (once, effect) in KINDS.items():
        rng = np.random.default_rng(SEED)
        rejected = float(np.mean([once(rng, 0.0).p < ALPHA for _ in range(REPETITIONS)]))
        off = _round(abs(rejected - ALPHA) / error)
        yield Goal(
            f"A/A of a {name}: false positives off 5% by so many Monte Carlo errors",
            off,
            ERRORS,
            "at_most",
        )
        inside = [
            found.low <= effect <= found.high
            for found in (once(rng, effect) for _ in range(REPETITIONS))
        ]
        yield Goal(
            f"coverage of a {name}: off 95% by",
            _round(abs(float(np.mean(inside)) - (1 - ALPHA))),
            0.01,
            "at_most",
        )


def _families() -> Iterator[Goal]:
    rng, error = np.random.default_rng(SEED), sqrt(ALPHA * (1 - ALPHA) / FAMILIES)
    units = np.array([400, 300, 500, 200])
    means = rng.normal(0, 1, (FAMILIES, 4)) / np.sqrt(units)
    control, *treatments = [st.Sample(int(one), 0.0, 1.0) for one in units]
    statistics = np.abs((means[:, 1:] - means[:, :1]) / np.sqrt(1 / units[0] + 1 / units[1:]))
    critical = st.max_t_critical(
        st.shared_control_loadings(control, treatments), significance=ALPHA
    )
    claimed = float((statistics.max(axis=1) > critical).mean())
    yield Goal(
        "family-wise error of three treatments",
        _round(claimed),
        _round(ALPHA + ERRORS * error),
        "at_most",
    )
    shares = [look / 10 for look in range(1, 11)]
    crossed = float(
        (np.abs(_looks(rng, 10)) > np.array(st.planned_looks(shares, alpha=ALPHA).bounds))
        .any(axis=1)
        .mean()
    )
    yield Goal(
        "family-wise error of ten planned looks",
        _round(crossed),
        _round(ALPHA + ERRORS * error),
        "at_most",
    )
    unplanned = float(
        (np.abs(_looks(rng, 20)) > st.t_critical(ALPHA / 2, float("inf"))).any(axis=1).mean()
    )
    yield Goal(
        "false positives of twenty looks without a plan (what the plan is for)",
        _round(unplanned),
        0.2,
        "at_least",
    )


def _looks(rng: Random, n_looks: int) -> NDArray[np.float64]:
    shares = np.arange(1, n_looks + 1) / n_looks
    walk = rng.normal(0, sqrt(1 / n_looks), (FAMILIES, n_looks)).cumsum(axis=1)
    return np.asarray(walk / np.sqrt(shares))


def _power() -> Iterator[Goal]:
    for name, ratio_of_arms, spread in (
        ("equal arms", 1.0, 1.0),
        ("unequal arms and variances", 3.0, 2.0),
    ):
        rng = np.random.default_rng(SEED)
        design = st.Design(1.0, spread**2, ratio=ratio_of_arms, significance=ALPHA)
        n = round(st.units_for_effect(EFFECT, design=design, wanted_power=WANTED_POWER))
        arms = (
            rng.normal(0, 1, (REPETITIONS, n)),
            rng.normal(EFFECT, spread, (REPETITIONS, round(n * ratio_of_arms))),
        )
        pairs = zip(*([st.sample_from_values(row) for row in arm] for arm in arms), strict=True)
        found = float(np.mean([st.compare_means(one, other).p < ALPHA for one, other in pairs]))
        yield Goal(
            f"power of {name}: off the plan's 80% by",
            _round(abs(found - WANTED_POWER)),
            0.02,
            "at_most",
        )


def _round(value: float) -> float:
    return round(value, 4)
