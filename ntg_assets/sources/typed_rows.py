"""Every row of a source, converted, with the verdict on it: the one piece of SQL that both passes
over the files share.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ntg_assets.sources.conversion import Column
from ntg_assets.sources.files import SourceFile
from ntg_assets.sources.readers import Layout
from ntg_assets.sources.rules import Rule
from ntg_assets.sql import Query, Source, read_sql

EMPTY = "is empty"
# fast, but of this DuckDB version only: it may never decide anything by itself
ROW_HASH = "hash({columns})"


@dataclass(frozen=True)
class Plan:
    """Everything that turns the files of one source into typed rows."""

    layouts: tuple[Layout, ...]
    rules: tuple[Rule, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, Source] = field(default_factory=dict)

    @property
    def raw_columns(self) -> dict[str, str]:
        """Source column of each mapped contract column."""
        return {rule.name: rule.source for rule in self.rules if rule.source is not None}

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """The files that are read, by number."""
        return tuple(
            sorted(
                (file for layout in self.layouts for file in layout.files),
                key=lambda file: file.number,
            )
        )

    def only(self, numbers: Collection[int]) -> "Plan":
        """The same plan for some of its files."""
        kept = [
            (layout, tuple(file for file in layout.files if file.number in numbers))
            for layout in self.layouts
        ]
        return replace(
            self, layouts=tuple(replace(layout, files=files) for layout, files in kept if files)
        )


def over_typed_rows(
    plan: Plan,
    name: str,
    tables: Mapping[str, Source] | None = None,
    *,
    numbered: bool = False,
    package: str = "events",
    **parameters: Any,
) -> Query:
    """Make a query from `<name>.sql`, in which `typed_rows` stands for the rows of the plan's
    files.

    `typed_rows` is written into the text, not stored: each use reads the files again, which costs
    less than 25 million rows on disk (measured: 0.3 s a pass against 2.5 s).

    Args:
        plan: Files and rules.
        name: SQL file.
        tables: Further tables of the text.
        numbered: Whether `row_number` is wanted for CSV files (it makes the reader go through one
        file at a time).
        package: Stage folder that holds the file.
        parameters: Further values of the text.
    """
    text = (
        f"with typed_rows as not materialized (\n{typed_rows(plan, numbered=numbered)}\n)\nselect *"
        f" from (\n{read_sql(package, name)}\n)"
    )
    given = {key: value for layout in plan.layouts for key, value in layout.parameters.items()}
    return Query(
        text, {**plan.tables, **(tables or {})}, {**given, **plan.parameters, **parameters}
    )


def typed_rows(plan: Plan, *, numbered: bool = False) -> str:
    """SQL of the plan's rows.

    Columns: load_file, row_number (null for CSV unless numbered), each contract column, raw_fields
    (texts of the mapped columns, in the order of the rules), row_hash (equal for equal contract
    columns; it only finds candidates, so no result depends on the hash function), n_inner_lines and
    n_inner_blank_lines (line ends and empty lines inside quoted fields), is_valid (never null),
    column_name and reason (the first broken rule).
    """
    names = [rule.name for rule in plan.rules]
    raw = ", ".join(f"{name}_raw" for name in plan.raw_columns)
    converted = "\nunion all\n".join(
        _converted(layout, plan.rules, numbered=numbered) for layout in plan.layouts
    )
    usable = [f"{rule.name} is not null" for rule in plan.rules if not rule.is_optional] + [
        limit for rule in plan.rules for limit in rule.limits
    ]
    return (
        f"select load_file, row_number, {', '.join(names)}, [{raw}] as"
        f" raw_fields,\n{ROW_HASH.format(columns=', '.join(names))} as row_hash,\n   "
        f" n_inner_lines, n_inner_blank_lines,\n    {' and '.join(usable) or 'true'} as is_valid,\n"
        f"    {_first_problem(plan.rules, names=True)} as column_name,\n   "
        f" {_first_problem(plan.rules, names=False)} as reason\nfrom (\n{converted}\n)"
    )


def _converted(layout: Layout, rules: Sequence[Rule], *, numbered: bool) -> str:
    columns = [
        f"{layout.number} as load_file",
        f"{_row_number(layout, numbered=numbered)} as row_number",
    ]
    columns += [f"{rule.convert(_column(layout, rule))} as {rule.name}" for rule in rules]
    columns += [
        f"cast({layout.column(rule.source).expression} as varchar) as {rule.name}_raw"
        for rule in rules
        if rule.source
    ]
    columns += [
        f"{_inner_lines(layout)} as n_inner_lines",
        f"{_inner_blank_lines(layout)} as n_inner_blank_lines",
    ]
    return f"select {', '.join(columns)}\nfrom {layout.reader}"


def _column(layout: Layout, rule: Rule) -> Column:
    return layout.column(rule.source) if rule.source else Column("", "")


def _row_number(layout: Layout, *, numbered: bool) -> str:
    if not layout.is_csv:
        return "file_row_number + 1"
    return "row_number() over ()" if numbered else "cast(null as bigint)"


def _inner_lines(layout: Layout) -> str:
    """Line ends inside quoted fields of a CSV row."""
    if not _may_hold_line_ends(layout):
        return "0"
    fields = [f"coalesce(c{position}, '')" for position in range(len(layout.types))]
    return " + ".join(
        rf"(strlen({text}) - strlen(replace({text}, '{chr(10)}', '')))" for text in fields
    )


def _inner_blank_lines(layout: Layout) -> str:
    """Empty lines inside quoted fields of a CSV row."""
    if not _may_hold_line_ends(layout):
        return "0"
    fields = [
        rf"replace(coalesce(c{position}, ''), '{chr(13)}', '')"
        for position in range(len(layout.types))
    ]
    return " + ".join(
        rf"(strlen({text}) - strlen(regexp_replace({text}, '\n+', '{chr(10)}', 'g')))"
        for text in fields
    )


def _may_hold_line_ends(layout: Layout) -> bool:
    return layout.is_csv and any(file.has_quotes for file in layout.files)


def _first_problem(rules: Sequence[Rule], *, names: bool) -> str:
    """CASE that tells the first broken rule of a row: its contract column, or the reason."""
    cases = []
    for rule in rules:
        if rule.is_optional or rule.source is None:
            continue
        empty = (f"({rule.name} is null and coalesce(trim({rule.name}_raw), '') = '')", EMPTY)
        cases += [
            f"when {condition} then '{rule.name if names else reason}'"
            for condition, reason in (empty, *rule.problems)
        ]
    return f"case {' '.join(cases)} end" if cases else "cast(null as varchar)"
