"""Lists on demand, from the published tables: the same functions as in the night,
so the same bits.
"""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl

from ntg_assets.arrays import code_of, codes_of
from ntg_assets.attributes.regions import ANYWHERE
from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.errors import NotEnoughDataError, StorageError
from ntg_assets.interactions.dislikes import mark_dislikes
from ntg_assets.interactions.interactions import Interactions, code_interactions
from ntg_assets.ranking.lists.audiences import in_region
from ntg_assets.ranking.lists.explain import Contribution, explain_item
from ntg_assets.ranking.lists.published_lists import (
    given_history,
    history_of,
    read_table,
    stored_history,
    stored_regions,
)
from ntg_assets.ranking.lists.published_model import (
    other_tables,
    published_graphs,
    published_log,
    published_model,
)
from ntg_assets.ranking.lists.recommendations import rank_users, recommendation_table, titled
from ntg_assets.ranking.scoring.model import RankingModel
from ntg_assets.ranking.scoring.ranking_model import asks_for_neighbours
from ntg_assets.splits.boundaries import train_end
from ntg_assets.sql import Table
from ntg_assets.storage.connection import Connection, MissingTableError, connect  # noqa: TID251  # a library over a published store


@dataclass(frozen=True)
class Recommender:
    """Makes the list of one user.

    Attributes:
        model: Everything that a list is made from.
        titles: Title of each item of the model.
        default_list: What users without history are shown.
        cutoff_at: Until when the model knows the log.
        store: Where the histories of known users lie; none: only histories given by hand can be
        asked for.
        log: All histories, where they are held in memory: what a service asks for again and again.
        user_regions: Where users are, by user; empty: no item is bound to a region.
        regional_exclusions: What may not be shown in a region.
    """

    model: RankingModel
    titles: pl.Series
    default_list: pl.DataFrame
    cutoff_at: datetime
    store: Path | None = None
    log: Interactions | None = None
    user_regions: pl.DataFrame | None = None
    regional_exclusions: pl.DataFrame | None = None
    _by_region: dict[str, RankingModel] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def load(
        cls, store: Path, *, settings: RankingSettings, hold_log: bool = False
    ) -> "Recommender":
        """Load what tonight's lists are made from out of a published store.

        Args:
            store: The published DuckDB file.
            settings: `ranking` of the configuration that made the tables.
            hold_log: Hold all histories in memory (some 20 bytes per event) and never open the
                store again.

        Raises:
            StorageError: the store does not exist or cannot be read.
        """
        # one generation, also when the store is replaced meanwhile
        with connect(store, read_only=True) as connection:
            try:
                return cls._of(connection, store, settings=settings, hold_log=hold_log)
            except MissingTableError as error:
                missing = str(error).splitlines()[0]
                raise StorageError(
                    f"{store.name} was not published by this version ({missing}). Run `ntg"
                    " run-all`."
                ) from None

    @classmethod
    def _of(
        cls, connection: Connection, store: Path, *, settings: RankingSettings, hold_log: bool
    ) -> "Recommender":
        tables, graphs = other_tables(connection), published_graphs(connection)
        cutoff_at = train_end(tables["split_boundaries"])
        log = None
        if hold_log or asks_for_neighbours(tables["ranking_weights"]):
            log = published_log(connection, tables, settings=settings)
        model = published_model(tables, graphs, settings=settings, log=log)
        titles = titled(model.items, read_table(connection, Table("ingest", "items")))
        held = log if hold_log else None
        regions = stored_regions(connection)
        return cls(model, titles, tables["default_list"], cutoff_at, store, held, *regions)

    def recommend(
        self,
        user_id: int | str | None = None,
        *,
        events: pl.DataFrame | None = None,
        k: int | None = None,
    ) -> pl.DataFrame:
        """Make the list of one user.

        Args:
            user_id: A user; one whom the log does not know is shown the default list.
            events: A history given by hand, in place of the stored one: `item_id` and, where known,
                `event_at` (without it the rows count as one after the other, the last the most
                recent).
            k: Length of the list; none: `ranking.top_k`.

        Returns:
            Rows as in `recommendations` (as in `default_list` without a known item); for a user of
            the log, bit for bit those of the night.

        Raises:
            NotEnoughDataError: neither a user nor events were given.
        """
        block = self.history(user_id, events=events)
        if block.n_users == 0:
            return self.default_list.head(k or self.model.settings.top_k)
        model = self.model_for(user_id)
        lists = rank_users(block, model, k=k)
        return recommendation_table(
            lists, block, model, titles=self.titles, cutoff_at=self.cutoff_at
        )

    def region_of(self, user_id: int | str | None) -> str:
        """Return where a user is, as known in the night; `(unknown)` where nothing says."""
        if self.user_regions is None or user_id is None:
            return ANYWHERE
        code = code_of(user_id, known=self.user_regions["user_id"])
        return ANYWHERE if code < 0 else str(self.user_regions["region"][code])

    def model_for(self, user_id: int | str | None) -> RankingModel:
        """Return the model that makes a user's list: it shows what may be shown where they are."""
        if self.regional_exclusions is None or self.regional_exclusions.is_empty():
            return self.model
        region = self.region_of(user_id)
        held = self._by_region.get(region)
        if held is None:
            held = in_region(self.model, self.regional_exclusions, region)
            for oldest in list(self._by_region)[: len(self._by_region) - MOST_MODELS + 1]:
                self._by_region.pop(oldest, None)
            self._by_region[region] = held
        return held

    def explain(
        self,
        item_id: int | str,
        user_id: int | str | None = None,
        *,
        events: pl.DataFrame | None = None,
    ) -> list[Contribution]:
        """Say what an item's score for a user is made of: one part per source,
        adding up to the score before its boost.
        """
        return explain_item(
            self.history(user_id, events=events),
            self.model_for(user_id),
            item_id,
            titles=self.titles,
        )

    def boost(self, item_id: int | str) -> float:
        """Return the factor that the business rules put on an item's score."""
        rules, code = (
            self.model.rules,
            codes_of(pl.Series([item_id]).cast(self.model.items.dtype), known=self.model.items)[0],
        )
        return 1.0 if rules is None or code < 0 else float(rules.boost[code])

    def history(self, user_id: int | str | None, *, events: pl.DataFrame | None) -> Interactions:
        """Return the history of one user, coded with the items of the model;
        no users when none of its items is known.
        """
        if events is None and (user_id is None or self.store is None):
            raise NotEnoughDataError(
                "recommend: neither a user of a published store nor a history was given. Give"
                " user_id or events."
            )
        if events is None and self.log is not None:
            return history_of(self.log, user_id)
        rows = (
            given_history(events, user_id, self.cutoff_at)
            if events is not None
            else self._stored(user_id)
        )
        marked = mark_dislikes(rows, self.model.settings.dislikes)
        return code_interactions(
            marked.cast({"item_id": self.model.items.dtype}), items=self.model.items
        )

    def _stored(self, user_id: int | str | None) -> pl.DataFrame:
        with connect(self.store, read_only=True) as connection:  # type: ignore[arg-type]  # asked for above
            return stored_history(
                connection,
                user_id,
                dislikes=self.model.settings.dislikes,
                cutoff_at=self.cutoff_at,
            )


MOST_MODELS = 16  # of regions, held at once: each has its own copy of the graphs
