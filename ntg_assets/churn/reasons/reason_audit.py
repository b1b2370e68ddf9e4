"""Whether the reasons that were told make sense, judged from their words and the users' numbers
alone: what a reader who knows no model would object to.

Each sentence names facts, apart by semicolons, and a direction. A fact against the direction is one
that speaks for the other side: a silence of more than a usual gap that lowers the risk, more active
days than most that raise it.
"""

from typing import NamedTuple

import polars as pl

N_REASONS = 3
RAISES, LOWERS = ": raises the risk", ": lowers the risk"


class Objection(NamedTuple):
    """When a fact is against each direction.

    Attributes:
        begins: Pattern of the fact's words.
        against_raising: Over a user's numbers and `<number>_middle`, those of the middle one of
            those at risk.
        against_lowering: The same.
    """

    begins: str
    against_raising: pl.Expr
    against_lowering: pl.Expr


def _above(name: str) -> pl.Expr:
    return pl.col(name) > pl.col(f"{name}_middle")


def _below(name: str) -> pl.Expr:
    return pl.col(name) < pl.col(f"{name}_middle")


NEVER = pl.lit(value=False)
RATIO = pl.col("recency_to_mean_gap")
OBJECTIONS = (
    Objection(
        r"^last active \d+ days? ago(, [\d.]+ times the usual gap)?$",
        (RATIO < 1) & _below("recency_to_mean_gap") & ~_above("recency_days"),
        (RATIO > 1) | (RATIO.is_null() & _above("recency_days")),
    ),
    Objection(r"^more active days", pl.col("trend_log_ratio").is_not_null(), NEVER),
    Objection(r"^fewer active days", NEVER, pl.col("trend_log_ratio").is_not_null()),
    Objection(r"^usually", _below("mean_gap_days"), _above("mean_gap_days")),
    Objection(r"^only one active day", NEVER, pl.lit(value=True)),
    Objection(
        r"^\d+ active days? in the last 90 days",
        _above("active_days_90d"),
        _below("active_days_90d"),
    ),
    Objection(
        r"^[-\d.]+ events worth",
        _above("events_per_active_day"),
        _below("events_per_active_day"),
    ),
)
COMPARED = (
    "recency_days",
    "recency_to_mean_gap",
    "mean_gap_days",
    "active_days_90d",
    "events_per_active_day",
)


def reasons_against_sense(scores: pl.DataFrame, snapshots: pl.DataFrame) -> pl.DataFrame:
    """Return every fact of every reason that speaks against the direction it is told with.

    Args:
        scores: `churn_scores`.
        snapshots: `churn_snapshots`.

    Returns:
        `user_id`, `reason` (the sentence), `fact`.
    """
    now = snapshots.join(
        scores.select("user_id", "is_at_risk_population", snapshot_on="cutoff_on"),
        on=["user_id", "snapshot_on"],
    )
    peers = now.filter("is_at_risk_population")
    middle = peers.select(pl.col(name).median().alias(f"{name}_middle") for name in COMPARED)
    spoken = _facts_told(scores).join(now, on="user_id").join(middle, how="cross")
    against = [
        pl.col("fact").str.contains(rule.begins)
        & pl.when("raises").then(rule.against_raising).otherwise(rule.against_lowering)
        for rule in OBJECTIONS
    ]
    return spoken.filter(pl.any_horizontal(against)).select("user_id", "reason", "fact")


def _facts_told(scores: pl.DataFrame) -> pl.DataFrame:
    """One row per fact that is told with a direction: `user_id`, `reason`, `fact`, `raises`."""
    sentences = pl.concat(
        scores.select("user_id", reason=f"reason_{place}") for place in range(1, N_REASONS + 1)
    ).drop_nulls("reason")
    raises = pl.col("reason").str.contains(RAISES, literal=True)
    directed = sentences.with_columns(raises=raises).filter(
        raises | pl.col("reason").str.contains(LOWERS, literal=True)
    )
    facts = pl.col("reason").str.extract(r"^(.*): (?:raises|lowers) the risk", 1).str.split("; ")
    return directed.with_columns(fact=facts).explode("fact")
