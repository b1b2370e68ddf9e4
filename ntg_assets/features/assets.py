"""Assets of the features; all of them look at TRAIN from the stage's cutoff."""

import polars as pl

from ntg_assets.features.contracts.interactions import InteractionFeatures
from ntg_assets.features.contracts.items import ItemFeatures
from ntg_assets.features.contracts.manifest import FeatureManifest
from ntg_assets.features.contracts.user_days import LearningDays, PriceSteps, UserDays
from ntg_assets.features.contracts.users import UserFeatures
from ntg_assets.features.feature_manifest import feature_manifest as describe_features
from ntg_assets.features.price_steps import (
    STEPS_SCHEMA,
    counts_amounts,
    find_price_steps,
    price_sample,
)
from ntg_assets.features.user_activity import active_users_at, user_activity_features
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.splits.boundaries import cutoff_day
from ntg_assets.sql import Query, Table, query, whole
from ntg_assets.stages import LEARNED_FROM, LIVE


@staged_asset(contract=UserDays, group="features", kinds=("sql",))
def user_days(train_events: Table) -> Query:
    """The days on which each user was active: small, and most user features need no more."""
    return query("features", "user_days", {"train_events": train_events})


@staged_asset(contract=PriceSteps, group="features", kinds=("polars",), live_reads=LEARNED_FROM)
def price_steps(user_days: Table, split_boundaries: pl.DataFrame, project: Project) -> pl.DataFrame:
    """When prices jumped, by what the same users paid before and after; none where active days are
    counted.
    """
    if not counts_amounts(project.settings.value):
        return pl.DataFrame(schema=STEPS_SCHEMA)
    amounts = project.read(price_sample(user_days))
    return find_price_steps(amounts, cutoff_on=cutoff_day(split_boundaries))


@staged_asset(contract=LearningDays, group="features", stages=(LIVE,), kinds=("sql",))
def learning_days(user_days: Table, learning_boundaries: pl.DataFrame) -> Query:
    """The active days that churn and value are learned from; the scores know all of TRAIN."""
    until_on = cutoff_day(learning_boundaries)
    return query("features", "learning_days", {"user_days": user_days}, until_on=until_on)


@staged_asset(contract=InteractionFeatures, group="features", kinds=("sql",))
def interaction_features(
    train_events: Table, split_boundaries: pl.DataFrame, project: Project
) -> Query:
    """How strongly each user has engaged with each item,
    against the user's and the item's own norm.
    """
    recent_days = project.settings.features.recent_days
    tables = {"train_events": train_events}
    return query(
        "features",
        "interaction_features",
        tables,
        cutoff_on=cutoff_day(split_boundaries),
        recent_days=recent_days,
    )


@staged_asset(contract=ItemFeatures, group="features", kinds=("sql",))
def item_features(
    train_events: Table, interaction_features: Table, split_boundaries: pl.DataFrame
) -> Query:
    """How popular each item is, for how long, with how many, and where it is heading."""
    tables = {"train_events": train_events, "interaction_features": interaction_features}
    return query("features", "item_features", tables, cutoff_on=cutoff_day(split_boundaries))


@staged_asset(contract=UserFeatures, group="features", kinds=("sql",))
def user_features(
    user_days: Table,
    interaction_features: Table,
    item_categories: Table,
    split_boundaries: pl.DataFrame,
) -> Query:
    """How often, how regularly, how lately and how broadly each user is active."""
    activity = user_activity_features(
        user_days, active_users_at(user_days, cutoff_day(split_boundaries))
    )
    pairs = {"interaction_features": interaction_features, "item_categories": item_categories}
    taste = whole(query("features", "user_taste_features", pairs))
    return query("features", "user_features", {"activity": activity, "taste": taste})


@staged_asset(contract=FeatureManifest, group="features", kinds=("sql",))
def feature_manifest(
    user_features: Table, item_features: Table, interaction_features: Table
) -> Query:
    """What every feature means, what it is made from, and what its column holds."""
    tables = {
        "user_features": user_features,
        "item_features": item_features,
        "interaction_features": interaction_features,
    }
    return describe_features(tables)
