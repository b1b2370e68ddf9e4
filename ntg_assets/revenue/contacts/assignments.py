"""The log by which the programme can be measured: who was treated,
who was held out, with what probability, when.
"""

from datetime import date

import polars as pl

from ntg_assets.revenue.contacts.policy import HOLDOUT, LISTED
from ntg_assets.revenue.contacts.strategies import CONTACT

ARMS = (CONTACT, HOLDOUT)


def intervention_assignments(
    targets: pl.DataFrame, *, assigned_on: date, holdout_share: float
) -> pl.DataFrame:
    """Log the draw of everyone on a list whom the policy allows.

    Args:
        targets: `intervention_targets`.
        assigned_on: The cutoff: the day whose list this is.
        holdout_share: Probability of being held out.

    Returns:
        `intervention_assignments`, one row per (strategy, user), by strategy and rank. `propensity`
        is the probability with which a user on this list is contacted, whatever was drawn: an
        inverse-propensity estimate divides by it for `contact`, by 1 minus it for `holdout`.
    """
    listed = targets.filter(pl.col("exclusion").is_in(LISTED))
    return listed.select(
        "user_id",
        "strategy",
        "action",
        arm=pl.when(pl.col("action") == CONTACT).then(pl.lit(CONTACT)).otherwise(pl.lit(HOLDOUT)),
        propensity=pl.lit(1 - holdout_share),
        assigned_on=pl.lit(assigned_on, pl.Date),
        rank="rank",
        churn_probability="churn_probability",
        revenue_at_risk="revenue_at_risk",
        unit="unit",
    )
