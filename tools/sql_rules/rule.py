"""A rule for SQL: a generator of the places that break it, registered under a name."""

from collections.abc import Callable, Iterator

from sqlglot import exp

from tools.sql_tree import SqlFile

Place = tuple[int, str]  # line and advice
Rule = Callable[[SqlFile], Iterator[Place]]
RULES: dict[str, Rule] = {}


def rule(name: str) -> Callable[[Rule], Rule]:
    """Register the decorated generator under the name that findings and allowances use."""

    def register(check: Rule) -> Rule:
        RULES[name] = check
        return check

    return register


def shown(node: exp.Expr) -> str:
    """Show the head of an expression."""
    return node.sql(dialect="duckdb")[:60]
