"""Assets of ranking: popularity and the weights of the blend; the lists are in `lists.assets`."""

import polars as pl

from ntg_assets.interactions.dislikes import history_columns
from ntg_assets.interactions.interactions import HISTORY, code_interactions
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.ranking.contracts import ItemPopularity, RankingWeights
from ntg_assets.ranking.learning.teaching import teach
from ntg_assets.ranking.scoring.popularity import item_popularity as score_popularity
from ntg_assets.ranking.scoring.popularity import microseconds, with_half_lives
from ntg_assets.splits.boundaries import learning_end, train_end
from ntg_assets.sql import Table
from ntg_assets.stages import LEARNED_FROM


@staged_asset(contract=ItemPopularity, group="ranking", kinds=("numpy",))
def item_popularity(
    train_events: Table, split_boundaries: pl.DataFrame, project: Project
) -> pl.DataFrame:
    """What is popular at the cutoff, at half-lives from minutes to years."""
    log = code_interactions(project.columns(train_events, *HISTORY))
    settings = with_half_lives(
        project.settings.ranking, log.at[log.at < _learned_until(split_boundaries, project)]
    )
    return score_popularity(
        log, now=train_end(split_boundaries), half_life_days=settings.popularity_half_life_days
    )


@staged_asset(
    contract=RankingWeights,
    group="ranking",
    kinds=("scipy",),
    live_reads=LEARNED_FROM,
)
def ranking_weights(train_events: Table, project: Project) -> pl.DataFrame:
    """Weights of the blend and the pace of popularity, learned inside TRAIN, with evidence."""
    settings = project.settings
    return teach(
        project.columns(train_events, *history_columns(settings.ranking.dislikes)),
        strategy=settings.split.strategy,
        taste=settings.taste,
        settings=settings.ranking,
        seed=settings.seed,
        rng=project.rng("ranking_weights"),
        samples=settings.gate.bootstrap_samples,
        zone=settings.ingest.zone,
    ).weights


def _learned_until(boundaries: pl.DataFrame, project: Project) -> int:
    """Return the end of what the weights are learned of, whose half-lives popularity has."""
    return microseconds(learning_end(boundaries, settings=project.settings.split))
