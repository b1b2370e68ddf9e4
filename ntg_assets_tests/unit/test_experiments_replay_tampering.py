"""Whatever was changed after a decision was published is noticed by one command."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ntg_assets.configuration.paths import Paths
from ntg_assets.errors import NotEnoughDataError, NtgError
from ntg_assets.experiments.decision.receipt_inputs import ReplayMismatchError
from ntg_assets.experiments.decision.receipts import receipt_text, replay, sha256_of
from ntg_assets_tests.decided import (
    LOGS,
    forged,
    receipt_of,
    replayed,
)


def change_a_sum(inputs: dict[str, Any]) -> None:
    inputs["evidence"]["sums"][0]["first"]["value"] += "0"


def change_an_arm(inputs: dict[str, Any]) -> None:
    inputs["evidence"]["traffic"][0]["n_exposed"] += 1


def claim_another_file(inputs: dict[str, Any]) -> None:
    inputs["evidence"]["files"][0]["sha256"] = "0" * 64


FORGERIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "a sum": change_a_sum,
    "the units of an arm": change_an_arm,
    "the hash of a log": claim_another_file,
    "a log left out": lambda inputs: inputs["evidence"]["files"].pop(),
    "a margin": lambda inputs: inputs["experiment"]["guardrails"][0].update(margin=50.0),
    "the direction": lambda inputs: inputs["experiment"]["metrics"][1].update(better="less"),
    "the owner": lambda inputs: inputs["experiment"].update(owner="somebody else"),
    "what money it is": (
        lambda inputs: inputs["evidence"].update(value={"unit": "usd", "basis": "event_value"})
    ),
    "what was believed before": (
        lambda inputs: inputs["evidence"].update(prior={"mean": 0.5, "variance": 0.1})
    ),
}


@pytest.mark.parametrize("what", list(FORGERIES))
def test_a_receipt_forged_in_all_its_parts_is_not_the_published_one(
    what: str, decided: Paths, tmp_path: Path
) -> None:
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(forged(receipt_of(decided), FORGERIES[what])), encoding="utf-8")
    replay(json.loads(file.read_text(encoding="utf-8")))  # coherent by itself
    with pytest.raises(ReplayMismatchError, match=r"is not the published one|than the published"):
        replayed(decided, receipt=file)
    with pytest.raises(ReplayMismatchError, match=r"is not the published one|than the published"):
        replayed(decided, None, receipt=file)
    alone = replayed(Paths(home=tmp_path, workspace=tmp_path / "elsewhere"), None, receipt=file)
    assert "the arithmetic of the receipt is coherent. Nothing is published here" in alone


def in_the_store(statement: str) -> Callable[[Paths], object]:
    def change(paths: Paths) -> None:
        with duckdb.connect(str(paths.published_store)) as store:
            store.execute(statement)

    return change


def put_a_forged_receipt_into_the_store(paths: Paths) -> None:
    """Forge receipt, hashes and sums, so that the store agrees with itself."""
    receipt = forged(
        receipt_of(paths), lambda inputs: inputs["experiment"].update(owner="somebody else")
    )
    with duckdb.connect(str(paths.published_store)) as store:
        values = {"receipt": receipt_text(receipt), "digest": sha256_of(receipt)}
        store.execute(
            "update experiments.decisions set receipt = $receipt, receipt_sha256 = $digest where"
            " experiment = 'e0'",
            values,
        )


def write_another_log(name: str, text: str) -> Callable[[Paths], object]:
    return lambda paths: (paths.home / name).write_text(text, encoding="utf-8")


TAMPERINGS: dict[str, tuple[Callable[[Paths], object], str]] = {
    "sums": (
        in_the_store("update experiments.metric_sums set value = value + 1"),
        r"other numbers than the published experiments.metric_sums",
    ),
    "units of an arm": (
        in_the_store("update experiments.arm_traffic set n_exposed = n_exposed + 1"),
        "published experiments.arm_traffic",
    ),
    "decision": (
        in_the_store("update experiments.decisions set decision = 'rollout'"),
        "the published table says rollout",
    ),
    "hash of a log": (
        in_the_store("update experiments.experiment_sources set sha256 = 'x'"),
        "published experiments.experiment_sources",
    ),
    "receipts swapped": (
        in_the_store(
            "update experiments.decisions set receipt = (select max(receipt) from"
            " experiments.decisions)"
        ),
        "the receipt leads to iterate for e1, the published table says iterate for e0",
    ),
    "a row of readouts": (
        in_the_store("update experiments.readouts set p = 0.001"),
        "data/published/ntg.duckdb ",
    ),
    "a row added": (
        in_the_store("insert into experiments.readouts select * from experiments.readouts limit 1"),
        "ntg.duckdb ",
    ),
    "receipt and its hash": (
        put_a_forged_receipt_into_the_store,
        "changed after it was published: data/published/ntg.duckdb",
    ),
    "a published file": (
        lambda paths: (paths.workspace / "outputs/experiments/decisions.parquet").write_bytes(
            b"PAR1"
        ),
        "decisions.parquet",
    ),
    "the manifest": (lambda paths: paths.manifest.unlink(), "manifest.json does not exist"),
    "a log": (
        write_another_log("paid.csv", LOGS["paid.csv"].replace("2.5", "9.5")),
        r"paid.csv changed since it was read \(now",
    ),
    "a row of a log": (
        write_another_log("paid.csv", LOGS["paid.csv"] + "2,2026-01-06,9.0\n"),
        "paid.csv changed since it was read: 17 bytes",
    ),
    "a log that is gone": (
        lambda paths: (paths.home / "seen.csv").unlink(),
        "1 of 2 log files are not what .* seen.csv gone since it was read",
    ),
}


@pytest.mark.parametrize("what", list(TAMPERINGS))
def test_one_command_notices_what_was_changed_after_the_decision_was_published(
    what: str, decided: Paths
) -> None:
    change, told = TAMPERINGS[what]
    change(decided)
    with pytest.raises(NtgError, match=told):
        replayed(decided)


def test_a_receipt_of_another_experiment_and_one_that_is_not_published_are_refused(
    decided: Paths, tmp_path: Path
) -> None:
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(receipt_of(decided, "e1")), encoding="utf-8")
    with pytest.raises(
        ReplayMismatchError,
        match="the receipt leads to iterate for e1, the published table says iterate for e0",
    ):
        replayed(decided, receipt=file)
    assert replayed(decided, None, receipt=file).startswith(
        "e1: iterate; every readout, gate and number comes out"
    )
    file.write_text(
        json.dumps(
            forged(receipt_of(decided), lambda inputs: inputs["experiment"].update(id="e7"))
        ),
        encoding="utf-8",
    )
    with pytest.raises(NotEnoughDataError, match="no decision of experiment 'e7' is published"):
        replayed(decided, None, receipt=file)
