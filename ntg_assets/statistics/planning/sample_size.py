"""How many units, which effect, how long: a plan from a few figures,
before any experiment is configured.
"""

from collections.abc import Iterator
from dataclasses import replace
from math import ceil, isinf

from ntg_assets.errors import ConfigurationError
from ntg_assets.statistics.planning.plan_answer import PlanAnswer, PlanPoint, plan_sentence
from ntg_assets.statistics.planning.plan_request import FEWEST_IN_AN_ARM, PlanRequest, fewest_units
from ntg_assets.statistics.planning.power import (
    Design,
    days_for_units,
    detectable_effect,
    power,
    units_for_effect,
)

# multiples of the planned units at which the curve is shown
CURVE = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)
# a share's variance depends on the effect that is looked for; this many rounds settle it to the
# last digit shown
ROUNDS = 30


def answer_plan(request: PlanRequest) -> PlanAnswer:
    """Answer a plan: the units for an effect or a margin, or the effect for some units.

    Several treatments share the error rate (Bonferroni; the joint test needs a little less). The
    treatment with the least traffic decides, since the others are known better.

    Raises:
        ConfigurationError: no number of units can show the effect.
    """
    effect = _effect_of(request)
    per_arm = _units_per_arm(request, effect)
    units = sum(per_arm) if request.units is None else request.units
    draft = PlanAnswer(
        question=_question(request),
        effect=effect,
        effect_share=effect / request.mean if request.mean > 0 else None,
        units_per_arm=per_arm,
        units=units,
        days=_days(request, units),
        curve=tuple(_curve(request, effect, units=units)),
        sentence="",
    )
    return replace(draft, sentence=plan_sentence(request, draft))


def _units_per_arm(request: PlanRequest, effect: float) -> tuple[int, ...]:
    """Share the units out as the arms' weights say, rounded up, with a variance in each arm."""
    control = _control_units(request, effect)
    return tuple(
        max(ceil(control * weight / request.weights[0] - 1e-9), FEWEST_IN_AN_ARM)
        for weight in request.weights
    )


def _curve(request: PlanRequest, effect: float, *, units: int) -> Iterator[PlanPoint]:
    """Say what fewer and more units would show; left out is what leaves an arm without variance."""
    for multiple in CURVE:
        if units * multiple >= fewest_units(request.weights):
            yield _point(request, effect, units=ceil(units * multiple))


def _question(request: PlanRequest) -> str:
    if request.units:
        return "effect for units"
    return "units for non-inferiority" if request.margin else "units for an effect"


def power_at(request: PlanRequest, effect: float, *, units: float) -> float:
    """Return the probability that so many units (all arms together) find a true effect;
    for a margin, that they exclude it.
    """
    return power(
        effect,
        n_control=units * request.weights[0] / sum(request.weights),
        design=_design(request, effect),
    )


def effect_at(request: PlanRequest, *, units: float) -> float:
    """Return the smallest true effect that so many units, all arms together,
    find with the wanted power.
    """
    n_control = units * request.weights[0] / sum(request.weights)
    effect = detectable_effect(
        n_control=n_control, design=_design(request, 0.0), wanted_power=request.power
    )
    if request.sd is None:
        for _ in range(ROUNDS):
            effect = detectable_effect(
                n_control=n_control, design=_design(request, effect), wanted_power=request.power
            )
    return effect


def _effect_of(request: PlanRequest) -> float:
    if request.units is not None:
        return effect_at(request, units=request.units)
    return request.margin if request.margin is not None else float(request.effect or 0.0)


def _control_units(request: PlanRequest, effect: float) -> float:
    if request.units is not None:
        return request.units * request.weights[0] / sum(request.weights)
    units = units_for_effect(effect, design=_design(request, effect), wanted_power=request.power)
    if isinf(units):
        raise ConfigurationError(
            f"no number of units shows an effect of {effect:g}. Ask for a larger effect or less"
            " power."
        )
    return units


def _design(request: PlanRequest, effect: float) -> Design:
    """Set out the test of the treatment with the least traffic."""
    variance, treated = _variances(request, effect)
    shows_no_harm = request.margin is not None
    return Design(
        variance,
        treated,
        ratio=min(request.weights[1:]) / request.weights[0],
        significance=request.significance / (2 if shows_no_harm else request.n_treatments),
        alternative="greater" if request.one_sided or shows_no_harm else "two-sided",
    )


def _variances(request: PlanRequest, effect: float) -> tuple[float, float]:
    """Return what CUPED leaves of the variance of control and treatment: that of a share moves with
    the share.
    """
    left = 1 - request.explained_share
    if request.sd is not None:
        return request.sd**2 * left, request.sd**2 * left
    moved = request.mean + effect if request.better == "more" else request.mean - effect
    other = request.mean if request.margin is not None else min(max(moved, 0.0), 1.0)
    return request.mean * (1 - request.mean) * left, other * (1 - other) * left


def _point(request: PlanRequest, effect: float, *, units: int) -> PlanPoint:
    return PlanPoint(
        units,
        _days(request, units),
        effect_at(request, units=units),
        power_at(request, effect, units=units),
    )


def _days(request: PlanRequest, units: int) -> float | None:
    return (
        None
        if request.units_per_day is None
        else days_for_units(units, units_per_day=request.units_per_day)
    )
