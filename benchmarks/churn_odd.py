"""Shapes that nothing was made for: is what is told of them right, or warned of?

    python -m benchmarks.churn --only odd

Every log of `odd_logs` is cut twice, in two draws. The first draw was looked at while mends were
made, the second is another draw of the same shapes at the same cuts.
"""

from functools import partial
from typing import Any

from benchmarks.churn_value import Case, evaluate_cut
from benchmarks.harness import Goal, console
from benchmarks.odd_logs import ODD_LOGS, SEED, odd_days
from benchmarks.value_goals import value_table

DRAWS = {"looked at": SEED, "another draw": SEED + 1}
SMALLEST = 1e-3  # of a share
OFF = 1.5  # told over seen, or seen over told, that nobody should be left alone with


def odd_part() -> tuple[dict[str, Any], list[Goal]]:
    """Judge every log at its cuts, in both draws."""
    figures: dict[str, Any] = {}
    for draw, seed in DRAWS.items():
        for name, log in ODD_LOGS.items():
            case = Case(
                partial(odd_days, name, seed=seed), log.horizon_days, log.cuts, log.counts_amounts
            )
            user_days = case.user_days()
            for cutoff_on, n_days in case.cuts:
                found = evaluate_cut(user_days, case, cutoff_on, n_days)
                figures[f"{name} {cutoff_on} {n_days} days, {draw}"] = found
    console.print(value_table(figures))
    return figures, [goal for draw in DRAWS for goal in _goals(draw, figures)]


def _goals(draw: str, figures: dict[str, Any]) -> list[Goal]:
    rows = [row for name, row in figures.items() if name.endswith(draw)]
    alone = [row for row in rows if _is_off(row["told_over_seen"]) and not row["warnings"]]
    churned = [
        row
        for row in rows
        if _is_off(row["churn_told"] / max(row["churn_seen"], SMALLEST)) and not row["warnings"]
    ]
    outside = [row for row in rows if not row["low_over_seen"] <= 1 <= row["high_over_seen"]]
    return [
        Goal(
            f"odd logs, {draw}: cuts off by more than a half that nothing warns of",
            float(len(alone)),
            0.0,
            "at_most",
        ),
        Goal(
            f"odd logs, {draw}: cuts whose churn is off by more than a half that nothing warns of",
            float(len(churned)),
            0.0,
            "at_most",
        ),
        Goal(
            f"odd logs, {draw}: share of cuts whose interval holds what came",
            1 - len(outside) / len(rows),
            0.9,
            "at_least",
        ),
    ]


def _is_off(ratio: float) -> bool:
    return not 1 / OFF <= ratio <= OFF
