"""From evidence to decision: health before claims, gates in order,
a receipt that leads to the same end.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from ntg_assets.configuration.experiments.arms import ArmSettings
from ntg_assets.configuration.experiments.settings import (
    ExperimentSettings,
    ExperimentsSettings,
    PastEffectSettings,
)
from ntg_assets.experiments.data.evidence import ArmTraffic, Evidence
from ntg_assets.experiments.decision.decisions import Decision
from ntg_assets.experiments.decision.money import profit_belief
from ntg_assets.experiments.decision.receipt_inputs import ReplayMismatchError
from ntg_assets.experiments.decision.receipts import evaluate, make_receipt, replay
from ntg_assets.experiments.health.health import examine
from ntg_assets.experiments.readout.readouts import read_out
from ntg_assets.statistics.bayes import Belief, PastEffect, learn_prior
from ntg_assets.statistics.moments import Sums
from ntg_assets.statistics.shares.proportions import sample_ratio_p
from ntg_assets_tests.experiment_sums import sums

DAYS = (datetime(2026, 1, 1), datetime(2026, 1, 29))
DEFINITION = ExperimentSettings(
    id="lists",
    hypothesis="The blend matches more than the control.",
    owner="science",
    arms=[
        ArmSettings(name="control", strategy="popularity"),
        ArmSettings(name="blend", strategy="blend"),
    ],
    primary_metric="matched_items",
    guardrails=[{"metric": "hit", "margin": 0.1}],
    rollout_evidence=["offline replay"],
)


def evidence(
    *, effect: float = 0.0, n: int = 400, hit_effect: float = 0.0, **changes: Any
) -> Evidence:
    """Make two arms whose values are the quantiles of one distribution, shifted by an effect."""
    spread = np.linspace(0, 2, n)
    hits = [1.0] * (n // 2) + [0.0] * (n - n // 2)
    moved = [1.0] * round(n * (0.5 + hit_effect)) + [0.0] * (n - round(n * (0.5 + hit_effect)))
    by_metric: dict[str, tuple[Any, Any]] = {
        "matched_items": (spread, spread + effect),
        "matched_value": (spread, spread + effect),
        "match_share": (spread, spread + effect),
        "hit": (hits, moved),
        "active_days": (spread, spread),
    }
    known = {
        ("between users", metric, arm, "all"): sums(values)
        for metric, pair in by_metric.items()
        for arm, values in zip(("control", "blend"), pair, strict=True)
    }
    known |= {
        ("paired", metric, "blend", "all"): sums([b - a for a, b in zip(*pair, strict=True)])
        for metric, pair in by_metric.items()
    }
    traffic = {arm: ArmTraffic(1.0, n, n, 0, 0, *DAYS) for arm in ("control", "blend")}
    return Evidence(traffic=changes.get("traffic", traffic), sums=known | changes.get("sums", {}))


def decided(given: Evidence, **changes: Any) -> Decision:
    return evaluate(DEFINITION.model_copy(update=changes), given)[2]


def test_a_clear_gain_without_harm_is_rolled_out() -> None:
    decision = decided(evidence(effect=0.5))
    assert (decision.decision, decision.arm) == ("rollout", "blend")
    assert [gate.verdict for gate in decision.gates] == ["pass"] * 5


def test_a_clear_loss_is_rolled_back() -> None:
    decision = decided(evidence(effect=-0.5))
    assert (decision.decision, decision.reason) == ("rollback", "success")


def test_a_gain_that_harms_a_guardrail_is_rolled_back() -> None:
    decision = decided(evidence(effect=0.5, hit_effect=-0.3))
    assert (decision.decision, decision.reason) == ("rollback", "guardrail:hit")


def test_a_gain_whose_harm_is_not_excluded_is_not_rolled_out() -> None:
    decision = decided(evidence(effect=0.5, hit_effect=-0.04))
    assert (decision.decision, decision.reason) == ("iterate", "guardrail:hit")


def test_a_gain_that_costs_more_than_it_brings_is_rolled_back() -> None:
    assert decided(evidence(effect=0.5), cost_per_unit=1.0).decision == "rollback"
    assert decided(evidence(effect=0.5), cost_per_unit=0.1).decision == "rollout"


def test_a_gain_that_may_or_may_not_cover_its_cost_is_not_rolled_out() -> None:
    decision = decided(evidence(effect=0.5), cost_per_unit=0.46)
    money = next(gate for gate in decision.gates if gate.gate == "money")
    assert money.value is not None
    assert 0.05 < money.value < 0.95
    assert (decision.decision, decision.reason) == ("iterate", "money")


def test_the_hurdle_is_a_return_on_the_cost() -> None:
    assert decided(evidence(effect=0.5), cost_per_unit=0.3).decision == "rollout"
    assert (
        decided(evidence(effect=0.5), cost_per_unit=0.3, return_hurdle=1.0).decision == "rollback"
    )


def test_a_win_in_a_replay_asks_for_a_live_test_when_only_observed_evidence_rolls_out() -> None:
    decision = decided(evidence(effect=0.5), rollout_evidence=["observed"])
    assert (decision.decision, decision.reason) == ("iterate", "evidence")
    assert "test it live" in decision.sentence


def test_thin_evidence_says_how_many_units_are_missing() -> None:
    decision = decided(evidence(effect=0.02, n=150), guardrails=[])
    assert decision.decision == "iterate"
    assert "units per arm against 150 now" in decision.sentence


def test_below_the_minimum_of_units_nothing_is_claimed_however_small_the_p() -> None:
    checks, readouts, decision = evaluate(DEFINITION, evidence(effect=5.0, n=99))
    assert (decision.decision, decision.reason) == ("iterate", "health:thin")
    assert not any(readout.is_valid for readout in readouts)
    assert [check.check for check in checks if check.verdict == "thin"] == ["enough_units"]


def traffic(**changes: Any) -> dict[str, ArmTraffic]:
    known = {
        "weight": 1.0,
        "n_assigned": 400,
        "n_exposed": 400,
        "n_in_several_arms": 0,
        "n_not_assigned": 0,
    }
    return {
        "control": ArmTraffic(1.0, 400, 400, 0, 0, *DAYS),
        "blend": ArmTraffic(**(known | changes), first_exposed_at=DAYS[0], last_exposed_at=DAYS[1]),
    }


SICK: dict[str, Callable[[], Evidence]] = {
    "sample_ratio": lambda: evidence(effect=0.5, traffic=traffic(n_exposed=300)),
    "one_arm_per_unit": lambda: evidence(effect=0.5, traffic=traffic(n_in_several_arms=40)),
    "assigned_arm_seen": lambda: evidence(effect=0.5, traffic=traffic(n_not_assigned=40)),
    "exposure_rate": lambda: evidence(effect=0.5, traffic=traffic(n_assigned=800)),
    "every_arm_seen": lambda: evidence(effect=0.5, traffic=traffic(n_exposed=0)),
    "negative_control:active_days:blend": lambda: evidence(
        effect=0.5,
        sums={("between users", "active_days", "blend", "all"): sums(np.linspace(1, 3, 400))},
    ),
    "complete_values:matched_items": lambda: evidence(
        effect=0.5,
        sums={
            ("between users", "matched_items", "blend", "all"): Sums(
                400, 0, 1, *vars_of(sums(np.linspace(1, 3, 400)))
            )
        },
    ),
}


def vars_of(found: Sums) -> tuple[Any, Any]:
    return found.first, found.second


@pytest.mark.parametrize("check", list(SICK))
def test_the_sick_make_no_claim(check: str) -> None:
    checks, readouts, decision = evaluate(DEFINITION, SICK[check]())
    assert check in [found.check for found in checks if found.verdict == "sick"]
    assert (decision.decision, decision.reason) == ("iterate", "health:sick")
    assert not any(readout.is_valid for readout in readouts)


def test_an_experiment_without_any_evidence_iterates_and_says_why() -> None:
    nothing = Evidence(
        traffic={arm: ArmTraffic(1.0, 0, 0, 0, 0, None, None) for arm in ("control", "blend")},
        sums={},
    )
    decision = decided(nothing)
    assert decision.decision == "iterate"
    assert "nobody saw control, blend" in decision.sentence


def test_the_lift_is_scaled_to_everyone_who_would_be_exposed() -> None:
    half = DEFINITION.model_copy(
        update={"layer": "page", "layer_range": (0.0, 0.5), "value_per_unit": 3.0}
    )
    found = next(
        one for one in evaluate(half, evidence(effect=0.5))[1] if one.metric == "matched_items"
    )
    assert found.difference_low is not None
    assert found.n_population == (400 + 400) / 0.5
    assert found.revenue_lift_per_unit == pytest.approx(3.0 * 0.5)
    assert found.revenue_lift_total == pytest.approx(3.0 * 0.5 * 1_600)
    assert found.revenue_lift_total_low == pytest.approx(3.0 * found.difference_low * 1_600)


def test_sample_ratio_works_for_any_number_of_arms() -> None:
    assert sample_ratio_p([821588, 815482], [1, 1]) == pytest.approx(
        1.8217928726191858e-06, rel=1e-6
    )
    assert sample_ratio_p([21307, 21306, 21387], [1, 1, 1]) == pytest.approx(
        0.9036929575604196, rel=1e-9
    )


def test_a_receipt_survives_json_and_leads_to_the_same_decision() -> None:
    receipt = json.loads(json.dumps(make_receipt(DEFINITION, evidence(effect=0.5)), sort_keys=True))
    assert replay(receipt)["decision"] == receipt["decision"]


def change_a_sum(receipt: dict[str, Any]) -> None:
    receipt["inputs"]["evidence"]["sums"][0]["first"]["value"] += "0"


def change_the_decision(receipt: dict[str, Any]) -> None:
    receipt["decision"]["decision"] = "rollback"


def change_the_version(receipt: dict[str, Any]) -> None:
    receipt["rule_version"] = "0"


@pytest.mark.parametrize(
    ("forge", "message"),
    [
        (change_a_sum, "changed after it was made"),
        (change_the_decision, "cannot be derived again"),
        (change_the_version, "rule version 0"),
    ],
)
def test_a_forged_receipt_is_refused(forge: Callable[[dict[str, Any]], None], message: str) -> None:
    receipt = json.loads(json.dumps(make_receipt(DEFINITION, evidence(effect=0.5))))
    forge(receipt)
    with pytest.raises(ReplayMismatchError, match=message):
        replay(receipt)


def test_the_receipt_says_what_would_flip_the_decision() -> None:
    flips = make_receipt(DEFINITION, evidence(effect=0.5, hit_effect=-0.01))["sensitivity"]
    assert flips["margins halved"] == "iterate"
    assert flips["cost doubled"] == "rollout"


def test_past_experiments_shrink_a_surprising_effect() -> None:
    modest = ExperimentsSettings(
        past_effects=[
            PastEffectSettings(experiment=f"e{n}", relative_effect=effect, standard_error=0.01)
            for n, effect in enumerate((-0.03, 0.0, 0.01, 0.04))
        ]
    ).prior
    assert modest is not None
    readout = next(
        one
        for one in evaluate(DEFINITION, evidence(effect=0.2))[1]
        if one.metric == "matched_items"
    )
    alone, shrunk = (
        profit_belief(DEFINITION, readout),
        profit_belief(DEFINITION, readout, prior=modest),
    )
    assert alone is not None
    assert shrunk is not None
    assert alone.mean == pytest.approx(0.2)
    assert 0 < shrunk.mean < 0.2
    assert shrunk.variance < alone.variance


def test_the_spread_of_past_effects_is_what_their_errors_do_not_explain() -> None:
    past = [PastEffect(effect, 0.1) for effect in (-0.3, 0.0, 0.3)]
    prior = learn_prior(past)
    assert prior is not None
    excess = (0.3**2 + 0.3**2) / 0.1**2 - 2
    assert prior.variance == pytest.approx(excess / (300 - 3 * 100**2 / 300))
    assert learn_prior(past[:2]) is None
    assert learn_prior([PastEffect(0.01 * n, 0.1) for n in range(5)]) is None


def test_a_prior_travels_in_the_receipt() -> None:
    receipt = json.loads(
        json.dumps(make_receipt(DEFINITION, replace(evidence(effect=0.2), prior=Belief(0.0, 1e-4))))
    )
    assert replay(receipt)["decision"] == receipt["decision"]
    money = next(gate for gate in receipt["decision"]["gates"] if gate["gate"] == "money")
    assert "shrunk toward past experiments" in money["sentence"]


def test_metrics_that_decide_nothing_share_one_rate_of_false_claims() -> None:
    spread = np.linspace(0, 2, 400)
    moved = {
        ("between users", metric, "blend", "all"): sums(spread + effect)
        for metric, effect in (("matched_value", 0.05), ("match_share", 0.09))
    }
    given = evidence(effect=0.2, sums=moved)
    found = {
        one.metric: one
        for one in read_out(DEFINITION, given, examine(DEFINITION, given))
        if one.comparison == "between users"
    }
    smaller, larger = found["match_share"], found["matched_value"]
    assert smaller.p is not None
    assert smaller.p < 0.05  # alone it would be claimed
    assert (smaller.role, smaller.adjustment) == ("secondary", "benjamini-hochberg")
    assert smaller.p_adjusted == pytest.approx(2 * smaller.p / 1)
    assert larger.p_adjusted == larger.p
    assert (smaller.verdict, larger.verdict) == (
        "no difference shown beside the other metrics",
        "no difference shown",
    )
    # what decides is not diluted by what does not
    for metric in ("matched_items", "hit", "active_days"):
        assert (found[metric].p_adjusted, found[metric].adjustment) == (found[metric].p, "none")


def test_shares_that_fit_the_weights_are_no_mismatch() -> None:
    assert sample_ratio_p([200, 100], [2.0, 1.0]) == 1.0
    assert sample_ratio_p([150, 150], [2.0, 1.0]) < 0.001


def test_a_horizon_is_asked_only_where_something_is_paid_once() -> None:
    once = make_receipt(
        DEFINITION.model_copy(update={"one_off_cost_per_unit": 0.35}), evidence(effect=0.5)
    )
    assert once["in_force"] == "rollout"
    assert (once["sensitivity"]["horizon halved"], once["sensitivity"]["horizon doubled"]) == (
        "rollback",
        "rollout",
    )
    running = make_receipt(
        DEFINITION.model_copy(update={"cost_per_unit": 0.35}), evidence(effect=0.5)
    )
    assert running["in_force"] == "rollout"
    # value and cost would grow alike: it could never flip
    assert not [name for name in running["sensitivity"] if "horizon" in name]
    assert once["thresholds"] == running["thresholds"]


def test_what_is_paid_once_counts_in_the_profit_and_in_the_hurdle() -> None:
    assert (
        decided(evidence(effect=0.5), cost_per_unit=0.3, one_off_cost_per_unit=0.3).decision
        == "rollback"
    )
    assert (
        decided(evidence(effect=0.5), one_off_cost_per_unit=0.3, return_hurdle=1.0).decision
        == "rollback"
    )
