"""One rule of the gate, decided: and what luck alone, or too few users, make of it."""

from typing import Any, Literal, NamedTuple

import polars as pl

from ntg_assets.configuration.gate import GateSettings

Verdict = Literal["pass", "warn", "block"]
Row = dict[str, Any]

# users, or forecasts of either outcome: a bootstrap of fewer is too narrow, and the first tenth
# misses them all by luck
FEWEST = 30
HARM = "evidence of harm"


class Finding(NamedTuple):
    """One rule, decided."""

    rule: str
    verdict: Verdict
    value: float | None
    threshold: float | None
    n_users: int | None
    evidence: str


def unproven(rule: str, threshold: float | None, why: str) -> Finding:
    """Warn that a rule had nothing to judge on this log."""
    return Finding(rule, "warn", None, threshold, 0, why)


def unless_few(harm: Finding, n: int, what: str) -> Finding:
    """Block on evidence of harm, unless it rests on so few that luck looks the same."""
    if n >= FEWEST:
        return harm._replace(evidence=f"{harm.evidence}: {HARM}")
    few = f"on the wrong side, but {n:,} {what} are too few to prove harm ({FEWEST} do)"
    return harm._replace(verdict="warn", evidence=f"{harm.evidence}: {few}")


def unless_thin(finding: Finding, *, settings: GateSettings) -> Finding:
    """Turn a pass on few users into a warning that names their number."""
    n_users = finding.n_users or 0
    if finding.verdict == "pass" and n_users < settings.minimum_users:
        thin = f"{n_users:,} of the {settings.minimum_users:,} users that a claim needs"
        evidence = f"{finding.evidence}; thin evidence: {thin}"
        return finding._replace(verdict="warn", evidence=evidence)
    return finding


def headline(calibration: pl.DataFrame, metric: str) -> Row | None:
    """Find a metric over all users, in the evaluation that has most of them."""
    return largest(matching(calibration, segment="all", bin=0, metric=metric))


def row_of(report: pl.DataFrame, **key: object) -> Row | None:
    """Find the row with these values that rests on most users; None where there is none."""
    return largest(matching(report, **key))


def matching(table: pl.DataFrame, **key: object) -> pl.DataFrame:
    """Keep the rows that hold each of these values."""
    return table.filter(pl.all_horizontal(*(pl.col(name) == value for name, value in key.items())))


def largest(rows: pl.DataFrame) -> Row | None:
    """Take the row that rests on most users; None of no rows."""
    return (
        rows.sort("n_users", descending=True, maintain_order=True).row(0, named=True)
        if rows.height
        else None
    )
