"""Contracts of the interventions: the policy, the lists, the log."""

import polars as pl

from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.revenue.contacts.assignments import ARMS
from ntg_assets.revenue.contacts.policy import EXCLUSIONS, POLICY
from ntg_assets.revenue.contacts.strategies import EVIDENCE
from ntg_assets.revenue.value.contracts import UNIT
from ntg_assets.summaries import summary


@contract("intervention_targets")
@summary(
    measures={
        # lists are alternatives: what one brings is not added to what another brings
        "n_strategies": "count(distinct strategy)",
        "n_users": "count(distinct user_id)",
        "n_contacted_users": "count(distinct user_id) filter (action = 'contact')",
        "longest_list": "coalesce(max(rank) filter (action = 'contact'), 0)",
        "mean_expected_profit": "avg(expected_profit) filter (action = 'contact')",
    },
    columns=(
        "strategy",
        "rank",
        "user_id",
        "action",
        "churn_probability",
        "revenue_at_risk",
        "expected_profit",
        "reason",
    ),
    order=("strategy", "rank", "user_id"),
)
class InterventionTargets(Contract):
    """One row per (strategy, user): who is contacted,
    and who was passed over on the way down the list.
    """

    strategy: str = column("Strategy of the configuration")
    user_id: str = identifier("user", "Who")
    rank: int = column("Place in the strategy's list", ge=1)
    action: str = column("What is done", isin=("contact", "no_contact"))
    exclusion: str = column("Why there is no contact; none when there is", isin=EXCLUSIONS)
    exclusion_detail: str = column("The same in words; null when there is a contact", nullable=True)
    churn_probability: float = column("As in contact_candidates", unit="probability", ge=0, le=1)
    revenue_at_risk: float = column("As in contact_candidates", unit="unit", ge=0)
    expected_saved_value: float = column(
        "save_rate * revenue_at_risk; of a win-back save_rate * (1 - churn_probability) * what is"
        " at stake; under measured uplift that of the trial's window",
        unit="unit",
    )
    expected_cost: float = column("Contact, and offer where it is taken", unit="unit", ge=0)
    expected_profit: float = column("expected_saved_value - expected_cost", unit="unit")
    save_rate: float = column(
        "Share of leaving users whom a contact keeps, as assumed; null under measured uplift",
        unit="share",
        nullable=True,
        ge=0,
        le=1,
    )
    evidence: str = column("What the saved value rests on", isin=EVIDENCE)
    shadow_price: float = column(
        "Profit that one more unit of the strategy's budget would bring; null unless a budget is"
        " spent for profit",
        nullable=True,
        ge=0,
    )
    is_proven_best: pl.Boolean = column(
        "Whether no other choice within the budget expects more profit; null likewise",
        nullable=True,
    )
    unit: str = column("Unit of value", str_matches=UNIT)
    reason: str = column(
        "What raises the user's risk most, or that nothing of their own does: reason_1 of"
        " churn_scores",
        nullable=True,
    )

    class Config:
        unique = ["strategy", "user_id"]


@contract("intervention_exclusions")
class InterventionExclusions(Contract):
    """One row per (at-risk user, reason): why the user is not contacted,
    whatever a strategy says.
    """

    user_id: str = identifier("user", "Who")
    exclusion: str = column("Kind of reason", isin=POLICY)
    detail: str = column("The reason in words")
    is_deciding: bool = column(
        "Whether it is the first of the user's reasons, the one that lists carry"
    )

    class Config:
        unique = ["user_id", "exclusion"]


@contract("intervention_assignments")
class InterventionAssignments(Contract):
    """One row per (strategy, user) on tonight's lists whom the policy allows: treated or held out,
    with what probability.
    """

    user_id: str = identifier("user", "Who")
    strategy: str = column("Strategy of the configuration: one randomised trial each")
    action: str = column("What is done", isin=("contact", "no_contact"))
    arm: str = column("contact: treated; holdout: held out at random", isin=ARMS)
    propensity: float = column(
        "Probability with which a user on this list is contacted", unit="probability", gt=0, le=1
    )
    assigned_on: pl.Date = column(
        "Cutoff whose list it is; outcomes count from this day", unit="date"
    )
    rank: int = column("Place in the strategy's list", ge=1)
    churn_probability: float = column(
        "As in churn_scores, before the contact", unit="probability", ge=0, le=1
    )
    revenue_at_risk: float = column(
        "As in revenue_risk_radar, before the contact", unit="unit", ge=0
    )
    unit: str = column("Unit of value", str_matches=UNIT)

    class Config:
        unique = ["strategy", "user_id"]


@contract("strategy_comparison")
@summary(
    measures={
        "n_strategies": "count(*)",
        "most_contacts": "max(n_contacts)",
        "largest_expected_profit": "max(expected_profit)",
        "largest_share_reached": "max(revenue_at_risk_share)",
        "n_measured": "count(*) filter (evidence = 'measured uplift')",
        "n_proven_best": "count(*) filter (is_proven_best)",
    },
)
class StrategyComparison(Contract):
    """One row per strategy: what its list expects to save and spend, on an assumed save rate."""

    strategy: str = column("Strategy of the configuration")
    n_contacts: int = column("Users contacted", ge=0)
    n_passed_over: int = column(
        "Users passed over on the way down the list: opted out, held out, over budget", ge=0
    )
    revenue_at_risk_share: float = column(
        "Share of all revenue at risk that the contacted hold", unit="share", ge=0, le=1
    )
    expected_saved_value: float = column("Sum over the contacted", unit="unit", ge=0)
    expected_cost: float = column("Sum over the contacted", unit="unit", ge=0)
    expected_profit: float = column("Saved value minus cost", unit="unit")
    profit_at_half_save_rate: float = column(
        "Profit of the same list if contacts keep half as many (half the measured uplift)",
        unit="unit",
    )
    profit_at_double_save_rate: float = column(
        "Profit of the same list if contacts keep twice as many (at most all)", unit="unit"
    )
    break_even_save_rate: float = column(
        "Save rate at which the list neither wins nor loses; null where none up to 1 pays",
        nullable=True,
        ge=0,
        le=1,
    )
    evidence: str = column("As in intervention_targets", isin=EVIDENCE)
    overlap_share: float = column(
        "Share of the contacted whom the first strategy contacts too; null without contacts",
        nullable=True,
        ge=0,
        le=1,
    )
    budget: float = column(
        "Budget of the strategy; null without one", unit="unit", nullable=True, ge=0
    )
    shadow_price: float = column("As in intervention_targets", nullable=True, ge=0)
    is_proven_best: pl.Boolean = column("As in intervention_targets", nullable=True)
    unit: str = column("Unit of value", str_matches=UNIT)

    class Config:
        unique = ["strategy"]


@contract("strategy_overlaps")
class StrategyOverlaps(Contract):
    """One row per ordered pair of strategies: how many of the contacts of one the other contacts
    too.
    """

    strategy: str = column("Strategy of the configuration")
    other: str = column("Another one")
    n_contacts: int = column("Contacts of the strategy", ge=0)
    n_shared: int = column("Of these, contacts of the other too", ge=0)
    shared_share: float = column(
        "n_shared / n_contacts; null without contacts", unit="share", nullable=True, ge=0, le=1
    )

    class Config:
        unique = ["strategy", "other"]
