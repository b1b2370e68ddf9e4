"""The trial that the synthetic world plants, read from its logs as a user's own: the intervals hold the planted truth."""

import json
from pathlib import Path

import polars as pl
import pytest

from ntg_assets.experiments import logs, tables
from ntg_assets.experiments.evidence import EvidenceTables
from ntg_assets.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.sql import run
from ntg_assets.synthetic.world import write_world

TRIAL = ExperimentSettings.model_validate(
    {
        "id": "synthetic-trial",
        "hypothesis": "Treated users come back on more days.",
        "owner": "science",
        "arms": [{"name": "control"}, {"name": "treatment"}],
        "source": {
            "kind": "log",
            "evidence": "simulated",
            "exposures": {"files": ["assignments.parquet"], "exposed_at": "assigned_at", "experiment": "experiment_id"},
            "window_days": 56,
            "pre_period_days": 56,
        },
        "metrics": [{"name": "active_days", "measure": "active_days"}, {"name": "value", "kind": "revenue"}],
        "primary_metric": "active_days",
        "planned_units": 400,
        "minimum_days": 7,
    }
)


@pytest.mark.slow
def test_the_intervals_hold_the_planted_effect(tmp_path: Path) -> None:
    write_world(tmp_path, n_events=150_000, n_users=4_000, n_items=500, seed=3)
    events = pl.read_parquet(tmp_path / "events.parquet")
    exposures = logs.read_exposure_logs([TRIAL], home=tmp_path)
    assert exposures.height > 400
    programme = ExperimentsSettings(definitions=[TRIAL])
    lists = pl.DataFrame(schema={"strategy": pl.String, "user_id": pl.Int64})
    assigned = run(tables.assignments(lists, programme=programme, exposure_log=exposures))
    measured = run(tables.log_unit_metrics(exposures, events=events, definitions=[TRIAL]))
    everyone = measured.with_columns(is_in_look=pl.lit(value=True))
    evidence = EvidenceTables(
        run(tables.arm_traffic(assigned, exposures=exposures, definitions=[TRIAL])),
        run(tables.metric_sums(everyone, definitions=[TRIAL])),
        run(tables.metric_quantiles(everyone, definitions=[TRIAL])),
    )
    readout = tables.readouts([TRIAL], evidence).filter(pl.col("metric") == "active_days").row(0, named=True)
    planted = json.loads((tmp_path / "truth" / "parameters.json").read_text(encoding="utf-8"))
    assert readout["source"] == "simulated"
    assert readout["n_control"] + readout["n_treatment"] == planted["trial_users"]
    assert readout["difference_low"] < planted["trial_mean_effect_active_days"] < readout["difference_high"]
    assert readout["variance_removed_share"] > 0.1  # the pre-period explains part of what users do
