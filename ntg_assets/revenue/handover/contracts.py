"""Contracts of the hand-over to the CRM and of what it did."""

import polars as pl

from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.revenue.contacts.assignments import ARMS
from ntg_assets.revenue.contacts.contacts_taken import STATUSES
from ntg_assets.revenue.value.contracts import UNIT
from ntg_assets.summaries import summary


@contract("crm_handover")
@summary(
    measures={
        "n_people": "count(distinct user_id)",
        "n_strategies": "count(distinct strategy)",
        "n_channels": "count(distinct channel)",
        "mean_churn_probability": "avg(churn_probability)",
        "mean_expected_profit": "avg(expected_profit)",
    },
)
class CrmHandover(Contract):
    """One row per person whom the CRM is to contact tonight, whatever number of strategies want
    them.
    """

    user_id: str = identifier("user", "Who")
    handed_over_on: pl.Date = column("The night, by its cutoff", unit="date")
    strategy: str = column("By which strategy: the first in their order that wants the person")
    rank: int = column("Place in the strategy's list", ge=1)
    action: str = column("What the CRM is to do, in its words (`radar.strategies.action`)")
    channel: str = column("By which channel; null: the CRM decides", nullable=True)
    churn_probability: float = column("As in intervention_targets", unit="probability", ge=0, le=1)
    revenue_at_risk: float = column("As in intervention_targets", unit="unit", ge=0)
    expected_profit: float = column("As in intervention_targets", unit="unit")
    unit: str = column("Unit of value", str_matches=UNIT)
    reason: str = column("As in intervention_targets", nullable=True)
    also_wanted_by: str = column(
        "Further strategies that want the person, in their order; null: none", nullable=True
    )

    class Config:
        unique = ["user_id"]


@contract("handover_report")
@summary(
    measures={
        "n_strategies": "count(*)",
        "n_handed_over": "sum(n_handed_over)",
        "n_to_others": "sum(n_to_others)",
        "n_left_out": "sum(n_left_out)",
    },
)
class HandoverReport(Contract):
    """One row per strategy: what became of the people it wants; n_wanted = n_handed_over +
    n_to_others + n_left_out.
    """

    strategy: str = column("Strategy of the configuration")
    is_handed_over: bool = column("Whether the CRM is given its list at all")
    n_wanted: int = column("People whom it contacts", ge=0)
    n_handed_over: int = column("Of them, those who are handed over by it", ge=0)
    n_to_others: int = column("Those who are handed over by an earlier strategy", ge=0)
    n_left_out: int = column("Those whom nobody hands over", ge=0)

    class Config:
        unique = ["strategy"]


@contract("handover_attributes")
class HandoverAttributes(Contract):
    """One row per (person, attribute) that is passed through to the CRM, where something is known.

    In the CSV each attribute is a column.
    """

    user_id: str = identifier("user", "Who")
    attribute: str = column("Attribute of `ingest.attributes`")
    attribute_value: str = column("What is known of it tonight")

    class Config:
        unique = ["user_id", "attribute"]


@contract("contacts_taken")
class ContactsTaken(Contract):
    """One row per (person, night, status) that the CRM has reported and `ntg contacts taken` has
    read back.
    """

    user_id: str = identifier("user", "Who")
    assigned_on: pl.Date = column("The night whose list it was, by its cutoff", unit="date")
    status: str = column("What was done", isin=[*STATUSES])
    arm: str = column("What was drawn for the person that night", isin=[*ARMS])
    file_name: str = column("The file that said so")
    sha256: str = column("SHA-256 of that file", str_matches=r"^[0-9a-f]{64}$")

    class Config:
        unique = ["user_id", "assigned_on", "status"]
