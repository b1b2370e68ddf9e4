"""What Dagster's own GraphQL answers of the tables after a run: as its UI asks."""

import sys
from typing import Any

import pytest
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceLoadTarget
from dagster_graphql.schema import create_schema

from ntg_assets.configuration.paths import Paths
from ntg_assets.contracts import column_names, contract_of
from ntg_assets.orchestration.instance import open_instance
from ntg_assets.summaries import COUNTED
from ntg_assets_tests.workspaces import HOME, Workspace

pytestmark = pytest.mark.slow
BESIDE = {"dagster/row_count", "peak_memory_mb"}  # of any table: they say nothing of its content
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
