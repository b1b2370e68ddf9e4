"""What is published is whole, described, escaped, and does not break its readers."""

import html
import json
from collections.abc import Callable
from copy import deepcopy
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from ntg_assets.cli.summary import told_rows
from ntg_assets.configuration.paths import Paths
from ntg_assets.contracts import IdTypes, column_names, contract_of
from ntg_assets.errors import StorageError
from ntg_assets.publish.brief import BRIEF_FIGURES, facts, write_brief
from ntg_assets.publish.broken import tell_age
from ntg_assets.publish.exports import CONTACT_LISTS, WITHHELD, export_contact_list, export_withheld
from ntg_assets.publish.json_schemas import incompatibilities, report_schema
from ntg_assets.publish.manifest import Manifest, describe_file, read_manifest, write_manifest
from ntg_assets.publish.reports import REPORTS, SCHEMA_VERSION, Header, report
from ntg_assets.publish.store_copy import publish_store
from ntg_assets.publish.verify import verify_publication
from ntg_assets.sql import Table
from ntg_assets.storage.files import write_text, write_whole
from ntg_assets_tests.exposures import estimate, exposures, lists_of

HEADER = Header(source="a log", configuration="abc", as_of="2024-01-01T00:00:00")


def test_failing_write_leaves_the_old_file_and_no_part(tmp_path: Path) -> None:
    target = write_text(tmp_path / "deep" / "report.json", "old")

    def fails(part: Path) -> None:
        part.write_text("half of the n")
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        write_whole(target, fails)
    assert target.read_text() == "old"
    assert [file.name for file in target.parent.iterdir()] == ["report.json"]


def test_manifest_finds_missing_shorter_and_altered_files(tmp_path: Path) -> None:
    paths = Paths(home=tmp_path, workspace=tmp_path)
    names = ["a.json", "b.json", "c.json"]
    files = [
        describe_file(
            write_text(tmp_path / "outputs" / name, f"content of {name}"),
            workspace=tmp_path,
            kind="report",
        )
        for name in names
    ]
    write_manifest(
        Manifest(generation="g1", source="s", configuration="c", as_of="now", files=files),
        paths.manifest,
    )
    assert verify_publication(paths) == ("g1", 3)
    (tmp_path / "outputs" / "a.json").unlink()
    (tmp_path / "outputs" / "b.json").write_text("short")
    (tmp_path / "outputs" / "c.json").write_text("Content of c.json")
    with pytest.raises(StorageError) as refused:
        verify_publication(paths)
    for told in (
        "a.json is missing",
        "b.json has 5 bytes in place of 17",
        "c.json holds other bytes of the same length",
        "ntg run-all",
    ):
        assert told in str(refused.value)


def test_damaged_manifest_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="nothing is published yet"):
        read_manifest(tmp_path / "manifest.json")
    (tmp_path / "manifest.json").write_text('{"generation": "g1"}')
    with pytest.raises(StorageError, match=r"is damaged \(source: Field required\)"):
        read_manifest(tmp_path / "manifest.json")
    (tmp_path / "manifest.json").write_bytes(b"\xff")
    with pytest.raises(StorageError, match="is damaged"):
        read_manifest(tmp_path / "manifest.json")
    (tmp_path / "manifest.json").write_text('{"generation": 1')
    with pytest.raises(StorageError, match="is damaged"):
        read_manifest(tmp_path / "manifest.json")


def test_read_copy_can_be_read_by_older_tools(tmp_path: Path) -> None:
    target = tmp_path / "published" / "ntg.duckdb"
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as warehouse:
        warehouse.execute(
            "create schema ingest; create table ingest.items as"
            " select 2 as item_id, 'Heat' as title, null::text as categories"
        )
        publish_store(warehouse, [("ingest", "items")], target=target)
    with duckdb.connect(str(target), read_only=True) as copy:
        assert copy.execute("select item_id from ingest.items").fetchall() == [(2,)]
        storage = copy.execute(
            "select tags['storage_version'] from duckdb_databases() where database_name ="
            " current_database()"
        ).fetchall()
        assert str(storage[0][0]).startswith("v1.4")


def test_report_is_plain_json() -> None:
    things = pl.DataFrame(
        {"on": [date(2024, 1, 1)], "share": [float("inf")], "name": ['o\'neil "q" 🎬']}
    )
    content = json.loads(report("data", {"things": things}, header=HEADER))
    assert content["things"] == [{"on": "2024-01-01", "share": None, "name": 'o\'neil "q" 🎬'}]
    assert (content["schema_version"], content["configuration"]) == (SCHEMA_VERSION, "abc")


