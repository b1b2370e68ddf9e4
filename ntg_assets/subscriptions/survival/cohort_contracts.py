"""Contract (of a table) of the life tables of cohorts."""

from ntg_assets.contracts import Contract, column, contract


@contract("contract_cohorts")
class ContractCohorts(Contract):
    """One row per (dimension, cohort, period): how many contracts came so far, and how many
    ended in it.
    """

    dimension: str = column("all, plan, or start_quarter")
    cohort: str = column("Which of them")
    period: int = column("Paid period, from 1", ge=1)
    n_at_risk: int = column("Contracts that came to its end or ended in it", ge=0)
    n_ended: int = column("Ended in it", ge=0)
    n_cancelled: int = column("By cancelling", ge=0)
    n_payment_failed: int = column("By a payment that failed", ge=0)
    hazard: float = column("n_ended / n_at_risk", unit="probability", ge=0, le=1)
    retention: float = column("Share that is left after it", unit="share", ge=0, le=1)
    retention_low: float = column(
        "Lower end of the 95% interval", unit="share", nullable=True, ge=0, le=1
    )
    retention_high: float = column("Upper end", unit="share", nullable=True, ge=0, le=1)

    class Config:
        unique = ["dimension", "cohort", "period"]
