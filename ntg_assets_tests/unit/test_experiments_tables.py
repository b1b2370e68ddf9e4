"""Tables of units and of counts as people hold them, read by what their experiment says of them."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from ntg_assets.configuration.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.configuration.settings import load_settings
from ntg_assets.errors import ConfigurationError, SourceError
from ntg_assets.experiments.alone import conclude_logs, conclude_table
from ntg_assets.experiments.data.units.table_reading import read_aggregates, read_units
from ntg_assets.experiments.decision.receipts import replay
from ntg_assets.experiments.health import aa_tests
from ntg_assets.history.forgets import Forgotten, hash_id
from ntg_assets.sources.sources import Place

SETTINGS = load_settings()
GERMAN = {
    "delimiter": ";",
    "decimal": ",",
    "thousands": ".",
    "encoding": "cp1252",
    "unit_id": "Kunde",
    "arm": "Gruppe",
    "values": {"revenue": "Umsatz", "revenue_before": "Umsatz vorher", "bought": "gekäuft"},
}
REVENUE = {"name": "revenue", "kind": "revenue"}
GERMAN_ROWS = """Kunde;Gruppe;Umsatz;Umsatz vorher;gekäuft
007;a;1.234,50;12,5;ja
8;b;0,25;;nein
9;b;;3;nein
"""


@pytest.fixture(autouse=True)
def _few_repetitions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aa_tests, "REPETITIONS", 40)
    monkeypatch.setattr(aa_tests, "FEWER_REPETITIONS", 40)


def defined(source: dict[str, Any] | None = None, **changes: Any) -> ExperimentSettings:
    known = {
        "id": "shop",
        "hypothesis": "A shorter checkout sells more.",
        "owner": "science",
        "arms": [{"name": "a"}, {"name": "b"}],
        "metrics": [REVENUE, {"name": "bought", "kind": "proportion"}],
        "source": {"kind": "table"} | (source or {}),
    }
    return ExperimentSettings.model_validate(known | changes)


def units(n: int = 400, *, lift: float = 2.0) -> pl.DataFrame:
    rng = np.random.default_rng(5)
    is_b = np.arange(n) % 2 == 1
    return pl.DataFrame(
        {
            "unit_id": np.arange(1_000, 1_000 + n),
            "arm": np.where(is_b, "b", "a"),
            "revenue": np.round(rng.gamma(4, 2, n) + lift * is_b, 2),
            "bought": rng.random(n) < 0.5,
        }
    )


def test_a_german_table_is_read_by_what_the_source_says(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_bytes(GERMAN_ROWS.encode("cp1252"))
    found = read_units(defined(GERMAN), tmp_path / "units.csv", place=Place(tmp_path))
    assert found.rows() == [
        ("007", "a", 1234.5, 12.5, 1.0),
        ("8", "b", 0.25, None, 0.0),
        ("9", "b", None, 3.0, 0.0),
    ]
    assert found.columns == ["unit_id", "arm", "revenue", "revenue_before", "bought"]


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet", "ndjson", "json"])
def test_every_format_gives_one_decision(tmp_path: Path, form: str) -> None:
    rows, path = units(), tmp_path / f"units.{form}"
    if form == "csv.gz":
        path.write_bytes(gzip.compress(rows.write_csv().encode()))
    else:
        getattr(rows, f"write_{form}")(path)
    made = conclude_table(defined(), SETTINGS, units=path, place=Place(tmp_path)).tables
    decision = made["decisions"].row(0, named=True)
    assert decision["decision"] == "rollout"
    readout = made["readouts"].filter(metric="revenue").row(0, named=True)
    by_arm = rows.group_by("arm").agg(pl.col("revenue").mean())
    means = dict(by_arm.iter_rows())
    assert readout["difference"] == pytest.approx(means["b"] - means["a"])
    assert replay(json.loads(decision["receipt"]))["in_force"] == "rollout"


def test_counts_in_columns_of_other_names_add_up(tmp_path: Path) -> None:
    (tmp_path / "counts.csv").write_text(
        "Variante;Kennzahl;Nutzer;Mittel;Varianz\na;revenue;1.000;12,5;400\nb;revenue;1.010;13,4;410,5\n"
    )
    source = {
        "holds": "aggregates",
        "files": "counts.csv",
        "delimiter": ";",
        "decimal": ",",
        "thousands": ".",
        "arm": "Variante",
        "values": {"metric": "Kennzahl", "n": "Nutzer", "mean": "Mittel", "variance": "Varianz"},
    }
    shop = defined(source, metrics=[REVENUE])
    found = read_aggregates(shop, None, place=Place(tmp_path))
    assert found.select("arm", "metric", "n", "mean", "variance").rows() == [
        ("a", "revenue", 1_000, 12.5, 400.0),
        ("b", "revenue", 1_010, 13.4, 410.5),
    ]
    made = conclude_table(shop, SETTINGS, place=Place(tmp_path)).tables
    row = made["readouts"].row(0, named=True)
    assert row["difference"] == pytest.approx(0.9)
    assert row["standard_error"] == pytest.approx((400 / 1_000 + 410.5 / 1_010) ** 0.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("unit_id,arm,revenue,bought\n", r"units\.csv has no rows"),
        ("unit_id,group,revenue,bought\n1,a,2,1\n", r"no column 'arm' \(.*shop\.source\.arm\)"),
        ("unit_id;arm;revenue;bought\n1;a;2;1\n", 'set `delimiter: ";"`'),
        (
            "unit_id,arm,revenue,bought\n1,a,NULL,1\n2,b,3,1\n",
            r"1 of 2 rows hold no number in revenue \(first: 'NULL' in .*\)\. Set `null_words",
        ),
        ("unit_id,arm,revenue\n1,a,2\n", r"no column 'bought'"),
        (
            "unit_id,arm,revenue,bought\n1,,2,1\n2,b,3,1\n",
            "1 of 2 rows .* have no arm",
        ),
    ],
)
def test_what_is_wrong_is_said_with_the_setting_that_mends_it(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "units.csv").write_text(text)
    with pytest.raises(SourceError, match=message):
        conclude_table(defined(), SETTINGS, units=tmp_path / "units.csv", place=Place(tmp_path))


def test_whoever_was_forgotten_is_in_no_table_of_units(tmp_path: Path) -> None:
    units(6).write_csv(tmp_path / "units.csv")
    gone = Forgotten(b"key", frozenset({hash_id(b"key", "1002", "string")}), "string")
    place = Place(tmp_path, forgotten=gone)
    found = read_units(defined(), tmp_path / "units.csv", place=place)
    assert found["unit_id"].to_list() == ["1000", "1001", "1003", "1004", "1005"]


def test_a_name_among_the_values_that_is_no_column_is_refused(tmp_path: Path) -> None:
    units().write_csv(tmp_path / "units.csv")
    shop = defined({"values": {"umsatz": "revenue"}})
    with pytest.raises(ConfigurationError, match="names 'umsatz', which is none of its columns"):
        read_units(shop, tmp_path / "units.csv", place=Place(tmp_path))


def test_without_an_id_those_with_files_are_decided_and_the_others_named(tmp_path: Path) -> None:
    units().write_csv(tmp_path / "units.csv")
    both = [defined({"files": "units.csv"}), defined(id="other")]
    settings = SETTINGS.model_copy(update={"experiments": ExperimentsSettings(definitions=both)})
    made = conclude_logs(settings, place=Place(tmp_path), now=SETTINGS.ingest.earliest_event)  # type: ignore[arg-type]  # no log is read
    assert made.tables["decisions"]["experiment"].to_list() == ["shop"]
    assert list(made.left_out) == ["other"]
    assert "`ntg experiments other --units FILE`" in made.left_out["other"]
    assert settings.experiments.in_runs == []


def test_a_table_has_no_days_so_none_are_promised(tmp_path: Path) -> None:
    rows = units(lift=0.05)
    rows.write_csv(tmp_path / "units.csv")
    place = Place(tmp_path)
    made = conclude_table(defined(), SETTINGS, units=tmp_path / "units.csv", place=place)
    sentence = made.tables["decisions"]["sentence"][0]
    assert "times the units of this table" in sentence
    assert "days" not in sentence


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metrics": [{"name": "m", "event_types": ["play"]}]}, "event_types chooses among events"),
        ({"eligible_segments": ["de"]}, "leave the others out of the table"),
        ({"metrics": []}, "needs its metrics named"),
    ],
)
def test_what_a_table_cannot_know_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        defined(**changes)


def test_arms_without_strategies_are_told_which_sources_there_are() -> None:
    known = defined().model_dump(exclude={"source", "metrics", "primary_metric"})
    with pytest.raises(ValidationError, match=r"`source: \{kind: table\}` reads a table of units"):
        ExperimentSettings.model_validate(known)


def test_a_proportion_counts_any_event_and_the_first_metric_decides() -> None:
    shop = defined()
    assert shop.metric("bought").measure == "any"
    assert shop.primary_metric == "revenue"