@pytest.mark.parametrize("name", list(REPORTS))
def test_report_schema_breaks_no_reader_of_the_published_one(
    name: str, golden: Callable[[str, str], None], request: pytest.FixtureRequest
) -> None:
    schema = report_schema(
        name, list(REPORTS[name]), version=SCHEMA_VERSION, ids=IdTypes("integer", "integer")
    )
    text = json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
    reviewed = Path(__file__).parent.parent / "golden" / "files" / f"{name}.schema.json"
    if reviewed.exists() and not request.config.getoption("rewrite_golden"):
        published = json.loads(reviewed.read_text())
        if published["version"].split(".")[0] == SCHEMA_VERSION.split(".")[0]:
            assert incompatibilities(published, schema) == [], (
                "raise the major SCHEMA_VERSION, or keep what readers rely on"
            )
    golden(f"{name}.schema.json", text)


def brief_tables(user_id: str) -> dict[str, pl.DataFrame]:
    """The tables that the decision brief reads, with one user who is about to leave."""
    target = {
        "strategy": "s",
        "user_id": user_id,
        "rank": 1,
        "action": "contact",
        "churn_probability": 0.5,
        "revenue_at_risk": 2.0,
    }
    money = {
        "expected_saved_value": 0.2,
        "expected_cost": 0.0,
        "expected_profit": 0.2,
        "evidence": "assumed save rate",
        "unit": "index",
        "reason": None,
    }
    decision: dict[str, str | None] = {
        "experiment": "e",
        "decision": "iterate",
        "source": "offline replay",
        "sentence": "Iterate.",
        "owner": "o",
        "rule_version": "1",
    }
    decision |= {
        "rule_decision": "iterate",
        "override_owner": None,
        "override_reason": None,
        "readout_key": "k",
        "arm": "treatment",
    }
    readout = {
        "readout_key": "k",
        "experiment": "e",
        "arm": "treatment",
        "source": "offline replay",
    }
    radar = {
        "user_id": user_id,
        "is_at_risk_population": True,
        "revenue_at_risk": 2.0,
        "unit": "index",
        "band": "high",
        "churn_probability": 0.5,
    }
    ledger = {
        "source": "events",
        "n_rows": 3,
        "n_accepted": 2,
        "n_quarantined": 1,
        "n_duplicates": 0,
    }
    rows = {
        "decisions": decision,
        "readouts": readout,
        "release_gate": {"rule": "r", "verdict": "warn", "evidence": "thin"},
        "revenue_risk_radar": radar,
        "contact_candidates": {"user_id": user_id, "basis": "silence"},
        "intervention_targets": {**target, **money},
        "load_ledger": ledger,
        "recommendations": {"user_id": user_id},
        "ltv_estimates": {"user_id": user_id, "is_worth_capped": True},
    }
    shown = estimate(
        exposures((1, 10, 1, 0.5, 1.0), (2, 11, 1, 0.5, 0.0)),
        lists_of(blend={1: [10], 2: [10]}),
        minimum_users=300,
    )
    return {name: pl.DataFrame([row]) for name, row in rows.items()} | {
        "off_policy_report": shown,
        **NOTHING_BROKEN,
    }


NOTHING_BROKEN = {
    name: pl.DataFrame(
        schema={
            column: found.dtype.type
            for column, found in contract_of(name).to_schema().columns.items()
        }
    )
    for name in (
        "volume_report",
        "optional_sources",
        "user_list_report",
        "contact_holds",
        "experiment_problems",
        "unit_id_report",
        "off_policy_problems",
        "persuadability_report",
        "contract_values",
        "revenue_waterfall",
        "contract_backtest",
        "return_scores",
        "return_backtest",
        "subscription_report",
        "attribute_report",
        "expected_quality",
        "churn_model_selection",
        "split_boundaries",
    )
}


def test_brief_escapes_what_comes_from_the_log(tmp_path: Path) -> None:
    for name in BRIEF_FIGURES:
        (tmp_path / f"{name}.png").write_bytes(b"picture")
    tables = brief_tables("<script>alert(1)</script>")
    page = write_brief(
        lambda _, table: tables[table],
        header=HEADER,
        target=tmp_path / "brief.html",
        figures=tmp_path,
        strategies=["s"],
    ).read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "index for relative priority, not money" in page
    assert "1 quarantined" in page
    assert (
        "In it the worth of 1 user counts only up to what the log, or the user, has shown often"
        " enough" in page
    )
    assert "blend would have earned 1 per shown place where the log earned 0.5" in page
    assert "no claim: thin evidence: 2 of the 300 users that a claim needs" in page


def test_the_age_of_the_evidence_is_told_where_it_is_older_than_the_lists() -> None:
    ends = [pl.DataFrame({"end_at": [datetime(2024, 1, day)]}) for day in (8, 12)]
    assert tell_age(*ends) == [
        "split: the evidence ends on 2024-01-08, 4 day(s) before what is shown"
    ]
    assert tell_age(ends[0], ends[0]) == []


