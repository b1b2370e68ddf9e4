"""`ntg replay` and `ntg trace` on what can go wrong: each ends in one clear sentence."""

import hashlib
import io
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import polars as pl
import pytest
from rich.console import Console

from ntg_assets.cli.experiments.replay import tell_replay
from ntg_assets.cli.experiments.trace import tell_trace
from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.configuration.experiments.settings import ExperimentsSettings
from ntg_assets.configuration.paths import Paths
from ntg_assets.contracts import check_frame, contract_of
from ntg_assets.errors import ConfigurationError, NotEnoughDataError, NtgError, StorageError
from ntg_assets.experiments import results
from ntg_assets.experiments.data import summed_tables
from ntg_assets.experiments.data.evidence_tables import EvidenceTables
from ntg_assets.experiments.data.logs.log_files import (
    LogFile,
    change_since,
    log_sources,
    mark_changes,
)
from ntg_assets.experiments.decision.receipts import (
    ReplayMismatchError,
    inputs_of,
    make_receipt,
    receipt_text,
    replay,
    sha256_of,
)
from ntg_assets.publish.manifest import Manifest, describe_file, write_manifest
from ntg_assets.storage.run import run
from ntg_assets_tests.unit.test_experiments_many import definition, traffic, units

ID = "e0"
SETTINGS: Any = SimpleNamespace(engine=EngineSettings())


LOGS = {
    "seen.csv": "user_id,experiment,arm,exposed_at\n1,e0,control,2026-01-05\n",
    "paid.csv": "user_id,happened_at,amount\n1,2026-01-06,2.5\n",
}
SOURCE = {
    "kind": "log",
    "exposures": {"files": ["seen.csv"], "experiment": "experiment"},
    "outcomes": {"files": ["paid.csv"], "value": "amount"},
}


def published(folder: Path, **changed: Callable[[pl.DataFrame], pl.DataFrame]) -> Paths:
    """Publish two decided experiments on logs,
    with some tables changed before the manifest was written.
    """
    folder.mkdir(exist_ok=True)
    paths = Paths(home=folder, workspace=folder)
    for name, text in LOGS.items():
        (folder / name).write_text(text, encoding="utf-8")
    definitions = ExperimentsSettings.model_validate(
        {"definitions": [definition(n, source=SOURCE) for n in range(2)]}
    ).definitions
    read = log_sources(definitions, home=folder)
    values, files = units(2), mark_changes(read, read)
    made: dict[str, pl.DataFrame] = {
        "arm_traffic": traffic(values),
        "metric_sums": run(summed_tables.metric_sums(values, definitions=definitions)),
        "metric_quantiles": run(summed_tables.metric_quantiles(values, definitions=definitions)),
        "daily_sums": pl.DataFrame(
            schema={"experiment": pl.String, "arm": pl.String, "day": pl.Int64}
        ),
        "experiment_sources": files,
    }
    evidence = EvidenceTables(
        made["arm_traffic"],
        made["metric_sums"],
        made["metric_quantiles"],
        daily_sums=made["daily_sums"],
        experiment_sources=files,
    )
    made["readouts"] = results.readouts(definitions, evidence)
    made["decisions"] = results.decisions(definitions, evidence, readouts=made["readouts"])
    write(
        paths,
        {name: changed[name](rows) if name in changed else rows for name, rows in made.items()},
    )
    return paths


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A publication that is made once and copied for whoever tampers with it."""
    return published(tmp_path_factory.mktemp("published")).home


@pytest.fixture
def paths(original: Path, tmp_path: Path) -> Paths:
    folder = tmp_path / "copy"
    shutil.copytree(original, folder)
    return Paths(home=folder, workspace=folder)


def write(paths: Paths, made: Mapping[str, pl.DataFrame]) -> None:
    """Write a store, a Parquet file of the decisions, and the manifest of both."""
    parquet = paths.workspace / "outputs" / "experiments" / "decisions.parquet"
    for file in (paths.published_store, parquet):
        file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(paths.published_store)) as store:
        store.execute("create schema experiments")
        for name, rows in made.items():
            store.register("incoming", rows)
            # our own names
            store.execute(f"create table experiments.{name} as select * from incoming")
    made["decisions"].write_parquet(parquet)
    files = [describe_file(paths.published_store, workspace=paths.workspace, kind="store")]
    files.append(describe_file(parquet, workspace=paths.workspace, kind="table"))
    write_manifest(
        Manifest(
            generation="one",
            source="a world",
            configuration="of the test",
            as_of="now",
            files=files,
        ),
        paths.manifest,
    )


def replayed(paths: Any, experiment: str | None = ID, *, receipt: Path | None = None) -> str:
    said = io.StringIO()
    tell_replay(
        experiment,
        settings=SETTINGS,
        paths=paths,
        console=Console(file=said, width=400),
        receipt_file=receipt,
    )
    return said.getvalue()


def edited(change: Callable[[dict[str, Any]], object]) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Change the receipt of the first experiment in the table of decisions."""

    def edit(rows: pl.DataFrame) -> pl.DataFrame:
        receipt = json.loads(rows["receipt"][0])
        change(receipt)
        return rows.with_columns(
            receipt=pl.when(pl.col("experiment") == ID)
            .then(pl.lit(json.dumps(receipt)))
            .otherwise("receipt")
        )

    return edit


