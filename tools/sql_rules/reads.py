"""The rule for reads: a text names tables that its caller binds."""

import re
from collections.abc import Iterator

from sqlglot import exp

from tools.sql_rules.rule import Place, rule, shown
from tools.sql_tree import SqlFile, line_of

READS_FILES = re.compile(r"read_\w+|\w+_scan|scan_\w+|glob|sniff_csv|parquet_\w+|query(_table)?")


@rule("reads")
def reads(file: SqlFile) -> Iterator[Place]:
    """A text names tables that its caller binds: no schema, no file, no function that reads one."""
    for table in file.tree.find_all(exp.Table):
        if isinstance(table.this, exp.Func):
            called = shown(table)
            yield line_of(table), f"{called} reads past the tables that are bound: bind a table"
        elif table.db or table.catalog:
            yield (
                line_of(table),
                f"{shown(table)} names a stored table: write {table.name} alone, and bind it",
            )
        elif not re.fullmatch(r"\w+", table.name):
            yield line_of(table), f"{shown(table)} is a file: read it in sources/, bind a table"
    for call in file.tree.find_all(exp.Func):
        name = (call.name if isinstance(call, exp.Anonymous) else call.sql_name()).lower()
        if READS_FILES.fullmatch(name):
            yield line_of(call), f"{name} reads a file: read it in sources/, bind a table"
