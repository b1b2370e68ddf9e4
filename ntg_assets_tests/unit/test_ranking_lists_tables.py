"""The assets that make lists take every graph that the blend knows."""

from dataclasses import fields

from ntg_assets.ranking.lists.assets import GraphTables
from ntg_assets.ranking.scoring.sources import GRAPH_TABLES


def test_lists_take_the_table_of_every_graph() -> None:
    assert {field.name for field in fields(GraphTables)} == set(GRAPH_TABLES.values())
