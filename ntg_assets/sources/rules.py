"""The rules of each contract column: how it is made from a source column,
and what can be wrong with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ntg_assets.configuration.events import (
    EventSourceSettings,
    IdType,
    IngestSettings,
    ItemSourceSettings,
    instant,
)
from ntg_assets.sources.conversion import Column, as_id, as_instant, as_text, as_value


@dataclass(frozen=True)
class Rule:
    """How one contract column is made, and what can be wrong with it.

    Attributes:
        name: Contract column.
        source: Column of the files; none: the constant `convert` gives.
        convert: From the source column to an expression that is null where the row cannot be used.
        problems: Condition and reason, tried in order for a row that is refused; they may use
        `<name>_raw` (text) and `<name>`.
        limits: Conditions beyond "not null" that a usable row keeps.
    """

    name: str
    source: str | None
    convert: Callable[[Column], str]
    problems: tuple[tuple[str, str], ...] = ()
    limits: tuple[str, ...] = ()
    is_optional: bool = False


def event_rules(
    ingest: IngestSettings, *, now: datetime | None
) -> tuple[tuple[Rule, ...], dict[str, Any]]:
    """Rules of the event source, and the values their conditions are bound to."""
    source = ingest.events
    latest = instant(ingest.latest_event, ingest.zone) if ingest.latest_event else now
    parameters: dict[str, Any] = {"earliest": instant(ingest.earliest_event, ingest.zone)}
    parameters |= {"latest": latest} if latest else {}
    parameters |= zone_parameters(source.timezone, day_zone=ingest.zone)
    parameters |= {"event_type": source.constant_event_type} if source.event_type is None else {}
    low, high = ingest.value_range
    parameters |= {
        key: value
        for key, value in (("lowest", low), ("highest", high))
        if value is not None and source.value
    }
    rules = (
        id_rule("user_id", source.user_id, source.user_id_type),
        _item_id_rule(ingest),
        _time_rule(source, day_zone=ingest.zone, has_latest=latest is not None),
        (
            Rule("event_type", source.event_type, as_text)
            if source.event_type
            else Rule("event_type", None, lambda _: "cast($event_type as varchar)")
        ),
        _value_rule(source.value, parameters),
    )
    return rules, parameters


def item_rules(source: ItemSourceSettings, id_type: IdType) -> tuple[Rule, ...]:
    """Rules of the item table: only the id can make a row unusable."""
    optional = [("title", source.title), ("categories", source.categories)]
    return (
        id_rule("item_id", source.item_id, id_type),
        *(
            Rule(
                name,
                column,
                as_text if column else lambda _: "cast(null as varchar)",
                is_optional=True,
            )
            for name, column in optional
        ),
    )


def zone_parameters(zone: str, *, day_zone: str) -> dict[str, str]:
    """Values that the expression of an instant is bound to: the zone of times without one,
    and that of days where it is another one.
    """
    zones = {"timezone": zone, "service_timezone": day_zone if day_zone != zone else "UTC"}
    return {name: given for name, given in zones.items() if given != "UTC"}


def zones_in_use(zone: str, *, day_zone: str) -> tuple[str, ...]:
    """Limits that are always kept: a bound value must be used,
    also when every file has zoned times.
    """
    return tuple(f"${name} is not null" for name in zone_parameters(zone, day_zone=day_zone))


def id_rule(name: str, source: str, id_type: IdType) -> Rule:
    """Rule of a column of ids."""
    wrong = "is no whole number" if id_type == "integer" else "holds a line break"
    return Rule(name, source, lambda column: as_id(column, id_type), ((f"{name} is null", wrong),))


def _item_id_rule(ingest: IngestSettings) -> Rule:
    rule = id_rule("item_id", ingest.events.item_id, ingest.events.item_id_type)
    if ingest.unknown_items == "keep" or ingest.items is None:
        return rule
    known = "item_id in (select item_id from known_items)"
    return Rule(
        rule.name,
        rule.source,
        rule.convert,
        (*rule.problems, (f"not ({known})", "is not in the item table")),
        (known,),
    )


def _time_rule(source: EventSourceSettings, *, day_zone: str, has_latest: bool) -> Rule:
    wrong = (
        "is no ISO timestamp"
        if source.timestamp_unit == "iso"
        else f"is no epoch number ({source.timestamp_unit})"
    )
    problems = [("event_at is null", wrong), ("event_at < $earliest", "is before earliest_event")]
    limits = ["event_at >= $earliest", *zones_in_use(source.timezone, day_zone=day_zone)]
    if has_latest:
        problems.append(("event_at >= $latest", "is at or after latest_event"))
        limits.append("event_at < $latest")
    return Rule(
        "event_at",
        source.event_at,
        lambda column: as_instant(
            column, source.timestamp_unit, zone=source.timezone, day_zone=day_zone
        ),
        tuple(problems),
        tuple(limits),
    )


def _value_rule(source: str | None, parameters: Mapping[str, Any]) -> Rule:
    if source is None:
        return Rule("value", None, lambda _: "1e0")
    problems = [
        ("value is null and try_cast(value_raw as double) is not null", "is not finite"),
        ("value is null", "is no number"),
    ]
    limits = []
    if "lowest" in parameters:
        problems.append(("value < $lowest", "is below value_range"))
        limits.append("value >= $lowest")
    if "highest" in parameters:
        problems.append(("value > $highest", "is above value_range"))
        limits.append("value <= $highest")
    return Rule("value", source, as_value, tuple(problems), tuple(limits))
