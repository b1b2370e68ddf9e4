"""Health checks are files that register themselves; those that were added last."""

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from ntg_assets.experiments.data.evidence import ArmTraffic, Evidence
from ntg_assets.experiments.decision.gate import Gate, GateKind
from ntg_assets.experiments.health import effects, logs, metrics, traffic
from ntg_assets.experiments.health.health import examine
from ntg_assets.experiments.health.health_check import HealthCheck, Verdict
from ntg_assets.experiments.health.registry import HEALTH_CHECKS, health_check
from ntg_assets_tests.experiment_sums import sums
from ntg_assets_tests.trials import trial

VALUES = np.random.default_rng(1).normal(10, 1, 4_000)


def evidence(**segments: tuple[int, int]) -> Evidence:
    """Units of arms a and b in each segment."""
    totals = [sum(sizes[place] for sizes in segments.values()) for place in (0, 1)]
    return Evidence(
        traffic={
            arm: ArmTraffic(1.0, n, n, 0, 0, None, None)
            for arm, n in zip("ab", totals, strict=True)
        },
        sums={
            ("between users", "revenue", arm, segment): sums(VALUES[:n])
            for segment, sizes in segments.items()
            for arm, n in zip("ab", sizes, strict=True)
        },
    )


def checks(given: Evidence, **changes: Any) -> dict[str, HealthCheck]:
    return {check.check: check for check in examine(trial(**changes), given)}


def test_every_file_in_a_folder_of_checks_registers_one() -> None:
    for folder in (traffic, logs, metrics, effects):
        for path in sorted(folder.__path__):
            assert path
    names = [registered.name for registered in HEALTH_CHECKS]
    assert len(set(names)) == len(names) >= 18
    assert [registered.place for registered in HEALTH_CHECKS] == sorted(
        registered.place for registered in HEALTH_CHECKS
    )
    for registered in HEALTH_CHECKS:
        assert import_module(registered.run.__module__).check is registered.run
    with pytest.raises(ValueError, match="both want to be check 10"):
        health_check(10)(HEALTH_CHECKS[1].run)


@pytest.mark.parametrize(
    ("sizes", "verdict"),
    [((1_000, 1_000), "healthy"), ((1_000, 1_122), "warning"), ((1_000, 1_160), "sick")],
)
def test_between_one_in_a_hundred_and_one_in_a_thousand_is_a_caution(
    sizes: tuple[int, int], verdict: str
) -> None:
    found = checks(evidence(all=sizes))
    assert found["sample_ratio"].verdict == verdict
    assert "sample_ratio_by_segment" not in found  # there is one


def test_a_segment_may_be_off_while_the_whole_is_not() -> None:
    found = checks(evidence(at=(700, 500), de=(500, 700)))
    assert found["sample_ratio"].verdict is Verdict.HEALTHY
    part = found["sample_ratio_by_segment"]
    assert part.verdict is Verdict.WARNING
    assert part.sentence.startswith("units per arm do not fit the weights in segment at (700 : 500")
    level = checks(evidence(at=(600, 600), de=(500, 510)))["sample_ratio_by_segment"]
    assert level.verdict is Verdict.HEALTHY


def test_a_metric_with_too_few_events_waits_or_makes_no_claim() -> None:
    given = evidence(all=(500, 500))
    metrics_of = [{"name": "revenue", "kind": "revenue", "minimum_events": 600}, {"name": "other"}]
    assert checks(given, metrics=metrics_of)["enough_events:revenue"].verdict is Verdict.THIN
    enough = [{"name": "revenue", "kind": "revenue", "minimum_events": 400}, {"name": "other"}]
    assert checks(given, metrics=enough)["enough_events:revenue"].verdict is Verdict.HEALTHY
    secondary = [{"name": "revenue"}, {"name": "other", "minimum_events": 1}]
    found = checks(given, metrics=secondary)["enough_events:other"]
    assert (found.verdict, found.metric, found.value) == (Verdict.SICK, "other", 0)


def test_a_gate_knows_its_kind() -> None:
    gate = Gate(GateKind.HARM.of("health:odd name"), "b", None, None, "pass", "no harm")
    assert gate.kind is GateKind.HARM
    assert gate.gate == "harm:health:odd name"
