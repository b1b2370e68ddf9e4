"""What Dagster's own GraphQL answers of the tables after a run: as its UI asks."""

import sys
from typing import Any

import dagster as dg
import pytest
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceLoadTarget

from ntg_assets.configuration.paths import Paths
from ntg_assets.contracts import column_names, contract_of
from ntg_assets.orchestration.instance import open_instance
from ntg_assets.orchestration.remembered_steps import REUSED
from ntg_assets.publish.pictures.figures import FIGURES
from ntg_assets.summaries import COUNTED
from ntg_assets_tests.workspaces import HOME, Workspace

pytestmark = pytest.mark.slow
BESIDE = {
    "dagster/row_count",
    "seconds",
    "peak_memory_mb",
}  # of any table: they say nothing of its content
ASKED = """{ assetNodes {
  assetKey { path }
  assetMaterializations(limit: 1) { metadataEntries {
    label
    ... on FloatMetadataEntry { floatValue }
    ... on IntMetadataEntry { intValue }
  } }
} }"""


class OwnDefinitions(WorkspaceLoadTarget):
    """The definitions of this process, without a server of their own."""

    def create_origins(self) -> list[InProcessCodeLocationOrigin]:
        target = LoadableTargetOrigin(
            executable_path=sys.executable, module_name="ntg_assets.definitions"
        )
        return [InProcessCodeLocationOrigin(loadable_target_origin=target, location_name="ntg")]


def nodes(workspace: Workspace) -> list[dict[str, Any]]:
    from dagster_graphql.schema import create_schema  # noqa: PLC0415  # slow to load

    paths = Paths(home=HOME, workspace=workspace.folder)
    with (
        open_instance(paths) as instance,
        WorkspaceProcessContext(instance, OwnDefinitions(), version="") as process,
    ):
        answer = create_schema().execute(ASKED, context_value=process.create_request_context())
    assert answer.errors is None
    listed: list[dict[str, Any]] = answer.data["assetNodes"]
    return listed


def test_every_table_shows_numbers_of_its_content(movielens: Workspace) -> None:
    listed = nodes(movielens)
    few = {}
    for node in listed:
        path, written = node["assetKey"]["path"], node["assetMaterializations"]
        numbers = {
            entry["label"]
            for entry in (written[0]["metadataEntries"] if written else [])
            if {"floatValue", "intValue"} & {*entry} and entry["label"] not in BESIDE
        }
        if len(numbers) < min(COUNTED, len(column_names(contract_of(path[-1])))):
            few["/".join(path)] = sorted(numbers)
    assert few == {}
    assert len(listed) > 200


def test_every_table_says_how_long_it_took(movielens: Workspace) -> None:
    untold = []
    for node in nodes(movielens):
        written = node["assetMaterializations"]
        labels = {entry["label"] for entry in written[0]["metadataEntries"]} if written else set()
        if not labels & {"seconds", REUSED}:
            untold.append(node["assetKey"]["path"])
    assert untold == []


def test_a_figure_is_on_the_page_of_the_table_that_it_draws(movielens: Workspace) -> None:
    paths = Paths(home=HOME, workspace=movielens.folder)
    with open_instance(paths) as instance:
        for spec in FIGURES.values():
            table, schema = next(iter(spec.tables.items()))
            [seen] = instance.fetch_observations(dg.AssetKey([schema, table]), limit=1).records
            assert seen.asset_observation is not None
            picture = seen.asset_observation.metadata["picture"]
            assert "data:image/png;base64," in str(picture.value)
