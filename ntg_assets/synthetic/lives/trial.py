"""The planted trial: who takes part, what is done to them,
and what would have been in the other arm.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ntg_assets.synthetic.lives.activity import Effect, Flags, Floats, Habits
from ntg_assets.synthetic.rules import TrialRules

ELIGIBLE_HORIZONS = 2  # users active within so many horizons before the start take part


@dataclass
class Trial:
    """One block of users during the trial, with both outcomes: the world's,
    and that of the other arm under the same luck.

    Attributes:
        risk: Probability of a silent horizon at the start, given the log, without treatment.
        band: Risk band 0 .. 3.
        is_eligible: Active lately, so part of the trial.
        effect: What is done to the users in this world.
        other: State of the same users had each been in the other arm; other_effect: what would be
        done to them. days, other_days: Active days since the start, here and there.
    """

    risk: Floats
    band: NDArray[np.int64]
    is_eligible: Flags
    in_treatment: Flags
    effect: Effect
    other: Habits
    other_effect: Effect
    days: NDArray[np.int64]
    other_days: NDArray[np.int64]

    @classmethod
    def begin(cls, habits: Habits, *, day: int, risk: Floats, in_treatment: Flags) -> "Trial":
        spec = habits.clock.spec
        band = np.digitize(risk, spec.trial.band_edges)
        is_recent = day - habits.last_active <= ELIGIBLE_HORIZONS * spec.horizon_days
        is_eligible = is_recent & (habits.last_active >= 0)
        nothing = np.zeros(len(risk), dtype=np.int64)
        return cls(
            risk=risk,
            band=band,
            is_eligible=is_eligible,
            in_treatment=in_treatment,
            effect=_effect(spec.trial, band=band, is_treated=is_eligible & in_treatment),
            other=habits.copy(),
            other_effect=_effect(spec.trial, band=band, is_treated=is_eligible & ~in_treatment),
            days=nothing,
            other_days=nothing,
        )

    def advance(self, day: int, *, draws: Floats, active: Flags) -> None:
        """Count a day, and play it for the other arm with the same draws."""
        hazard = self.other.hazard(day, effect=self.other_effect)
        other_active = self.other.advance(day, draws=draws, effect=self.other_effect, hazard=hazard)
        self.days = self.days + active
        self.other_days = self.other_days + other_active

    def outcomes(self, first_user: int) -> pl.DataFrame:
        """One row per eligible user."""
        treated = self.in_treatment
        rows = pl.DataFrame(
            {
                "user": first_user + np.arange(len(treated)),
                "in_treatment": treated,
                "risk_probability": self.risk,
                "risk_band": self.band,
                "active_days": self.days,
                "active_days_if_control": np.where(treated, self.other_days, self.days),
                "active_days_if_treatment": np.where(treated, self.days, self.other_days),
            }
        )
        return rows.filter(pl.Series(self.is_eligible))


def _effect(rules: TrialRules, *, band: NDArray[np.int64], is_treated: Flags) -> Effect:
    chance = 1 + np.array(rules.activity_lift)[band] * is_treated
    hazard = 1 - np.array(rules.hazard_cut)[band] * is_treated
    return Effect(chance, hazard)
