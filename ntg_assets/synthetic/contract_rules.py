"""What a planted subscription world is made of: plans, prices, trials, failures, sleepers, returns,
and two laws by which people leave.

`logit`: the log odds of cancelling in a period are linear in what the log and the contract show:
the family of the model in `subscriptions/`. `frailty`: each person has an own propensity that
nothing shows, seasons and reminders multiply it, and a part of the ends is immediate: no such model
is right.
"""

from datetime import date
from typing import Literal

from pydantic import Field

from ntg_assets.configuration.section import Section

ENGAGED, CASUAL, ASLEEP = 0, 1, 2


class Plan(Section):
    """One plan."""

    name: str
    price_minor: int = Field(ge=0)
    """Price of one billing period, in the smallest unit."""
    months: int = Field(ge=1)
    share: float = Field(gt=0, le=1)
    """Share of new contracts."""
    log_odds: float = 0.0
    """Added to the log odds of cancelling in a period."""


class ContractRules(Section):
    """Everything that makes one world; the same rules make the same rows."""

    n_users: int = Field(ge=10)
    law: Literal["logit", "frailty"] = "logit"
    seed: int = Field(default=20260101, ge=0)
    start_on: date = date(2023, 1, 2)
    n_days: int = Field(default=546, ge=120)
    n_items: int = Field(default=120, ge=10)
    horizon_days: int = Field(default=28, ge=1, le=28)
    """Horizon of the planted truth; within it no monthly contract renews twice."""
    n_cuts: int = Field(default=4, ge=1)
    """Truth is written for the end less one, two, ... horizons."""

    plans: tuple[Plan, ...] = (
        Plan(name="basic", price_minor=799, months=1, share=0.5, log_odds=0.2),
        Plan(name="standard", price_minor=1299, months=1, share=0.4),
        Plan(name="annual", price_minor=9900, months=12, share=0.1, log_odds=1.2),
    )
    founder_share: float = Field(default=0.5, ge=0, le=1)
    """Contracts that begin within the first 60 days; the others come at a constant rate."""
    second_currency_share: float = Field(default=0.2, ge=0, le=1)
    """Users who pay in dollars; the others pay in euros."""
    trial_share: float = Field(default=0.4, ge=0, le=1)
    trial_days: int = Field(default=14, ge=1, le=28)
    consent_share: float = Field(default=0.85, ge=0, le=1)

    active_rates: tuple[float, float, float] = (0.45, 0.12, 0.0)
    """Daily chance of watching of the engaged, the casual and the sleeping."""
    first_states: tuple[float, float, float] = (0.5, 0.38, 0.12)
    next_states: tuple[tuple[float, float, float], ...] = (
        (0.92, 0.07, 0.01),
        (0.06, 0.88, 0.06),
        (0.01, 0.03, 0.96),
    )
    """Chance of each state in the next period, by the present one."""
    events_per_active_day: float = Field(default=1.6, ge=1)

    base_log_odds: float = -2.4
    """Cancelling in a period: a casual viewer of a plan at zero in the first period."""
    tenure: float = -0.25
    """Per unit of ln(1 + periods)."""
    state_log_odds: tuple[float, float, float] = (-0.9, 0.5, -0.4)
    """Sleepers forget that they pay: they leave more rarely than the casual."""
    price_rise_on_day: int | None = 330
    """Day on which the second plan's price rises for renewals from then on; announced 30 days
    before. None: never.
    """
    price_rise: float = Field(default=0.2, ge=0)
    price_rise_log_odds: float = 1.0
    """In the two periods after a rise."""
    support_rate: float = Field(default=0.07, ge=0, le=1)
    """Chance of a support ticket at the beginning of a period."""
    support_log_odds: float = 1.1
    trial_log_odds: tuple[float, float, float] = (-1.2, 0.2, 1.0)
    """Of not converting, by state."""
    failure_rate: tuple[float, float] = (0.02, 0.15)
    """Chance that a payment fails: of most people, and of the tenth with a bad card."""
    bad_card_share: float = Field(default=0.1, ge=0, le=1)
    lost_share: float = Field(default=0.35, ge=0, le=1)
    """Failed payments that fail again three days later; the contract ends seven days after it was
    due.
    """
    return_share: float = Field(default=0.25, ge=0, le=1)
    """Of those who left: come back with a new contract."""
    return_share_failed: float | None = Field(default=None, ge=0, le=1)
    """The same of those who left because a payment failed; None: as the others."""
    return_days: float = Field(default=70.0, gt=0)
    """Mean days until then."""

    frailty: tuple[float, float] = (0.9, 14.0)
    """`frailty`: a person's chance per period is drawn from this beta distribution."""
    season_swing: float = Field(default=0.15, ge=0, lt=1)
    """`frailty`: summers are worse by this share, winters better. From a year and a half of data no
    model tells a season from a trend: at 0.5 a spring's losses are told a fifth too low.
    """
    reminder_rate: float = Field(default=0.03, ge=0, le=1)
    """`frailty`: a sleeper is reminded of the contract in a period, and leaves five times as
    readily.
    """
    immediate_share: float = Field(default=0.3, ge=0, le=1)
    """`frailty`: cancellations that take effect at once."""

    experiment_days: int = Field(default=0, ge=0)
    """Last days of the world, in which every second person sees something better; 0: none."""
    experiment_lift: float = Field(default=0.3, ge=0, le=1)
    """By how much more days they then watch."""

    @property
    def cuts(self) -> tuple[int, ...]:
        """Day numbers for which the truth is written, in order."""
        return tuple(self.n_days - self.horizon_days * back for back in range(self.n_cuts, 0, -1))
