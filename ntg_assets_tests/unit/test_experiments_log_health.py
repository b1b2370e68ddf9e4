"""Logs that cannot be trusted: each fault gets one sentence, and no claim is made."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.local_days import with_event_on
from ntg_assets_tests.logs import EVENT_SCHEMA
from ntg_assets_tests.trials import conclude

START, USERS, DAYS = datetime(2026, 1, 5), 400, 56
Rows = list[tuple[Any, ...]]


def definition(**changes: Any) -> ExperimentSettings:
    known = {
        "id": "checkout",
        "hypothesis": "A shorter checkout sells more.",
        "owner": "science",
        "arms": [{"name": "a"}, {"name": "b"}],
        "source": (
            {
                "kind": "log",
                "exposures": {"files": ["seen.csv"]},
                "window_days": 14,
                "pre_period_days": 14,
            }
            | changes.pop("source", {})
        ),
        "metrics": [
            {"name": "revenue", "kind": "revenue"},
            {"name": "orders", "measure": "events"},
        ],
        "primary_metric": "revenue",
        "planned_units": 380,
        "guardrails": [{"metric": "revenue", "margin": 5.0}],
    }
    return ExperimentSettings.model_validate(known | changes)


def seen_at(user: int) -> datetime:
    return START + timedelta(days=14 + user % 21, hours=12)


def arm_of(user: int) -> str:
    return "ab"[user * 7919 // 13 % 2]


def unchanged(user: int, day: int, base: float) -> float:  # noqa: ARG001  # what `bought` asks for
    return base


def bought(value: Callable[[int, int, float], float | None] = unchanged) -> Rows:
    """Every user buys each day, before and after the exposure; `value(user,
    days since exposure, usual amount)` says for how much.
    """
    rng = np.random.default_rng(1)
    rows = []
    for user in range(USERS):
        for day in range(DAYS):
            at = START + timedelta(days=day, hours=13)
            amount = value(user, (at - seen_at(user)).days, round(float(rng.lognormal(0, 0.5)), 2))
            rows.append((user, 1, at, "buy", amount, 1.0))
    return rows


def exposures(home: Path, *, at: Callable[[int], datetime] = seen_at, ids: str = "{}") -> None:
    lines = [f"{ids.format(user)},{arm_of(user)},{at(user).isoformat()}" for user in range(USERS)]
    (home / "seen.csv").write_text(
        "user_id,arm,exposed_at\n" + "\n".join(lines) + "\n", encoding="utf-8"
    )


def concluded(
    home: Path, rows: Rows, **changes: Any
) -> tuple[dict[str, dict[str, Any]], dict[str, Any], pl.DataFrame]:
    """Go from logs to health checks by name, the decision, and the effect by day."""
    found = conclude(
        definition(**changes),
        home,
        events=with_event_on(pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row")),
    )
    return found.checks, found.decision, found.days


@pytest.fixture
def home(tmp_path: Path) -> Path:
    exposures(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_sound_logs_are_healthy_and_a_lasting_effect_is_rolled_out(home: Path) -> None:
    checks, made, days = concluded(
        home,
        bought(lambda user, day, base: base + (0.3 if day >= 0 and arm_of(user) == "b" else 0.0)),
    )
    assert {row["verdict"] for row in checks.values()} == {"healthy"}, [
        row for row in checks.values() if row["verdict"] != "healthy"
    ]
    assert made["decision"] == "rollout"
    assert (
        checks["exposed_units_known"]["sentence"]
        == "400 of 400 exposed units appear in the interaction log"
    )
    assert days["day"].to_list() == list(range(14))
    assert days["difference"].drop_nulls().mean() == pytest.approx(0.3, abs=0.05)


@pytest.mark.slow
def test_an_effect_that_fades_is_told_and_stops_the_claim_where_the_experiment_says_so(
    home: Path,
) -> None:
    rows = bought(
        lambda user, day, base: base + (3.0 * 0.6**day if day >= 0 and arm_of(user) == "b" else 0.0)
    )
    checks, made, days = concluded(home, rows)
    assert checks["novelty:b"]["verdict"] == "warning"
    assert "fades: its average says little about later" in checks["novelty:b"]["sentence"]
    assert made["decision"] == "rollout"
    assert (
        checks["novelty:b"]["sentence"]
        in json.loads(made["receipt"])["decision"]["gates"][0]["sentence"]
    )
    assert days["difference"][0] > 2 > days["difference"][-1]
    checks, made, _ = concluded(home, rows, novelty="block")
    assert (checks["novelty:b"]["verdict"], made["decision"], made["reason"]) == (
        "thin",
        "iterate",
        "health:thin",
    )


@pytest.mark.slow
def test_ids_that_are_not_the_same_in_both_logs_are_sick(home: Path) -> None:
    exposures(home, ids="user-{}")
    checks, made, _ = concluded(home, bought())
    assert checks["exposed_units_known"]["verdict"] == "sick"
    assert (
        "0 of 400 exposed units appear in the interaction log: are the ids the same in both?"
        in made["sentence"]
    )
    assert made["decision"] == "iterate"


@pytest.mark.slow
def test_exposures_whose_window_is_not_over_are_counted_and_not_read(home: Path) -> None:
    exposures(home, at=lambda user: START + timedelta(days=50 if user % 4 else 20))
    checks, made, _ = concluded(home, bought())
    assert checks["exposures_in_time"]["verdict"] == "thin"
    assert (
        "300 of 400 exposures came too late: their window of 14 days is not over"
        in checks["exposures_in_time"]["sentence"]
    )
    assert made["decision"] == "iterate"


@pytest.mark.slow
def test_exposures_logged_late_in_one_arm_show_as_outcomes_before_their_cause(home: Path) -> None:
    """Arm b's exposures are logged when people come to buy, a moment after it;
    arm a's as they happen.
    """
    exposures(
        home,
        at=lambda user: (
            seen_at(user) + (timedelta(hours=2) if arm_of(user) == "b" else timedelta(0))
        ),
    )
    rows = [
        row for row in bought() if arm_of(row[0]) == "b" or (row[2] - seen_at(row[0])).days != -1
    ]
    checks, made, _ = concluded(home, rows)
    assert checks["outcomes_before_exposure"]["verdict"] == "sick"
    assert "as when exposures are logged late" in made["sentence"]


@pytest.mark.slow
def test_one_huge_value_stops_the_claim_and_cutting_it_lets_it_through(home: Path) -> None:
    rows = bought(
        lambda user, day, base: (
            1e6
            if (user, day) == (7, 3)
            else base + (0.3 if day >= 0 and arm_of(user) == "b" else 0.0)
        )
    )
    checks, made, _ = concluded(home, rows)
    assert checks["no_huge_outlier:revenue"]["verdict"] == "thin"
    assert made["decision"] == "iterate"
    cut = [
        {"name": "revenue", "kind": "revenue", "winsorise_at": 0.99},
        {"name": "orders", "measure": "events"},
    ]
    checks, made, _ = concluded(home, rows, metrics=cut)
    assert (checks["no_huge_outlier:revenue"]["verdict"], made["decision"]) == (
        "healthy",
        "rollout",
    )


@pytest.mark.slow
def test_negative_revenue_is_not_believed_unless_it_is_expected(home: Path) -> None:
    rows = bought(lambda user, day, base: -500.0 if (user, day) == (7, 3) else base)
    checks, made, _ = concluded(home, rows)
    assert checks["complete_values:revenue"]["verdict"] == "sick"
    assert "1 an infinite or impossible one" in made["sentence"]
    expected = [
        {"name": "revenue", "kind": "revenue", "lowest": -1000.0},
        {"name": "orders", "measure": "events"},
    ]
    checks, _, _ = concluded(home, rows, metrics=expected)
    assert checks["complete_values:revenue"]["verdict"] == "healthy"


@pytest.mark.slow
def test_nobody_in_the_log_is_no_claim_but_a_sentence(home: Path) -> None:
    (home / "seen.csv").write_text("user_id,arm,exposed_at\n", encoding="utf-8")
    checks, made, days = concluded(home, bought())
    assert "nobody saw a, b" in made["sentence"]
    assert (checks["every_arm_seen"]["verdict"], made["decision"], days.height) == (
        "sick",
        "iterate",
        0,
    )
