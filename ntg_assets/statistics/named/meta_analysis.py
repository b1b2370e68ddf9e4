"""Effects of several experiments on one thing, brought together."""

from collections.abc import Sequence
from math import inf, sqrt
from typing import NamedTuple

from scipy import special

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.student_t import t_critical, t_p


class Combined(NamedTuple):
    """One effect of several experiments.

    Attributes:
        effect: The weighted mean.
        standard_error: Its error.
        q: Cochran's Q: how far the experiments lie apart, in their own errors.
        heterogeneity_p: p of the hypothesis that they have one effect.
        i_squared: Share of the spread that is not chance (0 to 1; Higgins and Thompson 2002).
        tau_squared: Variance of the true effects (0 where one effect is assumed).
    """

    effect: float
    standard_error: float
    q: float
    heterogeneity_p: float
    i_squared: float
    tau_squared: float

    @property
    def p(self) -> float:
        return t_p(self.effect / self.standard_error, inf)

    def interval(self, *, confidence: float = 0.95) -> tuple[float, float]:
        """Return the normal interval."""
        reach = t_critical((1 - confidence) / 2, inf) * self.standard_error
        return self.effect - reach, self.effect + reach


def combine_effects(
    effects: Sequence[float], errors: Sequence[float], *, is_random: bool = False
) -> Combined:
    """Weigh effects by their inverse variances.

    Args:
        effects: One per experiment, in one unit.
        errors: Their standard errors, above zero.
        is_random: Whether experiments may have effects of their own (DerSimonian and Laird 1986);
            else they have one.

    Raises:
        NotEnoughDataError: fewer than two experiments, or an error that is not above zero.
    """
    if len(effects) != len(errors) or len(effects) < 2 or min(errors) <= 0:  # noqa: PLR2004
        raise NotEnoughDataError(
            f"{len(effects)} effects and {len(errors)} errors: two or more with errors above zero"
            " can be combined."
        )
    weights = [1 / error**2 for error in errors]
    mean, whole = _weighted(effects, weights), sum(weights)
    q = sum(w * (effect - mean) ** 2 for w, effect in zip(weights, effects, strict=True))
    df = len(effects) - 1
    tau = max(0.0, (q - df) / (whole - sum(w**2 for w in weights) / whole))
    p, i_squared = float(special.chdtrc(df, q)), max(0.0, 1 - df / q) if q > 0 else 0.0
    if not is_random:
        return Combined(mean, sqrt(1 / whole), q, p, i_squared, 0.0)
    spread = [1 / (error**2 + tau) for error in errors]
    return Combined(_weighted(effects, spread), sqrt(1 / sum(spread)), q, p, i_squared, tau)


def _weighted(values: Sequence[float], weights: Sequence[float]) -> float:
    return sum(w * value for w, value in zip(weights, values, strict=True)) / sum(weights)
