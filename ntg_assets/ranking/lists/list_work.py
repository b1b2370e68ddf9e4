"""Lists of users from their histories and the item side: here, and wherever a worker is."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.engines.kernel import OnUsers, UserWork
from ntg_assets.interactions.dislikes import mark_dislikes
from ntg_assets.interactions.interactions import Interactions, code_interactions
from ntg_assets.ranking.lists.audiences import audiences
from ntg_assets.ranking.lists.scored_users import (
    RowsOf,
    candidate_rows,
    recommendation_rows,
    strategy_list_rows,
    walk_audiences,
)
from ntg_assets.ranking.scoring.model import RankingModel
from ntg_assets.ranking.scoring.ranking_model import catalogue, ranking_model
from ntg_assets.ranking.scoring.scores import Tell
from ntg_assets.ranking.scoring.user_neighbours import Takes

GRAPH, TAKES = "graph ", "takes"  # a graph's frame is called by its name after the word


@dataclass(frozen=True)
class ItemSide:
    """What lists are made from beside the users' histories.

    Attributes:
        popularity: `item_popularity`.
        graphs: Edge tables by name; see `ranking_model`.
        weights: `ranking_weights`.
        item_rules: `item_rules`.
        titles: `item_id`, `title`.
        user_regions: `user_regions`.
        regional_exclusions: `regional_exclusions`.
        settings: `ranking` of the configuration.
        cutoff_at: The cutoff of the stage.
        zone: Whose midnights divide the days.
        tables: Which tables are made, by their names in `ROWS_OF`.
    """

    popularity: pl.DataFrame
    graphs: Mapping[str, pl.DataFrame]
    weights: pl.DataFrame
    item_rules: pl.DataFrame
    titles: pl.DataFrame
    user_regions: pl.DataFrame
    regional_exclusions: pl.DataFrame
    settings: RankingSettings
    cutoff_at: datetime
    zone: str
    tables: tuple[str, ...]

    def histories(self, events: pl.DataFrame) -> Interactions:
        """Code the histories of users, each with all its rows."""
        marked = mark_dislikes(events, self.settings.dislikes)
        return code_interactions(marked, items=catalogue(self.popularity))

    def model(self, log: Interactions | Takes | None) -> RankingModel:
        """Make the model; see `ranking_model` for the log."""
        return ranking_model(
            popularity=self.popularity,
            graphs=self.graphs,
            cutoff_at=self.cutoff_at,
            settings=self.settings,
            weights=self.weights,
            item_rules=self.item_rules,
            zone=self.zone,
            log=log,
        )

    def lists(
        self,
        log: Interactions,
        model: RankingModel,
        *,
        tell: Tell | None = None,
        compiled: bool | None = None,
    ) -> Iterator[tuple[pl.DataFrame, ...]]:
        """Make the rows of each table for the users of a log, block by block; see
        `walk_audiences`.
        """
        divided = audiences(
            log,
            model,
            user_regions=self.user_regions,
            regional_exclusions=self.regional_exclusions,
        )
        rows_of = [ROWS_OF[name](self, model) for name in self.tables]
        return walk_audiences(log, divided, rows_of, tell=tell, compiled=compiled)

    def work(self, takes: Takes | None, *, compiled: bool) -> UserWork:
        """Describe the making of lists for a worker.

        Args:
            takes: What those took who can be neighbours; None: nobody can.
            compiled: Which engine scores.
        """
        barred = self.regional_exclusions["region"].unique()
        bound = self.user_regions.filter(pl.col("region").is_in(barred.implode()))
        frames = {
            "popularity": self.popularity,
            "weights": self.weights,
            "item_rules": self.item_rules,
            "titles": self.titles.select("item_id", "title"),
            "user_regions": bound,
            "regional_exclusions": self.regional_exclusions,
            **{GRAPH + name: edges for name, edges in self.graphs.items()},
            **({} if takes is None else {TAKES: takes.rows}),
        }
        facts = {
            "settings": self.settings.model_dump(mode="json"),
            "cutoff_at": self.cutoff_at.isoformat(),
            "zone": self.zone,
            "tables": list(self.tables),
            "compiled": compiled,
            "n_users": takes.n_users if takes else 0,
        }
        return UserWork(lists_of_users, len(self.tables), frames, facts)


ROWS_OF: dict[str, Callable[[ItemSide, RankingModel], RowsOf]] = {
    "candidates": lambda side, model: candidate_rows,  # noqa: ARG005  # one signature for all
    "recommendations": lambda side, model: recommendation_rows(
        model, titles=side.titles, cutoff_at=side.cutoff_at
    ),
    "strategy_lists": lambda side, model: strategy_list_rows(
        model,
        side.weights,
        k=max(model.settings.top_k, *model.settings.evaluation_k),
    ),
}


def lists_of_users(frames: Mapping[str, pl.DataFrame], facts: Mapping[str, Any]) -> OnUsers:
    """Make out of its description what makes the lists of blocks of whole users.

    Args:
        frames: As `ItemSide.work` wrote them.
        facts: As there.
    """
    graphs = {name: edges for name, edges in frames.items() if name.startswith(GRAPH)}
    side = ItemSide(
        graphs={name.removeprefix(GRAPH): edges for name, edges in graphs.items()},
        settings=RankingSettings.model_validate(facts["settings"]),
        cutoff_at=datetime.fromisoformat(facts["cutoff_at"]),
        zone=facts["zone"],
        tables=tuple(facts["tables"]),
        **{name: frame for name, frame in frames.items() if name not in graphs and name != TAKES},
    )
    model = side.model(Takes(frames[TAKES], facts["n_users"]) if TAKES in frames else None)
    return lambda rows: side.lists(side.histories(rows), model, compiled=facts["compiled"])
