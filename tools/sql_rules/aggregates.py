"""Rules for aggregates: what holds a whole group in memory, what depends on the order of rows."""

from collections.abc import Iterator

from sqlglot import exp

from tools.sql_rules.rule import Place, rule
from tools.sql_tree import HOLISTIC_FUNCTIONS, SqlFile, line_of, makes_float

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
