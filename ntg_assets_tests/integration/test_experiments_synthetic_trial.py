"""The trial that the synthetic world plants,
by the configuration that `make synth` runs: the intervals hold the planted truth.
"""

import json
from pathlib import Path

import polars as pl
import pytest
import yaml

from ntg_assets.configuration.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.experiments import results
from ntg_assets.experiments.data import log_tables, summed_tables, tables
from ntg_assets.experiments.data.evidence_tables import EvidenceTables
from ntg_assets.experiments.data.logs import exposure_logs as logs
from ntg_assets.experiments.decision.receipts import replay
from ntg_assets.local_days import with_event_on
from ntg_assets.storage.run import run
from ntg_assets.synthetic.world import write_world

CONFIG = Path(__file__).parents[2] / "configs" / "synthetic.yaml"


def trial(folder: Path) -> ExperimentSettings:
    definitions = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["experiments"]["definitions"]
    given = next(one for one in definitions if one["id"] == "synthetic-trial")
    given["source"]["exposures"]["files"] = [
        str(Path(name).relative_to("data/synthetic"))
        for name in given["source"]["exposures"]["files"]
    ]
    assert (folder / given["source"]["exposures"]["files"][0]).is_file()
    return ExperimentSettings.model_validate(given)


@pytest.mark.slow
def test_the_planted_trial_ends_in_a_simulated_decision_whose_intervals_hold_the_truth(
    tmp_path: Path,
) -> None:
    write_world(tmp_path, n_events=150_000, n_users=4_000, n_items=500, seed=3)
    events = with_event_on(pl.read_parquet(tmp_path / "events.parquet"))
    one = trial(tmp_path)
    programme = ExperimentsSettings(definitions=[one])
    exposures = logs.read_exposure_logs([one], home=tmp_path)
    lists = pl.DataFrame(schema={"strategy": pl.String, "user_id": pl.Int64})
    assigned = run(tables.assignments(lists, programme=programme, exposure_log=exposures))
    units = run(log_tables.log_unit_metrics(exposures, events=events, definitions=[one]))
    logged = log_tables.log_traffic(exposures, events=events)
    evidence = EvidenceTables(
        run(
            tables.arm_traffic(assigned, exposures=exposures, definitions=[one], log_traffic=logged)
        ),
        run(summed_tables.metric_sums(units, definitions=[one])),
        run(summed_tables.metric_quantiles(units, definitions=[one])),
        daily_sums=run(log_tables.daily_sums(exposures, events=events, definitions=[one])),
    )
    readouts = results.readouts([one], evidence)
    found = {row["metric"]: row for row in readouts.iter_rows(named=True)}
    planted = json.loads((tmp_path / "truth" / "parameters.json").read_text(encoding="utf-8"))
    days = found["active_days"]
    assert {row["source"] for row in found.values()} == {"simulated"}
    assert days["n_control"] + days["n_treatment"] == planted["trial_users"]
    assert (
        days["difference_low"] < planted["trial_mean_effect_active_days"] < days["difference_high"]
    )
    assert days["variance_removed_share"] > 0.1  # the pre-period explains part of what users do
    assert not [
        row
        for row in results.health_checks([one], evidence).iter_rows(named=True)
        if row["verdict"] == "sick"
    ]
    made = results.decisions([one], evidence, readouts=readouts).row(0, named=True)
    # a simulation asks for a live test, it rolls nothing out
    assert (made["source"], made["decision"]) == ("simulated", "iterate")
    assert replay(json.loads(made["receipt"]))["decision"]["sentence"] == made["sentence"]
