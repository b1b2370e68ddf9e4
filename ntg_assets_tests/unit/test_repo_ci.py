"""The workflows and `.ci/run`: the same commands as on a developer's machine,
with pinned actions.
"""

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def steps(workflow: Path) -> list[dict[str, Any]]:
    jobs = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def commands(name: str) -> str:
    return "\n".join(
        step["run"] for step in steps(ROOT / ".github" / "workflows" / name) if "run" in step
    )


def test_there_is_one_workflow_for_changes_and_one_for_the_night() -> None:
    assert [workflow.name for workflow in WORKFLOWS] == ["ci.yml", "nightly.yml"]


def test_ci_run_checks_and_tests() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert re.findall(r"^make (\w+)$", script.read_text(encoding="utf-8"), re.MULTILINE) == [
        "check",
        "test",
    ]
    assert ".ci/run" in commands("ci.yml")


def test_the_night_runs_the_real_and_the_synthetic_data_and_verifies() -> None:
    assert re.findall(r"make [\w-]+|ntg verify", commands("nightly.yml")) == [
        "make run",
        "make synth",
        "ntg verify",
        "make test-stack",
        "make test-coverage",
        "make test-determinism",
        "make test-reliability",
        "make test-engines",
        "make test-lowest",
    ]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_to_a_commit_and_say_which_version_it_is(workflow: Path) -> None:
    used = re.findall(r"uses: (.+)$", workflow.read_text(encoding="utf-8"), re.MULTILINE)
    assert used
    assert [
        action
        for action in used
        if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)
    ] == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_only_read_and_ends_by_itself(workflow: Path) -> None:
    content = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    assert content["permissions"] == {"contents": "read"}
    assert all(job["timeout-minutes"] <= 120 for job in content["jobs"].values())
