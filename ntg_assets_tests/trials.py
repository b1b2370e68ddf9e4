"""From the logs of a trial to what is concluded, as the assets do it, without a store."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.experiments import results
from ntg_assets.experiments.data import log_tables, summed_tables, tables
from ntg_assets.experiments.data.evidence_tables import EvidenceTables
from ntg_assets.experiments.data.logs import exposure_logs as logs
from ntg_assets.experiments.data.logs.log_rules import LogRules
from ntg_assets.experiments.data.units.log_designs import contrasts_of_logs
from ntg_assets.experiments.decision.receipts import replay
from ntg_assets.local_days import with_event_on
from ntg_assets.storage.connection import connect
from ntg_assets.storage.run import run
from ntg_assets_tests.logs import EVENT_SCHEMA

LISTS = pl.DataFrame(schema={"strategy": pl.String, "user_id": pl.Int64})
NO_EVENTS = pl.DataFrame(schema=EVENT_SCHEMA)
UNTIL = LogRules(latest=datetime(2026, 12, 31))
Row = dict[str, Any]


@dataclass(frozen=True)
class Concluded:
    """What one trial led to; its receipt has been replayed."""

    checks: dict[str, Row]
    readouts: dict[str, Row]
    decision: Row
    days: pl.DataFrame
    contents: pl.DataFrame
    cohorts: pl.DataFrame

    def verdicts(self, *checks: str) -> list[str]:
        return [self.checks[check]["verdict"] for check in checks]


def trial(**changes: Any) -> ExperimentSettings:
    """Define a trial of two arms on an outcome log of its own."""
    source = {
        "kind": "log",
        "exposures": {"files": ["seen.csv"]},
        "outcomes": {"files": ["did.csv"], "event_type": "kind", "value": "value"},
        "window_days": 14,
        "pre_period_days": 0,
    }
    known = {
        "id": "trial",
        "hypothesis": "A shorter checkout sells more.",
        "owner": "science",
        "arms": [{"name": "a"}, {"name": "b"}],
        "source": source | changes.pop("source", {}),
        "metrics": [{"name": "revenue", "kind": "revenue", "event_types": ["buy"]}],
        "primary_metric": "revenue",
        "planned_units": 4,
        "minimum_units_per_arm": 2,
        "minimum_days": 7,
    }
    return ExperimentSettings.model_validate(known | changes)


def write(file: Path, header: str, rows: list[tuple[Any, ...]]) -> None:
    """Write a CSV file; None is an empty field, a time is ISO."""
    lines = [
        ",".join(
            "" if one is None else one.isoformat() if isinstance(one, datetime) else str(one)
            for one in row
        )
        for row in rows
    ]
    file.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")


def write_logs(home: Path, *, seen: list[tuple[Any, ...]], did: list[tuple[Any, ...]]) -> None:
    """Write exposures (unit, arm, time) and outcomes (unit, time, kind, value)."""
    write(home / "seen.csv", "user_id,arm,exposed_at", seen)
    write(home / "did.csv", "user_id,happened_at,kind,value", did)


def conclude(
    one: ExperimentSettings,
    home: Path,
    *,
    events: pl.DataFrame = NO_EVENTS,
    rules: LogRules = UNTIL,
) -> Concluded:
    """Go from the logs of one experiment to health, readouts between users and the decision."""
    definitions, programme = [one], ExperimentsSettings(definitions=[one])
    seen = logs.read_exposure_logs(definitions, home=home, rules=rules)
    known: dict[str, Any] = {
        "events": with_event_on(events),
        "outcome_log": logs.read_outcome_logs(definitions, home=home, rules=rules),
    }
    counts = logs.count_log_rows(definitions, home=home, rules=rules)
    exposed = seen.select(
        "experiment",
        "unit_id",
        "arm",
        "source",
        "first_exposed_at",
        "last_exposed_at",
        "n_exposures",
    )
    with connect(engine=EngineSettings(threads=1)) as store:
        assigned = run(tables.assignments(LISTS, programme=programme, exposure_log=seen), store)
        units = run(log_tables.log_unit_metrics(seen, definitions=definitions, **known), store)
        daily = run(log_tables.daily_sums(seen, definitions=definitions, **known), store)
        by_day = run(log_tables.traffic_by_day(seen), store)
        contents = run(log_tables.log_contents(counts, exposure_log=seen, **known), store)
        log_traffic = log_tables.log_traffic(seen, **known)
        traffic = run(
            tables.arm_traffic(
                assigned, exposures=exposed, definitions=definitions, log_traffic=log_traffic
            ),
            store,
        )
        chosen = run(
            summed_tables.designed_units(units, exposure_log=seen, definitions=definitions), store
        )
        sums = run(summed_tables.metric_sums(units, definitions=definitions), store)
        quantiles = run(summed_tables.metric_quantiles(units, definitions=definitions), store)
        shapes = run(
            summed_tables.metric_shapes(units, metric_sums=sums, definitions=definitions), store
        )
    evidence = EvidenceTables(
        traffic,
        sums,
        quantiles,
        daily_sums=daily,
        log_contents=contents,
        traffic_by_day=by_day,
        metric_shapes=shapes,
        metric_contrasts=contrasts_of_logs(definitions, chosen),
    )
    readouts = results.readouts(definitions, evidence)
    decision = results.decisions(definitions, evidence, readouts=readouts).row(0, named=True)
    assert replay(json.loads(decision["receipt"]))["in_force"] == decision["decision"]
    return Concluded(
        {
            row["check"]: row
            for row in results.health_checks(definitions, evidence).iter_rows(named=True)
        },
        {
            row["metric"]: row
            for row in readouts.filter(pl.col("comparison") == "between users").iter_rows(
                named=True
            )
        },
        decision,
        results.effect_by_day(definitions, daily),
        contents,
        results.effect_by_cohort(definitions, daily),
    )
