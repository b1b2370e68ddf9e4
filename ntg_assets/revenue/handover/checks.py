"""Checks of the hand-over: one row per person, everybody accounted for, nobody who was held out."""

import dagster as dg
import polars as pl

from ntg_assets.orchestration.checking import staged_check
from ntg_assets.stages import LIVE


def handed_over_wrongly(handed: pl.DataFrame, targets: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of people who are handed over twice, or whom their strategy does not
    contact.
    """
    contacts = targets.filter(pl.col("action") == "contact")
    twice = handed.filter(pl.col("user_id").is_duplicated())
    unwanted = handed.join(contacts, on=["strategy", "user_id"], how="anti")
    return pl.concat([twice, unwanted])


@staged_check("crm_handover", stages=(LIVE,), blocking=True)
def each_person_is_handed_over_once(
    crm_handover: pl.DataFrame, intervention_targets: pl.DataFrame, handover_report: pl.DataFrame
) -> dg.AssetCheckResult:
    """Each person is handed over once, by a strategy that contacts them, and nobody is lost."""
    broken = handed_over_wrongly(crm_handover, intervention_targets)
    parts = pl.sum_horizontal("n_handed_over", "n_to_others", "n_left_out")
    unequal = handover_report.filter(parts != pl.col("n_wanted"))
    n_lost = int(handover_report["n_to_others"].sum())
    return dg.AssetCheckResult(
        passed=broken.is_empty() and unequal.is_empty(),
        description=(
            f"{crm_handover.height:,} people are handed over; {n_lost:,} further wishes for them"
            f" gave way to an earlier strategy; {broken.height} rows are wrong,"
            f" {unequal.height} strategies do not add up"
        ),
        metadata={"first": str(broken.head(3).rows())},
    )
