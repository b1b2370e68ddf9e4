"""The rule for days: they are those of the service's zone, and no instant says which."""

from collections.abc import Iterator

from sqlglot import exp

from tools.sql_rules.rule import Place, rule, shown
from tools.sql_tree import TIMESTAMPS, SqlFile, instants_of, is_day, is_instant, line_of

DAY_OR_TEXT = (exp.DataType.Type.DATE, exp.DataType.Type.VARCHAR, exp.DataType.Type.TEXT)
SHORTER_THAN_DAYS = frozenset({"hour", "minute", "second", "millisecond", "microsecond"})


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
                    f"{shown(cast.this)} is an instant: read the local day that its reader made"
                    " (event_on), not that of UTC"
                ),
            )
        if cast.to.this in TIMESTAMPS and is_day(cast.this):
            yield (
                line_of(cast),
                (
                    f"{shown(cast.this)} is a local day: where it begins is not midnight of UTC,"
                    " so bind its first instant"
                ),
            )
    for cut in file.tree.find_all(exp.TimestampTrunc, exp.DateTrunc):
        if str(cut.args.get("unit")).strip("'").lower() not in SHORTER_THAN_DAYS and is_instant(
            cut.this, instants
        ):
            yield line_of(cut), f"{shown(cut)} cuts by days of UTC: cut the local day instead"
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
                    f"{shown(compared)} holds an instant against a day, at midnight of UTC:"
                    " compare days with days"
                ),
            )
