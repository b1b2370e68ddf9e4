"""Off-policy estimates: held against a planted truth, against spoiled propensities,
at size, and against a real pair of logs.

`make bench-offpolicy`; with the wheel of `obp` also `make bench-offpolicy ARGS="--open-bandit
data/obp/obp-0.4.1-py3-none-any.whl"`.
"""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer

from benchmarks.harness import Goal, command_line, measure_call, report
from benchmarks.offpolicy_truth import (
    CUTOFF,
    N_ITEMS,
    PLACES,
    SEED,
    Law,
    Spoil,
    alarms,
    coverage,
    draw,
    repeat,
)
from benchmarks.open_bandit import CAMPAIGNS, open_bandit
from ntg_assets.configuration.off_policy import OffPolicySettings
from ntg_assets.off_policy.report import report_off_policy
from ntg_assets.off_policy.slots import divide_slots
from ntg_assets.randomness import random_stream

SIZES = (300, 2_000)
REPETITIONS, SPOILED_REPETITIONS = 1_000, 200
MOST_ERRORS = 3.5  # of some dozen standard normal numbers
LEAST_COVERAGE, MOST_COVERAGE, LEAST_COVERAGE_SMALL = 0.93, 0.975, 0.90
MOST_FALSE_ALARMS, LEAST_FOUND = 0.05, 0.95
BIG_USERS = 250_000
MOST_GAP = 3.0
SPOILED: dict[str, Spoil] = {
    "a fifth too low": lambda true, _: 0.8 * true,
    "a quarter too high": lambda true, _: np.minimum(1.25 * true, 1.0),
    "taken for uniform": lambda true, _: np.full_like(true, 1 / N_ITEMS),
    "of another day's policy": lambda _, stale: stale,
}


def offpolicy(
    open_bandit_wheel: Annotated[
        Path | None,
        typer.Option("--open-bandit", help="Wheel of obp 0.4.1, for its sample of a real log."),
    ] = None,
    repetitions: Annotated[
        int, typer.Option(help="Logs drawn of each size.", min=20)
    ] = REPETITIONS,
) -> None:
    """Measure bias, coverage, alarms and cost of the off-policy estimates."""
    law = Law()
    figures: dict[str, Any] = {}
    goals: list[Goal] = []
    for n_users in SIZES:
        found = repeat(law, n_users=n_users, repetitions=repetitions, use=f"right {n_users}")
        told = coverage(law, found)
        figures[f"{n_users}_users"] = {"estimates": told, "false_alarms": alarms(found)}
        goals += _truth_goals(n_users, told, alarms(found))
    figures["spoiled_propensities"] = {
        name: alarms(
            repeat(
                law,
                n_users=SIZES[-1],
                repetitions=min(repetitions, SPOILED_REPETITIONS),
                use=name,
                spoil=spoil,
            )
        )
        for name, spoil in SPOILED.items()
    }
    goals += [
        Goal(f"wrong propensities noticed: {name}", rates["any"], LEAST_FOUND, "at_least")
        for name, rates in figures["spoiled_propensities"].items()
    ]
    cost, answer = measure_call("benchmarks.offpolicy:at_size", n_users=BIG_USERS)
    figures["at_size"] = {
        **answer,
        "cpu_s": cost.cpu_s,
        "wall_s": cost.wall_s,
        "peak_mb": cost.peak_mb,
    }
    if open_bandit_wheel is not None:
        figures["open_bandit"] = open_bandit(open_bandit_wheel)
        goals += _outside_goals(figures["open_bandit"])
    report("offpolicy", figures=figures, goals=goals)


def at_size(*, n_users: int) -> dict[str, int]:
    """Estimate three strategies from millions of exposures
    (the world is drawn in the same process, and is part of the cost).
    """
    rows, lists = draw(Law(), random_stream(SEED, "off-policy at size"), n_users=n_users)
    slots = divide_slots(rows, cutoff_at=CUTOFF, list_length=PLACES)
    made, _ = report_off_policy(
        slots, lists, settings=OffPolicySettings(), list_length=PLACES, minimum_users=1
    )
    return {"n_exposures": rows.height, "n_users": n_users, "n_estimates": made.height}


def _truth_goals(
    n_users: int, told: dict[str, dict[str, Any]], rates: dict[str, float]
) -> list[Goal]:
    unbiased = {name: told[name] for name in ("ips", "dr", "on_policy")}
    errors = max(abs(row["bias_in_errors"]) for rows in unbiased.values() for row in rows.values())
    held = [
        row[key]
        for rows in told.values()
        for row in rows.values()
        for key in ("coverage", "difference_coverage")
        if row[key] is not None
    ]
    least = LEAST_COVERAGE if n_users == SIZES[-1] else LEAST_COVERAGE_SMALL
    snips = max(abs(row["bias_percent"]) for row in told["snips"].values())
    return [
        Goal(
            f"{n_users} users: largest bias of IPS, DR and on-policy in its own Monte Carlo errors",
            errors,
            MOST_ERRORS,
            "at_most",
        ),
        Goal(f"{n_users} users: largest bias of SNIPS in percent", snips, 2.0, "at_most"),
        Goal(f"{n_users} users: least coverage of a 95% interval", min(held), least, "at_least"),
        Goal(
            f"{n_users} users: most coverage of a 95% interval", max(held), MOST_COVERAGE, "at_most"
        ),
        Goal(
            f"{n_users} users: right propensities called wrong",
            max(rates[name] for name in rates if name != "any"),
            MOST_FALSE_ALARMS,
            "at_most",
        ),
    ]


def _outside_goals(found: dict[str, Any]) -> list[Goal]:
    example, campaigns = found["published_example"], {name: found[name] for name in CAMPAIGNS}
    told = pl.DataFrame(list(campaigns.values()))
    gap = max(float(told[f"gap_in_errors_{name}"].to_numpy().max()) for name in ("ips", "snips"))
    same = max(
        abs(row[f"random_by_{name}"]["value"] - row[f"published_formula_{name}"])
        for row in campaigns.values()
        for name in ("ips", "snips")
    )
    return [
        Goal(
            "Open Bandit: largest gap between estimated and own value of the random policy, in"
            " errors",
            gap,
            MOST_GAP,
            "at_most",
        ),
        Goal(
            "Open Bandit: distance to the published example",
            abs(example["relative_value"] - example["published"]),
            1e-6,
            "at_most",
        ),
        Goal("Open Bandit: largest difference to the published formulas", same, 1e-12, "at_most"),
        Goal(
            "Open Bandit: logs whose mean weight holds",
            float(told["mean_weight_holds"].to_numpy().mean()),
            1.0,
            "at_least",
        ),
    ]


if __name__ == "__main__":
    command_line(offpolicy)
