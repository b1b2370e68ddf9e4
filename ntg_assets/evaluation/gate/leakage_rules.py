"""Rules on who saw what: the split is chronological, nothing from the future is stored."""

import polars as pl

from ntg_assets.evaluation.gate.findings import Finding, Row, Verdict
from ntg_assets.evaluation.leakage.findings import CAN_BE_MADE, END, NOT_AUDITED


def chronological(report: pl.DataFrame, *, strategy: str) -> Finding:
    """Hold TRAIN against the held-out parts: whether any of it lies after their start."""
    share = float(report["look_ahead_share"].max() or 0.0)  # type: ignore[arg-type]  # a float column
    evidence = f"{share:.1%} of TRAIN lies after the start of a held-out part (strategy {strategy})"
    verdict: Verdict = "pass" if share == 0 else "warn" if strategy == "per_user" else "block"
    n_known = report.filter(pl.col("part") == "test")["n_known_users"].sum()
    return Finding("the split is chronological", verdict, share, 0.0, int(n_known), evidence)


def nothing_from_the_future(audit: pl.DataFrame) -> Finding:
    """Hold the audit against its rules: dates, and tables made again with other futures."""
    broken = audit.filter(pl.col("n_violations") > 0)
    n_rows = int(broken["n_violations"].sum())
    rules = (
        f"{audit.height} rules asked of {audit['table_name'].n_unique()} tables, {n_rows} rows"
        " break one"
    )
    if broken.height:
        rules += f" (first: {_what_broke(broken.row(0, named=True))})"
    unaudited = _not_remade(audit)
    verdict: Verdict = "block" if n_rows else "warn" if unaudited else "pass"
    evidence = f"{rules}; {unaudited or _remade(audit)}"
    return Finding("nothing from the future is stored", verdict, float(n_rows), 0.0, None, evidence)


def _what_broke(row: Row) -> str:
    return row.get("detail") or f"{row['table_name']}: {row['rule']}"


def _not_remade(audit: pl.DataFrame) -> str | None:
    """Say why nothing was made again with other futures; None where it was."""
    missing = audit.filter(pl.col("rule") == CAN_BE_MADE, pl.col("n_violations") == 0)
    return missing["detail"][0] if missing.height else None


def _remade(audit: pl.DataFrame) -> str:
    again = audit.filter(pl.col("rule") == END)
    if again.is_empty():
        return "nothing was re-made with another future"
    unmoved = again["detail"].str.extract(f"{NOT_AUDITED}[^:]*: ([^;]*)$").drop_nulls()
    n_unmoved = int(unmoved.str.count_matches(",").sum()) + len(unmoved)
    return (
        f"{again.height} tables of a planted world are the same whatever its future ({n_unmoved}"
        " columns not audited, for another past does not move them)"
    )
