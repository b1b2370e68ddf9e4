"""Everything configured beside the log is read once and judged first;
one that is broken leaves all others as they are.
"""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from ntg_assets.configuration.settings import Settings, load_settings
from ntg_assets.contracts import IdTypes, check_frame, contract_of
from ntg_assets.errors import SourceError
from ntg_assets.experiments.data.logs import log_files
from ntg_assets.optional_sources import reading
from ntg_assets.optional_sources.checks import describe_refused
from ntg_assets.optional_sources.input_files import compare_files
from ntg_assets.optional_sources.reading import (
    OptionalTables,
    read_optional_sources,
    require_source_files,
)
from ntg_assets.sources.sources import Place

IDS = IdTypes("integer", "string")
FILES = {
    "out.csv": "user_id\n1.0\n",
    "left.csv": "user_id,reason\n2,staff\n",
    "sent.csv": "user_id,assigned_on,action\n3,2024-03-30,contact\n",
    "trial.csv": "user_id,arm,assigned_on,propensity\n04,contact,2024-03-01,0.5\n",
    "seen.csv": "experiment,user_id,arm,exposed_at\none, 5 ,a,2024-03-01\ntwo,6,b,2024-03-01\n",
    "paid.csv": "user_id,happened_at\n5.0,2024-03-02\n",
    "blocked.csv": "item_id\na\n",
    "shown.csv": "user_id,item_id,shown_at,propensity,reward\n7,a,2024-03-01,0.5,1\n",
}
# whose row of `optional_sources` each file decides; the other lists are read as the log of contacts
# is
READERS = {
    "sent.csv": {"radar.contact_log"},
    "seen.csv": {"experiments.one", "experiments.two"},
    "paid.csv": {"experiments.one"},
    "blocked.csv": {"ranking.rules.exclude_items_file"},
}


def experiment(name: str, **source: Any) -> dict[str, Any]:
    return {
        "id": name,
        "hypothesis": "A shorter checkout sells more.",
        "owner": "science",
        "arms": [{"name": "a"}, {"name": "b"}],
        "source": {
            "kind": "log",
            "exposures": {"files": ["seen.csv"], "experiment": "experiment"},
            **source,
        },
        "metrics": [{"name": "days", "measure": "active_days"}],
        "primary_metric": "days",
        "planned_units": 4,
    }


