"""Rules of style: header, letters, names, and that a file is one select that somebody loads."""

import re
from collections.abc import Iterator
from pathlib import Path

import sqlglot
from sqlglot import exp

from tools.sql_rules.rule import Place, rule
from tools.sql_tree import SqlFile, last_selects, line_of

PACKAGE = "ntg_assets"
PARAMETER = re.compile(r"\$([a-z_]\w*)")
VAGUE_NAME = re.compile(r"^(.{1,2}|cte|tmp|temp|sub|subquery|query|result|final|data)_?\d*$")


def parses(file: SqlFile) -> Iterator[Place]:
    """A file is one select, without a semicolon: it is used as a part of a larger statement."""
    try:
        statements = sqlglot.parse(file.text, read="duckdb")
    except sqlglot.errors.ParseError as error:
        place = error.errors[0]
        yield int(place.get("line") or 1), f"cannot be parsed: {place.get('description')}"
        return
    if len(statements) != 1 or not isinstance(statements[0], exp.Select | exp.SetOperation):
        yield (
            1,
            "write exactly one select per file; what changes tables belongs to the storage layer",
        )
    elif ";" in file.code:
        yield (
            file.line_at(file.code.index(";")),
            "leave the semicolon out: the text becomes part of a larger statement",
        )


@rule("header")
def header(file: SqlFile) -> Iterator[Place]:
    """Purpose, grain and parameters stand on top, and the parameters are the ones in use."""
    lines = [line for _, line in file.header]
    if not lines or lines[0].startswith(("Grain:", "Parameters:", "Tables:", "lint:")):
        yield 1, "begin with a comment that says what the table is for"
    for part in ("Grain:", "Parameters:"):
        if not any(line.startswith(part) for line in lines):
            yield (
                1,
                f"say `-- {part} ...` in the header"
                + (" (`none` when there are none)" if part == "Parameters:" else ""),
            )
    named, used = set(PARAMETER.findall("\n".join(lines))), set(PARAMETER.findall(file.code))
    if unnamed := sorted(used - named):
        yield 1, f"name ${', $'.join(unnamed)} in the header: what it is and its unit"
    if unused := sorted(named - used):
        yield 1, f"the header names ${', $'.join(unused)}, which the text does not use"


@rule("lower-case")
def lower_case(file: SqlFile) -> Iterator[Place]:
    """Keywords and names are lower case."""
    for match in re.finditer(r"\b(?!\d)\w*[A-Z]\w*\b", file.code):
        yield file.line_at(match.start()), f"write {match.group()} in lower case"


@rule("cast-syntax")
def cast_syntax(file: SqlFile) -> Iterator[Place]:
    """`cast(x as type)`, not `x::type`."""
    for match in re.finditer("::", file.code):
        yield file.line_at(match.start()), "write cast(... as ...)"


@rule("columns")
def columns(file: SqlFile) -> Iterator[Place]:
    """The last select lists every column by name."""
    for select in last_selects(file.tree):
        for column in select.expressions:
            if column.is_star:
                yield line_of(column), "list every column of the last select by name"
            elif not column.alias_or_name:
                yield (
                    line_of(column),
                    f"name the column: {column.sql(dialect='duckdb')[:40]} as ...",
                )


@rule("named-cte")
def named_cte(file: SqlFile) -> Iterator[Place]:
    """Steps are CTEs with a speaking name, each of them used."""
    for subquery in file.tree.find_all(exp.Subquery):
        if isinstance(subquery.parent, exp.From | exp.Join):
            yield (
                line_of(subquery),
                "make the subquery a CTE with a name that says what its rows are",
            )
    tables = {table.name for table in file.tree.find_all(exp.Table)}
    for cte in file.tree.find_all(exp.CTE):
        if VAGUE_NAME.match(cte.alias):
            yield line_of(cte), f"give {cte.alias} a name that says what its rows are"
        if cte.alias not in tables:
            yield line_of(cte), f"{cte.alias} is not used: remove it"


@rule("file-name")
def file_name(file: SqlFile) -> Iterator[Place]:
    """A file is named like the table it makes, and some module loads it by that name."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", file.path.stem):
        yield 1, "name the file like the table it makes: lower case, words joined by _"
    elif PACKAGE in file.path.parts and not _is_loaded(file.path):
        yield (
            1,
            (
                f'no module of {PACKAGE} says "{file.path.stem}": load the file by its name, or'
                " remove it"
            ),
        )


def _is_loaded(path: Path) -> bool:
    root = next(parent for parent in path.resolve().parents if parent.name == PACKAGE)
    return any(
        f'"{path.stem}"' in module.read_text(encoding="utf-8") for module in root.rglob("*.py")
    )
