"""The radar's intervention log as a trial: everyone as drawn,
observed only when contacts were made, never pooled.
"""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from ntg_assets.configuration.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.errors import SourceError
from ntg_assets.experiments.data import log_tables, tables
from ntg_assets.experiments.data.logs import exposure_logs as logs
from ntg_assets.local_days import with_event_on
from ntg_assets.storage.run import run
from ntg_assets_tests.logs import EVENT_SCHEMA


def definition(*, delivered: bool = False, **changes: Any) -> ExperimentSettings:
    source: dict[str, Any] = {
        "kind": "interventions",
        "strategy": "maximum_risk",
        "assignments": ["nights/*.parquet"],
        "window_days": 14,
    }
    known = {
        "id": "contacts",
        "hypothesis": "A contact keeps people from leaving.",
        "owner": "crm",
        "arms": [{"name": "holdout", "weight": 0.5}, {"name": "contact", "weight": 0.5}],
        "source": source | ({"delivered": {"files": ["sent.csv"]}} if delivered else {}),
        "metrics": [{"name": "active_days", "measure": "active_days"}],
        "primary_metric": "active_days",
        "planned_units": 4,
    }
    return ExperimentSettings.model_validate(known | changes)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "nights").mkdir()
    for night, users in ((date(2026, 1, 5), (1, 2, 3)), (date(2026, 1, 6), (1, 4))):
        rows = [
            (user, strategy, "contact" if user % 2 else "holdout", night)
            for user in users
            for strategy in ("maximum_risk", "other")
        ]
        pl.DataFrame(
            rows, schema=["user_id", "strategy", "arm", "assigned_on"], orient="row"
        ).write_parquet(tmp_path / "nights" / f"{night}.parquet")
    (tmp_path / "sent.csv").write_text("user_id\n1\n", encoding="utf-8")
    return tmp_path


def test_everyone_counts_as_drawn_from_the_first_night_on(home: Path) -> None:
    found = logs.read_exposure_logs([definition()], home=home)
    assert dict(found.select("unit_id", "arm").iter_rows()) == {
        "1": "contact",
        "2": "holdout",
        "3": "contact",
        "4": "holdout",
    }
    assert found.filter(pl.col("unit_id") == "1")["first_exposed_at"].item() == datetime(2026, 1, 5)
    assert found.filter(pl.col("unit_id") == "4")["window_end_at"].item() == datetime(2026, 1, 20)


def test_a_list_alone_is_simulated_and_delivered_contacts_make_it_observed(home: Path) -> None:
    assert set(logs.read_exposure_logs([definition()], home=home)["source"]) == {"simulated"}
    assert set(logs.read_exposure_logs([definition(delivered=True)], home=home)["source"]) == {
        "observed"
    }


def test_outcomes_are_those_after_the_day_of_the_list(home: Path) -> None:
    one = definition()
    rows = [(1, 7, datetime(2026, 1, day), "play", 1.0, 1.0) for day in (4, 5, 6, 25)]
    events = with_event_on(pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row"))
    found = run(
        log_tables.log_unit_metrics(
            logs.read_exposure_logs([one], home=home), events=events, definitions=[one]
        )
    )
    values = {
        row["unit_id"]: (row["value"], row["covariate"]) for row in found.iter_rows(named=True)
    }
    assert values == {"1": (2.0, 1.0), "2": (0.0, 0.0), "3": (0.0, 0.0), "4": (0.0, 0.0)}


def test_a_held_out_user_who_was_contacted_has_seen_both_arms(home: Path) -> None:
    (home / "sent.csv").write_text("user_id\n1\n2\n", encoding="utf-8")
    one = definition(delivered=True)
    seen = logs.read_exposure_logs([one], home=home)
    lists = pl.DataFrame(schema={"strategy": pl.String, "user_id": pl.Int64})
    assigned = run(
        tables.assignments(
            lists, programme=ExperimentsSettings(definitions=[one]), exposure_log=seen
        )
    )
    traffic = run(tables.arm_traffic(assigned, exposures=seen, definitions=[one]))
    assert dict(traffic.select("arm", "n_in_several_arms").iter_rows()) == {
        "holdout": 1,
        "contact": 1,
    }


def test_what_cannot_be_a_trial_of_the_radar_is_refused_with_one_sentence(home: Path) -> None:
    with pytest.raises(
        ValidationError, match=r"has the arms holdout \(the control\) and contact, found a, b"
    ):
        definition(arms=[{"name": "a"}, {"name": "b"}])
    other: dict[str, Any] = {
        "kind": "interventions",
        "strategy": "none",
        "assignments": ["nights/*.parquet"],
    }
    with pytest.raises(
        SourceError, match="no assignment of strategy 'none'; the log has maximum_risk, other"
    ):
        logs.read_exposure_logs([definition(source=other)], home=home)
    (home / "sent.csv").write_text("user_id\nu1\n", encoding="utf-8")
    with pytest.raises(SourceError, match="name none of the 2 users drawn for one"):
        logs.read_exposure_logs([definition(delivered=True)], home=home)
    with pytest.raises(SourceError, match=r"no file matches 'missing/\*.parquet'"):
        logs.read_exposure_logs(
            [definition(source=other | {"assignments": ["missing/*.parquet"]})], home=home
        )
