"""Intervals and p-values that hold at any time, however often one looks."""

from math import exp, log, sqrt


def anytime_factor(n: float, *, alpha: float = 0.05, tuned_for: float = 5_000) -> float:
    """Return the critical value of an asymptotic confidence sequence: how many standard errors the
    interval reaches after `n` units.

    The interval holds at all moments together, so one may look as often as one likes. It is
    narrowest around `tuned_for` units. Source: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas
    2024, "Time-uniform central limit theory and asymptotic confidence sequences".

    Args:
        n: Units so far, all arms together.
        alpha: Error rate over all moments, both sides together.
        tuned_for: Units at which the interval should be narrowest.
    """
    ready = n * _mixture(alpha, tuned_for)
    return sqrt(2 * (ready + 1) / ready * log(sqrt(ready + 1) / alpha))


def anytime_p(
    statistic: float, *, n: float, alpha: float = 0.05, tuned_for: float = 5_000
) -> float:
    """Return a p-value that may be read at any time: it falls below `alpha` exactly when the
    confidence sequence excludes zero.

    Args:
        statistic: Estimate over its standard error.
        n: Units so far, all arms together.
        alpha: Error rate that the sequence is tuned for, both sides together.
        tuned_for: Units at which the interval should be narrowest.
    """
    ready = n * _mixture(alpha, tuned_for)
    return min(1.0, sqrt(ready + 1) * exp(-(statistic**2) * ready / (2 * (ready + 1))))


def _mixture(alpha: float, tuned_for: float) -> float:
    """Return the variance of the mixture that makes the sequence narrowest at `tuned_for` units."""
    return (-2 * log(alpha) + log(-2 * log(alpha) + 1)) / tuned_for


def one_sided_factor(n: float, *, alpha: float = 0.05, tuned_for: float = 5_000) -> float:
    """Return how many standard errors a one-sided confidence sequence reaches: below the estimate
    for a lower bound that holds at all moments together, the upper end being open.

    Args:
        n: Units so far, all arms together.
        alpha: Error rate over all moments, on the one side.
        tuned_for: Units at which the bound should be narrowest.

    Source: Waudby-Smith and others 2024, as `anytime_factor` (its one-sided bound).
    """
    ready = n * _mixture(2 * alpha, tuned_for)
    return sqrt(2 * (ready + 1) / ready * log(1 + sqrt(ready + 1) / (2 * alpha)))


def one_sided_anytime_p(
    statistic: float, *, n: float, alpha: float = 0.05, tuned_for: float = 5_000
) -> float:
    """Return a one-sided p-value that may be read at any time, for effects above zero: below
    `alpha` exactly when the one-sided sequence excludes zero.

    Args:
        statistic: Estimate over its standard error.
        n: Units so far, all arms together.
        alpha: Error rate that the sequence is tuned for, on the one side.
        tuned_for: Units at which the bound should be narrowest.
    """
    if statistic <= 0:
        return 1.0
    ready = n * _mixture(2 * alpha, tuned_for)
    exponent = statistic**2 * ready / (2 * (ready + 1))
    if exponent > MOST_EXPONENT:
        return 0.0
    return min(1.0, sqrt(ready + 1) / (2 * (exp(exponent) - 1)))


MOST_EXPONENT = 700.0  # exp of more is no double


def mixture_p(difference: float, *, squared_error: float, mixing_variance: float) -> float:
    """Return the always-valid p-value of a mixture sequential probability ratio test.

    Args:
        difference: Estimated effect.
        squared_error: Its variance now.
        mixing_variance: Variance of the normal mixture over effects.

    Source: Johari, Koomen, Pekelis and Walsh 2017, "Peeking at A/B Tests".
    """
    total = squared_error + mixing_variance
    exponent = mixing_variance * difference**2 / (2 * squared_error * total)
    return min(1.0, sqrt(total / squared_error) * exp(-exponent))
