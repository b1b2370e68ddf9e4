"""A log of exposures from which nothing can be estimated concerns the estimates alone,
and is told in `off_policy_problems`.
"""

from collections.abc import Callable

import polars as pl

from ntg_assets.errors import describe_error
from ntg_assets.off_policy.slots import Slots

Reports = tuple[pl.DataFrame, pl.DataFrame]
PROBLEMS = {"source": pl.String, "reason": pl.String}
KEY = "off_policy.shown"


def report_or_problem(
    report: Callable[[Slots], Reports], slots: Slots
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Estimate from slots; whatever goes wrong leaves both reports empty,
    with the reason in the third table.

    Returns:
        `off_policy_report`, `off_policy_comparisons`, `off_policy_problems`.
    """
    try:
        return *report(slots), pl.DataFrame(schema=PROBLEMS)
    except Exception as error:  # noqa: BLE001  # the night goes on without the estimates, and says so
        nothing = slots._replace(held_out=slots.held_out.clear(), earlier=slots.earlier.clear())
        problem = [(KEY, describe_error(error))]
        return *report(nothing), pl.DataFrame(problem, schema=PROBLEMS, orient="row")
