"""Plans from a few figures: against statsmodels, against each other, and what cannot be planned."""

import io
import json
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from ntg_assets.cli.experiments.plan_in_words import render_plan
from ntg_assets.cli.experiments.planning import Asked, read_weights, request_of
from ntg_assets.errors import ConfigurationError, StorageError
from ntg_assets.statistics.planning.plan_request import PlanRequest
from ntg_assets.statistics.planning.sample_size import answer_plan, effect_at, power_at


def peer_units(effect: float, *, by_normal: bool = False, **given: Any) -> float:
    """Solve with statsmodels, which takes a second to import."""
    from statsmodels.stats.power import NormalIndPower, TTestIndPower

    solver = NormalIndPower() if by_normal else TTestIndPower()
    return float(solver.solve_power(effect, power=0.8, **{"alpha": 0.05, **given}))


def test_units_for_an_effect_are_those_of_the_peer() -> None:
    plan = answer_plan(PlanRequest(mean=10, sd=3, effect=0.2))
    assert plan.units_per_arm[0] == pytest.approx(peer_units(0.2 / 3), abs=1)
    uneven = answer_plan(PlanRequest(mean=10, sd=3, effect=0.2, weights=(2, 1)))
    assert uneven.units_per_arm[0] == pytest.approx(peer_units(0.2 / 3, ratio=0.5), abs=1)
    assert uneven.units > plan.units


def test_the_effect_that_units_find_is_the_effect_that_needs_those_units() -> None:
    forth = answer_plan(PlanRequest(mean=0.3, effect=0.02))
    back = answer_plan(PlanRequest(mean=0.3, units=forth.units))
    assert back.effect == pytest.approx(0.02, rel=1e-3)
    assert back.effect_share == pytest.approx(0.02 / 0.3, rel=1e-3)


def test_a_share_brings_its_own_variance() -> None:
    plan = answer_plan(PlanRequest(mean=0.3, effect=0.02))
    unpooled = sqrt((0.3 * 0.7 + 0.32 * 0.68) / 2)
    assert plan.units_per_arm[0] == pytest.approx(
        peer_units(0.02 / unpooled, by_normal=True), rel=1e-3
    )


def test_several_treatments_share_the_error_rate() -> None:
    plan = answer_plan(PlanRequest(mean=10, sd=3, effect=0.2, weights=(1, 1, 1)))
    assert plan.units_per_arm[0] == pytest.approx(peer_units(0.2 / 3, alpha=0.025), abs=1)
    assert plan.units == 3 * plan.units_per_arm[0]


def test_cuped_saves_the_share_of_units_that_the_pre_period_explains() -> None:
    plain, helped = (
        answer_plan(PlanRequest(mean=10, sd=3, effect=0.2, explained_share=share))
        for share in (0.0, 0.4)
    )
    assert helped.units / plain.units == pytest.approx(1 - 0.4, rel=1e-3)


def test_non_inferiority_is_one_sided_at_half_the_rate_whatever_the_number_of_arms() -> None:
    plan = answer_plan(PlanRequest(mean=10, sd=3, margin=0.1, weights=(1, 1, 1)))
    expected = peer_units(0.1 / 3, alpha=0.025, alternative="larger")
    assert plan.question == "units for non-inferiority"
    assert plan.units_per_arm[0] == pytest.approx(expected, abs=1)


def test_the_planned_power_is_kept_by_simulation() -> None:
    request = PlanRequest(mean=0.0, sd=1.0, effect=0.25)
    n = answer_plan(request).units_per_arm[0]
    rng = np.random.default_rng(0)
    control, treatment = rng.normal(0, 1, (4_000, n)), rng.normal(0.25, 1, (4_000, n))
    error = np.sqrt((control.var(axis=1, ddof=1) + treatment.var(axis=1, ddof=1)) / n)
    found = np.mean(np.abs(treatment.mean(axis=1) - control.mean(axis=1)) / error > 1.96)
    assert found == pytest.approx(0.8, abs=0.02)


