"""Read of every SQL file of the package which columns each of its columns is made from.

Usage: python -m tools.sql_lineage          (`make sql-lineage`)

Writes `ntg_assets/sql_lineage.json`, which `ntg_assets/column_lineage.py` puts together with what a
text's names stand for in a run. The parser stays a tool of development, and a run pays nothing. A
test refuses the file when a text has changed since.
"""

import json
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage

from ntg_assets.column_lineage import FILE
from ntg_assets.contracts import column_names, contract_of, known_tables

PACKAGE = Path("ntg_assets")
DIALECT = "duckdb"
Columns = dict[str, list[list[str]]]


def fingerprint(text: str) -> str:
    """Return what a text is recognised by."""
    return sha256(text.encode()).hexdigest()


def names_read(text: str) -> set[str]:
    """Names of the tables that a text reads, those that it makes itself left out."""
    tree = sqlglot.parse_one(text, read=DIALECT)
    own = {part.alias for part in tree.find_all(exp.CTE)}
    return {table.name for table in tree.find_all(exp.Table) if table.name} - own


def columns_named(text: str) -> dict[str, set[str]]:
    """Columns that a text names of each table, by `table.column` or where it reads no other: a name
    may stand for more than the contract of that name has.
    """
    named: dict[str, set[str]] = {}
    for select in sqlglot.parse_one(text, read=DIALECT).find_all(exp.Select):
        sources = [part for part in select.find_all(exp.Table) if part.parent_select is select]
        names = {part.alias_or_name: part.name for part in sources}
        alone = sources[0].name if len(sources) == 1 and not select.args.get("joins") else ""
        for column in select.find_all(exp.Column):
            if column.parent_select is select:
                table = names.get(column.table, "") if column.table else alone
                named.setdefault(table, set()).add(column.name)
    return named


def columns_of_text(text: str, known: Mapping[str, list[str]]) -> Columns:
    """Find which columns of which tables each column of a text is made from.

    Args:
        text: One `select`.
        known: Columns of the tables that it may read, by name.

    Returns:
        By column (name of a table in the text, column); what is counted or made of parameters
        alone is made from none.
    """
    read, named = names_read(text), columns_named(text)
    schema = {
        name: dict.fromkeys([*known.get(name, ()), *sorted(named.get(name, ()))], "text")
        for name in sorted(read & {*known, *named})
    }
    nodes = lineage(None, text, schema, dialect=DIALECT, trim_selects=False)
    assert isinstance(nodes, dict)  # noqa: S101  # what it returns where no column is asked
    return {name: sorted(_leaves(node)) for name, node in nodes.items()}


def _leaves(node: Node) -> list[list[str]]:
    """Columns of stored tables below a column."""
    leaves = {
        (leaf.expression.name, leaf.name.split(".")[-1].strip('"'))
        for leaf in node.walk()
        if not leaf.downstream and isinstance(leaf.expression, exp.Table)
    }
    return [[table, column] for table, column in leaves if column != "*"]


def lineage_of_package(root: Path) -> tuple[dict[str, dict[str, object]], dict[str, str]]:
    """Read every SQL file of the package.

    Returns:
        By file its fingerprint and columns; and by file why it cannot be read.
    """
    tables = {name: column_names(contract_of(name)) for name in known_tables()}
    made: dict[str, dict[str, object]] = {}
    refused: dict[str, str] = {}
    for path in sorted(root.rglob("*.sql")):
        name, text = path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
        try:
            made[name] = {"sha256": fingerprint(text), "columns": columns_of_text(text, tables)}
        except SqlglotError as error:
            refused[name] = " ".join(str(error).split())
    return made, refused


def main() -> int:
    """Write the file; say what could not be read."""
    made, refused = lineage_of_package(PACKAGE)
    lines = ",\n".join(
        f" {json.dumps(name)}: {json.dumps(made[name], sort_keys=True)}" for name in sorted(made)
    )
    (PACKAGE / FILE).write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    for name, why in refused.items():
        print(f"{name}: {why}")
    print(f"{len(made)} SQL files read, {len(refused)} not")
    return 0


if __name__ == "__main__":
    sys.exit(main())
