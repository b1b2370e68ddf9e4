"""What the audit that re-makes found, as rows of `leakage_audit`."""

from dataclasses import dataclass

import polars as pl

from ntg_assets.evaluation.leakage.comparison import Difference

AUDIT_TYPES = {
    "table_name": pl.String,
    "rule": pl.String,
    "n_rows": pl.Int64,
    "n_violations": pl.Int64,
    "detail": pl.String,
}
END = "another future from the end of TRAIN changes nothing"
CUT = "another future from the inner cut changes nothing but labels"
ORIGIN = "another future from an early origin changes no row of before"
NIGHT = "another night before leaves nothing behind that changes this one"
LATER = "later publications and later days of the history change nothing"
WORLD, CAN_BE_MADE = "planted_world", "the back-test can be made of it"
NOT_AUDITED = "not audited"
SHOWN = 3
NONE_MADE = "this configuration makes none of the planted world"
WITHOUT_ROWS = {
    "capped_days": "value.basis does not count the amounts of events",
    "price_steps": "value.basis counts no amounts, or a horizon is too short to see prices jump",
    "contact_holds": "the lists of the planted world can be read: one row would empty every list",
}


@dataclass(frozen=True)
class Finding:
    """What one table showed under one rule."""

    table: str
    rule: str
    n_rows: int
    differences: tuple[tuple[str, Difference], ...] = ()
    not_audited: tuple[str, ...] = ()

    def as_row(self) -> tuple[str, str, int, int, str | None]:
        """One row of `leakage_audit`."""
        sentences = [
            f"{self.table}.{difference.column} differs in {difference.n_rows} rows when the future"
            f" is {future} ({difference.example})"
            for future, difference in self.differences[:SHOWN]
        ]
        if len(self.differences) > SHOWN:
            sentences.append(f"and {len(self.differences) - SHOWN} more")
        if self.not_audited:
            sentences.append(f"{NOT_AUDITED}, {self._why()}: " + ", ".join(self.not_audited))
        n_violations = max((difference.n_rows for _, difference in self.differences), default=0)
        return self.table, self.rule, self.n_rows, n_violations, "; ".join(sentences) or None

    def _why(self) -> str:
        """Say why columns were not looked at."""
        if self.n_rows:
            return "for another past does not move it"
        return f"for there are no rows ({WITHOUT_ROWS.get(self.table, NONE_MADE)})"


def unaudited(detail: str, *, n_violations: int = 0) -> pl.DataFrame:
    """Say why nothing was audited: the one row of such a verdict."""
    row = (WORLD, CAN_BE_MADE, 0, n_violations, detail)
    return pl.DataFrame([row], schema=AUDIT_TYPES, orient="row")
