"""The columns of a log of exposures: how each is made, and what makes a row unusable."""

from ntg_assets.configuration.inputs.columns_from import ColumnName, column_name
from ntg_assets.configuration.off_policy import ShownLogSettings
from ntg_assets.contracts import IdTypes
from ntg_assets.sources.reading.refused_values import IN_FUTURE
from ntg_assets.sources.reading.rules import (
    Rule,
    id_rule,
    number_parameters,
    time_rule,
    within_times,
)
from ntg_assets.sources.values.columns import Column, as_text
from ntg_assets.sources.values.numbers import as_value, value_if_empty
from ntg_assets.sources.values.times import TimeReading
from ntg_assets.sources.values.typed_ids import as_id
from ntg_assets.zones import UTC_ZONE

WHAT = "off_policy.shown"


def times_of(log: ShownLogSettings, day_zone: str) -> TimeReading:
    """Say how the times of the log are written."""
    return TimeReading.of(log, day_zone=day_zone)


def shown_rules(
    log: ShownLogSettings, ids: IdTypes, *, day_zone: str = UTC_ZONE, has_latest: bool = False
) -> tuple[Rule, ...]:
    """Say how each column is made, and what makes a row unusable.

    Args:
        log: Columns, and how they are written.
        ids: How the interaction log writes ids.
        day_zone: Zone of days without a time.
        has_latest: Whether `$latest` is bound: what has not happened yet was not shown.
    """
    times = time_rule("shown_at", log.shown_at, times_of(log, day_zone))
    return (
        id_rule("user_id", log.user_id, ids.user),
        id_rule("item_id", log.item_id, ids.item),
        within_times(times, future=f"lies {IN_FUTURE}" if has_latest else None),
        _propensity_rule(log),
        Rule(
            "reward",
            column_name(log.reward),
            lambda column: _reward(column, log),
            (("reward is null", "is no number"),),
            tuple(f"${name} is not null" for name in number_parameters(log)),
        ),
        _position_rule(log.position),
        _impression_rule(log.impression_id),
    )


def _propensity_rule(log: ShownLogSettings) -> Rule:
    problems = (
        ("propensity is null", "is no number"),
        ("propensity <= 0e0", "is not above 0"),
        ("propensity > 1e0", "is above 1"),
    )
    return Rule(
        "propensity",
        column_name(log.propensity),
        lambda column: as_value(column, log),
        problems,
        ("propensity > 0e0", "propensity <= 1e0"),
    )


def _impression_rule(column: ColumnName | None) -> Rule:
    if column is None:
        return Rule("impression_id", None, lambda _: "cast(null as varchar)", is_optional=True)
    problems = (("impression_id is null", "is empty"),)
    return Rule("impression_id", column_name(column), as_text, problems)


def _position_rule(column: ColumnName | None) -> Rule:
    """Places are counted from 1, whatever the log calls the first one."""
    if column is None:
        return Rule("position", None, lambda _: "cast(null as bigint)", is_optional=True)
    problems = (
        ("position is null", "is no whole number"),
        ("position < 1", f"is before {WHAT}.first_position"),
    )
    return Rule(
        "position",
        column_name(column),
        lambda written: f"{as_id(written, 'integer')} - $first_position + 1",
        problems,
        ("position >= 1",),
    )


def _reward(column: Column, log: ShownLogSettings) -> str:
    converted = as_value(column, log)
    return value_if_empty(converted, column, 0.0) if log.empty_reward == "zero" else converted
