"""Assets of newcomers: which popularity serves them, and their list."""

import polars as pl

from ntg_assets.attributes.regions import ANYWHERE
from ntg_assets.interactions.interactions import HISTORY, code_interactions
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.ranking.lists.audiences import excluded_there
from ntg_assets.ranking.lists.contracts import DefaultList, DefaultListReport
from ntg_assets.ranking.lists.recommendations import default_list as popular_list
from ntg_assets.ranking.newcomers.cold_start import (
    chosen_half_life,
    evaluate_half_lives,
    floor_half_life,
    newcomer_settings,
)
from ntg_assets.ranking.scoring.popularity import with_half_lives
from ntg_assets.ranking.scoring.ranking_model import ranking_model
from ntg_assets.splits.boundaries import train_end
from ntg_assets.sql import Table
from ntg_assets.stages import LEARNED_FROM


@staged_asset(
    contract=DefaultListReport,
    group="ranking",
    kinds=("numpy",),
    live_reads=LEARNED_FROM,
)
def default_list_report(
    train_events: Table, ranking_weights: pl.DataFrame, project: Project
) -> pl.DataFrame:
    """How well each half-life of popularity served the newcomers of the past,
    and which one is used for tomorrow's.
    """
    settings, log = project.settings, code_interactions(project.columns(train_events, *HISTORY))
    ranking = with_half_lives(settings.ranking, log.at)
    return evaluate_half_lives(
        log,
        floor=floor_half_life(ranking_weights, settings=ranking),
        settings=ranking,
        seed=settings.seed,
        rng=project.rng("default_list_report"),
        samples=settings.gate.bootstrap_samples,
    )


@staged_asset(contract=DefaultList, group="ranking", kinds=("numpy",))
def default_list(
    item_popularity: pl.DataFrame,
    default_list_report: pl.DataFrame,
    item_rules: pl.DataFrame,
    regional_exclusions: pl.DataFrame,
    items: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What to show to users without history, wherever they are."""
    rules = excluded_there(item_rules, regional_exclusions, ANYWHERE)
    settings = newcomer_settings(project.settings.ranking, rules)
    model = ranking_model(
        popularity=item_popularity,
        graphs={},
        cutoff_at=train_end(split_boundaries),
        settings=settings,
        item_rules=rules,
    )
    return popular_list(model, chosen_half_life(default_list_report), titles=items)
