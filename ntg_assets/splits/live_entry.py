"""The door of the live stage: what a closed release gate keeps out."""

import polars as pl

from ntg_assets.errors import LeakageError


def blocked_rules(gate: pl.DataFrame) -> list[str]:
    """Tell what closes the gate: nothing, or one sentence per blocking rule."""
    return [
        f"{row['rule']}: {row['evidence']}"
        for row in gate.filter(pl.col("verdict") == "block").iter_rows(named=True)
    ]


def require_open(gate: pl.DataFrame) -> None:
    """Refuse to go on when the gate is closed.

    Raises:
        LeakageError: at least one rule blocks; the message holds the evidence.
    """
    if closed := blocked_rules(gate):
        raise LeakageError(f"the release gate is closed, nothing live is made: {'; '.join(closed)}")
