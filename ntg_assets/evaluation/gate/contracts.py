"""Contracts of the leakage audit and of the release gate."""

from ntg_assets.contracts import Contract, column, contract

VERDICTS = ("pass", "warn", "block")


@contract("leakage_audit")
class LeakageAudit(Contract):
    """One row per rule about time that a stored table of the back-test must keep."""

    table_name: str = column("Table that was asked")
    rule: str = column("What must hold for each of its rows")
    n_rows: int = column("Rows of the table", ge=0)
    n_violations: int = column("Rows that break the rule", ge=0)

    class Config:
        unique = ["table_name", "rule"]


@contract("release_gate")
class ReleaseGate(Contract):
    """One row per rule of the release gate, with the evidence it was decided on."""

    rule: str = column("What is asked of the back-test")
    verdict: str = column(
        "pass; warn: published with this reservation; block: nothing live is made", isin=VERDICTS
    )
    value: float = column("What was measured", nullable=True)
    threshold: float = column("What it is held against", nullable=True)
    n_users: int = column("Users behind the measurement", nullable=True, ge=0)
    evidence: str = column("The finding in one sentence")

    class Config:
        unique = ["rule"]
