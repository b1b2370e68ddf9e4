"""The rules of events and of items: which column each of theirs is made from, and what a row that
is kept must hold.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ntg_assets.configuration.inputs.columns_from import column_name
from ntg_assets.configuration.inputs.events import (
    EventSourceSettings,
    IdType,
    IngestSettings,
    ItemSourceSettings,
    instant,
)
from ntg_assets.sources.reading.rules import (
    Rule,
    id_rule,
    number_parameters,
    time_rule,
    within_times,
)
from ntg_assets.sources.values.columns import Column, as_listed_text, as_text, is_list
from ntg_assets.sources.values.durations import as_duration
from ntg_assets.sources.values.numbers import as_value, value_if_empty
from ntg_assets.sources.values.times import TimeReading

# parameter of a bound, how a value lies outside and inside of it, and what is said of it outside
VALUE_BOUNDS = (
    ("lowest", "<", ">=", "is below value_range"),
    ("highest", ">", "<=", "is above value_range"),
)


def event_rules(
    ingest: IngestSettings, *, now: datetime | None
) -> tuple[tuple[Rule, ...], dict[str, Any]]:
    """Rules of the event source, and the values their conditions are bound to."""
    source = ingest.events
    latest = instant(ingest.latest_event, ingest.zone) if ingest.latest_event else now
    reading = TimeReading.of(source, day_zone=ingest.zone)
    parameters = _event_parameters(ingest, latest=latest) | reading.parameters
    rules = [
        id_rule("user_id", source.user_id, source.user_id_type),
        _item_id_rule(ingest),
        within_times(
            time_rule("event_at", source.event_at, reading),
            future="is at or after latest_event" if latest else None,
        ),
        _event_type_rule(source),
        _value_rule(source, parameters),
    ]
    if source.event_id:
        rules.append(Rule("event_id", column_name(source.event_id), as_text))
    return tuple(rules), parameters


def _event_type_rule(source: EventSourceSettings) -> Rule:
    """The type of each event: its own, or one for all."""
    if source.event_type:
        return Rule("event_type", column_name(source.event_type), as_text)
    return Rule("event_type", None, lambda _: "cast($event_type as varchar)")


def _event_parameters(ingest: IngestSettings, *, latest: datetime | None) -> dict[str, Any]:
    """Values that the conditions of events are bound to, as far as they are asked for."""
    source = ingest.events
    parameters: dict[str, Any] = {"earliest": instant(ingest.earliest_event, ingest.zone)}
    parameters |= {"latest": latest} if latest else {}
    parameters |= {"event_type": source.constant_event_type} if source.event_type is None else {}
    if source.value:
        limits = zip(("lowest", "highest"), ingest.value_range, strict=True)
        parameters |= {key: value for key, value in limits if value is not None}
        parameters |= number_parameters(source)
    return parameters


def item_rules(source: ItemSourceSettings, id_type: IdType) -> tuple[Rule, ...]:
    """Rules of the item table: only the id can make a row unusable."""
    optional = (
        ("title", source.title, as_text, "cast(null as varchar)"),
        ("categories", source.categories, as_listed_text, "cast(null as varchar)"),
        ("is_list", source.categories, is_list, "false"),
    )
    return (
        id_rule("item_id", source.item_id, id_type),
        *(
            Rule(
                name,
                column_name(column) if column else None,
                convert if column else _always(missing),
                is_optional=True,
            )
            for name, column, convert, missing in optional
        ),
    )


def _item_id_rule(ingest: IngestSettings) -> Rule:
    rule = id_rule("item_id", ingest.events.item_id, ingest.events.item_id_type)
    if ingest.unknown_items == "keep" or ingest.items is None:
        return rule
    existing = "item_id in (select item_id from known_items)"
    return Rule(
        rule.name,
        rule.source,
        rule.convert,
        (*rule.problems, (f"not ({existing})", "is not in the item table")),
        (existing,),
    )


def _value_rule(source: EventSourceSettings, parameters: Mapping[str, Any]) -> Rule:
    if source.value is None:
        return Rule("value", None, lambda _: "1e0")
    kind = "duration" if source.value_format == "duration" else "number"
    is_infinite = "value is null and try_cast(value_raw as double) is not null"
    problems = [(is_infinite, "is not finite"), ("value is null", f"is no {kind}")]
    limits = [f"${name} is not null" for name in number_parameters(source)]
    for bound, outside, inside, where in VALUE_BOUNDS:
        if bound in parameters:
            problems.append((f"value {outside} ${bound}", where))
            limits.append(f"value {inside} ${bound}")
    return Rule(
        "value",
        column_name(source.value),
        lambda column: _event_value(column, source),
        tuple(problems),
        tuple(limits),
    )


def _event_value(column: Column, source: EventSourceSettings) -> str:
    converted = (
        as_duration(column, source.duration_unit)
        if source.value_format == "duration"
        else as_value(column, source)
    )
    if source.value_if_empty == "quarantine":
        return converted
    return value_if_empty(
        converted, column, 1.0 if source.value_if_empty is None else source.value_if_empty
    )


def _always(expression: str) -> Callable[[Column], str]:
    """A column that no file has: the same expression for all."""
    return lambda _: expression
