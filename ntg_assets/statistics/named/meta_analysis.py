"""Effects of several experiments on one thing, brought together."""

from collections.abc import Sequence
from math import inf, sqrt
from typing import NamedTuple

from scipy import special

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.heterogeneity import cochran_q, variance_between, weighted_mean
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
    tau = variance_between(effects, errors) if is_random else 0.0
    weights = [1 / (error**2 + tau) for error in errors]
    q, df = cochran_q(effects, errors), len(effects) - 1
    p, i_squared = float(special.chdtrc(df, q)), max(0.0, 1 - df / q) if q > 0 else 0.0
    return Combined(weighted_mean(effects, weights), sqrt(1 / sum(weights)), q, p, i_squared, tau)
