"""Records of people who were forgotten: left out of whatever is read, and counted."""

import re
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
    named = [*plan.raw_columns]
    column = next((name for name in NAMES_A_PERSON if name in named), None)
    if forgotten is None or column is None:
        return plan
    texts = run(
        over_typed_rows(
            plan, "named_people", package="sources.reading", place=named.index(column) + 1
        ),
        connection,
    )["named"]
    words = forgotten.of(texts.drop_nulls())
    if not words:
        return plan
    left_out = Filter(plan.raw_columns[column], REASON, tuple(words), len(plan.filters))
    return replace(plan, filters=(*plan.filters, left_out))


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
