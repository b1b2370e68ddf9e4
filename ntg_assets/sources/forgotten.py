"""Records of people who were forgotten: left out of whatever is read, and counted."""

from dataclasses import replace

from ntg_assets.history.forgets import REASON, Forgotten
from ntg_assets.sources.filters import Filter
from ntg_assets.sources.typed_rows import Plan, over_typed_rows
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.run import run

# columns that name a person, in logs and lists
NAMES_A_PERSON = ("user_id", "unit_id", "listed_id")


def without_forgotten(connection: Connection, plan: Plan, forgotten: Forgotten | None) -> Plan:
    """Leave the records of people out who were forgotten, under a reason of their own.

    Costs one more pass over the files, and nothing before the first `ntg forget`.
    """
    named = [*plan.raw_columns]
    column = next((name for name in NAMES_A_PERSON if name in named), None)
    if forgotten is None or column is None:
        return plan
    texts = run(
        over_typed_rows(plan, "named_people", package="sources", place=named.index(column) + 1),
        connection,
    )["named"]
    words = forgotten.of(texts.drop_nulls())
    if not words:
        return plan
    left_out = Filter(plan.raw_columns[column], REASON, tuple(words), len(plan.filters))
    return replace(plan, filters=(*plan.filters, left_out))
