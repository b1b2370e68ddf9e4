"""Lists where most of what is taken has been had before, on made logs; and what pairs of return
parts cost.

    python -m benchmarks.ranking_repeats
    python -m benchmarks.ranking_repeats --only habit

The lists are held against the user's own decayed frequency, TIFU-KNN and UP-CF@r, each tuned on
VAL, for all items, and for repeated and new ones apart. The same log is then learned and scored
with every part of a return by itself: what is paid for what two parts say together.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from typing import Annotated, Any, NamedTuple, TypeVar
from unittest.mock import patch

import numpy as np
import polars as pl
import typer

from benchmarks.harness import RESULTS, Goal, command_line, console, report
from benchmarks.made_tastes import made_log
from benchmarks.ranking import (
    HELD_SHARE,
    K,
    complete_journey,
    cut,
    ndcg,
    relative,
    task_of,
    tuned_lists,
)
from benchmarks.ranking_ntg import Learned, learn, ntg_lists
from benchmarks.ranking_order_peers import order_peers
from benchmarks.ranking_peers import SEED, Task, peers
from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.ranking.learning import repeat_weights
from ntg_assets.ranking.scoring.return_form import ReturnForm

RIVALS = ("own decayed frequency", "TIFU-KNN", "UP-CF@r")
SAMPLES, ROUNDS = 500, 5
GROCER_GOAL, HABIT_GOAL = 1.05, 1.0
MOST_SCORING, MOST_LEARNING = 1.3, 2.0  # CPU with pairs over CPU without


T = TypeVar("T")


class Case(NamedTuple):
    """A log, how it is cut, which families stay out of the prior, and what the lists must reach;
    None: only the cost is stated, `make bench-ranking` judges the lists.
    """

    events: Callable[[], pl.DataFrame]
    strategy: str
    leave_out: list[str]
    goal: float | None


def _made(world: str, strategy: str, leave_out: list[str], goal: float) -> Case:
    return Case(partial(made_log, world), strategy, leave_out, goal)


CASES: Mapping[str, Case] = {
    "grocer_global_time": _made("grocer", "global_time", ["shopping"], GROCER_GOAL),
    "edits_per_user": _made("edits", "per_user", ["games", "songs"], HABIT_GOAL),
    "edits_global_time": _made("edits", "global_time", ["games", "songs"], HABIT_GOAL),
    "habit_per_user": _made("habit", "per_user", ["games", "songs"], HABIT_GOAL),
    "complete_journey_cost": Case(complete_journey, "global_time", ["shopping"], None),
}


def tasks(case: Case) -> tuple[Task, Task]:
    """Pose VAL and TEST."""
    known, test = cut(case.events(), case.strategy, HELD_SHARE)
    train, val = cut(known, case.strategy, HELD_SHARE / (1 - HELD_SHARE))
    ranking = RankingSettings(recommend_consumed="allow", prior_leave_out=case.leave_out)
    pose = partial(task_of, strategy=case.strategy, taste=TasteSettings(), ranking=ranking)
    return pose(train, val), pose(known, test)


def judge(case: Case) -> dict[str, Any]:
    """State the lists beside their rivals, and what pairs cost."""
    choosing, final = tasks(case)
    (learned, alone), figures = _learned(final)
    figures |= _scored(final, learned)
    ours = ntg_lists(final, learned, k=K)
    without = ndcg(final, ntg_lists(final, alone, k=K))
    figures["against_parts_alone"] = relative(ndcg(final, ours), without)
    if case.goal is not None:
        grid = {**peers(final), **order_peers(final)}
        rivals = {name: tuned_lists(choosing, final, grid[name]) for name in RIVALS}
        figures["chosen"] = {name: chosen["chosen"] for name, (_, chosen) in rivals.items()}
        theirs = {name: lists for name, (lists, _) in rivals.items()}
        figures |= dict(compared(final, ours, theirs))
    return figures


def _learned(final: Task) -> tuple[tuple[Learned, Learned], dict[str, Any]]:
    """Learn with pairs and with every part by itself, and state the processor seconds of both."""
    learn_it = partial(learn, final, seed=SEED, samples=SAMPLES)
    _compile()
    with_pairs, cpu = _timed(learn_it)
    with patch.object(repeat_weights, "fit_pairs", _parts_alone):
        alone, cpu_alone = _timed(learn_it)
    figures = {"learning_cpu_s": cpu, "learning_cpu_s_alone": cpu_alone}
    return (with_pairs, alone), figures | {"learning_relative": cpu / cpu_alone}


@lru_cache(maxsize=1)
def _compile() -> None:
    """Learn of a small log once: what is compiled for the first call is no cost of a log."""
    _, final = tasks(CASES["habit_per_user"])
    learn(final, seed=SEED, samples=1)


def _parts_alone(parts: np.ndarray, taken: np.ndarray, alone: ReturnForm) -> ReturnForm:
    del parts, taken
    return alone


def _scored(final: Task, learned: Learned) -> dict[str, float]:
    """State processor seconds of all lists with and without pairs, the least of several rounds: the
    same sources have weight, so that nothing but the pairs differs.
    """
    is_pair = pl.col("kind") == "return_pair"
    weights = learned.weights.with_columns(
        weight=pl.when(is_pair).then(0.0).otherwise(pl.col("weight"))
    )
    compared = {"pairs": learned, "alone": learned._replace(weights=weights)}
    seconds: dict[str, list[float]] = {name: [] for name in compared}
    for _ in range(ROUNDS):
        for name, known in compared.items():
            seconds[name].append(_timed(partial(ntg_lists, final, known, k=K))[1])
    pairs, plain = min(seconds["pairs"]), min(seconds["alone"])
    return {
        "scoring_cpu_s": pairs,
        "scoring_cpu_s_alone": plain,
        "scoring_relative": pairs / plain,
    }


def _timed(call: Callable[[], T]) -> tuple[T, float]:
    start = time.process_time()
    return call(), time.process_time() - start


def compared(
    final: Task, ours: np.ndarray, theirs: Mapping[str, np.ndarray]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what the lists and each rival reach, for all items, and for repeated and new ones."""
    had = final.train.select("user_id", "item_id").unique()
    kinds = {"all_items": None, "repeated_items": "semi", "new_items": "anti"}
    for kind, how in kinds.items():
        relevant = final.relevant
        if how is not None:
            relevant = relevant.join(had, on=["user_id", "item_id"], how=how)  # type: ignore[arg-type]  # one of the two above
        asked = replace(final, relevant=relevant)
        row = final.users.is_in(asked.users.implode()).to_numpy()
        values = {name: ndcg(asked, lists[row]) for name, lists in theirs.items()}
        blend = ndcg(asked, ours[row])
        best = max(values, key=lambda name: values[name].mean())
        yield (
            kind,
            {
                "ndcg": float(blend.mean()),
                **{name: float(value.mean()) for name, value in values.items()},
                "best_peer": best,
                **relative(blend, values[best]),
                "n_users": len(blend),
            },
        )


def goals_of(name: str, case: Case, found: dict[str, Any]) -> list[Goal]:
    """State what the lists must reach, and what pairs may cost."""
    cost = {"scoring": MOST_SCORING, "learning": MOST_LEARNING}
    goals = [
        Goal(
            f"{name}: {what} CPU with pairs over without",
            round(found[f"{what}_relative"], 3),
            most,
            "at_most",
        )
        for what, most in cost.items()
    ]
    if case.goal is not None:
        ratio = round(found["all_items"]["relative_to_best_peer"], 4)
        goals.append(Goal(f"{name}: relative to the best peer", ratio, case.goal, "at_least"))
    return goals


def run(
    only: Annotated[str, typer.Option(help="Only the cases whose name starts so.")] = "",
) -> None:
    """Judge, print, and write the result."""
    figures: dict[str, dict[str, Any]] = {}
    goals: list[Goal] = []
    for name, case in CASES.items():
        if name.startswith(only):
            figures[name] = judge(case)
            console.print(f"{name}: {figures[name]}", soft_wrap=True)
            goals += goals_of(name, case, figures[name])
    report("ranking_repeats", figures=figures, goals=goals, folder=None if only else RESULTS)


if __name__ == "__main__":
    command_line(run)