def test_power_and_effect_move_the_right_way_along_the_curve() -> None:
    plan = answer_plan(PlanRequest(mean=10, sd=3, effect=0.2, units_per_day=500))
    assert [point.power for point in plan.curve] == sorted(point.power for point in plan.curve)
    assert [point.detectable_effect for point in plan.curve] == sorted(
        (point.detectable_effect for point in plan.curve), reverse=True
    )
    assert (plan.days, f"{plan.days:.0f} days" in plan.sentence) == (21, True)
    request = PlanRequest(mean=10, sd=3, effect=0.2)
    assert power_at(request, effect_at(request, units=1_000), units=1_000) == pytest.approx(
        0.8, abs=1e-6
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"mean": 10, "sd": 3}, "give one of effect, margin and units, found none"),
        ({"mean": 10, "sd": 3, "effect": 1, "units": 100}, "found effect and units"),
        ({"mean": 10, "effect": 1}, "the mean is a share between 0 and 1, found 10"),
        ({"mean": 10, "sd": 0, "effect": 1}, "standard deviation must be above zero"),
        ({"mean": 10, "sd": 3, "effect": -1}, "effect must be above zero .*found -1"),
        ({"mean": 10, "sd": 3, "effect": 1, "weights": (1.0,)}, "at least two arms"),
        ({"mean": 10, "sd": 3, "effect": 1, "weights": (1.0, 0.0)}, "weights above zero"),
        (
            {"mean": 10, "sd": 3, "effect": 1, "weights": (1.0, 1e-300)},
            "less than one in 1,000,000 of the traffic",
        ),
        ({"mean": float("nan"), "sd": 3, "effect": 1}, "mean must be a finite number"),
        ({"mean": 10, "sd": 3, "effect": 1e300}, "below 1e\\+15"),
        ({"mean": 10, "sd": 3, "effect": 1e10}, "not in one unit"),
        ({"mean": 10, "sd": 3, "effect": 1, "significance": 1e-300}, "0 < significance"),
        ({"mean": 0.5, "effect": 0.9}, "a share of 0.5 cannot move by 0.9"),
        ({"mean": 0.4, "effect": 0.61, "one_sided": True}, "cannot move by 0.61"),
        ({"mean": 10, "sd": 3, "units": 4}, "leave fewer than three in an arm"),
        ({"mean": 10, "sd": 3, "effect": 1, "explained_share": 1.0}, "explained share < 1"),
        ({"mean": 10, "sd": 3, "effect": 1, "units_per_day": -1}, "at least zero"),
    ],
)
def test_what_cannot_be_planned_is_refused_with_one_sentence(
    given: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        PlanRequest(**given)


@pytest.mark.parametrize("deviations", [1e4, 1e2])
def test_an_effect_that_anybody_sees_needs_three_units_in_each_arm(deviations: float) -> None:
    assert answer_plan(PlanRequest(mean=10, sd=3, effect=3 * deviations)).units_per_arm == (3, 3)


def test_a_one_sided_plan_says_that_it_looks_for_an_improvement() -> None:
    assert (
        "find an improvement of 1"
        in answer_plan(PlanRequest(mean=10, sd=3, effect=1, one_sided=True)).sentence
    )


def test_what_no_number_of_units_shows_is_said() -> None:
    with pytest.raises(ConfigurationError, match="no number of units shows an effect of 1e-09"):
        answer_plan(PlanRequest(mean=10, sd=3, effect=1e-9))
    assert (
        "never, because no units come"
        in answer_plan(PlanRequest(mean=10, sd=3, effect=1, units_per_day=0)).sentence
    )


def test_the_command_line_goes_before_what_is_published() -> None:
    known = PlanRequest(
        mean=10, sd=3, effect=0.5, units_per_day=100, weights=(1, 1), explained_share=0.2
    )
    assert request_of(Asked(), known=known) == known
    assert request_of(Asked(days=14), known=known).units == 14 * 100
    assert request_of(Asked(relative_effect=0.02, power=0.9), known=known).effect == pytest.approx(
        0.2
    )
    with pytest.raises(ConfigurationError, match="found --mde and --units"):
        request_of(Asked(mean=1.0, sd=1.0, effect=1.0, units=10))
    with pytest.raises(ConfigurationError, match="--days needs --per-day"):
        request_of(Asked(mean=1.0, sd=1.0, days=7))
    with pytest.raises(ConfigurationError, match="needs --mean"):
        request_of(Asked(effect=1.0))
    with pytest.raises(ConfigurationError, match="found '1:x'"):
        read_weights("1:x")
    assert read_weights("2:1:1") == (2.0, 1.0, 1.0)


def test_json_is_strict_and_the_figure_is_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    request = PlanRequest(mean=10, sd=3, effect=1, units_per_day=0)
    render_plan(request, console=Console(), as_json=True, figure=tmp_path / "power.png")
    assert json.loads(capsys.readouterr().out)["plan"]["days"] is None
    assert (tmp_path / "power.png").read_bytes().startswith(b"\x89PNG")


def test_a_figure_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"power\.png cannot be written .*--figure"):
        render_plan(
            PlanRequest(mean=10, sd=3, effect=1),
            console=Console(file=io.StringIO()),
            as_json=True,
            figure=tmp_path / "file" / "power.png",
        )
