"""All that is learned of a log for its lists: the pace of popularity, then the weights."""

from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.interactions.interactions import code_interactions
from ntg_assets.ranking.learning.examples import Examples
from ntg_assets.ranking.learning.inner_cut import MOST_SLICES, inner_slices
from ntg_assets.ranking.learning.inner_examples import collect_examples
from ntg_assets.ranking.learning.popularity_pace import Pace, evaluate_pace
from ntg_assets.ranking.learning.ranking_weights import learn_weights
from ntg_assets.ranking.scoring.popularity import with_half_lives
from ntg_assets.ranking.scoring.sources import configured_sources
from ntg_assets.zones import UTC_ZONE


class Taught(NamedTuple):
    """What taught the blend, `ranking_weights`, and the settings that name the blend's sources."""

    examples: Examples
    weights: pl.DataFrame
    settings: RankingSettings


def teach(
    train: pl.DataFrame,
    *,
    strategy: str,
    taste: TasteSettings,
    settings: RankingSettings,
    seed: int,
    rng: np.random.Generator,
    samples: int,
    zone: str = UTC_ZONE,
) -> Taught:
    """Learn the weights of a log's blend from inside it.

    Args:
        train: TRAIN: `user_id`, `item_id`, `event_at`, and what dislikes are read from.
        strategy: `split.strategy`: TRAIN is cut as the whole log is.
        taste: How graphs are made.
        settings: Half-lives that are not configured are those that fit the log.
        seed: Chooses label users and folds.
        rng: Seeded stream of the intervals.
        samples: Resamples of the intervals.
        zone: Whose midnights divide the days.
    """
    blended, pace = blended_settings(train, strategy=strategy, settings=settings, seed=seed)
    cuts = inner_slices(train, strategy=strategy, settings=blended, zone=zone, most=MOST_SLICES)
    examples = collect_examples(cuts, taste=taste, settings=blended, seed=seed)
    weights = learn_weights(
        examples,
        sources=configured_sources(blended),
        settings=blended,
        rng=rng,
        samples=samples,
        pace=pace,
    )
    return Taught(examples, weights, blended)


class Blended(NamedTuple):
    """The settings by which the blend is learned, and why its popularity is what it is."""

    settings: RankingSettings
    pace: Pace | None


def blended_settings(
    train: pl.DataFrame, *, strategy: str, settings: RankingSettings, seed: int
) -> Blended:
    """Choose the popularity that the blend adds to what knows the user.

    Where many instants could be asked it is one half-life. Popularities mixed by weights that two
    inner cuts teach were worse: their mix was made for two instants.

    Nothing from the latest inner cut on is asked: the popularity against which the blend is judged
    there has not seen the labels that judge.

    Args:
        train: TRAIN: `user_id`, `item_id`, `event_at`.
        strategy: `split.strategy`.
        settings: Half-lives that are not configured are those that fit the log.
        seed: Chooses the users of an instant.
    """
    settings = with_half_lives(settings, code_interactions(train).at)  # as `item_popularity` does
    latest = next(inner_slices(train, strategy=strategy, settings=settings, most=1), None)
    if latest is None:
        return Blended(settings, None)
    before = code_interactions(latest.history)
    pace = evaluate_pace(before, strategy=strategy, settings=settings, seed=seed)
    if pace is None:
        return Blended(settings, None)
    alone = settings.model_copy(update={"popularity_half_life_days": [pace.chosen]})
    return Blended(alone, pace)
