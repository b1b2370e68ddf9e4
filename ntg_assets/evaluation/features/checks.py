"""The check that tells of features that moved."""

import dagster as dg
import polars as pl

from ntg_assets.evaluation.features.drift import describe_drift
from ntg_assets.orchestration.checking import staged_check
from ntg_assets.stages import LIVE


@staged_check("feature_drift", stages=(LIVE,))
def features_are_as_before(feature_drift: pl.DataFrame) -> dg.AssetCheckResult:
    """No feature's distribution is another one than in the publication before (psi above .25): a
    changed source, a lost part of the log, or a real change.
    """
    return dg.AssetCheckResult(
        passed=not feature_drift["is_alarm"].any(),
        severity=dg.AssetCheckSeverity.WARN,
        description=describe_drift(feature_drift),
        metadata={"n_features": feature_drift.height},
    )
