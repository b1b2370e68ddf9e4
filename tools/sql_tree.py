"""A SQL file as text and as a tree, and what can be told of an expression by looking at it."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import sqlglot
from sqlglot import exp

# comments, strings, quoted names
NOT_CODE = re.compile(r"--[^\n]*|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
NEED_ORDER = (
    exp.RowNumber,
    exp.Rank,
    exp.DenseRank,
    exp.Lag,
    exp.Lead,
    exp.FirstValue,
    exp.LastValue,
    exp.Ntile,
    exp.PercentRank,
    exp.CumeDist,
)
INTEGER_TYPES = (
    exp.DataType.Type.TINYINT,
    exp.DataType.Type.SMALLINT,
    exp.DataType.Type.INT,
    exp.DataType.Type.BIGINT,
)
TIMESTAMPS = (
    exp.DataType.Type.TIMESTAMP,
    exp.DataType.Type.TIMESTAMPNTZ,
    exp.DataType.Type.TIMESTAMPTZ,
    exp.DataType.Type.DATETIME,
)
KEEP_KIND = (  # whose result is of the kind of what is inside
    exp.Paren,
    exp.Min,
    exp.Max,
    exp.Lag,
    exp.Lead,
    exp.FirstValue,
    exp.LastValue,
    exp.Window,
    exp.Filter,
    exp.Coalesce,
    exp.Greatest,
    exp.Least,
    exp.Add,
    exp.Sub,
    exp.Case,
    exp.If,
)
HOLISTIC_FUNCTIONS = (
    exp.Median,
    exp.Quantile,
    exp.PercentileCont,
    exp.PercentileDisc,
    exp.ArrayAgg,
    exp.GroupConcat,
    exp.Mode,
)
FLOAT_MAKERS = (exp.Div, exp.Ln, exp.Sqrt, exp.Exp, exp.Pow)


@dataclass(frozen=True)
class SqlFile:
    """One file, as text and as a tree."""

    path: Path
    text: str

    @cached_property
    def tree(self) -> exp.Expr:
        """The one statement of the file; asked only after `parses` found nothing."""
        return sqlglot.parse_one(self.text, read="duckdb")

    @cached_property
    def header(self) -> list[tuple[int, str]]:
        """Comment lines before the first line of code, with their numbers."""
        lines = enumerate(self.text.splitlines(), start=1)
        first_code = next(
            (n for n, line in lines if line.strip() and not line.startswith("--")), None
        )
        head = self.text.splitlines()[: (first_code or 1) - 1]
        return [
            (n, line.removeprefix("--").strip())
            for n, line in enumerate(head, start=1)
            if line.startswith("--")
        ]

    @cached_property
    def code(self) -> str:
        """The text with comments, strings and quoted names blanked out, so that positions stay."""
        return NOT_CODE.sub(lambda found: " " * len(found.group()), self.text)

    def line_at(self, position: int) -> int:
        """Line number of a character position."""
        return self.text.count("\n", 0, position) + 1


def line_of(node: exp.Expr) -> int:
    """First line that the parser recorded for a node or for what is inside it."""
    lines = [inner.meta["line"] for inner in node.walk() if "line" in inner.meta]
    return min(lines, default=1)


def last_selects(tree: exp.Expr) -> Iterator[exp.Select]:
    """Selects whose columns are the columns of the table: one, or one per side of a union."""
    if isinstance(tree, exp.SetOperation):
        yield from last_selects(tree.this)
        yield from last_selects(tree.expression)
    elif isinstance(tree, exp.Select):
        yield tree


def _unwrapped(node: exp.Expr) -> exp.Expr:
    while isinstance(node, exp.Paren | exp.Cast):
        node = node.this
    return node


def cannot_be_zero(divisor: exp.Expr) -> bool:
    """Whether a divisor is null on zero, a number, a bound parameter
    (checked where it is configured), a power, or smoothed by one.

    Smoothing (`n + 1e0`, `n + $shrinkage`) is taken at its word: the other term is a count.
    """
    divisor = _unwrapped(divisor)
    if isinstance(divisor, exp.Literal):
        return float(divisor.this) != 0
    if isinstance(divisor, exp.Greatest):
        return any(
            isinstance(side, exp.Literal) and float(side.this) > 0
            for side in (divisor.this, *divisor.expressions)
        )
    if isinstance(divisor, exp.Add):
        return any(
            isinstance(side, exp.Literal | exp.Parameter | exp.Placeholder) and cannot_be_zero(side)
            for side in (divisor.this, divisor.expression)
        )
    if isinstance(divisor, exp.Sqrt | exp.Mul):
        return all(
            cannot_be_zero(part)
            for part in (divisor.this, divisor.args.get("expression"))
            if isinstance(part, exp.Expr)
        )
    return isinstance(divisor, exp.Nullif | exp.Parameter | exp.Placeholder | exp.Exp | exp.Pow)


def instants_of(tree: exp.Expr) -> set[str]:
    """Names that stand for instants: what ends in `_at`,
    and every other name that the text gives to one.
    """
    names: set[str] = set()
    while True:
        renamed = {
            alias.alias for alias in tree.find_all(exp.Alias) if is_instant(alias.this, names)
        }
        if renamed <= names:
            return names
        names |= renamed


def is_instant(node: exp.Expr, names: Collection[str] = frozenset()) -> bool:
    """Whether an expression is an instant, as far as names show (see `instants_of`)."""
    if isinstance(node, exp.Column | exp.Parameter | exp.Placeholder):
        return node.name.endswith("_at") or node.name in names
    if isinstance(node, exp.Cast):
        return node.to.this in TIMESTAMPS and is_instant(node.this, names)
    return isinstance(node, KEEP_KIND) and any(
        is_instant(part, names) for part in node.iter_expressions()
    )


def is_day(node: exp.Expr) -> bool:
    """Whether an expression is a day, as far as names and casts show."""
    if isinstance(node, exp.Column | exp.Parameter | exp.Placeholder):
        return node.name.endswith("_on")
    return is_date(node) or (
        isinstance(node, KEEP_KIND) and any(is_day(part) for part in node.iter_expressions())
    )


def is_date(node: exp.Expr) -> bool:
    """Whether an expression is cast to a date in plain sight."""
    return isinstance(node, exp.Cast) and node.to.this == exp.DataType.Type.DATE


def is_whole(node: exp.Expr) -> bool:
    """Whether a number has no fraction, as far as the text shows;
    a bare column is taken at its word.
    """
    node = node.this if isinstance(node, exp.Paren | exp.Window | exp.Filter) else node
    if isinstance(node, exp.Literal):
        return not node.is_string and re.fullmatch(r"\d+", node.this) is not None
    if isinstance(node, exp.Cast):
        return node.to.this in INTEGER_TYPES
    if isinstance(node, exp.Case):
        outcomes = [branch.args["true"] for branch in node.args["ifs"]]
        return all(
            is_whole(outcome) for outcome in (*outcomes, *filter(None, [node.args.get("default")]))
        )
    if isinstance(
        node,
        exp.Sum
        | exp.Min
        | exp.Max
        | exp.Abs
        | exp.Neg
        | exp.Coalesce
        | exp.Greatest
        | exp.Least
        | exp.Add
        | exp.Sub
        | exp.Mul,
    ):
        return all(is_whole(part) for part in node.iter_expressions())
    whole = (
        exp.Column,
        exp.Parameter,
        exp.Placeholder,
        exp.Floor,
        exp.Ceil,
        exp.Round,
        exp.Count,
        exp.DateDiff,
        exp.Length,
        exp.Predicate,
        *NEED_ORDER,
    )
    return isinstance(node, whole)


def makes_float(node: exp.Expr) -> bool:
    """Whether an expression yields fractions, as far as the text shows;
    a bare column is taken at its word.
    """
    if isinstance(node, exp.Cast):
        return node.to.this not in INTEGER_TYPES
    if isinstance(node, FLOAT_MAKERS):
        return True
    if isinstance(node, exp.Literal):
        return not node.is_string and not re.fullmatch(r"\d+", node.this)
    return not isinstance(node, exp.Predicate) and any(
        makes_float(part) for part in node.iter_expressions() if not isinstance(part, exp.DataType)
    )