@pytest.fixture(scope="module")
def settings(project_home: Path) -> Settings:
    """Everything optional configured at once."""
    overrides = {
        "ingest.events": {"files": ["log.csv"], "user_id_type": "integer"},
        "ingest.items": {"files": ["items.csv"]},
        "radar.opt_out_file": "out.csv",
        "radar.exclusion_file": "left.csv",
        "radar.contact_log": {"files": ["sent.csv"]},
        "radar.trial": {"files": ["trial.csv"]},
        "ranking.rules.exclude_items_file": "blocked.csv",
        "off_policy.shown": {"files": ["shown.csv"]},
        "experiments.definitions": [
            experiment("one", outcomes={"files": ["paid.csv"]}),
            experiment("two"),
        ],
    }
    return load_settings("configs/dev.yaml", home=project_home, environment={}, overrides=overrides)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return write_files(tmp_path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> OptionalTables:
    """What is read when nothing is broken."""
    return read(write_files(tmp_path_factory.mktemp("whole")), settings)


def write_files(folder: Path) -> Path:
    for name, content in FILES.items():
        (folder / name).write_text(content)
    published = folder / "ntg.duckdb"
    with duckdb.connect(str(published)) as connection:
        connection.execute(
            "create schema live; create table live.item_rules (item_id varchar, exclusion varchar)"
        )
        connection.execute(
            "insert into live.item_rules values ('b', 'exclude_items_file'), ('c',"
            " 'exclude_items'), ('d', null)"
        )
        connection.execute(
            "create table live.ranking_rules_report as select 'exclude_items_file' as rule"
        )
    return folder


def read(home: Path, settings: Settings) -> OptionalTables:
    tables = read_optional_sources(
        settings,
        place=Place(home),
        ids=IDS,
        published_store=home / "ntg.duckdb",
        now=datetime(2026, 6, 1),
    )
    for name, rows in tables._asdict().items():
        check_frame(rows, contract_of(name), ids=IDS)
    return tables


def test_everything_is_read_once_into_tables_by_the_id_rule_of_the_log(
    whole: OptionalTables,
) -> None:
    tables = whole
    assert tables.optional_sources["is_usable"].all()
    assert dict(tables.optional_sources.select("source", "n_rows").iter_rows()) == {
        **dict.fromkeys(
            ("radar.opt_out_file", "radar.exclusion_file", "radar.contact_log", "radar.trial"), 1
        ),
        "ranking.rules.exclude_items_file": 1,
        "experiments.one": 1 + 1,
        "experiments.two": 1,
        "off_policy.shown": 1,
    }
    assert tables.user_lists.select("list", "listed_id").rows() == [
        ("opt_outs", "1.0"),
        ("exclusions", "2"),
        ("contacts", "3"),
    ]
    assert tables.trial_log["listed_id"].to_list() == ["4"]
    assert tables.exposure_log.select("experiment", "unit_id").rows() == [
        ("one", "5"),
        ("two", "6"),
    ]
    assert tables.outcome_log["unit_id"].to_list() == ["5"]
    assert tables.shown_items["user_id"].to_list() == [7]
    assert tables.excluded_items.rows() == [("a", "file")]


@pytest.mark.slow
def test_rows_that_have_not_happened_yet_bind_a_night_to_its_clock(
    home: Path, settings: Settings, whole: OptionalTables
) -> None:
    assert not reading.rests_on_the_clock(whole)
    (home / "trial.csv").write_text(FILES["trial.csv"].replace("2024", "2034"))
    assert reading.rests_on_the_clock(read(home, settings))


@pytest.mark.slow
@pytest.mark.parametrize("broken", READERS)
def test_one_broken_file_concerns_its_readers_alone(
    home: Path, settings: Settings, whole: OptionalTables, broken: str
) -> None:
    (home / broken).write_text("no,such,columns\n")
    found = read(home, settings).optional_sources
    refused = found.filter(~pl.col("is_usable"))
    assert set(refused["source"]) == READERS[broken]
    assert refused["consequence"].null_count() == 0
    assert all("no column" in sentence for sentence in refused["sentence"])
    kept = pl.col("source").is_in(sorted(READERS[broken]))
    assert found.filter(~kept).equals(whole.optional_sources.filter(~kept))


@pytest.mark.slow
def test_an_error_that_nobody_foresaw_is_a_reason_too(
    home: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(reading, "read_shown", fails)
    (refused,) = describe_refused(read(home, settings).optional_sources)
    assert refused == (
        "off_policy.shown: MemoryError: no reason given (not foreseen);"
        " so nothing is estimated from it"
    )


@pytest.mark.slow
def test_a_log_that_nobody_may_read_stops_nothing_but_its_experiment(
    home: Path, settings: Settings, whole: OptionalTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: Path, **_: object) -> tuple[str, int]:
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr(log_files, "hash_of", refuse)
    found = read(home, settings)
    assert found.experiment_sources.is_empty()
    assert whole.experiment_sources["stood_still"].all()
    assert found.user_lists.equals(whole.user_lists)


@pytest.mark.slow
def test_items_that_must_not_be_shown_stay_hidden_while_their_file_cannot_be_read(
    home: Path, settings: Settings
) -> None:
    (home / "blocked.csv").unlink()
    assert read(home, settings).excluded_items.rows() == [("b", "last publication")]
    with duckdb.connect(str(home / "ntg.duckdb")) as connection:
        connection.execute("delete from live.ranking_rules_report")  # the file was named only since
    for _ in range(2):
        with pytest.raises(
            SourceError, match=r"blocked\.csv: no such file.*Nothing was published before that says"
        ):
            read(home, settings)
        (home / "ntg.duckdb").unlink(missing_ok=True)


def test_a_missing_log_or_item_table_refuses_the_run_at_once(
    home: Path, settings: Settings
) -> None:
    for missing, there in (("log.csv", "items.csv"), ("items.csv", "log.csv")):
        (home / there).touch()
        with pytest.raises(SourceError, match=f"^{missing}: no such file"):
            require_source_files(settings.ingest, Place(home))
        (home / there).unlink()


def test_nothing_configured_is_empty_tables(home: Path, project_home: Path) -> None:
    tables = read(home, load_settings("configs/dev.yaml", home=project_home, environment={}))
    assert all(rows.is_empty() for rows in tables)


def test_every_file_that_is_read_is_named_with_its_sha256(
    whole: OptionalTables, home: Path
) -> None:
    used = whole.optional_sources.filter(pl.col("n_files") > 0)
    assert set(used["source"]) == set(whole.input_files["source"])
    assert whole.input_files["stood_still"].all()
    for name, sha256, n_bytes in whole.input_files.select(
        "file_name", "sha256", "n_bytes"
    ).iter_rows():
        content = (home / name).read_bytes()
        assert (sha256, n_bytes) == (hashlib.sha256(content).hexdigest(), len(content))


def test_a_file_that_changes_while_it_is_read_is_named() -> None:
    before = {"a.csv": ("1" * 64, 5), "b.csv": ("2" * 64, 5), "c.csv": ("3" * 64, 5)}
    after = {"a.csv": ("1" * 64, 5), "b.csv": ("4" * 64, 5)}
    assert [file.stood_still for file in compare_files("radar.trial", before, after)] == [
        True,
        False,
        False,
    ]
