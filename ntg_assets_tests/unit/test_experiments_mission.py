"""The one-sentence answer: yes or no only from an observed test of a recommendation strategy,
on money, with its interval and horizon.
"""

from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.value_terms import ValueTerms
from ntg_assets.experiments.decision.mission import answer_mission
from ntg_assets.experiments.decision.money import money_unit, why_not_money

DECISION: dict[str, Any] = {
    "experiment": "lists",
    "arm": "blend",
    "source": "observed",
    "decision": "rollout",
    "rule_decision": "rollout",
    "reason": "evidence",
    "unit": "user",
    "tests": "recommendation_strategy",
    "horizon_days": 90,
    "money_unit": "usd",
    "not_money": None,
}
READOUT: dict[str, Any] = {
    "experiment": "lists",
    "arm": "blend",
    "role": "primary",
    "comparison": "between users",
    "metric": "revenue",
    "is_valid": True,
    "verdict": "higher than the control",
    "n_control": 500,
    "n_treatment": 510,
    "difference": 0.5,
    "difference_low": 0.2,
    "difference_high": 0.8,
}
LOWER = {"difference": -0.5, "difference_low": -0.8, "difference_high": -0.2}
OPEN = {"difference": 0.1, "difference_low": -0.2, "difference_high": 0.4}


def answer(*rows: dict[str, Any]) -> str:
    """Answer from experiments, each a change of the one above;
    what a readout holds goes to its readout.
    """
    decisions = pl.DataFrame(
        [DECISION | {name: row[name] for name in row if name in DECISION} for row in rows],
        infer_schema_length=None,
    )
    readouts = pl.DataFrame(
        [READOUT | {name: row[name] for name in row if name in READOUT} for row in rows],
        infer_schema_length=None,
    )
    return answer_mission(decisions, readouts)


def test_an_observed_win_in_money_is_a_yes_with_its_interval_horizon_and_decision() -> None:
    told = (
        "lists: blend changes revenue by +0.5 usd per user over 90 days (+0.2 to +0.8), measured on"
        " revenue with 1,010 users"
    )
    assert answer({}) == f"Yes, where it was tried: {told}; the decision is to roll out."


def test_revenue_answers_no_when_it_falls_and_nothing_under_a_rollback() -> None:
    assert answer({**LOWER, "decision": "rollback"}).startswith(
        "No: lists: blend changes revenue by -0.5 usd"
    )
    harmed = answer({"decision": "rollback", "reason": "guardrail:complained"})
    assert harmed.startswith("Yes, where it was tried: ")
    assert harmed.endswith("the decision is to roll back.")


def test_what_is_not_shown_is_said_to_be_so_and_a_sick_readout_is_no_claim() -> None:
    assert answer({**OPEN, "decision": "iterate"}).startswith("Not shown: lists: ")
    assert (
        answer({"is_valid": False, "verdict": "no claim (sick): nobody saw b"})
        == "Not shown: lists: no claim (sick): nobody saw b."
    )
    assert answer({}, {"experiment": "more", **OPEN}).startswith(
        "Not shown for all that was tried: "
    )


def test_the_primary_metric_answers_whatever_readout_the_decision_rests_on() -> None:
    decisions = pl.DataFrame([DECISION | {"decision": "rollback"}])
    others = [
        READOUT | {"role": "guardrail", "metric": "visits"} | LOWER,
        READOUT | {"comparison": "paired"} | LOWER,
    ]
    assert answer_mission(decisions, pl.DataFrame([*others, READOUT])).startswith(
        "Yes, where it was tried: "
    )


def test_an_experiment_that_is_no_test_of_a_strategy_does_not_answer() -> None:
    gate = {
        "experiment": "gate-at-40",
        "tests": None,
        "money_unit": None,
        "not_money": "is on `day7`, which is not money",
        **LOWER,
    }
    assert (
        answer(gate)
        == "Not known: no observed experiment is marked as a test of a recommendation strategy"
        " (`tests: recommendation_strategy`); gate-at-40, which tests something else, is on"
        " `day7`, which is not money."
    )
    paid = answer({"tests": None})
    assert paid.startswith("Not known: no observed experiment is marked")
    assert "lists, which tests something else, is on money" in paid
    many = answer(*({"experiment": f"e{n}", "tests": None} for n in range(5)))
    assert many.endswith("; and 2 more.")


