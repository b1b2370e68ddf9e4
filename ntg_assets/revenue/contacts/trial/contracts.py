"""Contracts of the contact trial."""

import polars as pl

from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.revenue.contacts.trial.uplift import VERDICTS
from ntg_assets.summaries import summary


@contract("trial_outcomes")
@summary(
    measures={
        "n_treated": "count(*) filter (is_treated)",
        "n_control": "count(*) filter (not is_treated)",
        "n_users_with_value": "count(*) filter (value > 0)",
        "mean_value_treated": "avg(value) filter (is_treated)",
        "mean_value_control": "avg(value) filter (not is_treated)",
    },
)
class TrialOutcomes(Contract):
    """One row per user of the configured trial whose window has closed; no rows without a trial."""

    user_id: str = identifier("user", "Who")
    assigned_on: pl.Date = column("First day on which the user was given an arm", unit="date")
    is_treated: bool = column("Whether the user was treated")
    propensity: float = column("Probability of treatment", unit="probability", gt=0, lt=1)
    value: float = column("Value in the window after that day", unit="unit", ge=0)

    class Config:
        unique = ["user_id"]


@contract("persuadability_report")
@summary(
    measures={
        "n_treated": "coalesce(sum(n_treated), 0)",
        "n_control": "coalesce(sum(n_control), 0)",
        "n_unmeasured": "count(problem)",
        "effect": "max(effect)",
        "effect_low": "max(effect_low)",
        "effect_high": "max(effect_high)",
    },
)
class PersuadabilityReport(Contract):
    """One row: what the configured trial says of the programme,
    and whether it says whom to contact; no row without a trial.
    """

    n_treated: int = column("Treated users", ge=0)
    n_control: int = column("Users held out", ge=0)
    window_days: int = column("Window in which value was counted", unit="days", ge=1)
    effect: float = column(
        "Mean effect of treatment on the value of a user; null with too few users",
        unit="unit",
        nullable=True,
    )
    effect_low: float = column("Lower end of its 95% interval", unit="unit", nullable=True)
    effect_high: float = column("Upper end of its 95% interval", unit="unit", nullable=True)
    top_half_effect: float = column(
        "The same in the half of the users with the higher forecast uplift",
        unit="unit",
        nullable=True,
    )
    top_half_gain: float = column(
        "How much more that half gained than all users did", unit="unit", nullable=True
    )
    top_half_gain_low: float = column(
        "Lower end of its 95% interval: above 0 the ranking is used", unit="unit", nullable=True
    )
    top_half_gain_high: float = column("Upper end of its 95% interval", unit="unit", nullable=True)
    verdict: str = column("What may be claimed", isin=VERDICTS)
    problem: str = column("Why the trial could not be measured; null where it could", nullable=True)
    n_treated_reported: int = column(
        "Treated users whose night was read back from the CRM; all count as drawn (intention to"
        " treat), sent or not",
        ge=0,
    )
    n_treated_sent: int = column("Of them, those whom a contact reached", ge=0)


@contract("uplift_estimates")
@summary(
    measures={
        "n_users": "count(*)",
        "n_gaining": "count(*) filter (expected_uplift > 0)",
        "n_losing": "count(*) filter (expected_uplift < 0)",
        "mean_uplift": "avg(expected_uplift)",
    },
)
class UpliftEstimates(Contract):
    """One row per user: forecast effect of a contact;
    no rows unless the trial measured that some gain more than others.
    """

    user_id: str = identifier("user", "Who")
    expected_uplift: float = column(
        "Forecast effect on the value within the trial's window", unit="unit"
    )

    class Config:
        unique = ["user_id"]
