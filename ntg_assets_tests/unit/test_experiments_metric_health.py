"""Every metric that is read out is looked at: without events,
or with values missing on one side, it makes no claim.
"""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntg_assets_tests.trials import Concluded, conclude, trial, write_logs

START = datetime(2026, 1, 5)
REVENUE = {"name": "revenue", "kind": "revenue", "event_types": ["buy"]}
Rows = list[tuple[Any, ...]]


def complaints(*kinds: str, kind: str = "any", **more: Any) -> dict[str, Any]:
    return {
        "name": "complaints",
        "kind": "proportion",
        "measure": kind,
        "event_types": list(kinds),
        **more,
    }


def logged(home: Path, *more: tuple[Any, ...], n: int = 300, missing: str = "") -> None:
    """Arm b spends more; of the arms in `missing` two units of three have a rental without a
    value.
    """
    rng, seen = np.random.default_rng(4), []
    did: Rows = [("other", START + timedelta(days=60), "buy", 0)]
    for unit in range(n):
        arm, at = "ab"[unit % 2], START + timedelta(days=21 * unit / n)
        seen.append((unit, arm, at))
        for day in range(1, 13, 3):
            did.append(
                (
                    unit,
                    at + timedelta(days=day),
                    "buy",
                    round(float(rng.exponential(5)) + 3 * (arm == "b"), 2),
                )
            )
            rental = (
                None
                if arm in missing and unit % 3
                else round(float(rng.exponential(2)) + 2 * (arm == "b"), 2)
            )
            did.append((unit, at + timedelta(days=day), "rent", rental))
    write_logs(home, seen=seen, did=[*did, *more])


def read(
    home: Path, *metrics: dict[str, Any], guarded: str | None = "complaints", **changes: Any
) -> Concluded:
    guardrails = [{"metric": guarded, "margin": 0.05}] if guarded else []
    return conclude(
        trial(metrics=[REVENUE, *metrics], planned_units=300, guardrails=guardrails, **changes),
        home,
    )


def complaint(*, unit: str = "other", day: int = 3) -> tuple[Any, ...]:
    return (unit, START + timedelta(days=day), "complaint", 1)


@pytest.mark.slow
def test_a_guardrail_of_a_type_that_never_occurs_is_not_passed_and_the_nearest_type_is_named(
    tmp_path: Path,
) -> None:
    logged(tmp_path, complaint())
    found = read(tmp_path, complaints("complaints"))
    check = found.checks["counted_events:complaints"]
    assert (check["verdict"], check["metric"]) == ("sick", "complaints")
    assert (
        "complaints counts 0 events of the log; the log holds none of type 'complaints': did you"
        " mean 'complaint'?" in check["sentence"]
    )
    assert (found.decision["decision"], found.decision["reason"]) == ("iterate", "health:metric")
    assert "did you mean 'complaint'?" in found.decision["sentence"]
    assert found.readouts["complaints"]["difference"] is None
    assert found.readouts["complaints"]["verdict"].startswith(
        "no claim (sick): complaints counts 0 events"
    )
    assert found.readouts["revenue"]["verdict"] == "higher than the control"


@pytest.mark.slow
def test_without_a_near_type_those_of_the_log_are_named(tmp_path: Path) -> None:
    logged(tmp_path)
    assert (
        read(tmp_path, complaints("zzz"))
        .checks["counted_events:complaints"]["sentence"]
        .endswith("of type 'zzz': it holds buy, rent")
    )


@pytest.mark.slow
def test_an_outcome_log_without_a_column_of_types_holds_one_type(tmp_path: Path) -> None:
    logged(tmp_path)
    found = read(
        tmp_path, guarded=None, source={"outcomes": {"files": ["did.csv"], "value": "value"}}
    )
    assert found.checks["counted_events:revenue"]["sentence"].endswith(
        "of type 'buy': it holds outcome"
    )
    assert (found.decision["decision"], found.decision["reason"]) == ("iterate", "health:sick")


