"""The published store, opened to answer questions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from ntg_assets.attributes.regions import ANYWHERE
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.errors import StorageError, UnknownItemError, UnknownUserError
from ntg_assets.publish.manifest import Manifest, read_manifest
from ntg_assets.sql import Query, Table, quote_identifier
from ntg_assets.stages import INGEST, LIVE
from ntg_assets.storage.connection import MissingTableError, connect  # noqa: TID251  # a published store
from ntg_assets.storage.run import run

if TYPE_CHECKING:  # loaded by who asks for lists: a question in SQL is answered at once
    from ntg_assets.ranking.lists.recommender import Recommender

SUGGESTIONS = 3
LARGEST_ID = 2**63  # integer ids have 64 bits
NEAREST = """
select title from stored where title is not null
order by
    (contains(lower(title), lower($asked)))::integer desc,
    jaro_winkler_similarity(lower(title), lower($asked)) desc,
    title
limit $n
"""


@dataclass(frozen=True)
class Item:
    """An item that somebody asked for."""

    item_id: int | str
    title: str


@dataclass(frozen=True)
class Published:
    """One open publication."""

    connection: duckdb.DuckDBPyConnection
    settings: Settings
    paths: Paths
    manifest: Manifest

    def rows(self, schema: str, table: str, **equal: object) -> pl.DataFrame:
        """Read the rows of a table whose columns have these values."""
        where = " and ".join(f"{quote_identifier(name)} = ${name}" for name in equal) or "true"
        return self.ask(f"select * from stored where {where}", Table(schema, table), **equal)  # noqa: S608  # columns come from code

    def ask(self, text: str, table: Table, **parameters: object) -> pl.DataFrame:
        """Ask a question about one table, called `stored` in the text."""
        return run(Query(text, {"stored": table}, parameters), self.connection)

    def recommender(self) -> "Recommender":
        """Load what lists are made from."""
        from ntg_assets.ranking.lists.recommender import Recommender  # noqa: PLC0415  # see above

        return Recommender.load(self.paths.published_store, settings=self.settings.ranking)

    def barred_where(self, user: int | str, item: Item) -> str | None:
        """Return the region of a user in which an item may not be shown; None: it may."""
        try:
            named = self.rows(LIVE, "user_regions", user_id=user)["region"]
            region = str(named[0]) if len(named) else ANYWHERE
            barred = self.rows(LIVE, "regional_exclusions", item_id=item.item_id, region=region)
        except MissingTableError:  # published before items could be bound to regions
            return None
        return region if barred.height else None

    def user(self, asked: str) -> int | str:
        """Return a user's id as the source writes it.

        Raises:
            UnknownUserError: no event of the log is this user's.
        """
        user = as_id(asked, self.settings.ingest.events.user_id_type)
        if user is None or self.rows(LIVE, "user_features", user_id=user).is_empty():
            known = self.ask(
                "select count(*) as n, min(user_id) as first from stored",
                Table(LIVE, "user_features"),
            ).row(0)
            raise UnknownUserError(
                f"user {asked!r} is not among the {known[0]:,} users of the published log (ids such"
                f" as {known[1]!r})."
            )
        return user

    def item(self, asked: str) -> Item:
        """Find an item by its id or, whatever the case, by its title.

        Raises:
            UnknownItemError: there is none, or several items share the title.
        """
        wanted = as_id(asked, self.settings.ingest.events.item_id_type)
        if wanted is not None and not self.rows(LIVE, "item_rules", item_id=wanted).is_empty():
            titled = self.rows(INGEST, "items", item_id=wanted)["title"]
            return Item(wanted, titled[0] if len(titled) and titled[0] is not None else str(wanted))
        found = self.ask(
            "select item_id, title from stored where lower(title) = lower($asked) order by item_id",
            _ITEMS,
            asked=asked,
        )
        if found.height == 1:
            return Item(*found.row(0))
        if found.height > 1:
            raise UnknownItemError(
                f"{found.height} items have the title {asked!r}: ask by id"
                f" ({', '.join(map(str, found['item_id']))})."
            )
        near = self.ask(NEAREST, _ITEMS, asked=asked, n=SUGGESTIONS)["title"].to_list()
        hint = f"; nearest titles: {', '.join(map(repr, near))}" if near else ""
        raise UnknownItemError(f"no item of the published log has the id or title {asked!r}{hint}.")

    def titles(self, ids: pl.Series) -> dict[int | str, str]:
        """Return the title of each item, or its id as text."""
        known = self.ask(
            "select item_id, title from stored where item_id in (select unnest($ids))",
            _ITEMS,
            ids=ids.to_list(),
        )
        told = dict(known.drop_nulls().iter_rows())
        return {item: told.get(item, str(item)) for item in ids}


_ITEMS = Table(INGEST, "items")


def as_id(asked: str, kind: str) -> int | str | None:
    """Read an id as the source writes ids; None where it cannot be one."""
    if kind == "string":
        return asked
    try:
        number = int(asked)
    except ValueError:
        return None
    return number if abs(number) < LARGEST_ID else None


@contextmanager
def open_published(settings: Settings, paths: Paths) -> Iterator[Published]:
    """Open what was published last.

    Raises:
        StorageError: nothing was published yet.
    """
    paths = paths.pinned()
    if not paths.published_store.exists():
        raise StorageError("nothing is published yet. Run `ntg run-all` first.")
    with connect(paths.published_store, engine=settings.engine, read_only=True) as connection:
        yield Published(connection, settings, paths, read_manifest(paths.manifest))
