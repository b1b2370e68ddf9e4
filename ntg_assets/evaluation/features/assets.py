"""Drift of the features as an asset."""

import dagster as dg
import polars as pl

from ntg_assets.errors import SourceError, StorageError
from ntg_assets.evaluation.features.contracts import FeatureDrift
from ntg_assets.evaluation.features.drift import feature_drift as compare
from ntg_assets.evaluation.features.drift import publication_before, published_features
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.splits.boundaries import train_end
from ntg_assets.stages import LIVE


@staged_asset(
    contract=FeatureDrift,
    group="features",
    stages=(LIVE,),
    files=("data/features", "data/history/generations"),
)
def feature_drift(
    context: dg.AssetExecutionContext,
    user_features: pl.DataFrame,
    item_features: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """How far tonight's features lie from those of the publication before: told, never blocking."""
    try:
        publication = publication_before(project.paths, train_end(split_boundaries))
        before = published_features(publication)
    except (
        SourceError,
        StorageError,
    ) as damaged:  # `ntg verify` says the same; a comparison stops no night
        context.log.warning("feature_drift: nothing is compared: %s", damaged)
        before = {}
    return compare({"user": user_features, "item": item_features}, before)