def test_a_test_of_a_strategy_that_is_not_on_money_does_not_answer() -> None:
    said = answer({"money_unit": None, "not_money": "is on `plays`, which is not money"})
    assert said == "Not known: lists is on `plays`, which is not money."
    mixed = answer({"tests": None}, {"experiment": "replay", "source": "offline replay"})
    assert mixed.endswith("; replay tests one, but is offline replay.")


def test_only_what_answers_is_in_the_answer() -> None:
    said = answer({}, {"experiment": "gate", "tests": None, **LOWER})
    assert said.startswith("Yes, where it was tried: lists: ")
    assert "gate" not in said


def test_a_replay_or_a_simulation_is_never_a_yes() -> None:
    for source in ("offline replay", "simulated"):
        said = answer({"source": source})
        assert said.startswith("Not known: no experiment with observed exposures")
        assert f"lists ({source}): rollout" in said


def test_no_experiment_is_said_too() -> None:
    decisions, readouts = pl.DataFrame([DECISION]).clear(), pl.DataFrame([READOUT]).clear()
    assert answer_mission(decisions, readouts) == "Not known: no experiment is configured."


def on(metric: dict[str, Any], **changes: Any) -> ExperimentSettings:
    outcomes = changes.pop("outcomes", {"files": ["orders.csv"], "value": "amount"})
    known = {
        "id": "lists",
        "hypothesis": "Blended lists earn more.",
        "owner": "science",
        "arms": [{"name": "a"}, {"name": "b"}],
        "source": {
            "kind": "log",
            "exposures": {"files": ["seen.csv"]},
            "outcomes": outcomes,
            "window_days": 90,
        },
        "metrics": [metric],
        "primary_metric": metric["name"],
        "planned_units": 4_000,
    }
    return ExperimentSettings.model_validate(known | changes)


REVENUE = {"name": "revenue", "kind": "revenue"}
EUR = ValueTerms("eur", "event_value")


def test_measured_money_is_revenue_of_amounts_in_a_currency() -> None:
    assert money_unit(on(REVENUE), EUR) == "eur"
    # the outcome log has its own amounts
    assert money_unit(on(REVENUE), ValueTerms("eur", "active_days")) == "eur"
    assert money_unit(on(REVENUE, outcomes=None), EUR) == "eur"


@pytest.mark.parametrize(
    ("metric", "changes", "terms", "told"),
    [
        (
            {"name": "day7", "measure": "any", "kind": "proportion"},
            {},
            EUR,
            "is on `day7`, which is not money",
        ),
        (
            {"name": "day7", "measure": "any", "kind": "proportion"},
            {"value_per_unit": 3.0},
            EUR,
            "is on `day7`, which is not money (3 eur apiece by value_per_unit is an assumption)",
        ),
        (
            {"name": "refunds", "kind": "revenue", "better": "less"},
            {},
            EUR,
            "is on `refunds`, which is not money",
        ),
        (
            {"name": "orders", "kind": "revenue", "measure": "events"},
            {},
            EUR,
            "is on `orders`, which is not money",
        ),
        (
            REVENUE,
            {},
            ValueTerms(),
            "is on `revenue` in index points, which is not money (value.unit)",
        ),
        (
            REVENUE,
            {"outcomes": None},
            ValueTerms("eur", "active_days"),
            "of the interaction log, whose values are not money",
        ),
        (
            REVENUE,
            {"outcomes": {"files": ["orders.csv"]}},
            EUR,
            "of an outcome log without a column of amounts, so each outcome counts 1",
        ),
    ],
)
def test_everything_else_is_no_money_and_says_why(
    metric: dict[str, Any], changes: dict[str, Any], terms: ValueTerms, told: str
) -> None:
    assert told in (why_not_money(on(metric, **changes), terms) or "")
    assert money_unit(on(metric, **changes), terms) is None


def test_a_misspelled_mark_is_refused() -> None:
    with pytest.raises(ValidationError, match="recommendation_strategy"):
        on(REVENUE, tests="recommendation strategy")
