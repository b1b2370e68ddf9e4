"""Blocking checks of the splits: chronological, disjoint, complete."""

import dagster as dg
import polars as pl

from ntg_assets.orchestration.checking import staged_check
from ntg_assets.orchestration.project import Project
from ntg_assets.splits.boundaries import part_span
from ntg_assets.sql import Query, Table
from ntg_assets.stages import BACKTEST


@staged_check("split_report", stages=(BACKTEST,), blocking=True)
def parts_are_chronological(split_report: pl.DataFrame, project: Project) -> dg.AssetCheckResult:
    """No TRAIN event lies at or after a user's first VAL or TEST event;
    under a global split, none lies after anyone's.
    """
    strategy = project.settings.split.strategy
    broken = split_report.filter(pl.col("n_out_of_order_users") > 0)
    ahead = split_report.filter(pl.col("look_ahead_share") > 0)
    passed = broken.is_empty() and (strategy == "per_user" or ahead.is_empty())
    shares = {
        row["part"]: round(row["look_ahead_share"], 4) for row in split_report.iter_rows(named=True)
    }
    sentence = (
        f"strategy {strategy}: share of TRAIN that lies after the start of each part: {shares}"
    )
    return dg.AssetCheckResult(
        passed=passed, description=sentence, metadata={"n_out_of_order_parts": broken.height}
    )


@staged_check("split_report", stages=(BACKTEST,), blocking=True)
def every_event_is_in_one_part(
    split_report: pl.DataFrame, split_boundaries: pl.DataFrame, events: Table, project: Project
) -> dg.AssetCheckResult:
    """TRAIN, VAL and TEST together hold each event of the log once; with `weekly` boundaries those
    of the week that goes on wait for its end.
    """
    held, end_at = int(split_report["n_events"].sum()), part_span(split_boundaries, "test")[1]
    text = "select count(*) as n, count(*) filter (event_at >= $end_at) as n_later from events"
    counts = project.read(Query(text, {"events": events}, {"end_at": end_at})).row(0, named=True)
    waiting = counts["n_later"] if project.settings.split.boundaries == "weekly" else 0
    later = f", {waiting:,} of them since {end_at:%Y-%m-%d}, in no part yet" if waiting else ""
    return dg.AssetCheckResult(
        passed=held + waiting == counts["n"],
        description=f"{held:,} events in the parts, {counts['n']:,} in the log{later}",
    )
