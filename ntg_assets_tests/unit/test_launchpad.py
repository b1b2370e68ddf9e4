"""What one run may change: modelling values within their limits, by one door;
every other entry is refused before anything is written.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.execution.api import execute_run_iterator

from ntg_assets.cli.running.runs import nightly_job, select_assets
from ntg_assets.configuration.modelling_key import ModellingKey
from ntg_assets.configuration.modelling_keys import (
    DEPLOYMENT_KEYS,
    MODELLING_KEYS,
    configuration_keys,
    modelling_keys,
    validate_overrides,
    why_refused,
)
from ntg_assets.configuration.settings import BASE, validate_settings
from ntg_assets.configuration.tree import merge, nest, read_tree
from ntg_assets.definitions import defs
from ntg_assets.errors import ConfigurationError
from ntg_assets.orchestration.launchpad import project_of_run

ALL_KEYS = [key.name for key in configuration_keys()]
JOBS = [defs.resolve_job_def("nightly"), defs.resolve_implicit_global_asset_job_def()]
FIRST = select_assets(["ingest"])


def test_every_key_of_the_configuration_is_decided_and_only_once() -> None:
    """Whoever adds a key decides: a modelling value with limits,
    or the deployment's with the reason.
    """
    assert [
        key for key in ALL_KEYS if (key in MODELLING_KEYS) == (why_refused(key) is not None)
    ] == []


def test_no_decision_is_about_a_key_that_is_gone() -> None:
    assert [key for key in MODELLING_KEYS if key not in ALL_KEYS] == []
    assert [
        key
        for key in DEPLOYMENT_KEYS
        if not any(f"{known}.".startswith(f"{key}.") for known in ALL_KEYS)
    ] == []


def test_the_launchpad_says_of_each_key_what_is_written_below_its_field() -> None:
    described = {key.name: key.description for key in modelling_keys()}
    assert [name for name, description in described.items() if not description] == []
    assert described["taste.neighbours_per_item"] == "Most edges that leave one item."


@pytest.mark.parametrize("key", modelling_keys(), ids=lambda key: key.name)
def test_both_limits_are_accepted_and_what_lies_beyond_is_not(
    key: ModellingKey, shipped: dict[str, Any]
) -> None:
    for limit, beyond in ((key.low, key.low - 1), (key.high, key.high * 2)):
        value, wrong = ([limit], [beyond]) if key.is_list else (limit, beyond)
        validate_settings(merge(shipped, nest(key.name, value)))
        assert validate_overrides({key.name: value}) == {key.name: value}
        assert not key.accepts(wrong)


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), 1e308, 10**400, -1, "1", "", True, {}, [[1]], [], [1.0] * 21],
)
def test_no_key_takes_what_is_no_number_within_its_limits(value: object) -> None:
    assert [key.name for key in modelling_keys() if key.accepts(value)] == []


def test_a_refusal_says_why_and_what_may_be_set() -> None:
    with pytest.raises(ConfigurationError) as refused:
        validate_overrides({"gate.harm_margin": 1e9, "ranking.top_k": 0, "ranking.topk": 5})
    told = str(refused.value)
    assert (
        "gate.harm_margin says what a release must show, so it is set in the configuration file"
        in told
    )
    assert "ranking.top_k must be a whole number from 1 to 200 (found 0)" in told
    assert "'ranking.topk' is no key that a run may set; did you mean 'ranking.top_k'?" in told
    assert "One run may set: features.recent_days, taste.neighbours_per_item, " in told


def entries(config: Any, path: str = "") -> Iterator[str]:
    """Every place of a run's configuration where something can be written."""
    below = getattr(config, "fields", None)
    if not below:
        yield path
    for name, field in (below or {}).items():
        yield from entries(field.config_type, f"{path}:{name}")


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_the_launchpad_has_no_other_entry(job: dg.JobDefinition) -> None:
    """Each resource, IO manager, logger and executor that takes a value would be one."""
    offered = {
        entry
        for entry in entries(job.run_config_schema.config_type)
        if not entry.startswith(":ops:")
    }
    assert offered == {
        ":execution:config",
        ":loggers:console:config:log_level",
        ":loggers:console:config:standard_error",
        ":resources:io_manager:config",
        ":resources:project:config:remake",
        *(f":resources:project:config:overrides:{key}" for key in MODELLING_KEYS),
    }


