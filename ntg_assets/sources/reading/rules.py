"""The rules of each contract column: how it is made from a source column,
and what can be wrong with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ntg_assets.configuration.inputs.columns_from import ColumnName, column_name
from ntg_assets.configuration.inputs.events import (
    EventSourceSettings,
    IdType,
    IngestSettings,
    ItemSourceSettings,
    instant,
)
from ntg_assets.configuration.inputs.written_values import NumberOptions
from ntg_assets.sources.values.clock_changes import in_gap
from ntg_assets.sources.values.columns import Column, as_listed_text, as_text, is_list
from ntg_assets.sources.values.durations import as_duration
from ntg_assets.sources.values.numbers import as_value, value_if_empty
from ntg_assets.sources.values.times import TimeReading, as_clock, as_instant
from ntg_assets.sources.values.typed_ids import LONGEST_ID, UNPRINTABLE, as_id


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
        clock: What clocks showed, where a time carries no zone (see `as_clock`); none: not asked.
        zone: Zone of those clocks.
    """

    name: str
    source: str | None
    convert: Callable[[Column], str]
    problems: tuple[tuple[str, str], ...] = ()
    limits: tuple[str, ...] = ()
    is_optional: bool = False
    clock: Callable[[Column], str] | None = None
    zone: str = "UTC"


def event_rules(
    ingest: IngestSettings, *, now: datetime | None
) -> tuple[tuple[Rule, ...], dict[str, Any]]:
    """Rules of the event source, and the values their conditions are bound to."""
    source = ingest.events
    latest = instant(ingest.latest_event, ingest.zone) if ingest.latest_event else now
    parameters: dict[str, Any] = {"earliest": instant(ingest.earliest_event, ingest.zone)}
    parameters |= {"latest": latest} if latest else {}
    reading = TimeReading.of(source, day_zone=ingest.zone)
    parameters |= reading.parameters
    parameters |= {"event_type": source.constant_event_type} if source.event_type is None else {}
    low, high = ingest.value_range
    parameters |= {
        key: value
        for key, value in (("lowest", low), ("highest", high))
        if value is not None and source.value
    }
    parameters |= number_parameters(source) if source.value else {}
    rules = [
        id_rule("user_id", source.user_id, source.user_id_type),
        _item_id_rule(ingest),
        within_times(
            time_rule("event_at", source.event_at, reading),
            future="is at or after latest_event" if latest else None,
        ),
        (
            Rule("event_type", column_name(source.event_type), as_text)
            if source.event_type
            else Rule("event_type", None, lambda _: "cast($event_type as varchar)")
        ),
        _value_rule(source, parameters),
    ]
    if source.event_id:
        rules.append(Rule("event_id", column_name(source.event_id), as_text))
    return tuple(rules), parameters


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


def id_rule(name: str, source: ColumnName, id_type: IdType) -> Rule:
    """Rule of a column of ids."""
    problems = (
        ((f"{name} is null", "is no whole number"),)
        if id_type == "integer"
        else (
            (
                f"{name} is null and strlen({name}_raw) > {LONGEST_ID}",
                f"is longer than {LONGEST_ID:,} bytes",
            ),
            (
                f"{name} is null and regexp_matches({name}_raw, '[\\n\\r]')",
                "holds a line break",
            ),
            (
                f"{name} is null and regexp_matches({name}_raw, '{UNPRINTABLE}')",
                "holds a character that nobody sees (control, writing direction, byte order mark)",
            ),
            (f"{name} is null", "is no id"),
        )
    )
    return Rule(name, column_name(source), lambda column: as_id(column, id_type), problems)


def time_rule(name: str, source: ColumnName, reading: TimeReading) -> Rule:
    """Rule of a column of times; local times that clocks jump over are none."""
    has_zone = reading.zone != "UTC"
    gap = in_gap(f"{name}_clock", reading.zone)
    gaps = ((gap, f"is a time that clocks jumped over ({reading.zone})"),) if has_zone else ()
    return Rule(
        name,
        column_name(source),
        lambda column: as_instant(column, reading),
        (*gaps, (f"{name} is null", reading.expected)),
        (*((f"not {gap}",) if has_zone else ()), *reading.in_use),
        clock=(lambda column: as_clock(column, reading)) if has_zone else None,
        zone=reading.zone,
    )


def number_parameters(options: NumberOptions) -> dict[str, str]:
    """Values that the expression of a written number is bound to."""
    return {f"currency_sign_{place}": sign for place, sign in enumerate(options.currency_signs)}


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


def within_times(rule: Rule, *, future: str | None) -> Rule:
    """A rule of times that lie at or after `$earliest`, and before `$latest`.

    Args:
        rule: Of the times.
        future: What is said of times at or after `$latest`; None: it is not bound.
    """
    problems = [*rule.problems, (f"{rule.name} < $earliest", "is before earliest_event")]
    limits = [f"{rule.name} >= $earliest", *rule.limits]
    if future is not None:
        problems.append((f"{rule.name} >= $latest", future))
        limits.append(f"{rule.name} < $latest")
    return replace(rule, problems=tuple(problems), limits=tuple(limits))


def _value_rule(source: EventSourceSettings, parameters: Mapping[str, Any]) -> Rule:
    if source.value is None:
        return Rule("value", None, lambda _: "1e0")
    problems = [
        ("value is null and try_cast(value_raw as double) is not null", "is not finite"),
        (
            "value is null",
            "is no duration" if source.value_format == "duration" else "is no number",
        ),
    ]
    limits = [f"${name} is not null" for name in number_parameters(source)]
    if "lowest" in parameters:
        problems.append(("value < $lowest", "is below value_range"))
        limits.append("value >= $lowest")
    if "highest" in parameters:
        problems.append(("value > $highest", "is above value_range"))
        limits.append("value <= $highest")
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
