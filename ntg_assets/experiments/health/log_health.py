"""Whether the logs of an experiment fit together: known ids, exposures in time,
nothing that comes before its cause.
"""

from collections.abc import Iterator, Sequence

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.configuration.experiments.sources import LoggedSource, ReplaySource
from ntg_assets.experiments.data.evidence import ArmTraffic, Evidence
from ntg_assets.experiments.data.log_content import LogContent
from ntg_assets.experiments.data.log_files import LogFile
from ntg_assets.experiments.data.log_rules import INTERACTIONS, OUTCOMES
from ntg_assets.experiments.health.health_check import FAULT_P, HealthCheck
from ntg_assets.statistics.proportions import Count, equal_shares_p

# share of exposed units that the interaction log knows; below it the ids are hardly the same
FEWEST_KNOWN = 0.05
# share of exposed units whose window is not over; above it the readable ones are the early birds
# alone
MOST_LATE = 0.5


def examine_logs(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Ask the questions that only an experiment on logs raises."""
    arms = [arm for arm in evidence.traffic.values() if arm.n_known is not None]
    if not isinstance(experiment.source, ReplaySource) and any(arm.n_exposed for arm in arms):
        yield _exposed_units_known(experiment.source, arms)
        yield _exposures_in_time(experiment.source, arms)
        yield _nothing_before_its_cause(arms)
    for log in sorted({content.log for content in evidence.logs}):
        contents = [content for content in evidence.logs if content.log == log]
        if log != INTERACTIONS:
            yield _rows_that_count(log, contents)
        yield from _log_ends(log, contents)


def _rows_that_count(log: str, contents: Sequence[LogContent]) -> HealthCheck:
    """Say what was left out of a log of the experiment's own."""
    n_rows, n_odd = (
        sum(content.n_rows for content in contents),
        sum(content.n_not_finite for content in contents),
    )
    n_outside, n_equal = (
        sum(content.n_out_of_time for content in contents),
        sum(content.n_duplicates for content in contents),
    )
    told = f"{n_rows:,} {log} count; left out are {n_outside:,} whose time cannot be true"
    told += f" and {n_equal:,} equal to another" if log == OUTCOMES else ""
    odd = f"; {n_odd:,} have an infinite value" if n_odd else ""
    is_clean = n_outside + n_equal + n_odd == 0
    return HealthCheck(
        f"rows_that_count:{log}",
        n_outside + n_equal + n_odd,
        0,
        "healthy" if is_clean else "warning",
        f"{told}{odd}",
    )


def _log_ends(log: str, contents: Sequence[LogContent]) -> Iterator[HealthCheck]:
    """Say that stray rows do not end the windows of units."""
    if n := max(content.n_after_end for content in contents):
        last = (
            f"{contents[0].ended_at:%Y-%m-%d}, and not with the {n:,} rows half a year and more"
            " after all others"
        )
        told = f"windows are over with the {log} until {last}, whose dates are hardly true"
        yield HealthCheck(f"log_end:{log}", n, 0, "warning", told)


def _exposed_units_known(source: LoggedSource, arms: list[ArmTraffic]) -> HealthCheck:
    n, known = sum(arm.n_exposed for arm in arms), sum(arm.n_known or 0 for arm in arms)
    # an outcome log may hold the few that bought
    limit = FEWEST_KNOWN if source.outcomes is None else 0.0
    is_strange = known / n < limit or known == 0
    log = "interaction log" if source.outcomes is None else "outcome log"
    sentence = (
        f"{known:,} of {n:,} exposed units appear in the"
        f" {log}{': are the ids the same in both?' if is_strange else ''}"
    )
    return HealthCheck(
        "exposed_units_known", known / n, limit, "sick" if is_strange else "healthy", sentence
    )


def _exposures_in_time(source: LoggedSource, arms: list[ArmTraffic]) -> HealthCheck:
    n, late = (
        sum(arm.n_exposed for arm in arms),
        sum(arm.n_exposed - (arm.n_in_time or 0) for arm in arms),
    )
    sentence = (
        f"{late:,} of {n:,} exposures came too late: their window of {source.window_days:g} days is"
        " not over, so they are not read"
    )
    return HealthCheck(
        "exposures_in_time",
        late / n,
        MOST_LATE,
        "thin" if late / n > MOST_LATE else "healthy",
        sentence,
    )


def _nothing_before_its_cause(arms: list[ArmTraffic]) -> HealthCheck:
    """Ask whether as many units of each arm did something in the day before their exposure;
    that never counts as an effect.
    """
    counts = [Count(arm.n_just_before or 0, arm.n_exposed) for arm in arms if arm.n_exposed]
    n, before = sum(count.n for count in counts), sum(count.successes for count in counts)
    p = equal_shares_p(counts) if 0 < before < n and len(counts) > 1 else 1.0
    told = (
        f"{before:,.0f} of {n:,} exposed units had outcomes in the day before their exposure, which"
        " never count as an effect"
    )
    fault = (
        "; the arms differ more than chance, as when exposures are logged late"
        if p < FAULT_P
        else ""
    )
    return HealthCheck(
        "outcomes_before_exposure",
        p,
        FAULT_P,
        "sick" if p < FAULT_P else "healthy",
        f"{told} (p = {p:.2g}){fault}",
    )


def examine_log_files(files: Sequence[LogFile]) -> Iterator[HealthCheck]:
    """Refuse every claim when a log changed while it was read: rows may hold what came before and
    after.
    """
    changed = [file.file_name for file in files if not file.stood_still]
    if changed:
        told = (
            f"{len(changed)} of {len(files)} log files changed while they were read ({changed[0]});"
            " run again when they stand still"
        )
        yield HealthCheck("logs_stand_still", len(changed), 0, "sick", told)
