"""A plan, and the sentence that says it."""

from dataclasses import dataclass
from math import isfinite

from ntg_assets.statistics.planning.plan_request import PlanRequest


@dataclass(frozen=True)
class PlanPoint:
    """What so many units can show; `power` is that for the effect of the plan."""

    units: int
    days: float | None
    detectable_effect: float
    power: float


@dataclass(frozen=True)
class PlanAnswer:
    """A plan.

    Attributes:
        question: `units for an effect`, `units for non-inferiority` or `effect for units`.
        effect: The absolute effect (or margin) that is planned for.
        effect_share: The same as a share of the mean; None where the mean is not above zero.
        units_per_arm: Control first.
        units: All arms together.
        days: Whole weeks that the traffic needs; None when no traffic is given, infinite when none
        comes.
        curve: What fewer and more units can show.
        sentence: The answer, for people.
    """

    question: str
    effect: float
    effect_share: float | None
    units_per_arm: tuple[int, ...]
    units: int
    days: float | None
    curve: tuple[PlanPoint, ...]
    sentence: str


def plan_sentence(request: PlanRequest, answer: PlanAnswer) -> str:
    """Say what so many units can show, with which error rates, and how long they take to come."""
    arms = (
        f"{answer.units:,} units over {len(request.weights)} arms"
        f" ({' : '.join(f'{n:,}' for n in answer.units_per_arm)})"
    )
    cuped = (
        f", with CUPED removing {request.explained_share:.0%} of the variance"
        if request.explained_share
        else ""
    )
    return (
        f"{arms} {_what_they_show(request, answer)} with {request.power:.0%} power at"
        f" {request.significance:g} significance{cuped}{_duration(request, answer)}."
    )


def _what_they_show(request: PlanRequest, answer: PlanAnswer) -> str:
    size = _size_in_words(request, answer)
    less = request.better == "less"
    if answer.question == "units for non-inferiority":
        better = ", where less is better" if less else ""
        return f"show that no treatment is worse than the control by more than {size}{better}"
    effect = f"an improvement{' (a fall)' if less else ''}" if request.one_sided else "a difference"
    return f"find {effect} of {size}"


def _size_in_words(request: PlanRequest, answer: PlanAnswer) -> str:
    is_solved_for = answer.question == "effect for units"
    size = f"{answer.effect:.4g}" if is_solved_for else f"{answer.effect:g}"
    if answer.effect_share is None:
        return size
    return f"{size} ({answer.effect_share:.2%} of {request.mean:g})"


def _duration(request: PlanRequest, answer: PlanAnswer) -> str:
    if answer.days is None:
        return ""
    if isfinite(answer.days):
        return f": {answer.days:,.0f} days at {request.units_per_day:,.6g} units a day"
    return ": never, because no units come"
