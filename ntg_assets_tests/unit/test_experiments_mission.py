"""The one-sentence answer: yes or no only on observed evidence, with its interval."""

from typing import Any

import polars as pl

from ntg_assets.experiments.mission import answer_mission


def frames(**changes: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    source, outcome = changes.get("source", "observed"), changes.get("outcome", "rollout")
    decisions = pl.DataFrame(
        {"experiment": "lists", "arm": "blend", "source": source, "rule_decision": outcome, "readout_key": "k", "reason": "success"}
    )
    readouts = pl.DataFrame(
        {
            "readout_key": "k",
            "experiment": "lists",
            "arm": "blend",
            "source": source,
            "metric": "revenue",
            "is_valid": changes.get("is_valid", True),
            "verdict": "higher than the control",
            "n_control": 500,
            "n_treatment": 510,
            "revenue_lift_per_unit": 0.5,
            "revenue_lift_per_unit_low": 0.2,
            "revenue_lift_per_unit_high": 0.8,
        }
    )
    return decisions, readouts


def test_an_observed_win_is_a_yes_with_its_interval() -> None:
    said = answer_mission(*frames(), unit="usd")
    told = "lists: blend changes revenue by +0.5 usd per user (+0.2 to +0.8), measured on revenue with 1,010 users"
    assert said == f"Yes, where it was tried: {told}."


def test_a_replay_or_a_simulation_is_never_a_yes() -> None:
    for source in ("offline replay", "simulated"):
        said = answer_mission(*frames(source=source), unit="usd")
        assert said.startswith("Not known: no experiment with observed exposures")
        assert f"lists ({source}): rollout" in said


def test_harm_is_a_no_and_a_sick_readout_is_no_claim() -> None:
    assert answer_mission(*frames(outcome="rollback"), unit="usd").startswith("No: ")
    assert "no claim" in answer_mission(*frames(outcome="iterate", is_valid=False), unit="usd")


def test_no_experiment_is_said_too() -> None:
    decisions, readouts = frames()
    assert answer_mission(decisions.clear(), readouts.clear(), unit="usd") == "Not known: no experiment is configured."
