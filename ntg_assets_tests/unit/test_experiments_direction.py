"""Less can be better: complaints that rise are harm, complaints that fall are success,
wherever a difference is judged.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from math import sqrt
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import ConfigurationError
from ntg_assets.experiments.data.evidence import ArmTraffic, Evidence
from ntg_assets.experiments.data.value_terms import ValueTerms
from ntg_assets.experiments.decision.decisions import Decision
from ntg_assets.experiments.decision.money import profit_belief
from ntg_assets.experiments.decision.receipts import evaluate, make_receipt
from ntg_assets.experiments.decision.sensitivity import worst_segment
from ntg_assets.experiments.readout.readout import Readout
from ntg_assets.experiments.readout.segments import segment_effects
from ntg_assets.statistics.bayes import Belief
from ntg_assets.statistics.planning.plan_request import PlanRequest
from ntg_assets.statistics.planning.sample_size import answer_plan
from ntg_assets_tests.experiment_sums import sums
from ntg_assets_tests.unit.test_experiments_looks import DAYS

N = 1_000


def definition(*, primary: str = "spend", **changes: Any) -> ExperimentSettings:
    known = {
        "id": "support",
        "hypothesis": "Shorter answers leave people content.",
        "owner": "science",
        "arms": [{"name": "a"}, {"name": "b"}],
        "source": {
            "kind": "log",
            "exposures": {"files": ["seen.csv"]},
            "window_days": 14,
            "pre_period_days": 0,
            "assigned_at_once": True,
        },
        "metrics": [
            {"name": "spend"},
            {"name": "complained", "kind": "proportion", "measure": "any", "better": "less"},
        ],
        "primary_metric": primary,
        "guardrails": [{"metric": "complained", "margin": 0.02}] if primary == "spend" else [],
    }
    return ExperimentSettings.model_validate(known | changes)


def share(of: float) -> list[float]:
    return [1.0] * round(N * of) + [0.0] * (N - round(N * of))


def evidence(
    complained: Sequence[float] = (0.1, 0.1),
    *,
    spend: Sequence[float] = (0.0, 0.0),
    since: bool = False,
) -> Evidence:
    """Arms a and b with their shares of complaints, and shifts of what they spend."""
    comparison = "since the look" if since else "between users"
    values = np.linspace(0, 2, N)
    known = {
        (comparison, "complained", arm, "all"): sums(share(of))
        for arm, of in zip("ab", complained, strict=True)
    }
    known |= {
        (comparison, "spend", arm, "all"): sums(values + shift)
        for arm, shift in zip("ab", spend, strict=True)
    }
    return Evidence(traffic={arm: ArmTraffic(1.0, N, N, 0, 0, *DAYS) for arm in "ab"}, sums=known)


def test_complaints_that_rise_under_the_treatment_are_harm_however_much_it_earns() -> None:
    decision = evaluate(definition(), evidence((0.0, 0.3), spend=(0.0, 0.5)))[2]
    assert (decision.decision, decision.reason) == ("rollback", "guardrail:complained")
    assert "complained +0.3" in decision.sentence
    assert "against a harmless rise of 0.02: harm" in decision.sentence


def test_complaints_that_rise_stop_a_running_experiment_before_its_first_look() -> None:
    planned = definition(planned_units=10_000)
    _, readouts, decision = evaluate(planned, evidence((0.02, 0.3), since=True))
    assert (decision.decision, decision.reason) == ("rollback", "harm:complained")
    assert (
        next(one for one in readouts if one.readout_key == decision.readout_key).comparison
        == Comparison.TO_DATE
    )
    # a fall is no harm
    assert evaluate(planned, evidence((0.3, 0.02), since=True))[2].decision == "iterate"


def test_complaints_that_fall_pass_the_guardrail_and_a_small_rise_is_not_excluded() -> None:
    assert evaluate(definition(), evidence((0.3, 0.1), spend=(0.0, 0.5)))[2].decision == "rollout"
    decision = evaluate(definition(), evidence((0.1, 0.105), spend=(0.0, 0.5)))[2]
    assert (decision.decision, decision.reason) == ("iterate", "guardrail:complained")


def test_fewer_complaints_are_success_and_more_of_them_are_not() -> None:
    one = definition(primary="complained")
    better, worse = (evaluate(one, evidence(pair)) for pair in ((0.3, 0.2), (0.2, 0.3)))
    assert (better[2].decision, worse[2].decision, worse[2].reason) == (
        "rollout",
        "rollback",
        "success",
    )
    assert "complained -0.1 (" in better[2].sentence
    assert "(less is better)" in better[2].sentence
    found = next(readout for readout in better[1] if readout.metric == "complained")
    assert (found.better, found.verdict) == ("less", "lower than the control, which is better")


def test_a_complaint_avoided_is_worth_what_it_would_have_cost() -> None:
    one = definition(primary="complained", value_per_unit=30.0, cost_per_unit=1.0)
    found = next(
        readout
        for readout in evaluate(one, evidence((0.3, 0.2)))[1]
        if readout.metric == "complained"
    )
    belief = profit_belief(one, found)
    assert belief is not None
    assert found.revenue_lift_per_unit == pytest.approx(30 * 0.1)
    assert belief.mean == pytest.approx(30 * 0.1 - 1.0)
    low, high = found.revenue_lift_per_unit_low, found.revenue_lift_per_unit_high
    assert low is not None
    assert high is not None
    assert found.difference_low is not None
    assert low < 3.0 < high == pytest.approx(-30 * found.difference_low)
    prior = Belief(0.0, 0.1**2)  # past improvements, as shares of the control
    shrunk = profit_belief(one, found, prior=prior)
    assert shrunk is not None
    assert 0 - 1.0 < shrunk.mean < belief.mean


def test_the_headline_of_a_rollout_names_effect_and_profit_with_interval_and_unit() -> None:
    one = definition(primary="complained", value_per_unit=30.0, cost_per_unit=1.0)
    given = replace(evidence((0.3, 0.2)), value=ValueTerms("eur", "event_value"))
    reach = 1.959964 * sqrt((0.3 * 0.7 + 0.2 * 0.8) / N)
    assert (
        evaluate(one, given)[2].sentence
        == f"Roll out b: complained -0.1 ({-0.1 - reach:+.3g} to {-0.1 + reach:+.3g}) per user over"
        f" 14 days (less is better); profit +2 ({30 * (0.1 - reach) - 1:+.3g} to"
        f" {30 * (0.1 + reach) - 1:+.3g}) eur per user, taking 1 complained as 30 eur (an"
        " assumption)."
    )
    paid = definition(metrics=[{"name": "spend", "kind": "revenue"}], guardrails=[])
    sentence = evaluate(
        paid, replace(evidence(spend=(0.0, 0.5)), value=ValueTerms("eur", "event_value"))
    )[2].sentence
    assert (
        sentence
        == "Roll out b: spend +0.5 (+0.449 to +0.551) eur per user over 14 days; profit +0.5"
        " (+0.449 to +0.551) eur per user."
    )


def test_the_segment_in_which_less_is_better_does_worst_is_the_one_where_it_rises() -> None:
    one = definition(primary="complained")
    parts = {"young": (0.3, 0.1), "old": (0.1, 0.2)}
    known = {
        ("between users", "complained", arm, segment): sums(share(of))
        for segment, pair in parts.items()
        for arm, of in zip("ab", pair, strict=True)
    }
    given = replace(evidence(), sums=known)
    assert worst_segment(one, given) == "old"
    verdicts = {effect.segment: effect.verdict for effect in segment_effects(one, given)}
    assert verdicts == {
        "young": "lower than the control, which is better",
        "old": "higher than the control, which is worse",
    }


def mirrored(one: ExperimentSettings) -> ExperimentSettings:
    flip = {"more": "less", "less": "more"}
    metrics = [metric.model_copy(update={"better": flip[metric.better]}) for metric in one.metrics]
    return one.model_copy(update={"metrics": metrics})


def world(seed: int, *, sign: int) -> Evidence:
    """Three arms with effects on two metrics, within the look and since."""
    rng = np.random.default_rng(seed)
    known = {}
    for comparison in ("between users", "since the look"):
        for metric, spread in (("spend", 1.0), ("visits", 0.5)):
            for arm in "abc":
                shift = rng.normal(0, 0.2) if arm != "a" else 0.0
                known[comparison, metric, arm, "all"] = sums(
                    sign * rng.normal(shift, spread, 300).round(6)
                )
    return Evidence(
        traffic={arm: ArmTraffic(1.0, 600, 600, 0, 0, *DAYS) for arm in "abc"}, sums=known
    )


def essence(checks: Any, readouts: Sequence[Readout], decision: Decision) -> Any:
    numbers = [
        (
            one.metric,
            one.arm,
            one.comparison,
            one.p,
            one.p_adjusted,
            one.gain,
            one.is_valid,
            one.revenue_lift_per_unit_low,
        )
        for one in readouts
    ]
    gates = [
        (gate.gate, gate.arm, gate.verdict, abs(gate.value or 0), abs(gate.limit or 0))
        for gate in decision.gates
    ]
    return (
        decision.decision,
        decision.arm,
        decision.reason,
        numbers,
        gates,
        [(check.check, check.verdict) for check in checks],
    )


def test_a_metric_turned_over_with_its_direction_leads_to_the_same_decision_and_the_same_p() -> (
    None
):
    one = definition(
        arms=[{"name": name} for name in "abc"],
        metrics=[{"name": "spend"}, {"name": "visits"}],
        guardrails=[{"metric": "visits", "margin": 0.05}],
        cost_per_unit=0.02,
        source={"kind": "log", "exposures": {"files": ["seen.csv"]}, "pre_period_days": 0},
        planned_units=1_800,
        planned_looks=[0.5, 1.0],
    )
    outcomes = set()
    for seed in range(9):
        straight, turned = (
            evaluate(one, world(seed, sign=1)),
            evaluate(mirrored(one), world(seed, sign=-1)),
        )
        assert essence(*straight) == essence(*turned)
        outcomes.add((straight[2].decision, straight[2].reason.split(":")[0]))
    assert {decision for decision, _ in outcomes} == {"rollout", "rollback", "iterate"}


def test_the_direction_stands_in_the_receipt_and_an_unknown_one_is_refused() -> None:
    receipt = make_receipt(definition(), evidence((0.1, 0.1)))
    metrics = json.loads(json.dumps(receipt))["inputs"]["experiment"]["metrics"]
    assert [metric["better"] for metric in metrics] == ["more", "less"]
    assert receipt["thresholds"]["smallest margin that complained keeps"] == pytest.approx(
        next(one for one in receipt["readouts"] if one["metric"] == "complained")["difference_high"]
    )
    with pytest.raises(ValidationError, match="'more' or 'less'"):
        MetricSettings.model_validate({"name": "complained", "better": "fewer"})


def test_a_plan_looks_for_improvements_on_the_side_that_is_better() -> None:
    fall, rise = (
        PlanRequest(mean=0.04, effect=0.01, one_sided=True, better=better)
        for better in ("less", "more")
    )
    assert answer_plan(fall).units < answer_plan(rise).units  # 3% varies less than 5%
    assert "find an improvement (a fall) of 0.01" in answer_plan(fall).sentence
    margin = answer_plan(PlanRequest(mean=10.0, sd=3.0, margin=0.1, better="less")).sentence
    assert (
        "no treatment is worse than the control by more than 0.1 (1.00% of 10), where less is"
        " better" in margin
    )
    with pytest.raises(ConfigurationError, match=r"a share of 0.04 cannot move by 0.05"):
        PlanRequest(mean=0.04, effect=0.05, one_sided=True, better="less")