@pytest.mark.slow
def test_a_type_that_is_rare_is_not_a_type_that_never_occurs(tmp_path: Path) -> None:
    """One complaint of somebody else: the log can hold them, and no unit of either arm has one."""
    logged(tmp_path, complaint())
    found = read(tmp_path, complaints("complaint"))
    assert found.verdicts("counted_events:complaints") == ["warning"]
    assert (
        "counts 1 events of the log, none of which gives any of the 300 units a value"
        in (found.checks["counted_events:complaints"]["sentence"])
    )
    assert found.decision["decision"] == "rollout"


@pytest.mark.slow
def test_one_of_two_types_missing_is_told_and_stops_nothing(tmp_path: Path) -> None:
    logged(tmp_path, *(complaint(unit=str(unit), day=22) for unit in range(4)))
    found = read(tmp_path, complaints("complaint", "complain"))
    assert found.verdicts("counted_events:complaints") == ["warning"]
    assert (
        "none of type 'complain': did you mean 'complaint'?"
        in found.checks["counted_events:complaints"]["sentence"]
    )
    assert found.decision["decision"] == "rollout"


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["b", "ab"])
def test_a_metric_whose_values_are_missing_makes_no_claim_and_the_others_keep_theirs(
    tmp_path: Path, missing: str
) -> None:
    logged(tmp_path, missing=missing)
    found = read(tmp_path, {"name": "rentals", "event_types": ["rent"]}, guarded=None)
    assert found.verdicts("complete_values:rentals") == ["sick"]
    assert "b 100 of 150" in found.checks["complete_values:rentals"]["sentence"]
    assert found.readouts["rentals"]["verdict"].startswith(
        "no claim (sick): rentals: of 300 units "
    )
    assert (found.readouts["rentals"]["p"], found.readouts["rentals"]["is_valid"]) == (None, False)
    assert (found.readouts["revenue"]["is_valid"], found.decision["decision"]) == (True, "rollout")


@pytest.mark.slow
def test_values_missing_in_the_part_below_the_line_are_missing_too(tmp_path: Path) -> None:
    logged(tmp_path, missing="b")
    ratio = {
        "name": "rentals",
        "kind": "ratio",
        "measure": "events",
        "denominator": "value",
        "event_types": ["rent"],
    }
    assert read(tmp_path, ratio, guarded=None).verdicts("complete_values:rentals") == ["sick"]


@pytest.mark.slow
def test_few_missing_values_of_one_arm_alone_are_a_fault_also_below_one_in_a_hundred(
    tmp_path: Path,
) -> None:
    """Sixteen of 2,000 in one arm, none of 2,000 in the other: 0.8%, with p = 6e-5."""
    n = 4_000
    at = START + timedelta(days=1)
    seen = [(unit, "ab"[unit % 2], START + timedelta(days=14 * unit / n)) for unit in range(n)]
    did: Rows = [
        (
            unit,
            seen[unit][2] + timedelta(days=1),
            "buy",
            None if unit % 2 and unit < 32 else 1 + unit % 5,
        )
        for unit in range(n)
    ]
    write_logs(tmp_path, seen=seen, did=[*did, ("other", at + timedelta(days=60), "buy", 0)])
    found = conclude(trial(planned_units=n), tmp_path)
    assert found.checks["complete_values:revenue"]["value"] == pytest.approx(16 / 2_000)
    assert "the arms differ, p = " in found.checks["complete_values:revenue"]["sentence"]
    assert found.verdicts("complete_values:revenue") == ["sick"]


def guarded_by(home: Path, *metrics: dict[str, Any]) -> tuple[Concluded, dict[str, str]]:
    """Put a guardrail with a generous margin on each metric;
    return what its gate said beside all else.
    """
    names = [metric["name"] for metric in metrics]
    one = trial(
        metrics=[REVENUE, *metrics],
        planned_units=300,
        guardrails=[{"metric": name, "margin": 1e6} for name in names],
    )
    found = conclude(one, home)
    gates = {
        gate["gate"]: gate["verdict"]
        for gate in json.loads(found.decision["receipt"])["decision"]["gates"]
    }
    assert (found.readouts["revenue"]["verdict"], gates["success"], gates["money"]) == (
        "higher than the control",
        "pass",
        "pass",
    )
    return found, {name: gates[f"guardrail:{name}"] for name in names}


