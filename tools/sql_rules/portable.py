"""The subset that gives equal results on DuckDB and Spark."""

from collections.abc import Iterator

from sqlglot import exp

from ntg_assets.engines.spark.dialect import spark_text
from ntg_assets.errors import NtgError
from tools.sql_rules.rule import Place, rule
from tools.sql_tree import (
    HOLISTIC_FUNCTIONS,
    INTEGER_TYPES,
    NEED_ORDER,
    SqlFile,
    cannot_be_zero,
    is_date,
    is_whole,
    line_of,
)

# Equal on DuckDB 2.0 and Spark 4 when transpiled by sqlglot. What is missing here was different, or
# was never compared.
PORTABLE = """
    abs and avg case cast ceil coalesce concat corr count covar_pop covar_samp cume_dist
    datediff dense_rank dpipe exists exp first_value floor greatest if lag last_value lead least
    length ln lower max md5 min ntile nullif or percent_rank power rank round row_number sha2
    sign sqrt starts_with stddev_pop stddev_samp substring sum timestamp_trunc date_trunc trim
    try_cast upper var_pop variance variance_pop xor
"""
PORTABLE_FUNCTIONS = frozenset(PORTABLE.split())


@rule("function")
def function(file: SqlFile) -> Iterator[Place]:
    """Only functions known to give the same result on both engines."""
    for call in file.tree.find_all(exp.Func):
        name = (call.name if isinstance(call, exp.Anonymous) else call.sql_name()).lower()
        if name not in PORTABLE_FUNCTIONS and not isinstance(call, HOLISTIC_FUNCTIONS):
            yield (
                line_of(call),
                f"{name} is not in the portable set (tools/sql_rules/portable.py): use one that is",
            )


@rule("division")
def division(file: SqlFile) -> Iterator[Place]:
    """Division by zero is inf in one engine and an error in the other."""
    for quotient in file.tree.find_all(exp.Div):
        if not cannot_be_zero(quotient.expression):
            yield (
                line_of(quotient.expression),
                f"guard the divisor: nullif({quotient.expression.sql(dialect='duckdb')[:40]}, 0)",
            )
    for whole in file.tree.find_all(exp.IntDiv):
        yield line_of(whole), "// rounds differently for negative numbers: floor(a / nullif(b, 0))"


@rule("literal")
def literal(file: SqlFile) -> Iterator[Place]:
    """Decimal literals have other types and scales elsewhere."""
    for number in file.tree.find_all(exp.Literal):
        if not number.is_string and "." in number.this and "e" not in number.this.lower():
            yield line_of(number), f"write {number.this} as a double: {float(number.this):g}e0"


@rule("date-diff")
def date_diff(file: SqlFile) -> Iterator[Place]:
    """One engine counts boundaries, the other whole units; between two dates they agree."""
    for call in file.tree.find_all(exp.DateDiff):
        if str(call.args.get("unit") or "day").strip("'").lower() != "day":
            yield line_of(call), "count days only, and derive other units from them"
        if not all(is_date(side) for side in (call.this, call.expression)):
            yield (
                line_of(call),
                "date_diff('day', cast(... as date), cast(... as date)): cast both sides",
            )


@rule("integer-cast")
def integer_cast(file: SqlFile) -> Iterator[Place]:
    """A cast of a fraction to an integer rounds in one engine and truncates in the other."""
    for cast in file.tree.find_all(exp.Cast):
        if cast.to.this in INTEGER_TYPES and not is_whole(cast.this):
            shown = cast.this.sql(dialect="duckdb")[:40]
            advice = (
                "text becomes a number by other rules elsewhere"
                if cast.find(exp.DPipe)
                else "say floor(...) or round(...) inside the cast"
            )
            yield line_of(cast), f"{advice}: {shown}"


@rule("window-order")
def window_order(file: SqlFile) -> Iterator[Place]:
    """A rank, a neighbour and a limit need an order; make it total with a key as the last term."""
    for window in file.tree.find_all(exp.Window):
        if isinstance(window.this, NEED_ORDER) and not window.args.get("order"):
            yield (
                line_of(window),
                f"{window.this.sql_name().lower()} needs an order by that ends in a key",
            )
    for select in file.tree.find_all(exp.Select):
        if select.args.get("limit") and not select.args.get("order"):
            yield line_of(select), "limit needs an order by that ends in a key"


@rule("construct")
def construct(file: SqlFile) -> Iterator[Place]:
    """Clauses that other engines do not have, or read differently."""
    for filtered in file.tree.find_all(exp.Qualify):
        yield line_of(filtered), "qualify: rank in a CTE and filter after it"
    for node in file.tree.find_all(exp.Lateral, exp.Unnest, exp.Pivot, exp.TableSample):
        yield line_of(node), f"{node.key}: write it with joins and group by"
    for group in file.tree.find_all(exp.Group):
        if group.args.get("all"):
            yield line_of(group.parent or group), "group by all: name the columns"
    for star in file.tree.find_all(exp.Star):
        if star.args.get("except_") or star.args.get("replace") or star.args.get("rename"):
            yield line_of(star), "star with exclude, replace or rename: list the columns"
    for join in file.tree.find_all(exp.Join):
        if join.args.get("method") in {"ASOF", "POSITIONAL", "NATURAL"}:
            yield line_of(join), f"{str(join.args['method']).lower()} join: join on named columns"


@rule("spark")
def spark(file: SqlFile) -> Iterator[Place]:
    """Every text can be said in Spark's SQL, as an engine on a cluster says it."""
    tables = list(file.tree.find_all(exp.Table))
    if any(table.db for table in tables):
        return  # a text over a published store, which no cluster is asked
    names = {table.name for table in tables}
    try:
        spark_text(file.text, names, prefix="", origin=file.path.name)
    except NtgError as error:
        yield 1, str(error)
