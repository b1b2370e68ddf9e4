"""The way back from a decision ends in the files of its logs, as they were read."""

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ntg_assets.cli.experiments.trace import render_trace
from ntg_assets.configuration.experiments.settings import ExperimentsSettings
from ntg_assets.configuration.paths import Paths
from ntg_assets.contracts import check_frame, contract_of
from ntg_assets.experiments import results
from ntg_assets.experiments.data import summed_tables
from ntg_assets.experiments.data.evidence_tables import EvidenceTables
from ntg_assets.experiments.data.logs.log_files import (
    LogFile,
    change_since,
    log_sources,
    mark_changes,
)
from ntg_assets.storage.run import run
from ntg_assets_tests.decided import (
    ID,
    LOGS,
    SETTINGS,
    SOURCE,
    edited,
    published,
)
from ntg_assets_tests.unit.test_experiments_many import definition, traffic, units


def traced(paths: Any) -> str:
    said = io.StringIO()
    render_trace(ID, settings=SETTINGS, paths=paths, console=Console(file=said, width=300))
    return said.getvalue()


@pytest.mark.slow
def test_the_trace_of_an_experiment_on_logs_ends_in_its_own_files_as_they_were_read(
    decided: Paths,
) -> None:
    digest = hashlib.sha256(LOGS["seen.csv"].encode()).hexdigest()
    assert f"  seen.csv  sha256 {digest}\n" in traced(decided)
    assert "experiments.experiment_sources" in traced(decided)
    with (decided.home / "seen.csv").open("a", encoding="utf-8") as log:
        log.write("2,e0,shorter,2026-01-05\n")
    assert (
        f"seen.csv  sha256 {digest}  changed since it was read: 24 bytes were added; what was read"
        " still stands" in traced(decided)
    )
    (decided.home / "seen.csv").write_text(
        LOGS["seen.csv"].replace("control", "shorter"), encoding="utf-8"
    )
    assert f"seen.csv  sha256 {digest}  changed since it was read (now sha256 " in traced(decided)
    (decided.home / "seen.csv").unlink()
    assert f"seen.csv  sha256 {digest}  gone since it was read\n" in traced(decided)
    assert "paid.csv  sha256 " in traced(decided)


def test_a_receipt_that_does_not_say_what_was_read_is_traced_to_the_files_as_they_are_and_says_so(
    tmp_path: Path,
) -> None:
    paths = published(
        tmp_path, decisions=edited(lambda receipt: receipt["inputs"]["evidence"].pop("files"))
    )
    assert "as it is now: the receipt does not say what was read" in traced(paths)
    for name in LOGS:
        (tmp_path / name).unlink()
    assert "seen.csv  sha256 gone" in traced(paths)


def test_a_log_that_changes_while_tables_are_made_of_it_lets_nothing_be_claimed(
    tmp_path: Path,
) -> None:
    for name, text in LOGS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    one = ExperimentsSettings.model_validate(
        {"definitions": [definition(0, source=SOURCE)]}
    ).definitions
    before = log_sources(one, home=tmp_path)
    (tmp_path / "paid.csv").write_text("user_id,happened_at,amount\n", encoding="utf-8")
    values, files = units(1), mark_changes(before, log_sources(one, home=tmp_path))
    assert dict(files.select("file_name", "stood_still").iter_rows()) == {
        "seen.csv": True,
        "paid.csv": False,
    }
    sums = run(summed_tables.metric_sums(values, definitions=one))
    quantiles = run(summed_tables.metric_quantiles(values, definitions=one))
    evidence = EvidenceTables(traffic(values), sums, quantiles, experiment_sources=files)
    made = results.decisions(one, evidence, readouts=results.readouts(one, evidence)).row(
        0, named=True
    )
    assert (made["decision"], made["reason"]) == ("iterate", "health:sick")
    assert (
        "1 of 2 log files changed while they were read (paid.csv); run again when they stand still"
        in made["sentence"]
    )


def test_what_a_publication_itself_wrote_over_is_no_change_of_a_log(tmp_path: Path) -> None:
    file = tmp_path / "kept.parquet"
    file.write_bytes(b"tonight")
    read = LogFile("kept", "kept.parquet", hashlib.sha256(b"last night").hexdigest(), 10)
    assert change_since(read, home=tmp_path).startswith("changed since it was read")
    assert (
        change_since(
            read, home=tmp_path, published={file.resolve(): hashlib.sha256(b"tonight").hexdigest()}
        )
        == ""
    )


def test_every_kind_of_log_is_hashed_once_and_under_its_own_name(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv", "sent.csv", "kept.parquet"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    arms = [{"name": "holdout"}, {"name": "contact"}]
    source = {
        "kind": "interventions",
        "strategy": "risk",
        "assignments": ["?.csv"],
        "delivered": {"files": ["sent.csv", "gone.csv"]},
    }
    one = definition(0, source=source, arms=arms, kept_assignments="kept.parquet")
    read = log_sources(
        ExperimentsSettings.model_validate({"definitions": [one]}).definitions, home=tmp_path
    )
    found = mark_changes(read, read)
    assert found.select("log", "file_name").rows() == [
        ("kept", "kept.parquet"),
        ("assignments", "a.csv"),
        ("assignments", "b.csv"),
        ("delivered", "sent.csv"),
    ]
    assert found["sha256"].to_list() == [
        hashlib.sha256(name.encode()).hexdigest() for name in found["file_name"]
    ]
    assert found["n_bytes"].to_list() == [len(name) for name in found["file_name"]]
    check_frame(found, contract_of("experiment_sources"))
