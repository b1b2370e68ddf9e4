"""Plans: the units an effect needs, the days they take, and what can be seen by when."""

from math import ceil
from typing import Any

import numpy as np
import pytest
import scipy

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import ConfigurationError
from ntg_assets.experiments.readout.baselines import Baseline
from ntg_assets.experiments.readout.plans import plan_by_week, plan_experiment
from ntg_assets.statistics.planning.power import (
    Design,
    days_for_units,
    detectable_effect,
    power,
    units_for_effect,
)
from ntg_assets.statistics.student_t import noncentral_t_tail

Z = float(scipy.stats.norm.isf(0.025) + scipy.stats.norm.ppf(0.8))
BASELINE = Baseline(mean=10.0, variance=4.0, units_per_day=100.0)


def definition(**changes: Any) -> ExperimentSettings:
    known = {
        "id": "lists",
        "hypothesis": "The blend matches more than the control.",
        "owner": "science",
        "arms": [{"name": "a", "strategy": "x"}, {"name": "b", "strategy": "y"}],
        "primary_metric": "matched_items",
        "minimum_effect": 0.2,
    }
    return ExperimentSettings.model_validate(known | changes)


def test_units_go_with_the_variance_and_the_square_of_the_effect() -> None:
    plan = plan_experiment(definition(), baseline=BASELINE)
    assert plan.units_in_control == pytest.approx(2 * 4.0 * (Z / 0.2) ** 2, rel=0.003)
    assert plan.planned_units == 2 * plan.units_in_control
    assert plan.days == 7 * ceil(plan.planned_units / 100 / 7)
    assert f"{plan.planned_units:,} units over all 2 arms" in plan.sentence


def test_what_the_pre_period_explains_need_not_be_waited_for() -> None:
    plain = plan_experiment(definition(), baseline=BASELINE)
    helped = plan_experiment(definition(), baseline=Baseline(10.0, 4.0, 100.0, explained_share=0.5))
    assert helped.planned_units == pytest.approx(plain.planned_units / 2, rel=0.01)


def test_three_arms_need_more_than_two_and_unequal_weights_more_than_equal_ones() -> None:
    arms = [{"name": name, "strategy": "x"} for name in "abc"]
    two, three = (
        plan_experiment(definition(**change), baseline=BASELINE) for change in ({}, {"arms": arms})
    )
    assert three.units_in_control > two.units_in_control
    uneven = plan_experiment(
        definition(arms=[{**arms[0], "weight": 9}, arms[1]]), baseline=BASELINE
    )
    assert uneven.planned_units > two.planned_units


def test_a_guardrail_on_the_primary_metric_can_decide_how_many_units_are_needed() -> None:
    plan = plan_experiment(
        definition(guardrails=[{"metric": "matched_items", "margin": 0.05}]), baseline=BASELINE
    )
    assert plan.deciding == "guardrail matched_items"


def test_each_further_week_shows_smaller_effects() -> None:
    found = plan_by_week(definition(), baseline=BASELINE)
    effects = [
        week.detectable_difference for week in found if week.detectable_difference is not None
    ]
    chances = [
        week.power_for_minimum_effect for week in found if week.power_for_minimum_effect is not None
    ]
    assert effects == sorted(effects, reverse=True)
    assert chances == sorted(chances)
    assert found[0].units_in_control == 7 * 100 / 2


def test_without_traffic_the_plan_says_never() -> None:
    plan = plan_experiment(definition(), baseline=Baseline(10.0, 4.0, 0.0))
    assert "never: no units come" in plan.sentence
    assert all(
        week.detectable_difference is None
        for week in plan_by_week(definition(), baseline=Baseline(10.0, 4.0, 0.0))
    )


def test_a_plan_without_a_smallest_effect_or_with_an_impossible_baseline_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="needs minimum_effect"):
        plan_experiment(definition(minimum_effect=None), baseline=BASELINE)
    with pytest.raises(ConfigurationError, match="variance > 0"):
        Baseline(1.0, 0.0, 1.0)
    with pytest.raises(ConfigurationError, match="positive variance"):
        Design(0.0, 0.0)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("ratio", [0.2, 1.0, 5.0])
def test_units_effect_and_power_are_one_relation_seen_three_ways(
    alternative: Any, ratio: float
) -> None:
    design = Design(2.0, 3.0, ratio=ratio, alternative=alternative)
    effect = -0.3 if alternative == "less" else 0.3
    units = units_for_effect(effect, design=design, wanted_power=0.9)
    assert power(effect, n_control=units, design=design) == pytest.approx(0.9, abs=1e-6)
    assert detectable_effect(n_control=units, design=design, wanted_power=0.9) == pytest.approx(
        0.3, rel=1e-6
    )


def test_time_comes_in_whole_weeks() -> None:
    assert days_for_units(701, units_per_day=100) == 14
    assert days_for_units(1, units_per_day=0) == float("inf")


def test_the_tail_of_a_noncentral_t_is_that_of_scipy_also_where_its_quick_way_gives_up() -> None:
    cases = [
        (critical, df, shift)
        for df in (1.0, 3.0, 30.0, 1_000.0, 1e7)
        for shift in (-40.0, -5.0, -2.8, 0.0, 2.8, 12.0)
        for critical in (-1.0, 0.5, 1.96, 4.3, 12.7)
    ]
    gave_up = 0
    for critical, df, shift in cases:
        gave_up += bool(np.isnan(scipy.special.nctdtr(df, -shift, -critical)))
        expected = float(scipy.stats.nct.sf(critical, df, shift))
        assert noncentral_t_tail(critical, df, shift) == pytest.approx(expected, abs=1e-15)
    assert gave_up > 0
