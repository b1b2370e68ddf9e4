"""Contracts of the off-policy tables."""

from typing import Annotated

import polars as pl

from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.off_policy.impressions import DUPLICATE, REJECTED, SKIPPED
from ntg_assets.off_policy.report import ESTIMATORS, LOGGED, ON_POLICY
from ntg_assets.off_policy.slots import BEYOND, EARLIER, HELD_OUT
from ntg_assets.ranking.lists.strategies import STRATEGIES
from ntg_assets.summaries import summary


@contract("shown_items")
class ShownItems(Contract):
    """One row per usable exposure of the configured log,
    none without one. No key: where duplicates are kept rows may be alike.
    """

    user_id: str = identifier("user", "User")
    item_id: str = identifier(
        "item", "Item that was shown; also one that neither TRAIN nor the item table knows"
    )
    shown_at: Annotated[pl.Datetime, "us", None] = column("When it was shown", unit="UTC")
    position: int = column(
        "Place in the list, from 1; null: the log does not know", nullable=True, ge=1
    )
    propensity: float = column(
        "Logged probability with which this place came to show this item", gt=0, le=1
    )
    reward: float = column("What came of it, in the log's unit")


@contract("shown_log_report")
@summary(
    measures={
        "n_held_out": "coalesce(sum(n_rows) filter (fate = 'held_out'), 0)",
        "n_before_cutoff": "coalesce(sum(n_rows) filter (fate = 'before_cutoff'), 0)",
        "n_left_out": "coalesce(sum(n_rows) filter (fate not in ('held_out', 'before_cutoff')), 0)",
    },
)
class ShownLogReport(Contract):
    """One row per fate and reason of the rows of the log of exposures;
    the rows add up to those of its files.
    """

    fate: str = column(
        "held_out: estimates are made of it; before_cutoff: teaches the reward model only; else"
        " left out",
        isin=(HELD_OUT, EARLIER, BEYOND, DUPLICATE, REJECTED, SKIPPED),
    )
    reason: str = column("Why; empty when nothing is to be said")
    n_rows: int = column("Rows", ge=1)

    class Config:
        unique = ["fate", "reason"]


@contract("shown_log_losses")
class ShownLogLosses(Contract):
    """One row per fate and reason of the rows of the log of exposures that cannot be used,
    counted when it was read.
    """

    fate: str = column(
        "duplicate, rejected, or skipped by a filter", isin=(DUPLICATE, REJECTED, SKIPPED)
    )
    reason: str = column("Why")
    n_rows: int = column("Rows", ge=1)

    class Config:
        unique = ["fate", "reason"]


@contract("off_policy_problems")
@summary(
    measures={
        "n_problems": "count(*)",
        "n_sources": "count(distinct source)",
        "n_reasons": "count(distinct reason)",
    },
)
class OffPolicyProblems(Contract):
    """One row when nothing could be estimated from the log of exposures,
    with the reason; no rows: nothing went wrong.
    """

    source: str = column("Configuration key of the log")
    reason: str = column("Why, for people")

    class Config:
        unique = ["source"]


@contract("off_policy_report")
@summary(
    measures={
        "n_strategies": "count(distinct strategy)",
        "n_slots": "coalesce(max(n_slots), 0)",
        "n_users": "coalesce(max(n_users), 0)",
        "logged_value": "max(value) filter (estimator = 'on_policy')",
        "best_difference_low": "max(difference_low) filter (estimator = 'dr')",
    },
)
class OffPolicyReport(Contract):
    """One row per strategy and estimator: estimated reward per shown place,
    had the strategy made the lists. Empty without exposures.
    """

    strategy: str = column(
        "How the lists are made; `logged`: the policy that made the log", isin=(*STRATEGIES, LOGGED)
    )
    estimator: str = column(
        "ips, snips, dr (doubly robust), or on_policy for the log's own mean",
        isin=(*ESTIMATORS, ON_POLICY),
    )
    value: float = column("Reward per shown place, in the log's unit")
    low: float = column(
        "Lower end of the 95% interval, clustered by user; null with one user", nullable=True
    )
    high: float = column("Upper end", nullable=True)
    difference: float = column("Value minus the logged policy's own mean")
    difference_low: float = column(
        "Lower end of its 95% interval, clustered by user", nullable=True
    )
    difference_high: float = column("Upper end", nullable=True)
    n_slots: int = column("Exposures at or after the cutoff", ge=1)
    n_users: int = column("Their users", ge=1)
    new_user_share: float = column(
        "Share of exposures to users whom TRAIN does not know: every strategy shows them the"
        " default list",
        ge=0,
        le=1,
    )
    new_item_share: float = column(
        "Share of exposures of items that TRAIN does not know: no strategy could have shown them",
        ge=0,
        le=1,
    )
    filled_share: float = column(
        "Share of exposures for which the strategy has an item: what the mean weight should be",
        ge=0,
        le=1,
    )
    support_share: float = column(
        "Share of what it would show that the log has ever shown, to anyone, in that place",
        ge=0,
        le=1 + 1e-9,
    )
    matched_share: float = column(
        "Share of exposures in which the log showed what the strategy would show", ge=0, le=1
    )
    effective_slots: float = column(
        "Equally weighted exposures that would say as much (Kish)", ge=0
    )
    effective_users: float = column("Equally weighted users that would say as much", ge=0)
    largest_weight: float = column("Largest weight, before any is cut", ge=0)
    clipped_share: float = column(
        "Share of all weight that off_policy.largest_weight cut away", ge=0, le=1
    )
    mean_weight: float = column("Mean weight, before any is cut", ge=0)
    mean_weight_low: float = column(
        "Lower end of its 99% interval; filled_share should lie inside", nullable=True
    )
    mean_weight_high: float = column("Upper end", nullable=True)
    supports_claim: bool = column(
        "Whether every check holds: users, effective users, support, mean weight, little cut"
    )
    verdict: str = column("What stands against believing it, in words")

    class Config:
        unique = ["strategy", "estimator"]


@contract("off_policy_comparisons")
class OffPolicyComparisons(Contract):
    """One row per strategy, baseline and estimator: the difference of two estimated values on the
    same exposures.
    """

    strategy: str = column("How the lists are made", isin=STRATEGIES)
    baseline: str = column("What it is held against", isin=STRATEGIES)
    estimator: str = column("Estimator of both", isin=ESTIMATORS)
    n_users: int = column("Users behind the figure", ge=1)
    difference: float = column("Value of the strategy minus that of the baseline, per shown place")
    difference_low: float = column(
        "Lower end of its 95% interval, clustered by user", nullable=True
    )
    difference_high: float = column("Upper end", nullable=True)
    supports_claim: bool = column("Whether both estimates can be believed")

    class Config:
        unique = ["strategy", "baseline", "estimator"]
