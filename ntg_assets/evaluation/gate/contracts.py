"""Contracts of the leakage audit and of the release gate."""

from ntg_assets.contracts import Contract, column, contract
from ntg_assets.summaries import summary

VERDICTS = ("pass", "warn", "block")


@contract("leakage_audit")
@summary(
    measures={
        "n_rules": "count(*)",
        "n_rows_looked_at": "sum(n_rows)",
        "n_violations": "sum(n_violations)",
    },
    order=("n_violations desc", "table_name", "rule"),
)
class LeakageAudit(Contract):
    """One row per rule about time that a stored table of the back-test must keep."""

    table_name: str = column("Table that was asked")
    rule: str = column("What must hold for each of its rows")
    n_rows: int = column("Rows of the table", ge=0)
    n_violations: int = column("Rows that break the rule", ge=0)
    detail: str = column(
        "What differs, column by column, and what was not audited; null: nothing", nullable=True
    )

    class Config:
        unique = ["table_name", "rule"]


@contract("release_gate")
@summary(
    measures={
        "n_rules": "count(*)",
        "n_passed": "count(*) filter (verdict = 'pass')",
        "n_warned": "count(*) filter (verdict = 'warn')",
        "n_blocked": "count(*) filter (verdict not in ('pass', 'warn'))",
    },
    order=("verdict", "rule"),
)
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