@pytest.mark.slow
@pytest.mark.parametrize("better", ["more", "less"])
def test_no_guardrail_without_events_is_passed_whatever_its_kind(
    tmp_path: Path, better: str
) -> None:
    logged(tmp_path)
    kinds: dict[str, dict[str, Any]] = {
        "mean": {"measure": "events"},
        "revenue": {},
        "proportion": {"measure": "any"},
        "retention": {"measure": "any", "from_day": 2},
        "ratio": {"measure": "value", "denominator": "events"},
        "quantile": {"quantile": 0.5},
    }
    found, verdicts = guarded_by(
        tmp_path,
        *(
            {"name": f"a {kind}", "kind": kind, "event_types": ["refnd"], "better": better, **more}
            for kind, more in kinds.items()
        ),
    )
    assert verdicts == {f"a {kind}": "iterate" for kind in kinds}
    assert found.verdicts(*(f"counted_events:a {kind}" for kind in kinds)) == ["sick"] * len(kinds)
    assert (found.decision["decision"], found.decision["reason"]) == ("iterate", "health:metric")
    assert "More units do not change that" not in found.decision["sentence"]


@pytest.mark.slow
def test_no_guardrail_that_misses_the_values_of_one_arm_is_passed_whatever_its_kind(
    tmp_path: Path,
) -> None:
    logged(tmp_path, missing="b")
    kinds: dict[str, dict[str, Any]] = {
        "mean": {},
        "revenue": {},
        "ratio": {"denominator": "events"},
        "quantile": {"quantile": 0.5},
    }
    metrics = [
        {"name": f"a {kind}", "kind": kind, "event_types": ["rent"], **more}
        for kind, more in kinds.items()
    ]
    found, verdicts = guarded_by(tmp_path, *metrics)
    assert verdicts == {f"a {kind}": "iterate" for kind in kinds}
    assert found.verdicts(*(f"complete_values:a {kind}" for kind in kinds)) == ["sick"] * len(kinds)
    assert (found.decision["decision"], found.decision["reason"]) == ("iterate", "health:metric")


@pytest.mark.slow
def test_a_guardrail_on_a_quantile_of_tied_values_is_not_passed_though_its_metric_is_healthy(
    tmp_path: Path,
) -> None:
    logged(tmp_path)
    found, verdicts = guarded_by(
        tmp_path, {"name": "buys", "kind": "quantile", "measure": "events", "event_types": ["buy"]}
    )
    assert verdicts == {"buys": "iterate"}
    assert found.verdicts("counted_events:buys", "complete_values:buys") == ["healthy", "healthy"]
    assert (found.decision["decision"], found.decision["reason"]) == ("iterate", "guardrail:buys")
    assert (
        "the quantile of every arm lies among its equal smallest or largest values (4, 4)"
        in found.decision["sentence"]
    )
    assert found.decision["sentence"].endswith("the share of units above a value.")


@pytest.mark.slow
def test_proven_harm_rolls_back_though_another_guardrail_has_no_data(tmp_path: Path) -> None:
    logged(tmp_path)
    lost = {"name": "views", "measure": "events", "event_types": ["view"]}
    rows = [
        (unit, START + timedelta(days=22, hours=hour), "view", 1)
        for unit in range(0, 300, 2)
        for hour in range(3 + unit % 3)
    ]
    logged(
        tmp_path,
        *rows,
        *[(unit, START + timedelta(days=22), "view", 1) for unit in range(1, 300, 2)],
    )
    guardrails = [{"metric": "complaints", "margin": 0.05}, {"metric": "views", "margin": 0.1}]
    one = trial(
        metrics=[REVENUE, complaints("zzz"), lost],
        planned_units=300,
        guardrails=guardrails,
        source={"window_days": 24},
    )
    found = conclude(one, tmp_path)
    assert found.verdicts("counted_events:complaints") == ["sick"]
    assert (found.decision["decision"], found.decision["reason"]) == ("rollback", "harm:views")
