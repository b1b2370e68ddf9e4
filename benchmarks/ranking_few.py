"""Few label users: what a larger log, cut to 48 of them, keeps of the weights that all teach.

    python -m benchmarks.ranking_few
    python -m benchmarks.ranking_few --only movielens

The label users of the inner cuts are drawn 50 times. Each draw learns and decides as a night does
(the prior without the log's family, the guard against harm), and is judged on the label users who
were not drawn, beside the popularity that the draw would have chosen and the weights of all.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, NamedTuple

import numpy as np
import polars as pl
import typer

from benchmarks.harness import RESULTS, Goal, command_line, console, report
from benchmarks.made_tastes import made_log
from benchmarks.ranking import HELD_SHARE, bundled_case, complete_journey, cut, movielens
from ntg_assets.arrays import Floats
from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.randomness import random_stream
from ntg_assets.ranking.learning.blend_fit import ndcg_of, returns_position
from ntg_assets.ranking.learning.examples import Examples
from ntg_assets.ranking.learning.inner_cut import inner_slices
from ntg_assets.ranking.learning.inner_examples import collect_examples
from ntg_assets.ranking.learning.popularity_pace import Pace
from ntg_assets.ranking.learning.ranking_weights import learn_weights
from ntg_assets.ranking.learning.repeat_weights import with_returns
from ntg_assets.ranking.learning.teaching import blended_settings
from ntg_assets.ranking.scoring.return_form import return_form
from ntg_assets.ranking.scoring.sources import Source, configured_sources

SEED, N_USERS, DRAWS, SAMPLES = 20_261_128, 48, 50, 200
KEPT_GOAL = 0.95


class Case(NamedTuple):
    """A log, how it is cut, and the settings, the log's family being out of the prior."""

    events: Callable[[], pl.DataFrame]
    strategy: str
    ranking: RankingSettings


def _bundled(events: Callable[[], pl.DataFrame], strategy: str, consumed: str) -> Case:
    _, log, cut_by, _, ranking, _ = bundled_case("", events, strategy, consumed, 1.0)  # type: ignore[arg-type]
    return Case(log, cut_by, ranking)


def _made(world: str, consumed: str) -> Case:
    family = "shopping" if world == "shop" else world
    ranking = RankingSettings(recommend_consumed=consumed, prior_leave_out=[family])
    return Case(partial(made_log, world), "global_time", ranking)


CASES: Mapping[str, Case] = {
    "movielens_per_user": _bundled(movielens, "per_user", "never"),
    "made_films": _made("films", "never"),
    "made_series": _made("series", "never"),
    "made_news": _made("news", "never"),
    "made_shop": _made("shop", "never"),
    "made_games": _made("games", "never"),
    "made_songs_consumed": _made("songs", "allow"),
    "complete_journey_new": _bundled(complete_journey, "global_time", "never"),
    "complete_journey_consumed": _bundled(complete_journey, "global_time", "allow"),
}


def evaluate(case: Case, *, draws: int) -> dict[str, float]:
    """Return mean NDCG@10 of the draws, of the popularity they choose, and of all labels."""
    known, _ = cut(case.events(), case.strategy, HELD_SHARE)
    settings, pace = blended_settings(
        known, strategy=case.strategy, settings=case.ranking, seed=SEED
    )
    settings = settings.model_copy(update={"inner_users": 1_000})
    sources = configured_sources(settings)
    cuts = inner_slices(known, strategy=case.strategy, settings=settings)
    examples = collect_examples(cuts, taste=TasteSettings(), settings=settings, seed=SEED)
    every = np.arange(examples.n_users)
    whole = _ndcg(examples, _learn(examples, sources, settings, pace), sources)
    popular: dict[int, Floats] = {}  # of each floor that a draw chooses
    found = []
    for draw in range(draws):
        drawn = np.isin(every, random_stream(SEED, f"few {draw}").permutation(every)[:N_USERS])
        weights = _learn(examples.only(drawn), sources, settings, pace)
        floor = int(weights["is_floor"].arg_max() or 0)
        if floor not in popular:
            popular[floor] = ndcg_of(examples, examples.features[:, floor])
        is_floor = weights["status"][0] == "floor"
        few = popular[floor] if is_floor else _ndcg(examples, weights, sources)
        found.append((*(x[~drawn].mean() for x in (few, popular[floor], whole)), is_floor))
    judged = np.array(found, float)
    few_mean, popular_mean, all_labels, floors = judged.mean(axis=0).tolist()
    return {
        "few": few_mean,
        "few_least_draw": float(judged[:, 0].min()),
        "popularity": popular_mean,
        "all_labels": all_labels,
        "share_of_draws_on_the_floor": floors,
        "n_draws": draws,
        "n_label_users": examples.n_users,
    }


def _learn(
    examples: Examples, sources: list[Source], settings: RankingSettings, pace: Pace | None
) -> pl.DataFrame:
    rng = random_stream(SEED, "ranking_weights")
    return learn_weights(
        examples, sources=sources, settings=settings, rng=rng, samples=SAMPLES, pace=pace
    )


def _ndcg(examples: Examples, weights: pl.DataFrame, sources: list[Source]) -> Floats:
    returns, n = returns_position(sources), len(sources)
    if returns is not None:
        form = return_form(dict(weights.select("feature", "weight").iter_rows()))
        examples = with_returns(examples, form, position=returns)
    return ndcg_of(examples, examples.features @ weights["weight"].to_numpy()[:n])


def run(
    only: Annotated[str, typer.Option(help="Only the cases whose name starts so.")] = "",
    draws: Annotated[int, typer.Option(help="How often the label users are drawn.", min=1)] = DRAWS,
) -> None:
    """Judge, print, and write the result."""
    figures: dict[str, dict[str, float]] = {}
    goals = []
    for name, case in CASES.items():
        if not name.startswith(only):
            continue
        figures[name] = found = evaluate(case, draws=draws)
        console.print(f"{name}: {found}", soft_wrap=True)
        kept, above = found["few"] / found["all_labels"], found["few"] / found["popularity"]
        goals += [
            Goal(f"{name}: kept of what all labels teach", round(kept, 4), KEPT_GOAL, "at_least"),
            Goal(f"{name}: relative to popularity", round(above, 4), 1.0, "at_least"),
        ]
    report("ranking_few", figures=figures, goals=goals, folder=None if only else RESULTS)


if __name__ == "__main__":
    command_line(run)
