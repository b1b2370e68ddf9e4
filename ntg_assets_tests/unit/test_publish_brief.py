"""What the page and the end of a run say: escaped, and nothing that is missing left out."""

import html
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from ntg_assets.cli.running.summary import told_rows, where_things_are
from ntg_assets.configuration.paths import Paths
from ntg_assets.contracts import contract_of
from ntg_assets.publish.brief import BRIEF_FIGURES, facts, write_brief
from ntg_assets.publish.broken import describe_age
from ntg_assets.publish.reports import Header
from ntg_assets_tests.exposures import estimate, exposures, lists_of

HEADER = Header(source="a log", configuration="abc", as_of="2024-01-01T00:00:00")


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
        "revenue_waterfall_total",
        "contract_backtest",
        "contract_forecast_tests",
        "return_scores",
        "return_backtest",
        "subscription_report",
        "attribute_report",
        "expected_quality",
        "churn_model_selection",
        "split_boundaries",
    )
}


def page_of(tables: dict[str, pl.DataFrame], folder: Path) -> str:
    """Write the brief of these tables beside pictures that stand in for its figures; read it."""
    for name in BRIEF_FIGURES:
        (folder / f"{name}.png").write_bytes(b"picture")
    brief = write_brief(
        lambda _, table: tables[table],
        header=HEADER,
        target=folder / "brief.html",
        figures=folder,
        strategies=["s"],
    )
    return brief.read_text(encoding="utf-8")


def test_brief_escapes_what_comes_from_the_log(tmp_path: Path) -> None:
    tables = brief_tables("<script>alert(1)</script>")
    page = page_of(tables, tmp_path)
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
    assert describe_age(*ends) == [
        "split: the evidence ends on 2024-01-08, 4 day(s) before what is shown"
    ]
    assert describe_age(ends[0], ends[0]) == []


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
    tables = broken_night(brief_tables("u"))
    page = page_of(tables, tmp_path)
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
    page = page_of(tables, tmp_path)
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


def test_brief_says_nothing_of_exposures_that_nobody_logged(tmp_path: Path) -> None:
    tables = brief_tables("u")
    tables["off_policy_report"] = tables["off_policy_report"].clear()
    page = page_of(tables, tmp_path)
    assert "would have earned" not in page


def test_the_end_of_a_run_names_files_from_the_project_folder(tmp_path: Path) -> None:
    def said(workspace: Path) -> str:
        paths = Paths(home=tmp_path, workspace=workspace)
        return "\n".join(text for _, text in where_things_are(paths, generation="8534"))

    assert "reports/decision_brief.html (the page)" in said(tmp_path).splitlines()[0].split(",")
    elsewhere = said(tmp_path / "data/workspaces/demo")
    for path in ("reports/decision_brief.html", "data/published/ntg.duckdb", "outputs/"):
        assert f"data/workspaces/demo/{path} (" in elsewhere
    assert "`ntg ui` with this configuration (the graph)" in elsewhere
    assert "/srv/ntg/reports/decision_brief.html (the page)" in said(Path("/srv/ntg"))
