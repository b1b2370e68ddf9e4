"""One SQL text, said in Spark's words; parsed once per text."""

from collections.abc import Collection
from functools import cache
from typing import Any

from ntg_assets.errors import EngineError, UnboundTableError

MARK = "__bound__"  # stands before the name of a bound table, for the name that it has on a cluster
LATEST = ("INT128", "UINT128", "UBIGINT")  # integers that Spark has no type for
SPARK_TYPES = {
    "TINYINT": "tinyint",
    "SMALLINT": "smallint",
    "INTEGER": "int",
    "BIGINT": "bigint",
    "HUGEINT": "decimal(38,0)",
    "FLOAT": "float",
    "DOUBLE": "double",
    "VARCHAR": "string",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp_ntz",
}
WHOLE = ("tinyint", "smallint", "int", "bigint")


def spark_text(text: str, names: Collection[str], *, prefix: str, origin: str) -> str:
    """Write a DuckDB query for Spark.

    Args:
        text: One select.
        names: What its table names may be.
        prefix: What stands before each of them on the cluster.
        origin: Where the text stands, for messages.

    Raises:
        EngineError: it holds what Spark has no words for.
        UnboundTableError: it names another table.
    """
    written = _transpiled(text, frozenset(name.lower() for name in names), origin)
    return written.replace(MARK, prefix)


@cache
def _transpiled(text: str, names: frozenset[str], origin: str) -> str:
    import sqlglot  # noqa: PLC0415  # of the extra [spark], and half a second to import
    from sqlglot.optimizer.scope import traverse_scope  # noqa: PLC0415  # as above

    try:
        tree = sqlglot.parse_one(text, read="duckdb")
        for scope in traverse_scope(tree):
            for alias, source in scope.sources.items():
                if isinstance(source, sqlglot.exp.Table):
                    _mark(source, alias, names, origin)
        return _in_spark(tree, sqlglot)
    except sqlglot.errors.SqlglotError as error:
        reason = str(error).splitlines()[0]
        raise EngineError(
            f"{origin} cannot be said in Spark's SQL: {reason}. Keep to the portable subset"
            " (tools/sql_lint.py), or bind no table of the cluster to it."
        ) from None


def _mark(table: Any, alias: str, names: Collection[str], origin: str) -> None:
    name = table.name.lower()
    if name.startswith(MARK):
        return
    if name not in names or table.db:
        raise UnboundTableError(
            f"{origin} names {table.sql(dialect='duckdb')}, which nothing is bound to (bound are"
            f" {', '.join(sorted(names)) or 'none'}). Pass each table that it reads."
        )
    identifier = type(table.this)
    table.this.replace(identifier(this=f"{MARK}{name}", quoted=False))
    if not table.alias:
        from sqlglot.expressions import TableAlias  # noqa: PLC0415  # as above

        table.set("alias", TableAlias(this=identifier(this=alias, quoted=False)))


def _in_spark(tree: Any, sqlglot: Any) -> str:
    exp = sqlglot.exp
    for named in tree.find_all(exp.CTE):
        named.set("materialized", None)  # a hint that changes no row; Spark has no word for it
    for cast in tree.find_all(exp.Cast):
        if cast.to.this.name in LATEST:
            cast.set("to", exp.DataType.build("decimal(38, 0)", dialect="spark"))
    return tree.sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)


def spark_type(duckdb_type: str, *, column: str, origin: str) -> str:
    """Name the Spark type of a column, or refuse one that it has none for.

    Args:
        duckdb_type: As DuckDB writes it.
        column: Whose, for the message.
        origin: What asks for it, for the message.
    """
    if duckdb_type in SPARK_TYPES:
        return SPARK_TYPES[duckdb_type]
    if duckdb_type.startswith("DECIMAL("):
        return duckdb_type.lower().replace(" ", "")
    raise EngineError(
        f"{origin}: column {column} is {duckdb_type}, which no table on a cluster may hold"
        f" (allowed: {', '.join(SPARK_TYPES)})."
    )


def converted(column: str, actual: str, wanted: str, *, origin: str) -> str:
    """SQL that gives a column of Spark the type that DuckDB gives it.

    A count of days is narrower there, a rounded number is whole: what loses nothing is converted,
    everything else refused.

    Raises:
        EngineError: a value could be lost.
    """
    if actual == wanted:
        return column
    is_wider = (
        actual in WHOLE
        and (wanted in WHOLE[WHOLE.index(actual) :] or wanted in ("double", "decimal(38,0)"))
    ) or (actual.startswith("decimal") and actual.endswith(",0)") and wanted == "decimal(38,0)")
    if is_wider or (actual, wanted) in {("float", "double"), ("void", wanted)}:
        return f"cast({column} as {wanted})"
    raise EngineError(
        f"{origin}: column {column} is {actual} on the cluster and {wanted} in DuckDB: the two"
        " engines read the text differently. Cast it there."
    )
