"""False positives of each estimator over a fixed grid of shapes, and of whole decisions.

A cell is an estimator on a shape of data in arms of given sizes: nothing differs between the arms,
and 5% of the tests, give or take 1.5 points, may say that something does. A cell fails when its
99.9% binomial interval misses that band. Every estimator is asked as the readout asks it, through
the kind of the metric. Decisions go through `receipts.evaluate`, the function behind the asset:
health, readouts and gates on sums of made-up units.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy

from benchmarks.harness import Goal
from ntg_assets.arrays import Floats
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics import library as st
from ntg_assets.statistics.designs.contrasts import contrast_units
from ntg_assets.statistics.designs.units import Units
from ntg_assets.statistics.metric_kinds import KINDS, Arm, Terms
from ntg_assets.statistics.quantiles import mid_quantiles
from ntg_assets.statistics.skewness import Shape

Random = np.random.Generator
Draw = Callable[[Random, int], Floats]
REPETITIONS, SEED = 1_000, 20260102
ALPHA, BAND, SURE = 0.05, 0.015, 0.999


class GridShape(NamedTuple):
    """A shape of data: how values fall, and the units of both arms."""

    name: str
    draw: Draw
    sizes: tuple[int, int]


def _decaying(rng: Random, n: int) -> Floats:
    """Activity that dies down: daily counts over four weeks, each day a fifth less than before."""
    rates = rng.gamma(0.7, 1.5, n)[:, None] * 0.8 ** np.arange(28)[None, :]
    return rng.poisson(rates).sum(axis=1).astype(np.float64)


def _once(share: float) -> Draw:
    return lambda rng, n: (rng.random(n) < share).astype(np.float64)


def _sales(rng: Random, n: int) -> Floats:
    return _once(0.1)(rng, n) * rng.lognormal(3, 1, n)


def _half_nothing(rng: Random, n: int) -> Floats:
    return _once(0.5)(rng, n) * rng.lognormal(0, 1, n)


DRAWS: dict[str, Draw] = {
    "normal": lambda rng, n: rng.normal(10, 3, n),
    "lognormal 1": lambda rng, n: rng.lognormal(0, 1, n),
    "lognormal 1.5": lambda rng, n: rng.lognormal(0, 1.5, n),
    "Pareto 3": lambda rng, n: rng.pareto(3, n) + 1,
    "Poisson .5": lambda rng, n: rng.poisson(0.5, n).astype(np.float64),
    "Poisson 8": lambda rng, n: rng.poisson(8, n).astype(np.float64),
    "half zeros": _half_nothing,
    "ties": lambda rng, n: np.round(rng.normal(0, 2, n)),
    "sales": _sales,
    "decaying": _decaying,
}
SHARES: dict[str, Draw] = {
    "once .3": _once(0.3),
    "once .05": _once(0.05),
    "sparse .01": _once(0.01),
}
SIZES = ((600, 600), (2_000, 200), (5_000, 200))
SHAPES = [GridShape(name, draw, sizes) for name, draw in DRAWS.items() for sizes in SIZES]
SHARE_SHAPES = [GridShape(name, draw, sizes) for name, draw in SHARES.items() for sizes in SIZES]


def shape_of(values: Floats) -> Shape:
    """Standardise values as `metric_shapes` does."""
    deviation = values.std(ddof=1)
    z = (values - values.mean()) / deviation if deviation > 0 else values * 0
    return Shape(len(values), float((z**3).mean()), float((z**4).mean()))


def _mean(values: list[Floats], rng: Random) -> float:  # noqa: ARG001  # estimators are alike
    arms = [Arm(st.moments_from_values(one), shape=shape_of(one)) for one in values]
    return KINDS["mean"].compare(arms, Terms(1 - ALPHA, use_covariate=False)).differences[0].p


def _cuped(values: list[Floats], rng: Random) -> float:
    """The value is what was there before, which no arm can have changed, and something new."""
    everything = np.concatenate(values)
    pasts = [rng.choice(everything, len(one)) for one in values]
    arms = []
    for new, past in zip(values, pasts, strict=True):
        one = new + past
        moments = st.moments_from_values(one, covariate=past)
        slope = moments.covariance["value", "covariate"] / (
            moments.covariance["covariate", "covariate"] or 1.0
        )
        arms.append(Arm(moments, shape=shape_of(one - slope * past)))
    return KINDS["mean"].compare(arms, Terms(1 - ALPHA)).differences[0].p


def _ratio(values: list[Floats], rng: Random) -> float:
    arms = []
    for one in values:
        below = (rng.poisson(3, len(one)) + 1).astype(np.float64)
        above = one * below
        rest = above - above.sum() / below.sum() * below
        moments = st.moments_from_values(above, denominator=below)
        arms.append(Arm(moments, shape=shape_of(rest)))
    return KINDS["ratio"].compare(arms, Terms(1 - ALPHA, use_covariate=False)).differences[0].p


def _quantile(quantile: float) -> Callable[[list[Floats], Random], float]:
    def p(values: list[Floats], rng: Random) -> float:  # noqa: ARG001  # estimators are alike
        arms = [Arm(ranks=one) for one in mid_quantiles(values, quantile)]
        terms = Terms(1 - ALPHA, quantile=quantile)
        return KINDS["quantile"].compare(arms, terms).differences[0].p

    return p


def _share(values: list[Floats], rng: Random) -> float:  # noqa: ARG001  # estimators are alike
    arms = [Arm(st.moments_from_values(one)) for one in values]
    terms = Terms(1 - ALPHA, use_covariate=False)
    return KINDS["proportion"].compare(arms, terms).differences[0].p


def _clusters(values: list[Floats], rng: Random) -> float:
    """Units in clusters of five to fifteen: what a cluster shares falls as the shape says, what its
    units differ in is normal and as wide. Taken from the same values, what clusters share would
    hang together with the units of others.
    """
    arms = []
    for one in values:
        ids = np.repeat(np.arange(len(one)), rng.integers(5, 16, len(one)))[: len(one)]
        own = rng.normal(0, one.std(), len(one))
        arms.append(st.clustered(one[ids] + own, ids))
    return st.compare_clusters(*arms).p


def _designed(values: list[Floats], **design: Any) -> float:
    """Ask as the readout of a design asks: one row of units, whatever is known of them."""
    arms = np.repeat(np.arange(len(values)), [len(one) for one in values]).astype(np.int64)
    return contrast_units(Units(np.concatenate(values), arms, **design))[0].at(1 - ALPHA).p


def _with_pasts(values: list[Floats], rng: Random) -> tuple[list[Floats], Floats]:
    """Add to the values what was there before, which no arm can have changed."""
    everything = np.concatenate(values)
    pasts = [rng.choice(everything, len(one)) for one in values]
    added = [new + past for new, past in zip(values, pasts, strict=True)]
    return added, np.concatenate(pasts)


def _covariate(values: list[Floats], rng: Random) -> float:
    added, pasts = _with_pasts(values, rng)
    return _designed(added, covariates=pasts[:, None])


def _strata(values: list[Floats], rng: Random) -> float:
    """Strata by what was there before: the lower half, and two quarters."""
    added, pasts = _with_pasts(values, rng)
    ends = np.quantile(pasts, [0.5, 0.75])
    return _designed(added, strata=np.searchsorted(ends, pasts).astype(np.int64))


def _uneven_clusters(values: list[Floats], rng: Random) -> float:
    """Ask of clusters as the readout does; arms of unequal size have 20 clusters in the small one,
    or so.
    """
    arms, clusters, first = [], [], 0
    for one in values:
        ids = np.repeat(np.arange(len(one)), rng.integers(5, 16, len(one)))[: len(one)]
        arms.append(one[ids] + rng.normal(0, one.std(), len(one)))
        clusters.append(ids + first)
        first += len(one)
    return _designed(arms, clusters=np.concatenate(clusters))


ESTIMATORS: dict[str, tuple[Callable[[list[Floats], Random], float], list[GridShape]]] = {
    "mean": (_mean, [*SHAPES, *SHARE_SHAPES]),
    "share": (_share, SHARE_SHAPES),
    "CUPED": (_cuped, SHAPES),
    "ratio": (_ratio, SHAPES),
    "median": (_quantile(0.5), SHAPES),
    "90% quantile": (_quantile(0.9), SHAPES),
    "clusters": (_clusters, [one for one in SHAPES if one.sizes[0] == one.sizes[1]]),
    "covariate": (_covariate, SHAPES),
    "strata": (_strata, SHAPES),
    "clusters of unequal arms": (
        _uneven_clusters,
        [one for one in SHAPES if one.sizes[0] != one.sizes[1]],
    ),
}


def measure_grid(*, repetitions: int = REPETITIONS) -> tuple[dict[str, Any], list[Goal]]:
    """Return every cell, and how many of each estimator fail."""
    cells: dict[str, Any] = {}
    goals = []
    for name, (p_of, shapes) in ESTIMATORS.items():
        failed = []
        for shape in shapes:
            rate, n = _rate(p_of, shape, repetitions)
            where = f"{name}, {shape.name}, {shape.sizes[0]}:{shape.sizes[1]}"
            cells[where] = {"false_positives": rate, "answered": n}
            if not in_band(rate, n):
                failed.append(f"{where}: {rate:.1%}")
        cells[f"{name}: cells that fail"] = failed
        goals.append(
            Goal(
                f"A/A of {name}: of {len(shapes)} shapes outside 5% +- 1.5",
                len(failed),
                0,
                "at_most",
            )
        )
    return cells, goals


def in_band(rate: float, n: int) -> bool:
    """Whether the 99.9% binomial interval of a rate reaches the band; no answers are none."""
    if n == 0:
        return False
    hits = round(rate * n)
    tail = (1 - SURE) / 2
    low = scipy.stats.beta.ppf(tail, hits, n - hits + 1) if hits else 0.0
    high = scipy.stats.beta.ppf(1 - tail, hits + 1, n - hits) if hits < n else 1.0
    return bool(low <= ALPHA + BAND and high >= ALPHA - BAND)


def _rate(
    p_of: Callable[[list[Floats], Random], float], shape: GridShape, repetitions: int
) -> tuple[float, int]:
    rng = np.random.default_rng(SEED)
    claimed = []
    for _ in range(repetitions):
        values = [shape.draw(rng, n) for n in shape.sizes]
        try:
            claimed.append(p_of(values, rng) < ALPHA)
        except NotEnoughDataError:
            continue  # no answer: counted by what is missing from `answered`
    return round(float(np.mean(claimed)), 4) if claimed else 0.0, len(claimed)


def _round(value: Any) -> float:
    return round(float(value), 4)
