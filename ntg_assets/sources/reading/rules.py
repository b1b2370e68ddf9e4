"""What a rule of a column is: how it is made from a source column, and what can be wrong with it;
the rules that ids and times share.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ntg_assets.configuration.inputs.columns_from import ColumnName, column_name
from ntg_assets.configuration.inputs.events import (
    IdType,
)
from ntg_assets.configuration.inputs.written_values import NumberOptions
from ntg_assets.sources.values.clock_changes import in_gap
from ntg_assets.sources.values.columns import Column
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


def id_rule(name: str, source: ColumnName, id_type: IdType) -> Rule:
    """Rule of a column of ids."""
    no_number = ((f"{name} is null", "is no whole number"),)
    problems = no_number if id_type == "integer" else _text_id_problems(name)
    return Rule(name, column_name(source), lambda column: as_id(column, id_type), problems)


def _text_id_problems(name: str) -> tuple[tuple[str, str], ...]:
    """What can be wrong with an id that is a text."""
    broken = (
        (f"strlen({name}_raw) > {LONGEST_ID}", f"is longer than {LONGEST_ID:,} bytes"),
        (f"regexp_matches({name}_raw, '[\\n\\r]')", "holds a line break"),
        (
            f"regexp_matches({name}_raw, '{UNPRINTABLE}')",
            "holds a character that nobody sees (control, writing direction, byte order mark)",
        ),
    )
    return (
        *((f"{name} is null and {condition}", reason) for condition, reason in broken),
        (f"{name} is null", "is no id"),
    )


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
