"""How often whole decisions roll out what does nothing, what harms, and what works: through
`receipts.evaluate`, the function behind the asset, on sums of made-up units.
"""

from collections.abc import Iterator
from datetime import datetime
from math import ceil

import numpy as np

from benchmarks.experiment_grid import ALPHA, DRAWS, SEED, Draw, Random, _round
from benchmarks.harness import Goal
from ntg_assets.arrays import Floats
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import ArmTraffic, Evidence
from ntg_assets.experiments.decision.receipts import evaluate
from ntg_assets.statistics import library as st
from ntg_assets.statistics.moments import PAIRS, VARIABLES, Sums

WORLDS = 3_000  # a thousand of each shape
MANY = 10  # guardrails from which on half of the worlds have to do
DAYS = (datetime(2026, 1, 5), datetime(2026, 2, 2))


def definition(n_guardrails: int, *, power: float = 0.8) -> ExperimentSettings:
    """Define an experiment on a primary metric and some guardrails, each in standard deviations."""
    names = [f"guardrail {place}" for place in range(n_guardrails)]
    return ExperimentSettings.model_validate(
        {
            "id": "world",
            "hypothesis": "A made-up world in which the truth is known.",
            "owner": "benchmark",
            "arms": [{"name": "a"}, {"name": "b"}],
            "source": {
                "kind": "log",
                "exposures": {"files": ["none.csv"]},
                "assigned_at_once": True,
                "pre_period_days": 0,
            },
            "metrics": [{"name": name} for name in ("primary", *names)],
            "primary_metric": "primary",
            "guardrails": [{"metric": name, "margin": EFFECT} for name in names],
            "minimum_effect": EFFECT,
            "minimum_units_per_arm": 20,
            "power": power,
        }
    )


EFFECT = 0.4  # in standard deviations: the one worth finding, and the margin of each guardrail


def planned_units(experiment: ExperimentSettings) -> int:
    """Return the units per arm with which every metric of the decision has its power."""
    design = st.Design(1, 1, significance=experiment.significance)
    return ceil(st.units_for_effect(EFFECT, design=design, wanted_power=experiment.power_of_each))


def _standard(draw: Draw, rng: Random, shape: tuple[int, int]) -> Floats:
    """Draw values with mean 0 and standard deviation 1 (by many more of them)."""
    many = draw(np.random.default_rng(SEED), 400_000)
    return (draw(rng, shape[0] * shape[1]).reshape(shape) - many.mean()) / many.std()


def decide_worlds(
    experiment: ExperimentSettings,
    *,
    worlds: int,
    effect: float = 0.0,
    harm: float = 0.0,
    draw: Draw = DRAWS["normal"],
    seed: int = SEED,
) -> float:
    """Return the share of worlds that are rolled out.

    Args:
        experiment: As `definition` makes it.
        worlds: Worlds, each with units of its own.
        effect: Of the primary metric, in standard deviations.
        harm: By how much each guardrail is worse.
        draw: How values fall.
        seed: Of the stream.
    """
    rng, n = np.random.default_rng(seed), planned_units(experiment)
    metrics = {metric.name: -harm for metric in experiment.measured} | {"primary": effect}
    drawn = {
        (name, arm): _standard(draw, rng, (worlds, n)) + (change if arm == "b" else 0.0)
        for name, change in metrics.items()
        for arm in "ab"
    }
    traffic = {arm: ArmTraffic(1.0, n, n, 0, 0, *DAYS) for arm in "ab"}
    rolled_out = 0
    for world in range(worlds):
        sums = {
            ("between users", name, arm, "all"): _sums(values[world])
            for (name, arm), values in drawn.items()
        }
        decision = evaluate(experiment, Evidence(traffic=traffic, sums=sums))[2]
        rolled_out += decision.decision == "rollout"
    return rolled_out / worlds


def _sums(values: Floats) -> Sums:
    n = len(values)
    micro = np.rint(values * 1e6)
    total, squares = int(micro.sum()), int((micro**2).sum())
    first = dict.fromkeys(VARIABLES, 0) | {
        "value": total,
        "denominator": n * 10**6,
        "covariate_denominator": n * 10**6,
    }
    second = {
        (one, other): 10**12 * n if "value" not in {one, other} and one != "covariate" else 0
        for one, other in PAIRS
    } | {
        ("value", "value"): squares,
        ("value", "denominator"): total * 10**6,
        ("value", "covariate_denominator"): total * 10**6,
        ("denominator", "covariate"): 0,
    }
    largest = int(np.abs(micro).max())
    return Sums(n, 0, 0, first, second, largest, int((micro != 0).sum()))


def measure_decisions(*, worlds: int = WORLDS) -> Iterator[Goal]:
    """Measure how often decisions roll out what does nothing, what harms, and what works."""
    one = definition(1)
    shapes = {name: DRAWS[name] for name in ("normal", "Poisson 8", "decaying")}
    each = worlds // len(shapes)
    n = planned_units(one)
    harm = EFFECT + 3 * (2 / n) ** 0.5  # worse than its margin by three standard errors
    null, harmed, works = (
        np.mean([decide_worlds(one, worlds=each, draw=draw, **truth) for draw in shapes.values()])
        for truth in ({}, {"effect": EFFECT, "harm": harm}, {"effect": EFFECT})
    )
    yield Goal(
        f"rollouts of {each * len(shapes):,} worlds without an effect",
        _round(null),
        0.025,
        "at_most",
    )
    yield Goal(
        f"rollouts of {each * len(shapes):,} worlds with a harmed guardrail",
        _round(harmed),
        0.001,
        "at_most",
    )
    yield Goal("rollouts of the same worlds without harm", _round(works), 0.8, "at_least")
    for n_guardrails in (1, 3, 10):
        several = definition(n_guardrails)
        few = worlds if n_guardrails < MANY else worlds // 2
        power = decide_worlds(several, worlds=few, effect=EFFECT)
        false = decide_worlds(several, worlds=few)
        error = 3 * (0.8 * 0.2 / few) ** 0.5
        yield Goal(
            f"power of the decision with {n_guardrails} guardrails (80% less three errors)",
            _round(power),
            _round(0.8 - error),
            "at_least",
        )
        yield Goal(
            f"false rollouts with {n_guardrails} guardrails", _round(false), ALPHA, "at_most"
        )
