"""The model of tonight's lists, made again from the tables of a published store."""

from collections.abc import Mapping

import polars as pl

from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.interactions.dislikes import mark_dislikes
from ntg_assets.interactions.interactions import Interactions, code_interactions
from ntg_assets.ranking.lists.published_lists import STAGE, columns_of, read_table, stored_events
from ntg_assets.ranking.scoring.model import RankingModel
from ntg_assets.ranking.scoring.ranking_model import catalogue, ranking_model
from ntg_assets.ranking.scoring.sources import GRAPHS
from ntg_assets.splits.boundaries import train_end, zone_of
from ntg_assets.sql import Table
from ntg_assets.storage.connection import Connection

OTHER_TABLES = (
    "item_popularity",
    "item_rules",
    "ranking_weights",
    "default_list",
    "split_boundaries",
)


def other_tables(connection: Connection) -> dict[str, pl.DataFrame]:
    """Read the small tables that lists are made from beside the graphs, by name."""
    return {name: read_table(connection, Table(STAGE, name)) for name in OTHER_TABLES}


def published_graphs(connection: Connection) -> dict[str, pl.DataFrame]:
    """Read the edges of each graph that lists are scored with, by name."""
    return {
        name: read_table(connection, Table(STAGE, graph.table), columns_of(*graph.columns))
        for name, graph in GRAPHS.items()
    }


def published_log(
    connection: Connection, tables: Mapping[str, pl.DataFrame], *, settings: RankingSettings
) -> Interactions:
    """Read all histories before the cutoff, coded with the items of the model.

    Args:
        connection: To the published store.
        tables: `other_tables`.
        settings: `ranking` of the configuration that made the tables.
    """
    cutoff_at = train_end(tables["split_boundaries"])
    events = stored_events(connection, dislikes=settings.dislikes, cutoff_at=cutoff_at)
    marked = mark_dislikes(events, settings.dislikes)
    return code_interactions(marked, items=catalogue(tables["item_popularity"]))


def published_model(
    tables: Mapping[str, pl.DataFrame],
    graphs: Mapping[str, pl.DataFrame],
    *,
    settings: RankingSettings,
    log: Interactions | None,
) -> RankingModel:
    """Make the model of the night.

    Args:
        tables: `other_tables`.
        graphs: `published_graphs`.
        settings: `ranking` of the configuration that made the tables.
        log: `published_log`, where it is held or neighbours are asked for.
    """
    return ranking_model(
        popularity=tables["item_popularity"],
        graphs=graphs,
        cutoff_at=train_end(tables["split_boundaries"]),
        settings=settings,
        weights=tables["ranking_weights"],
        item_rules=tables["item_rules"],
        zone=zone_of(tables["split_boundaries"]),
        log=log,
    )
