"""What was left out of the logs, and whether stray rows end windows."""

from collections.abc import Iterator, Sequence

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.data.logs.log_content import LogContent
from ntg_assets.experiments.data.logs.log_rules import INTERACTIONS, OUTCOMES
from ntg_assets.experiments.health.health_check import HealthCheck, Verdict
from ntg_assets.experiments.health.registry import health_check


@health_check(90)
def check(_: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Say what was left out of each log and where it ends."""
    for log in sorted({content.log for content in evidence.logs}):
        contents = [content for content in evidence.logs if content.log == log]
        if log != INTERACTIONS:
            yield _rows_that_count(log, contents)
        yield from _log_ends(log, contents)


def _rows_that_count(log: str, contents: Sequence[LogContent]) -> HealthCheck:
    """Say what was left out of a log of the experiment's own."""
    n_rows, n_odd, n_outside, n_equal = (
        sum(getattr(content, name) for content in contents)
        for name in ("n_rows", "n_not_finite", "n_out_of_time", "n_duplicates")
    )
    sentence = f"{n_rows:,} {log} count; left out are {n_outside:,} whose time cannot be true"
    sentence += f" and {n_equal:,} equal to another" if log == OUTCOMES else ""
    sentence += f"; {n_odd:,} have an infinite value" if n_odd else ""
    n_left_out = n_outside + n_equal + n_odd
    verdict = Verdict.WARNING.when(fault=n_left_out > 0)
    return HealthCheck(f"rows_that_count:{log}", n_left_out, 0, verdict, sentence)


def _log_ends(log: str, contents: Sequence[LogContent]) -> Iterator[HealthCheck]:
    """Say that stray rows do not end the windows of units."""
    if n := max(content.n_after_end for content in contents):
        last = (
            f"{contents[0].ended_at:%Y-%m-%d}, and not with the {n:,} rows half a year and more"
            " after all others"
        )
        sentence = f"windows are over with the {log} until {last}, whose dates are hardly true"
        yield HealthCheck(f"log_end:{log}", n, 0, Verdict.WARNING, sentence)
