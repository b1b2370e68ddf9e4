"""The graph reads from left to right in few groups, and each table says whose it is."""

from pathlib import Path

import dagster as dg
import pytest

from ntg_assets.definitions import STAGE_JOBS, defs
from ntg_assets.orchestration.asset_specs import CODE, URI
from ntg_assets.orchestration.domains import DOMAIN, GROUPS, PART, STAGE
from ntg_assets.publish.generations.read_copy import READ_COPY_TABLES

GRAPH = defs.resolve_job_def("nightly").asset_layer.asset_graph
NODES = [GRAPH.get(key) for key in sorted(GRAPH.get_all_asset_keys())]


def test_at_most_eight_groups_and_none_is_empty() -> None:
    assert len(GROUPS) <= 8
    assert {node.group_name for node in NODES} == set(GROUPS)


def test_no_line_leads_from_right_to_left() -> None:
    place = {group: number for number, group in enumerate(GROUPS)}
    back = [
        f"{parent.to_user_string()} -> {node.key.to_user_string()}"
        for node in NODES
        for parent in node.parent_keys
        if place[str(GRAPH.get(parent).group_name)] > place[str(node.group_name)]
    ]
    assert back == []


def test_no_check_waits_for_what_lies_to_the_right_of_its_table() -> None:
    """A command that makes one part asks the checks of its tables, and what comes later is none."""
    place = {group: number for number, group in enumerate(GROUPS)}
    back = [
        f"{parent.to_user_string()} -> {key.to_user_string()}"
        for key in sorted(GRAPH.asset_check_keys, key=str)
        for parent in GRAPH.get(key).parent_entity_keys
        if place[str(GRAPH.get(parent).group_name)]
        > place[str(GRAPH.get(key.asset_key).group_name)]
    ]
    assert back == []
    assert any(len(GRAPH.get(key).parent_entity_keys) > 1 for key in GRAPH.asset_check_keys)


def test_every_table_has_tags_an_owner_and_a_description() -> None:
    for node in NODES:
        assert {STAGE, DOMAIN, PART} <= set(node.tags), node.key
        assert node.tags[STAGE] == node.key.path[0]
        assert node.owners, node.key
        assert node.description, node.key
    assert len({owner for node in NODES for owner in node.owners}) > 1


@pytest.mark.parametrize("stage", list(STAGE_JOBS))
def test_stage_has_a_job_of_its_own(stage: str) -> None:
    job = defs.resolve_job_def(f"{stage}_alone")
    made = {*job.asset_layer.executable_asset_keys}
    assert made == {node.key for node in NODES if str(node.group_name).startswith(stage)}


def test_every_table_says_where_it_lies_and_which_lines_make_it() -> None:
    for node in NODES:
        assert node.metadata[URI] == f"data/warehouse/warehouse.duckdb#{'.'.join(node.key.path)}"
        references = node.metadata[CODE].code_references
        maker = Path(references[0].file_path).read_text(encoding="utf-8").splitlines()
        assert maker[references[0].line_number - 1].lstrip().startswith("@"), node.key
        for reference in references[1:]:
            assert reference.file_path.endswith(f"/{node.key.path[-1]}.sql")
            assert Path(reference.file_path).is_file()
    churn_labels = GRAPH.get(dg.AssetKey(["live", "churn_labels"])).metadata[CODE].code_references
    assert [reference.label for reference in churn_labels] == [
        "ntg_assets/churn/assets.py",
        "ntg_assets/churn/churn_labels.sql",
    ]


def test_publication_stands_on_few_parents_and_on_every_table_that_it_publishes() -> None:
    publication = dg.AssetKey(["published", "publication"])
    assert len(GRAPH.get(publication).parent_keys) <= 12
    before = dg.AssetSelection.assets(publication).upstream().resolve(GRAPH)
    assert {dg.AssetKey([*table]) for table in READ_COPY_TABLES} <= before
    gathering = {node.key: node for node in NODES if node.key.path[-1].endswith("_contents")}
    assert max(len(node.parent_keys) for node in gathering.values()) <= 25