def overriding(key: str, value: object) -> dict[str, Any]:
    return {"resources": {"project": {"config": {"overrides": {key: value}}}}}


OFFERED_ONLY = "Received unexpected config entry"
ATTACKS: dict[str, tuple[dict[str, Any], str]] = {
    "another configuration": (
        {"resources": {"project": {"config": {"config_file": "configs/prod.yaml"}}}},
        OFFERED_ONLY,
    ),
    "another database": (
        {"resources": {"io_manager": {"config": {"database": "/etc/other.duckdb"}}}},
        OFFERED_ONLY,
    ),
    "steps after failed ones": (
        {"execution": {"config": {"step_dependency_config": {}}}},
        OFFERED_ONLY,
    ),
    "readable folders": (overriding("ingest.source_folders", ["/etc"]), OFFERED_ONLY),
    "no opt-outs": (overriding("radar.opt_out_file", "empty.csv"), OFFERED_ONLY),
    "an open gate": (overriding("gate.harm_margin", 1e9), OFFERED_ONLY),
    "another workspace": (overriding("workspace", "/etc"), OFFERED_ONLY),
    "a section": (overriding("ranking", {"top_k": 3}), OFFERED_ONLY),
    "text": (overriding("ranking.top_k", "10"), "Invalid scalar"),
    "no number": (
        overriding("taste.shrinkage", float("nan")),
        "must be a number from 0 to 1,000 (found nan)",
    ),
    "a huge number": (
        overriding("taste.shrinkage", 1e308),
        "must be a number from 0 to 1,000 (found 1e+308)",
    ),
    "a negative number": (
        overriding("ranking.top_k", -1),
        "must be a whole number from 1 to 200 (found -1)",
    ),
}


def launch(run_config: dict[str, Any]) -> str:
    """Launch the first assets as the UI does; return why that was refused."""
    with dg.DagsterInstance.ephemeral() as instance:
        try:
            run = instance.create_run_for_job(JOBS[0], run_config=run_config, asset_selection=FIRST)
        except dg.DagsterInvalidConfigError as refused:
            return str(refused)
        job = dg.reconstructable(nightly_job).get_subset(asset_selection=FIRST)
        failed = [
            event for event in execute_run_iterator(job, run, instance) if event.is_job_failure
        ]
        assert len(failed) == 1
        return str(failed[0].job_failure_data.error)


@pytest.mark.parametrize(("attack", "told"), ATTACKS.values(), ids=list(ATTACKS))
def test_what_is_not_offered_is_refused_before_anything_is_written(
    attack: dict[str, Any], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NTG_WORKSPACE", str(tmp_path))
    assert told in launch(attack)
    # the refusal itself is logged
    assert [
        file for file in tmp_path.rglob("*") if file.is_file() and file.suffix != ".jsonl"
    ] == []


def test_a_modelling_value_reaches_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NTG_WORKSPACE", str(tmp_path))
    with dg.build_resources(
        {"project": project_of_run}, resource_config=overriding("ranking.top_k", 7)["resources"]
    ) as resources:
        assert resources.project.settings.ranking.top_k == 7


@pytest.fixture(scope="module")
def shipped() -> dict[str, Any]:
    """The configuration of the bundled sample, as one tree."""
    configs = Path(__file__).parents[2] / "configs"
    return merge(read_tree(BASE), read_tree(configs / "dev.yaml"))


def test_the_job_of_experiments_makes_their_tables_and_nothing_live() -> None:
    chosen = defs.resolve_job_def("experiments").asset_layer.selected_asset_keys
    every = defs.resolve_asset_graph().get_all_asset_keys()
    assert {key for key in every if key.path[0] == "experiments"} <= set(chosen)
    assert {"live", "published"}.isdisjoint(key.path[0] for key in chosen)
