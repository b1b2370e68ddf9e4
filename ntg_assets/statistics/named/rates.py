"""Events per exposure: Poisson rates of one arm and of two."""

from collections.abc import Callable
from math import exp, inf, log, sqrt
from typing import Literal, NamedTuple

from scipy import special

from ntg_assets.errors import ConfigurationError, NotEnoughDataError
from ntg_assets.statistics.named.single_samples import binomial_p
from ntg_assets.statistics.named.tested import Tested
from ntg_assets.statistics.shares.proportions import Count
from ntg_assets.statistics.student_t import Alternative, t_critical, t_p

RateMethod = Literal["score", "wald", "wald-log", "sqrt", "exact"]


class Rate(NamedTuple):
    """Events over an exposure (units, days, views), whatever its unit."""

    events: float
    exposure: float

    @property
    def value(self) -> float:
        return self.events / self.exposure


def rate_interval(rate: Rate, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a rate (Garwood 1936)."""
    tail = (1 - confidence) / 2
    low = float(special.gammaincinv(rate.events, tail)) if rate.events else 0.0
    high = float(special.gammaincinv(rate.events + 1, 1 - tail))
    return low / rate.exposure, high / rate.exposure


def compare_rates(
    control: Rate,
    treatment: Rate,
    *,
    method: RateMethod = "score",
    alternative: Alternative = "two-sided",
) -> Tested:
    """Ask whether two rates are one; the estimate is the treatment's over the control's.

    Args:
        control: Events and exposure of the control.
        treatment: Of the treatment.
        method: `score` (one rate under the hypothesis), `wald`, `wald-log`, `sqrt`, or `exact`
            (conditional on all events).
        alternative: Which differences the test looks for.

    Source: Gu, Ng, Tang and Schucany 2008, "Testing the Ratio of Two Poisson Rates".

    Raises:
        NotEnoughDataError: neither arm has an event.
    """
    events = control.events + treatment.events
    if events == 0:
        raise NotEnoughDataError("neither arm has an event.")
    ratio = treatment.value / control.value if control.events else inf
    share = treatment.exposure / (control.exposure + treatment.exposure)
    if method == "exact":
        p = binomial_p(Count(treatment.events, int(events)), share, alternative=alternative)
        return Tested(treatment.events, p, None, ratio)
    if method not in _STATISTICS:
        raise ConfigurationError(f"no method {method!r}; known: exact, {', '.join(_STATISTICS)}.")
    z = _STATISTICS[method](treatment.events, control.events, treatment.exposure / control.exposure)
    return Tested(z, t_p(z, inf, alternative=alternative), None, ratio)


# z of x events of the treatment beside y of the control, d being the treatment's exposure over the
# control's
_STATISTICS: dict[str, Callable[[float, float, float], float]] = {
    "score": lambda x, y, d: (x - y * d) / sqrt((y + x) * d),
    "wald": lambda x, y, d: (x - y * d) / sqrt(x + y * d**2),
    "wald-log": lambda x, y, d: (log(x / y) - log(d)) / sqrt(1 / x + 1 / y),
    "sqrt": lambda x, y, d: 2 * (sqrt(x + 3 / 8) - sqrt((y + 3 / 8) * d)) / sqrt(1 + d),
}


def rate_ratio_interval(
    control: Rate, treatment: Rate, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the interval of a ratio of rates, on the logarithm's scale.

    Raises:
        NotEnoughDataError: an arm has no event.
    """
    if not (control.events and treatment.events):
        raise NotEnoughDataError("an arm has no event, so the logarithm of the ratio has no error.")
    reach = t_critical((1 - confidence) / 2, inf) * sqrt(1 / control.events + 1 / treatment.events)
    centre = log(treatment.value / control.value)
    return exp(centre - reach), exp(centre + reach)


class RateBelief(NamedTuple):
    """A gamma distribution over a rate."""

    shape: float
    rate: float

    @property
    def mean(self) -> float:
        return self.shape / self.rate

    @property
    def variance(self) -> float:
        return self.shape / self.rate**2

    def interval(self, *, confidence: float = 0.95) -> tuple[float, float]:
        """Return the central interval."""
        tail = (1 - confidence) / 2
        low, high = (float(special.gammaincinv(self.shape, at)) for at in (tail, 1 - tail))
        return low / self.rate, high / self.rate


def update_rate(rate: Rate, *, prior: tuple[float, float] = (0.5, 0.0)) -> RateBelief:
    """Combine events over an exposure with a gamma prior (shape, rate); Jeffreys' unless said."""
    return RateBelief(prior[0] + rate.events, prior[1] + rate.exposure)
