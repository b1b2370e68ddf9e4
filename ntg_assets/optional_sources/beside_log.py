"""How lists and tables meet the users and items of the log, before any run."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import polars as pl

from ntg_assets.attributes.report import report_attributes
from ntg_assets.configuration.settings import Settings
from ntg_assets.optional_sources.reading import OptionalTables
from ntg_assets.ranking.lists.excluded_items import KEY as EXCLUDED_KEY
from ntg_assets.ranking.lists.excluded_items import find_excluded
from ntg_assets.revenue.contacts.lists.user_list_report import MOST_UNKNOWN, report_user_lists
from ntg_assets.subscriptions.terms.reading import KEY as SUBSCRIPTIONS_KEY
from ntg_assets.subscriptions.terms.term_checks import checks_with_log

TOLD = "user_unknown_to_log"  # of contracts, what only shows beside the log and may be a mistake


class Remark(NamedTuple):
    """One thing to say of a source that was read."""

    kind: Literal["warning", "bad"]
    source: str
    sentence: str


def beside_log(
    tables: OptionalTables, settings: Settings, *, users: pl.Series, items: pl.Series
) -> Iterator[Remark]:
    """Say of each source what ids of it the log does not know, or writes otherwise.

    Args:
        tables: What was read.
        settings: The configuration.
        users: Different users of the log.
        items: Different items of the log.
    """
    yield from _user_lists(tables, settings, users)
    if tables.excluded_items.height:
        warning = find_excluded(tables.excluded_items["listed_id"], items).warning
        yield from [Remark("warning", EXCLUDED_KEY, warning)] if warning else []
    report = report_attributes(
        tables.attribute_sources, tables.attributes, users=users, items=items
    )
    unmet = report.filter((pl.col("n_entities") > 0) & (pl.col("n_known_to_log") == 0))
    for sentence in unmet["sentence"]:
        yield Remark("warning", "ingest.attributes", sentence)
    if tables.subscription_terms.height:
        terms = tables.subscription_terms
        n_most = MOST_UNKNOWN * terms["user_id"].n_unique()
        checks = checks_with_log(terms, users)
        told = checks.filter((pl.col("check") == TOLD) & (pl.col("n_rows") > n_most))
        for sentence in told["sentence"]:
            yield Remark("warning", SUBSCRIPTIONS_KEY, sentence)


def _user_lists(tables: OptionalTables, settings: Settings, users: pl.Series) -> Iterator[Remark]:
    was_read = tables.optional_sources.filter("is_usable")
    report = report_user_lists(
        was_read,
        tables.user_lists,
        tables.trial_log,
        users,
        accept_unmatched=settings.radar.unmatched_lists == "accept",
    )
    for row in report.filter(pl.col("n_rows") > 0, pl.col("reason").is_not_null()).iter_rows(
        named=True
    ):
        yield Remark("warning" if row["is_usable"] else "bad", row["source"], row["reason"])