def test_a_load_that_brought_less_is_told_on_the_page_and_at_the_end_of_a_run() -> None:
    row = {
        "measure": "events",
        "seen": 750.0,
        "expected": 1_000.0,
        "ratio": 0.75,
        "since_on": None,
        "n_days": None,
        "verdict": "warn",
    }
    told = {
        "volume_report": pl.DataFrame([{**row, "sentence": "750 events, 1,000 in the load before"}])
    }
    known = facts(
        lambda _, table: {**brief_tables("u"), **told}[table], header=HEADER, strategies=["s"]
    )
    assert "ingest.volume: 750 events, 1,000 in the load before" in known["doubtful"]


def broken_night(tables: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The same night with lists withheld, and each kind of optional thing broken."""
    refused = {"files": "f", "n_files": 0, "n_rows": 0, "is_usable": False}
    sources = [
        {
            "source": "radar.opt_out_file",
            **refused,
            "sentence": "<out>.csv: no such file.",
            "consequence": "every contact list is withheld",
        },
        {
            "source": "experiments.checkout",
            **refused,
            "sentence": "seen.csv: no such file.",
            "consequence": "this experiment is not read out",
        },
    ]
    problems = [
        ("checkout", "sources", "seen.csv"),
        ("pricing", "readouts", "ZeroDivisionError: division by zero (not foreseen)"),
    ]
    near = ("sound", "interaction log", 9, 5, 3, 1, "'u1 ' for 'u1'")
    hold = (
        "radar.opt_out_file",
        "cannot be read",
        "radar.opt_out_file: <out>.csv: no such file.",
        None,
        None,
    )
    rows: dict[str, list[Any]] = {
        "experiment_problems": problems,
        "unit_id_report": [near],
        "contact_holds": [hold],
    }
    rows |= {"off_policy_problems": [("off_policy.shown", "Singular matrix")]}
    changed = {
        name: pl.DataFrame(given, schema=NOTHING_BROKEN[name].schema, orient="row")
        for name, given in rows.items()
    }
    targets = {
        "intervention_targets": tables["intervention_targets"].clear(),
        "decisions": tables["decisions"].clear(),
    }
    return (
        tables
        | targets
        | changed
        | {
            "optional_sources": pl.DataFrame(
                sources, schema=NOTHING_BROKEN["optional_sources"].schema
            )
        }
    )


def test_a_night_with_broken_lists_and_logs_says_on_the_page_and_at_the_end_what_is_missing(
    tmp_path: Path,
) -> None:
    for name in BRIEF_FIGURES:
        (tmp_path / f"{name}.png").write_bytes(b"picture")
    tables = broken_night(brief_tables("u"))
    page = write_brief(
        lambda _, table: tables[table],
        header=HEADER,
        target=tmp_path / "brief.html",
        figures=tmp_path,
        strategies=["s"],
    ).read_text()
    for told in (
        "Every contact list of this night is withheld: contact nobody.",
        "radar.opt_out_file: &lt;out&gt;.csv: no such file.",
        "Nobody: every contact list is withheld",
        "experiments.checkout: seen.csv: no such file; so this experiment is not read out",
        (
            "experiments.pricing: readouts could not be made: ZeroDivisionError: division by zero"
            " (not foreseen)"
        ),
        "off_policy.shown: nothing could be estimated: Singular matrix",
        (
            "experiments.sound: 3 of 9 units are written otherwise in the interaction log (&#39;u1"
            " &#39; for &#39;u1&#39;)"
        ),
        "Not known: checkout, pricing could not be read out.",
    ):
        assert told in page, told
    assert "No experiment is configured" not in page
    assert "<out>" not in page


def test_the_page_and_the_end_of_a_run_say_how_good_tonight_is(tmp_path: Path) -> None:
    for name in BRIEF_FIGURES:
        (tmp_path / f"{name}.png").write_bytes(b"picture")
    area = {"metric": "auc", "expected": 0.8, "low": 0.7, "high": 0.9}
    tables = brief_tables("u") | {
        "expected_quality": pl.DataFrame(
            [{**area, "is_tonight": True, "is_inside": None, "closes_on": date(2024, 3, 1)}],
            schema_overrides={"is_inside": pl.Boolean},
        )
    }
    told = (
        "tonight's churn scores are expected to reach AUC 0.800 (0.700 to 0.900); the truth is"
        " known on 2024-03-01; no earlier truth is known yet"
    )
    page = write_brief(
        lambda _, table: tables[table],
        header=HEADER,
        target=tmp_path / "brief.html",
        figures=tmp_path,
        strategies=["s"],
    ).read_text(encoding="utf-8")
    assert told in html.unescape(page)
    known = facts(lambda _, table: tables[table], header=HEADER, strategies=["s"])
    assert ("trust", told) in told_rows(known, header=HEADER)


def test_the_end_of_a_run_tells_what_is_withheld_and_missing() -> None:
    tables = broken_night(brief_tables("u"))
    known = facts(lambda _, table: tables[table], header=HEADER, strategies=["s"])
    rows = [
        (name, text)
        for name, text in told_rows(known, header=HEADER)
        if name in {"withheld", "missing", "contact"}
    ]
    assert rows == [
        ("withheld", "every contact list: radar.opt_out_file: <out>.csv: no such file."),
        (
            "missing",
            "experiments.checkout: seen.csv: no such file; so this experiment is not read out",
        ),
        (
            "missing",
            (
                "experiments.pricing: readouts could not be made: ZeroDivisionError: division by"
                " zero (not foreseen)"
            ),
        ),
        ("missing", "off_policy.shown: nothing could be estimated: Singular matrix"),
    ]
    whole = facts(lambda _, table: brief_tables("u")[table], header=HEADER, strategies=["s"])
    assert [name for name, _ in told_rows(whole, header=HEADER)] == [
        "data",
        "question",
        "decision",
        "leaving",
        "worth",
        "contact",
        "shown",
        "caution",
    ]


def contact_lists(folder: Path, *, withheld: list[str]) -> None:
    """Publish the contact lists of two targets, or none where they are withheld."""
    columns = column_names(contract_of("intervention_targets"))
    rows = pl.DataFrame({name: ["1", "2"] for name in columns}).with_columns(
        action=pl.lit("contact")
    )
    with duckdb.connect() as connection:
        connection.register("incoming", rows.clear() if withheld else rows)
        connection.execute(
            "create schema live; create table live.intervention_targets as select * from incoming"
        )
        for path in CONTACT_LISTS:
            export_contact_list(
                connection,
                Table("live", "intervention_targets"),
                target=folder / path,
                withheld=withheld,
            )
    export_withheld(withheld, as_of="2024-01-01", target=folder / WITHHELD)


def test_withheld_lists_have_columns_no_rows_and_a_reason_beside_them(tmp_path: Path) -> None:
    text, rows, told = (tmp_path / name for name in (*CONTACT_LISTS, WITHHELD))
    contact_lists(
        tmp_path, withheld=["radar.opt_out_file: it's gone", "radar.contact_log: no column"]
    )
    # the header alone: nothing that an import could take for a person
    assert len(text.read_text().splitlines()) == 1
    assert text.read_text().startswith('"strategy","user_id","rank",')
    assert pl.read_parquet(rows).is_empty()
    assert "contact nobody" in told.read_text()
    assert "- radar.opt_out_file: it's gone\n- radar.contact_log: no column\n" in told.read_text()
    with duckdb.connect() as connection:
        said = connection.execute(
            "select decode(value) from parquet_kv_metadata($file)", {"file": str(rows)}
        ).fetchall()
    assert said == [("radar.opt_out_file: it's gone; radar.contact_log: no column",)]
    other = tmp_path / "another night"
    contact_lists(other, withheld=[])
    assert len((other / CONTACT_LISTS[0]).read_text().splitlines()) == 1 + 2
    assert not (other / WITHHELD).exists()


def test_brief_says_nothing_of_exposures_that_nobody_logged(tmp_path: Path) -> None:
    for name in BRIEF_FIGURES:
        (tmp_path / f"{name}.png").write_bytes(b"picture")
    tables = brief_tables("u")
    tables["off_policy_report"] = tables["off_policy_report"].clear()
    page = write_brief(
        lambda _, table: tables[table],
        header=HEADER,
        target=tmp_path / "brief.html",
        figures=tmp_path,
        strategies=["s"],
    ).read_text()
    assert "would have earned" not in page


def test_what_breaks_a_reader_is_found() -> None:
    old = report_schema("data", ["split_report"], version="1.0", ids=IdTypes("integer", "integer"))
    assert incompatibilities(old, old) == []
    grown, shrunk, retyped, nullable = deepcopy(old), deepcopy(old), deepcopy(old), deepcopy(old)
    grown["properties"]["split_report"]["items"]["properties"]["more"] = {"type": "string"}
    del shrunk["properties"]["split_report"]["items"]["properties"]["n_users"]
    retyped["properties"]["split_report"]["items"]["properties"]["n_users"]["type"] = "string"
    nullable["properties"]["split_report"]["items"]["properties"]["n_users"]["type"] = [
        "integer",
        "null",
    ]
    assert incompatibilities(old, grown) == []
    assert incompatibilities(old, shrunk) == ["/split_report[]/n_users: is gone"]
    assert incompatibilities(old, retyped) == [
        "/split_report[]/n_users: was integer, may now be string"
    ]
    assert incompatibilities(old, nullable) == [
        "/split_report[]/n_users: was integer, may now be integer/null"
    ]
