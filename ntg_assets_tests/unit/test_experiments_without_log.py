"""`ntg experiments` needs nothing of a run: a configuration with experiments alone will do."""

import json
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
import yaml
from typer.testing import CliRunner

from ntg_assets.cli.app import app
from ntg_assets.configuration.settings import load_settings
from ntg_assets.errors import ConfigurationError
from ntg_assets.history.forgets import Forget, hash_id, make_key, name_of, record_forget
from ntg_assets_tests.trials import trial


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    one = trial(planned_units=60, minimum_units_per_arm=20).model_dump(mode="json")
    tree = {"value": {"unit": "eur", "basis": "event_value"}, "experiments": {"definitions": [one]}}
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "dev.yaml").write_text(yaml.safe_dump(tree))
    rows = pl.DataFrame(
        {
            "unit_id": [str(n) for n in range(60)],
            "arm": ["a", "b"] * 30,
            "revenue": [5 + n % 7 / 10 + 3 * (n % 2) for n in range(60)],
        }
    )
    rows.write_csv(tmp_path / "units.csv")
    monkeypatch.setenv("NTG_HOME", str(tmp_path))
    monkeypatch.setenv("NTG_CONFIG", "configs/dev.yaml")
    return tmp_path


def test_a_decision_and_its_replay_need_no_interaction_log(home: Path) -> None:
    told = CliRunner().invoke(app, ["experiments", "trial", "--units", str(home / "units.csv")])
    assert told.exit_code == 0, told.output
    made = json.loads((home / "experiments" / "decisions.json").read_text())["decisions"]
    assert [row["decision"] for row in made] == ["rollout"]
    receipt = str(home / "experiments" / "receipts" / "trial.json")
    again = CliRunner().invoke(app, ["replay", "--receipt", receipt])
    assert again.exit_code == 0, again.output
    assert "rollout" in again.output


def test_the_command_leaves_out_who_was_forgotten(home: Path) -> None:
    data = home / "data"
    data.mkdir(exist_ok=True)
    key = make_key(data)
    hashes = [hash_id(key, "7", "string")]
    record_forget(data, Forget(at=datetime(2026, 1, 1), key=name_of(key), hashes=hashes))
    result = CliRunner().invoke(app, ["experiments", "trial", "--units", str(home / "units.csv")])
    assert result.exit_code == 0, result.output
    readouts = pl.read_parquet(home / "experiments" / "readouts.parquet")
    assert readouts.select("n_control", "n_treatment").row(0) == (30, 29)  # unit 7 was in arm b


def test_every_other_command_says_in_one_sentence_what_is_missing(home: Path) -> None:
    with pytest.raises(ConfigurationError) as told:
        load_settings(home=home)
    problem = "ingest: is needed and not set (only `ntg experiments` works without an interaction"
    assert problem in str(told.value)
    asked = CliRunner().invoke(app, ["config", "show"])
    assert isinstance(asked.exception, ConfigurationError)


def test_what_is_configured_of_the_log_is_kept(home: Path) -> None:
    overlay = home / "configs" / "dev.yaml"
    overlay.write_text(overlay.read_text() + "ingest: {service_timezone: Europe/Paris}\n")
    found = load_settings(home=home, for_run=False)
    assert found.ingest.zone == "Europe/Paris"
    assert found.value.unit == "eur"
