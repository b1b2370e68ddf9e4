"""The rules for SQL: house style, and the subset that gives equal results on DuckDB and Spark."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlglot
from sqlglot import exp

from ntg_assets.engines.spark.dialect import spark_text
from ntg_assets.errors import NtgError
from tools.sql_tree import (
    INTEGER_TYPES,
    NEED_ORDER,
    TIMESTAMPS,
    SqlFile,
    cannot_be_zero,
    instants_of,
    is_date,
    is_day,
    is_instant,
    is_whole,
    last_selects,
    line_of,
    makes_float,
)

PACKAGE = "ntg_assets"
READS_FILES = re.compile(r"read_\w+|\w+_scan|scan_\w+|glob|sniff_csv|parquet_\w+|query(_table)?")
PARAMETER = re.compile(r"\$([a-z_]\w*)")
VAGUE_NAME = re.compile(r"^(.{1,2}|cte|tmp|temp|sub|subquery|query|result|final|data)_?\d*$")


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
HOLISTIC_FUNCTIONS = (
    exp.Median,
    exp.Quantile,
    exp.PercentileCont,
    exp.PercentileDisc,
    exp.ArrayAgg,
    exp.GroupConcat,
    exp.Mode,
)
ORDER_SENSITIVE_FUNCTIONS = (
    exp.Avg,
    exp.Stddev,
    exp.StddevSamp,
    exp.StddevPop,
    exp.Variance,
    exp.VariancePop,
    exp.Corr,
    exp.CovarSamp,
)

DAY_OR_TEXT = (exp.DataType.Type.DATE, exp.DataType.Type.VARCHAR, exp.DataType.Type.TEXT)
SHORTER_THAN_DAYS = frozenset({"hour", "minute", "second", "millisecond", "microsecond"})

Place = tuple[int, str]  # line and advice
Rule = Callable[[SqlFile], Iterator[Place]]
RULES: dict[str, Rule] = {}


def rule(name: str) -> Callable[[Rule], Rule]:
    """Register the decorated generator under the name that findings and allowances use."""

    def register(check: Rule) -> Rule:
        RULES[name] = check
        return check

    return register


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
    said = [line for _, line in file.header]
    if not said or said[0].startswith(("Grain:", "Parameters:", "Tables:", "lint:")):
        yield 1, "begin with a comment that says what the table is for"
    for part in ("Grain:", "Parameters:"):
        if not any(line.startswith(part) for line in said):
            yield (
                1,
                f"say `-- {part} ...` in the header"
                + (" (`none` when there are none)" if part == "Parameters:" else ""),
            )
    told, used = set(PARAMETER.findall("\n".join(said))), set(PARAMETER.findall(file.code))
    if untold := sorted(used - told):
        yield 1, f"name ${', $'.join(untold)} in the header: what it is and its unit"
    if unused := sorted(told - used):
        yield 1, f"the header names ${', $'.join(unused)}, which the text does not use"


@rule("lower-case")
def lower_case(file: SqlFile) -> Iterator[Place]:
    """Keywords and names are lower case."""
    for found in re.finditer(r"\b(?!\d)\w*[A-Z]\w*\b", file.code):
        yield file.line_at(found.start()), f"write {found.group()} in lower case"


@rule("cast-syntax")
def cast_syntax(file: SqlFile) -> Iterator[Place]:
    """`cast(x as type)`, not `x::type`."""
    for found in re.finditer("::", file.code):
        yield file.line_at(found.start()), "write cast(... as ...)"


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


@rule("function")
def function(file: SqlFile) -> Iterator[Place]:
    """Only functions known to give the same result on both engines."""
    for call in file.tree.find_all(exp.Func):
        name = (call.name if isinstance(call, exp.Anonymous) else call.sql_name()).lower()
        if name not in PORTABLE_FUNCTIONS and not isinstance(call, HOLISTIC_FUNCTIONS):
            yield (
                line_of(call),
                f"{name} is not in the portable set (tools/sql_lint.py): use one that is",
            )


@rule("holistic")
def holistic(file: SqlFile) -> Iterator[Place]:
    """No aggregate that must hold all values of a group at once: it does not spill to disk."""
    for call in file.tree.find_all(*HOLISTIC_FUNCTIONS):
        yield (
            line_of(call),
            (
                f"{call.sql_name().lower()} holds a whole group in memory: use two levels of group"
                " by, or allow it for small tables"
            ),
        )
    for distinct in file.tree.find_all(exp.Distinct):
        if isinstance(distinct.parent, exp.AggFunc):
            yield (
                line_of(distinct),
                (
                    "count(distinct ...) holds a whole group in memory: group by the value first,"
                    " then count"
                ),
            )


@rule("float-order")
def float_order(file: SqlFile) -> Iterator[Place]:
    """A float sum depends on the order of its rows, and that order is free: sum integers."""
    for call in file.tree.find_all(*ORDER_SENSITIVE_FUNCTIONS):
        yield (
            line_of(call),
            (
                f"{call.sql_name().lower()} adds floats in any order: sum fixed-point integers, or"
                " round the result and allow it"
            ),
        )
    for total in file.tree.find_all(exp.Sum):
        if makes_float(total.this):
            yield (
                line_of(total),
                (
                    "sum(cast(round(x * 1e9) as bigint)) / 1e9: a float sum depends on the order of"
                    " rows"
                ),
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


@rule("local-day")
def local_day(file: SqlFile) -> Iterator[Place]:
    """A day is one of the service's zone, and an instant does not say which: the reader of the log
    makes it, once.
    """
    instants = instants_of(file.tree)
    for cast in file.tree.find_all(exp.Cast):
        if cast.to.this in DAY_OR_TEXT and is_instant(cast.this, instants):
            yield (
                line_of(cast),
                (
                    f"{_shown(cast.this)} is an instant: read the local day that its reader made"
                    " (event_on), not that of UTC"
                ),
            )
        if cast.to.this in TIMESTAMPS and is_day(cast.this):
            yield (
                line_of(cast),
                (
                    f"{_shown(cast.this)} is a local day: where it begins is not midnight of UTC,"
                    " so bind its first instant"
                ),
            )
    for cut in file.tree.find_all(exp.TimestampTrunc, exp.DateTrunc):
        if str(cut.args.get("unit")).strip("'").lower() not in SHORTER_THAN_DAYS and is_instant(
            cut.this, instants
        ):
            yield line_of(cut), f"{_shown(cut)} cuts by days of UTC: cut the local day instead"
    for compared in file.tree.find_all(
        exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between
    ):
        sides = list(compared.iter_expressions())
        if any(is_instant(side, instants) for side in sides) and any(
            is_day(side) for side in sides
        ):
            yield (
                line_of(compared),
                (
                    f"{_shown(compared)} holds an instant against a day, at midnight of UTC:"
                    " compare days with days"
                ),
            )


def _shown(node: exp.Expr) -> str:
    return node.sql(dialect="duckdb")[:60]


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


@rule("reads")
def reads(file: SqlFile) -> Iterator[Place]:
    """A text names tables that its caller binds: no schema, no file, no function that reads one."""
    for table in file.tree.find_all(exp.Table):
        if isinstance(table.this, exp.Func):
            called = _shown(table)
            yield line_of(table), f"{called} reads past the tables that are bound: bind a table"
        elif table.db or table.catalog:
            yield (
                line_of(table),
                f"{_shown(table)} names a stored table: write {table.name} alone, and bind it",
            )
        elif not re.fullmatch(r"\w+", table.name):
            yield line_of(table), f"{_shown(table)} is a file: read it in sources/, bind a table"
    for call in file.tree.find_all(exp.Func):
        name = (call.name if isinstance(call, exp.Anonymous) else call.sql_name()).lower()
        if READS_FILES.fullmatch(name):
            yield line_of(call), f"{name} reads a file: read it in sources/, bind a table"


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
