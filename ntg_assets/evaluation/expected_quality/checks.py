"""Check of the expected quality: earlier expectations held."""

import dagster as dg
import polars as pl

from ntg_assets.evaluation.expected_quality.sentences import held
from ntg_assets.orchestration.checking import staged_check
from ntg_assets.stages import PUBLISHED


@staged_check("expected_quality", stages=(PUBLISHED,))
def earlier_expectations_held(expected_quality: pl.DataFrame) -> dg.AssetCheckResult:
    """What was then seen lay inside the interval in nine of ten cases, or in so many that chance
    explains the rest; a warning, since the future may differ from the past.
    """
    count = held(expected_quality)
    return dg.AssetCheckResult(
        passed=count.is_borne_out,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"the truth lay inside in {count.n_inside} of {count.n_judged} cases",
    )
