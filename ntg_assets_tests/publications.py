"""A small published store made of a world, without a run."""

from datetime import datetime
from pathlib import Path

import polars as pl

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings, load_settings
from ntg_assets.publish.manifest import Manifest, describe_file, write_manifest
from ntg_assets.storage.connection import connect
from ntg_assets_tests.ranking_world import World
from ntg_assets_tests.workspaces import HOME

STORY_TABLES = (
    "revenue_risk_radar",
    "churn_scores",
    "ltv_estimates",
    "radar_stability",
    "intervention_targets",
)


def settings_of(world: World, **sections: object) -> Settings:
    """Return the configuration that the world was made with."""
    base = load_settings("configs/dev.yaml", home=HOME, environment={})
    return base.model_copy(update={"ranking": world.model.settings, **sections})


def publish_world(
    world: World,
    log: pl.DataFrame,
    folder: Path,
    *,
    cutoff_at: datetime,
    items: pl.DataFrame,
    item_categories: pl.DataFrame,
    generation: str = "first",
    configuration: str = "of the test",
    more: dict[str, pl.DataFrame] | None = None,
) -> Paths:
    """Write the tables of a world as a publication; replace the one before as publishing does."""
    paths = Paths(home=HOME, workspace=folder)
    boundaries = pl.DataFrame(
        {"part": ["train"], "start_at": [log["event_at"].min()], "end_at": [cutoff_at]}
    )
    nobody = {
        name: pl.DataFrame(schema={"user_id": log.schema["user_id"]}) for name in STORY_TABLES
    }
    users = log.select("user_id").unique()
    live = {
        **world.tables,
        **nobody,
        "split_boundaries": boundaries,
        "user_features": users,
        **(more or {}),
    }
    ingest = {"events": log, "items": items, "item_categories": item_categories}
    part = paths.published_store.with_name("part.duckdb")
    with connect(part) as connection:
        for schema, tables in (("live", live), ("ingest", ingest)):
            connection.execute(f"create schema {schema}")
            for name, frame in tables.items():
                connection.register("incoming", frame)
                connection.execute(f"create table {schema}.{name} as select * from incoming")
    part.replace(paths.published_store)
    header = {"source": "a world", "configuration": configuration, "as_of": cutoff_at.isoformat()}
    paths.manifest.parent.mkdir(parents=True, exist_ok=True)
    listed = [describe_file(paths.published_store, workspace=folder, kind="store")]
    write_manifest(Manifest(generation=generation, files=listed, **header), paths.manifest)
    return paths
