"""Records of people who were forgotten: left out of whatever is read, and counted."""

import re
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from ntg_assets.history.forgets import REASON, REDACTED, Forgotten
from ntg_assets.sources.reading.filters import Filter
from ntg_assets.sources.reading.plans import Plan
from ntg_assets.sources.reading.typed_rows import over_typed_rows
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.run import run

# columns that name a person, in logs and lists
NAMES_A_PERSON = ("user_id", "unit_id", "listed_id")
BETWEEN_WORDS = re.compile(r"""[\s,;:|"'{}\[\]\\]+""")


def without_forgotten(connection: Connection, plan: Plan, forgotten: Forgotten | None) -> Plan:
    """Leave the records of people out who were forgotten, under a reason of their own.

    Costs one more pass over the files, and nothing before the first `ntg forget`.
    """
    if forgotten is None:
        return plan
    return leave_out(plan, forgotten.of(people_named(connection, plan)))


def people_named(connection: Connection, plan: Plan) -> pl.Series:
    """Find every text by which a record of a plan names a person; none where no column does."""
    column = _column_of_people(plan)
    if column is None:
        return pl.Series("named", [], dtype=pl.String)
    place = [*plan.raw_columns].index(column) + 1
    named = over_typed_rows(plan, "named_people", package="sources.reading", place=place)
    return run(named, connection)["named"].drop_nulls()


def leave_out(plan: Plan, texts: Sequence[str]) -> Plan:
    """Leave the records out that name a person by one of some texts."""
    column = _column_of_people(plan)
    if column is None or not texts:
        return plan
    left_out = Filter(plan.raw_columns[column], REASON, tuple(texts), len(plan.filters))
    return replace(plan, filters=(*plan.filters, left_out))


def _column_of_people(plan: Plan) -> str | None:
    return next((name for name in NAMES_A_PERSON if name in plan.raw_columns), None)


def blank_forgotten(quarantine: pl.DataFrame, forgotten: Forgotten | None) -> pl.DataFrame:
    """Blank the text of rejected rows that may name somebody who was forgotten: a line that is no
    row has no column by which it could be left out.

    Args:
        quarantine: Rows of the quarantine contract.
        forgotten: Who; none: nobody.
    """
    if forgotten is None or quarantine.is_empty():
        return quarantine
    texts = [
        REDACTED if forgotten.of(BETWEEN_WORDS.split(text)) else text
        for text in quarantine["raw_text"]
    ]
    return quarantine.with_columns(pl.Series("raw_text", texts, dtype=pl.String))