def receipt_of(paths: Any, experiment: str = ID) -> dict[str, Any]:
    with duckdb.connect(str(paths.published_store), read_only=True) as store:
        found = store.execute(
            "select receipt from experiments.decisions where experiment = $1", [experiment]
        ).fetchall()
    return dict(json.loads(found[0][0]))


def forged(receipt: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Change the inputs of a receipt and make everything in it anew, so that it is coherent."""
    change(receipt["inputs"])
    return make_receipt(*inputs_of(receipt))


def test_a_published_decision_replays_and_says_from_what(paths: Paths) -> None:
    said = (
        "every readout, gate and number comes out as the receipt says, from the published sums; its"
        " 2 log files are as they were read"
    )
    assert said in replayed(paths)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda receipt: receipt.pop("inputs"), "damaged: it has no 'inputs'"),
        (
            lambda receipt: receipt.update(rule_version="0"),
            "rule version 0, this code version 4. Replay it with the code of its version",
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


def test_a_receipt_file_is_replayed_and_a_broken_one_is_named(paths: Paths, tmp_path: Path) -> None:
    with duckdb.connect(str(paths.published_store), read_only=True) as store:
        text = store.sql(
            "select receipt from experiments.decisions order by experiment"
        ).fetchall()[0][0]
    file = tmp_path / "receipt.json"
    file.write_text(text, encoding="utf-8")
    assert "comes out as the receipt says" in replayed(paths, receipt=file)
    file.write_text(text[:-20], encoding="utf-8")
    with pytest.raises(ReplayMismatchError, match="damaged: it is no JSON"):
        replayed(paths, receipt=file)
    file.write_text("[1]", encoding="utf-8")
    with pytest.raises(ReplayMismatchError, match="no JSON object"):
        replayed(paths, receipt=file)
    with pytest.raises(StorageError, match=r"gone.json cannot be read \(FileNotFoundError\)"):
        replayed(paths, receipt=tmp_path / "gone.json")


def test_no_publication_no_experiment_and_no_tables_are_told_apart(
    paths: Paths, tmp_path: Path
) -> None:
    with pytest.raises(StorageError, match="nothing is published yet"):
        replayed(Paths(home=tmp_path, workspace=tmp_path))
    with pytest.raises(
        NotEnoughDataError, match="no decision of experiment 'other' is published; known: e0, e1"
    ):
        replayed(paths, "other")
    with pytest.raises(ConfigurationError, match="name an experiment, or a receipt"):
        replayed(paths, None)
    empty = Paths(home=tmp_path, workspace=tmp_path / "empty")
    empty.published_store.parent.mkdir(parents=True)
    with duckdb.connect(str(empty.published_store)) as store:
        store.execute("create schema experiments")
    with pytest.raises(StorageError, match="holds no decisions"):
        replayed(empty)
    with pytest.raises(NtgError, match="holds no decision of experiment 'e0'"):
        tell_trace(ID, settings=SETTINGS, paths=empty, console=Console())


def traced(paths: Any) -> str:
    said = io.StringIO()
    tell_trace(ID, settings=SETTINGS, paths=paths, console=Console(file=said, width=300))
    return said.getvalue()


def test_the_trace_of_an_experiment_on_logs_ends_in_its_own_files_as_they_were_read(
    paths: Paths,
) -> None:
    digest = hashlib.sha256(LOGS["seen.csv"].encode()).hexdigest()
    assert f"  seen.csv  sha256 {digest}\n" in traced(paths)
    assert "experiments.experiment_sources" in traced(paths)
    with (paths.home / "seen.csv").open("a", encoding="utf-8") as log:
        log.write("2,e0,shorter,2026-01-05\n")
    assert (
        f"seen.csv  sha256 {digest}  changed since it was read: 24 bytes were added; what was read"
        " still stands" in traced(paths)
    )
    (paths.home / "seen.csv").write_text(
        LOGS["seen.csv"].replace("control", "shorter"), encoding="utf-8"
    )
    assert f"seen.csv  sha256 {digest}  changed since it was read (now sha256 " in traced(paths)
    (paths.home / "seen.csv").unlink()
    assert f"seen.csv  sha256 {digest}  gone since it was read\n" in traced(paths)
    assert "paid.csv  sha256 " in traced(paths)


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
    what: str, paths: Paths, tmp_path: Path
) -> None:
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(forged(receipt_of(paths), FORGERIES[what])), encoding="utf-8")
    replay(json.loads(file.read_text(encoding="utf-8")))  # coherent by itself
    with pytest.raises(ReplayMismatchError, match=r"is not the published one|than the published"):
        replayed(paths, receipt=file)
    with pytest.raises(ReplayMismatchError, match=r"is not the published one|than the published"):
        replayed(paths, None, receipt=file)
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
    what: str, paths: Paths
) -> None:
    change, told = TAMPERINGS[what]
    change(paths)
    with pytest.raises(NtgError, match=told):
        replayed(paths)


def test_a_receipt_of_another_experiment_and_one_that_is_not_published_are_refused(
    paths: Paths, tmp_path: Path
) -> None:
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(receipt_of(paths, "e1")), encoding="utf-8")
    with pytest.raises(
        ReplayMismatchError,
        match="the receipt leads to iterate for e1, the published table says iterate for e0",
    ):
        replayed(paths, receipt=file)
    assert replayed(paths, None, receipt=file).startswith(
        "e1: iterate; every readout, gate and number comes out"
    )
    file.write_text(
        json.dumps(forged(receipt_of(paths), lambda inputs: inputs["experiment"].update(id="e7"))),
        encoding="utf-8",
    )
    with pytest.raises(NotEnoughDataError, match="no decision of experiment 'e7' is published"):
        replayed(paths, None, receipt=file)


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
    paths: Paths, tmp_path: Path
) -> None:
    old = receipt_of(paths)
    without_direction(old)
    assert replay(old)["decision"]["decision"] == old["decision"]["decision"] == "iterate"
    file, nowhere = tmp_path / "old.json", Paths(home=tmp_path, workspace=tmp_path / "elsewhere")
    file.write_text(json.dumps(old), encoding="utf-8")
    assert "the arithmetic of the receipt is coherent" in replayed(nowhere, None, receipt=file)
    old["in_force"] = "rollout"
    with pytest.raises(
        ReplayMismatchError,
        match=r"follows rule version 2 and says rollout .* version 4 comes to iterate",
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
        "the receipt follows rule version 2, and version 4 comes to the same outcome, from the"
        " published sums." in replayed(aged)
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
