"""The rules for SQL: house style, and the subset that gives equal results on DuckDB and Spark."""

from tools.sql_rules import (  # noqa: F401  # loading a module registers its rules
    aggregates,
    local_days,
    portable,
    reads,
    style,
)
from tools.sql_rules.rule import RULES
from tools.sql_rules.style import PACKAGE, parses

__all__ = ["PACKAGE", "RULES", "parses"]
