"""One row per person and night for the CRM, whatever number of strategies want the same person.

The strategies that are handed over stand in an order (`radar.handover.strategies`; else that of
`radar.strategies`). Whoever several of them want is handed over by the first; the others are told
how many they lost to it (`handover_report`). The draw of who is held out is one for all strategies,
so it does not matter to a strategy's trial by which of them a person is contacted: everyone counts
as drawn.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import polars as pl

from ntg_assets.attributes.as_of import with_attributes
from ntg_assets.columns import typed
from ntg_assets.configuration.revenue import RadarSettings
from ntg_assets.revenue.contacts.strategies import CONTACT

HANDOVER_TYPES: dict[str, Any] = {
    "user_id": pl.String,
    "handed_over_on": pl.Date,
    "strategy": pl.String,
    "rank": pl.Int64,
    "action": pl.String,
    "channel": pl.String,
    "churn_probability": pl.Float64,
    "revenue_at_risk": pl.Float64,
    "expected_profit": pl.Float64,
    "unit": pl.String,
    "reason": pl.String,
    "also_wanted_by": pl.String,
}
REPORT_TYPES: dict[str, Any] = {
    "strategy": pl.String,
    "is_handed_over": pl.Boolean,
    "n_wanted": pl.Int64,
    "n_handed_over": pl.Int64,
    "n_to_others": pl.Int64,
    "n_left_out": pl.Int64,
}


def crm_handover(
    targets: pl.DataFrame, *, settings: RadarSettings, handed_over_on: date
) -> pl.DataFrame:
    """Give each person that a strategy contacts to one strategy.

    Args:
        targets: `intervention_targets`.
        settings: Strategies, their actions and channels, and their order.
        handed_over_on: The night, by its cutoff.

    Returns:
        `crm_handover`, by strategy in their order, and rank.
    """
    types = HANDOVER_TYPES | {"user_id": targets.schema["user_id"]}
    placed = _wanted(targets, settings).with_columns(handed_over_on=pl.lit(handed_over_on, pl.Date))
    others = pl.col("strategy").sort_by("place").slice(1).str.join(", ")
    lost = placed.group_by("user_id").agg(also_wanted_by=others)
    first = placed.sort("user_id", "place").unique("user_id", keep="first", maintain_order=True)
    rows = first.join(lost, on="user_id", how="left").with_columns(
        pl.when(pl.col("also_wanted_by") != "").then("also_wanted_by")
    )
    return typed(rows.sort("place", "rank", "user_id"), types)


def _wanted(targets: pl.DataFrame, settings: RadarSettings) -> pl.DataFrame:
    """Whom each strategy that is handed over contacts, with its `place` among them, its action and
    its channel.
    """
    order = handed_strategies(settings)
    by_name = {strategy.name: strategy for strategy in settings.strategies}
    places = {name: place for place, name in enumerate(order)}
    wanted = targets.filter(pl.col("action") == CONTACT, pl.col("strategy").is_in(order))
    return wanted.drop("action").with_columns(
        place=pl.col("strategy").replace_strict(places, return_dtype=pl.Int64),
        action=_of_strategy({name: by_name[name].action for name in order}),
        channel=_of_strategy({name: by_name[name].channel for name in order}),
    )


def handover_report(
    targets: pl.DataFrame, handed: pl.DataFrame, *, settings: RadarSettings
) -> pl.DataFrame:
    """Count what became of the people whom each strategy wants.

    Args:
        targets: `intervention_targets`.
        handed: `crm_handover`.
        settings: Strategies, and which are handed over.

    Returns:
        `handover_report`, by strategy in the order of the configuration: wanted = handed over +
        handed over by others + left out.
    """
    chosen, order = targets.filter(pl.col("action") == CONTACT), handed_strategies(settings)
    rows = []
    for strategy in settings.strategies:
        wanted = chosen.filter(pl.col("strategy") == strategy.name)
        own = handed.filter(pl.col("strategy") == strategy.name).height
        reached = wanted.join(handed, on="user_id", how="semi").height
        left_out = wanted.height - reached
        is_handed = strategy.name in order
        rows.append((strategy.name, is_handed, wanted.height, own, reached - own, left_out))
    return pl.DataFrame(rows, schema=REPORT_TYPES, orient="row")


def handed_strategies(settings: RadarSettings) -> list[str]:
    """Name the strategies that are handed over, the first that has a person first."""
    return settings.handover.strategies or [strategy.name for strategy in settings.strategies]


def handover_attributes(
    handed: pl.DataFrame, attributes: pl.DataFrame, names: Sequence[str], *, at: datetime
) -> pl.DataFrame:
    """Look up what is passed through of each person.

    Args:
        handed: `crm_handover`.
        attributes: `attributes`.
        names: Which attributes of users.
        at: Instant by which they are known.

    Returns:
        `handover_attributes`: one row per person and attribute that is known, by both.
    """
    types: dict[str, Any] = {
        "user_id": handed.schema["user_id"],
        "attribute": pl.String,
        "attribute_value": pl.String,
    }
    if not names or handed.is_empty():
        return pl.DataFrame(schema=types)
    people = handed.select("user_id")
    wide = with_attributes(
        people, attributes, names, entity="user", id_column="user_id", at=pl.lit(at)
    )
    long = wide.unpivot(
        on=list(names), index="user_id", variable_name="attribute", value_name="attribute_value"
    )
    filled = long.filter(pl.col("attribute_value").is_not_null())
    return filled.select(*types).sort("user_id", "attribute")


def _of_strategy(values: dict[str, str] | dict[str, str | None]) -> pl.Expr:
    return pl.col("strategy").replace_strict(values, default=None, return_dtype=pl.String)
