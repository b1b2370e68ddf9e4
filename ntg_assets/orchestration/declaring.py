"""What a decorated function reads: the tables of its parameters, what it declares beside them; and
that it reads nothing else while it runs.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from typing import Any, NamedTuple

import dagster as dg

from ntg_assets.declared_reads import FILES, Declared, only
from ntg_assets.orchestration.bundles import taken_by
from ntg_assets.orchestration.remembering.steps import Work
from ntg_assets.sql import Table
from ntg_assets.stages import INGEST, LIVE

NOT_TABLES = frozenset({"context", "project"})
INGEST_TABLES = frozenset(
    {
        "events",
        "items",
        "item_categories",
        "event_calendar",
        "quarantine",
        "load_ledger",
        "volume_report",
        "optional_sources",
        "input_files",
        "user_lists",
        "trial_log",
        "excluded_items",
        "exposure_log",
        "outcome_log",
        "log_row_counts",
        "kept_assignments",
        "shown_log_losses",
        "attributes",
        "attribute_sources",
        "attribute_report",
        "subscription_terms",
        "subscription_payments",
        "subscription_quarantine",
        "subscription_checks",
        "subscription_report",
    }
)


class Beside(NamedTuple):
    """What an asset reads or waits for beside the tables of its parameters."""

    after: tuple[dg.AssetKey, ...] = ()
    files: tuple[str, ...] = ()
    whole_store: bool = False
    reads_after: bool = False

    def declared(self, reader: str, keys: Mapping[str, dg.AssetKey]) -> Declared:
        """What the asset may read in all."""
        tables = frozenset(Table(key.path[0], key.path[-1]) for key in keys.values())
        return Declared(reader, tables, self.files, self.whole_store)

    def work(
        self,
        name: str,
        function: Callable[..., Any],
        tables: Sequence[Table],
        keys: Mapping[str, dg.AssetKey],
    ) -> Work:
        """What a step is made from: what publishes the whole store is made in every run.

        Args:
            name: Step of the graph.
            function: What it runs; its sources are hashed.
            tables: What it makes.
            keys: Tables that it takes, by parameter.
        """
        after = tuple(Table(key.path[0], key.path[-1]) for key in self.after)
        reads = tuple(Table(key.path[0], key.path[-1]) for key in keys.values())
        return Work(
            name,
            function.__module__,
            tuple(tables),
            (*reads, *after) if self.reads_after else reads,
            self.files,
            after,
            always=self.whole_store and not self.reads_after,
        )

    @property
    def shown(self) -> dict[str, list[str]]:
        """The files, as the graph shows them beside the tables."""
        return {FILES: list(self.files)} if self.files else {}


def issued(function: Callable[..., Any], declared: Declared) -> Callable[..., Any]:
    """Wrap a function so that what runs in it may read what is declared; of a generator, only
    while it runs.
    """

    @wraps(function)
    def call(*args: Any, **named: Any) -> Any:  # noqa: ANN401  # whatever an asset returns
        with only(declared):
            return function(*args, **named)

    @wraps(function)
    def generate(*args: Any, **named: Any) -> Iterator[Any]:
        made = function(*args, **named)
        while True:
            with only(declared):
                try:
                    part = next(made)
                except StopIteration:
                    return
            yield part

    return generate if inspect.isgeneratorfunction(function) else call


def keys_of_tables(
    function: Callable[..., Any],
    stage: str,
    reads: Mapping[str, str],
    live_reads: Mapping[str, str] | None = None,
) -> dict[str, dg.AssetKey]:
    """Find the tables that a function takes, by the names of its parameters.

    Args:
        function: Its parameters that are no resource are tables, or bundles of tables.
        stage: Whose tables they are by default.
        reads: Stage of those that are of another, by parameter.
        live_reads: Tables that `live` takes for a parameter of another name.
    """
    instead = (live_reads or {}) if stage == LIVE else {}
    return {
        table: dg.AssetKey(
            [
                reads.get(table) or (INGEST if table in INGEST_TABLES else stage),
                instead.get(table, table),
            ]
        )
        for table in taken_by(function)
        if table not in NOT_TABLES
    }
