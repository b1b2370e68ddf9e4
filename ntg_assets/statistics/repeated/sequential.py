"""Looking more than once: planned looks that share the error rate (group sequential), and intervals
that hold at every moment.

Success is judged at planned looks (Lan-DeMets); harm may be judged at any time (asymptotic
confidence sequences).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp, inf, log, pi, sqrt
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from ntg_assets.errors import ConfigurationError

Spending = Callable[[float, float], float]
# Gauss-Legendre points of the recursive integration; doubling them moves no bound of fifty looks by
# 1e-6
NODES = 256
TAIL = 8.0  # standard normal mass beyond this is 1e-15


def obrien_fleming(share: float, alpha: float) -> float:
    """Spend little at first: 2 (1 - Phi(z / sqrt(share))) with z the quantile of alpha / 2
    (Lan and DeMets 1983).
    """
    return (
        float(2 * scipy.special.ndtr(scipy.special.ndtri(alpha / 2) / sqrt(share)))
        if share > 0
        else 0.0
    )


def power_family(exponent: float) -> Spending:
    """Spend alpha * share ** exponent (Kim and DeMets 1987)."""
    return lambda share, alpha: alpha * share**exponent


def pocock_spending(share: float, alpha: float) -> float:
    """Spend alpha * ln(1 + (e - 1) share), which gives bounds that are almost constant
    (Lan and DeMets 1983).
    """
    return alpha * log(1 + (exp(1) - 1) * share)


class _State(NamedTuple):
    """Where the statistic of the experiments that go on may be: points of Brownian motion,
    and the mass at each.
    """

    points: NDArray[np.float64]
    mass: NDArray[np.float64]


_START = _State(np.zeros(1), np.ones(1))


@dataclass(frozen=True)
class Looks:
    """Bounds for the z statistic at each planned look, on one side; the other side mirrors it.

    Attributes:
        shares: Share of the planned information at each look, ending at 1 or before.
        bounds: Critical z at each look.
        spent: Error rate spent so far, on this one side.
    """

    shares: tuple[float, ...]
    bounds: tuple[float, ...]
    spent: tuple[float, ...]

    @property
    def nominal_p(self) -> tuple[float, ...]:
        """One-sided p below which each look stops."""
        return tuple(float(scipy.special.ndtr(-bound)) for bound in self.bounds)


def planned_looks(
    shares: Sequence[float], *, alpha: float = 0.05, spending: Spending = obrien_fleming
) -> Looks:
    """Find the bounds of planned looks whose chance of any false claim is `alpha`,
    both sides together.

    Each side gets alpha / 2 by itself. The density of the statistic among experiments that go on is
    carried from look to look on a grid. Source: Armitage, McPherson and Rowe 1969 (recursion); Lan
    and DeMets 1983 (spending).

    Args:
        shares: Share of the planned information at each look, rising within (0, 1].
        alpha: Error rate over all looks, both sides together.
        spending: How much of one side's rate is spent by a share of the information.

    Raises:
        ConfigurationError: shares that do not rise, or lie outside (0, 1].
    """
    times = tuple(shares)
    if (
        not times
        or any(late <= early for early, late in zip((0.0, *times), times, strict=False))
        or times[-1] > 1 + 1e-12
    ):
        raise ConfigurationError(f"planned looks must rise within (0, 1], found {list(times)}.")
    spent = [spending(share, alpha / 2) for share in times]
    bounds = _bounds(
        times, [now - before for before, now in zip((0.0, *spent), spent, strict=False)]
    )
    return Looks(times, tuple(bounds), tuple(spent))


def crossing_probability(shares: Sequence[float], bounds: Sequence[float]) -> float:
    """Return the chance that a statistic without effect crosses one of the bounds,
    on either side, at one of the looks.
    """
    state, crossed = _START, 0.0
    for time, last, bound in zip(shares, (0.0, *shares), bounds, strict=False):
        crossed += 2 * _beyond(state, bound * sqrt(time), step=sqrt(time - last))
        state = _survivors(state, bound, time=time, step=sqrt(time - last))
    return crossed


def pocock_bound(n_looks: int, *, alpha: float = 0.05) -> float:
    """Return the one critical z for equally spaced looks, both sides together (Pocock 1977)."""
    return _constant([1.0] * n_looks, alpha=alpha)


def obrien_fleming_bound(n_looks: int, *, alpha: float = 0.05) -> float:
    """Return the constant C of the bounds C * sqrt(K / k) at look k of K,
    equally spaced (O'Brien and Fleming 1979).
    """
    return _constant([sqrt(n_looks / look) for look in range(1, n_looks + 1)], alpha=alpha)


def _constant(shape: Sequence[float], *, alpha: float) -> float:
    looks = [(look + 1) / len(shape) for look in range(len(shape))]

    def surplus(constant: float) -> float:
        return crossing_probability(looks, [constant * part for part in shape]) - alpha

    return float(scipy.optimize.brentq(surplus, 0.5, 8.0, xtol=1e-9))


def _bounds(times: Sequence[float], to_spend: Sequence[float]) -> list[float]:
    """Find each bound in turn: the one beyond which exactly the look's share of the error rate
    lies.
    """
    bounds: list[float] = []
    state = _START
    for time, last, rate in zip(times, (0.0, *times), to_spend, strict=False):

        def surplus(
            bound: float,
            *,
            state: _State = state,
            time: float = time,
            last: float = last,
            rate: float = rate,
        ) -> float:
            return _beyond(state, bound * sqrt(time), step=sqrt(time - last)) - rate

        bounds.append(
            float(scipy.optimize.brentq(surplus, -2.0, 40.0, xtol=1e-10)) if rate > 0 else inf
        )
        state = _survivors(state, bounds[-1], time=time, step=sqrt(time - last))
    return bounds


def _beyond(state: _State, edge: float, *, step: float) -> float:
    """Return the mass that steps over the upper edge."""
    return float(state.mass @ scipy.special.ndtr((state.points - edge) / step))


def _survivors(state: _State, bound: float, *, time: float, step: float) -> _State:
    """Carry what stayed within the bounds to the next look."""
    nodes, weights = _rule()
    edge = min(bound, TAIL) * sqrt(time)
    points = edge * nodes
    density = (
        np.exp(-(((points[:, None] - state.points[None, :]) / step) ** 2) / 2)
        / (step * sqrt(2 * pi))
        @ state.mass
    )
    return _State(points, edge * weights * density)


@cache
def _rule() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.polynomial.legendre.leggauss(NODES)


def hwang_shih_decani(gamma: float) -> Spending:
    """Spend alpha (1 - exp(-gamma share)) / (1 - exp(-gamma)) (Hwang, Shih and DeCani 1990)."""
    if gamma == 0:
        return lambda share, alpha: alpha * share
    return lambda share, alpha: alpha * (1 - exp(-gamma * share)) / (1 - exp(-gamma))


def wang_tsiatis_bound(n_looks: int, *, delta: float, alpha: float = 0.05) -> float:
    """Return the constant C of the bounds C * (k / K) ** (delta - 1/2) at look k of K, equally
    spaced (Wang and Tsiatis 1987): 0.5 is Pocock's, 0 O'Brien and Fleming's.

    Args:
        n_looks: Looks, equally spaced.
        delta: Shape of the bounds.
        alpha: Error rate over all looks, both sides together.
    """
    shape = [(look / n_looks) ** (delta - 0.5) for look in range(1, n_looks + 1)]
    return _constant(shape, alpha=alpha)


def haybittle_peto_bound(n_looks: int, *, early: float = 3.0, alpha: float = 0.05) -> float:
    """Return the bound of the last look when all before it stop at z = `early`
    (Haybittle 1971, Peto 1976).

    Args:
        n_looks: Looks, equally spaced.
        early: Critical z of all looks but the last.
        alpha: Error rate over all looks, both sides together.
    """
    shares = [look / n_looks for look in range(1, n_looks + 1)]

    def surplus(last: float) -> float:
        return crossing_probability(shares, [*[early] * (n_looks - 1), last]) - alpha

    return float(scipy.optimize.brentq(surplus, 0.5, 8.0, xtol=1e-9))
