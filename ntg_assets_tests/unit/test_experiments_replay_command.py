"""`ntg replay` on what can go wrong: each ends in one clear sentence."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from rich.console import Console

from ntg_assets.cli.experiments.trace import render_trace
from ntg_assets.configuration.paths import Paths
from ntg_assets.errors import ConfigurationError, NotEnoughDataError, NtgError, StorageError
from ntg_assets.experiments.decision.decisions import RULE_VERSION
from ntg_assets.experiments.decision.receipt_inputs import ReplayMismatchError
from ntg_assets.experiments.decision.receipts import replay, sha256_of
from ntg_assets_tests.decided import (
    ID,
    SETTINGS,
    edited,
    published,
    receipt_of,
    replayed,
)


def test_a_published_decision_replays_and_says_from_what(decided: Paths) -> None:
    said = (
        "every readout, gate and number comes out as the receipt says, from the published sums; its"
        " 2 log files are as they were read"
    )
    assert said in replayed(decided)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda receipt: receipt.pop("inputs"), "damaged: it has no 'inputs'"),
        (
            lambda receipt: receipt.update(rule_version="0"),
            f"rule version 0, this code version {RULE_VERSION}. Replay it with the code of its",
        ),
        (
            lambda receipt: receipt["inputs"]["experiment"].update(owner="x"),
            "changed after it was made",
        ),
        (
            lambda receipt: receipt["readouts"][0].update(p=0.5),
            "readouts of the receipt cannot be derived again",
        ),
        (
            lambda receipt: receipt["thresholds"].update(more=1.0),
            "thresholds of the receipt cannot be derived again",
        ),
        (
            lambda receipt: receipt.update(in_force="rollout"),
            "in_force of the receipt cannot be derived again",
        ),
    ],
)
def test_a_receipt_that_was_tampered_with_is_refused(
    change: Callable[[dict[str, Any]], None], told: str, tmp_path: Path
) -> None:
    with pytest.raises(ReplayMismatchError, match=told):
        replayed(published(tmp_path, decisions=edited(change)))


def test_not_even_a_receipt_forged_in_all_its_parts_passes_because_the_published_sums_say_otherwise(
    tmp_path: Path,
) -> None:
    paths = published(tmp_path, metric_sums=lambda rows: rows.with_columns(pl.col("value") + 1))
    with pytest.raises(
        ReplayMismatchError,
        match=r"rests on other numbers than the published experiments\.metric_sums",
    ):
        replayed(paths)


def test_a_table_that_says_otherwise_than_its_receipt_is_told(tmp_path: Path) -> None:
    paths = published(
        tmp_path, decisions=lambda rows: rows.with_columns(decision=pl.lit("rollout"))
    )
    with pytest.raises(ReplayMismatchError, match="the published table says rollout for e0"):
        replayed(paths)


def test_a_receipt_file_is_replayed_and_a_broken_one_is_named(
    decided: Paths, tmp_path: Path
) -> None:
    with duckdb.connect(str(decided.published_store), read_only=True) as store:
        text = store.sql(
            "select receipt from experiments.decisions order by experiment"
        ).fetchall()[0][0]
    file = tmp_path / "receipt.json"
    file.write_text(text, encoding="utf-8")
    assert "comes out as the receipt says" in replayed(decided, receipt=file)
    file.write_text(text[:-20], encoding="utf-8")
    with pytest.raises(ReplayMismatchError, match="damaged: it is no JSON"):
        replayed(decided, receipt=file)
    file.write_text("[1]", encoding="utf-8")
    with pytest.raises(ReplayMismatchError, match="no JSON object"):
        replayed(decided, receipt=file)
    with pytest.raises(StorageError, match=r"gone.json cannot be read \(FileNotFoundError\)"):
        replayed(decided, receipt=tmp_path / "gone.json")


def test_no_publication_no_experiment_and_no_tables_are_told_apart(
    decided: Paths, tmp_path: Path
) -> None:
    with pytest.raises(StorageError, match="nothing is published yet"):
        replayed(Paths(home=tmp_path, workspace=tmp_path))
    with pytest.raises(
        NotEnoughDataError, match="no decision of experiment 'other' is published; known: e0, e1"
    ):
        replayed(decided, "other")
    with pytest.raises(ConfigurationError, match="name an experiment, or a receipt"):
        replayed(decided, None)
    empty = Paths(home=tmp_path, workspace=tmp_path / "empty")
    empty.published_store.parent.mkdir(parents=True)
    with duckdb.connect(str(empty.published_store)) as store:
        store.execute("create schema experiments")
    with pytest.raises(StorageError, match="holds no decisions"):
        replayed(empty)
    with pytest.raises(NtgError, match="holds no decision of experiment 'e0'"):
        render_trace(ID, settings=SETTINGS, paths=empty, console=Console())


def without_direction(receipt: dict[str, Any]) -> None:
    """Make a receipt as the rule before wrote it."""
    for metric in receipt["inputs"]["experiment"]["metrics"]:
        metric.pop("better")
    evidence = receipt["inputs"]["evidence"]
    for name in ("files", "value", "log_contents", "cohorts"):
        evidence.pop(name)
    # a contrast of then, which nothing asks for now
    evidence["trends"] = [{"arm": "control", "n": 2, "value": "1", "value_value": "1"}]
    receipt.pop("definition_sha256")
    receipt["decision"]["sentence"] = "Iterate: as it was told then."
    receipt.update(rule_version="2", inputs_sha256=sha256_of(receipt["inputs"]))


def test_a_receipt_of_the_rule_before_replays_with_more_as_better_and_promises_its_outcome(
    decided: Paths, tmp_path: Path
) -> None:
    old = receipt_of(decided)
    without_direction(old)
    assert replay(old)["decision"]["decision"] == old["decision"]["decision"] == "iterate"
    file, nowhere = tmp_path / "old.json", Paths(home=tmp_path, workspace=tmp_path / "elsewhere")
    file.write_text(json.dumps(old), encoding="utf-8")
    assert "the arithmetic of the receipt is coherent" in replayed(nowhere, None, receipt=file)
    old["in_force"] = "rollout"
    with pytest.raises(
        ReplayMismatchError,
        match=rf"follows rule version 2 and says rollout .* {RULE_VERSION} comes to iterate",
    ):
        replay(old)
    old["health"] = [
        check | {"verdict": "thin"} if check["check"] == "sample_ratio" else check
        for check in old["health"]
    ]
    old["health"].append({"check": "novelty:b", "verdict": "thin"})
    told = (
        r"because health is examined anew \(sample_ratio was thin and is healthy, novelty:b was"
        r" thin and is not asked\)"
    )
    with pytest.raises(ReplayMismatchError, match=told):
        replay(old)
    aged = published(
        tmp_path / "aged",
        decisions=edited(without_direction),
        experiment_sources=lambda rows: rows.clear(),
    )
    assert (
        f"the receipt follows rule version 2, and version {RULE_VERSION} comes to the same outcome,"
        " from the published sums." in replayed(aged)
    )
