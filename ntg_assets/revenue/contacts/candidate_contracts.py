"""Contracts of whom a contact could be about, and who is on no list."""

from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.revenue.contacts.contact_candidates import BASES
from ntg_assets.revenue.contacts.contact_rules import RULES
from ntg_assets.revenue.value.contracts import UNIT


@contract("contact_candidates")
class ContactCandidates(Contract):
    """One row per user: the chance to lose them and what that costs, by contract or by silence."""

    user_id: str = identifier("user", "Who")
    basis: str = column(
        "What is lost: contract, its end; silence, where there is none; left, who stays away",
        isin=[*BASES],
    )
    churn_probability: float = column(
        "Chance to be lost within the churn horizon; of several contracts weighed by what they put"
        " at stake; of who left the chance to stay away",
        unit="probability",
        ge=0,
        le=1,
    )
    churn_probability_before: float = column(
        "One step before; null: not known", unit="probability", ge=0, le=1, nullable=True
    )
    ltv_at_stake: float = column(
        "What staying (or coming back) is worth more than leaving (or staying away)",
        unit="unit",
        ge=0,
    )
    revenue_at_risk: float = column("churn_probability * ltv_at_stake, exactly", unit="unit", ge=0)
    is_at_risk_population: bool = column("Whether a list may ask for them")
    is_sleeper: bool = column("Whether they pay and have not watched")
    unit: str = column("Unit of value", str_matches=UNIT)
    reason_1: str = column("What raises the chance most", nullable=True)
    left_out: str = column(
        "Why no list asks for them although something is at stake", nullable=True
    )

    class Config:
        unique = ["user_id"]


@contract("contact_rules")
class ContactRules(Contract):
    """One row per (user, reason): who is on no contact list, whatever a strategy says."""

    user_id: str = identifier("user", "Who")
    exclusion: str = column("Kind of reason", isin=[*RULES])
    detail: str = column("The reason in words")

    class Config:
        unique = ["user_id", "exclusion"]
