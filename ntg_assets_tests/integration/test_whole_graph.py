"""The whole graph on the bundled data: everything is made, adds up,
is published, and is the same the next time.
"""

import json
import re
from pathlib import Path

import duckdb
import jsonschema
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ntg_assets.contracts import known_tables
from ntg_assets.publish.catalogue import PUBLISHED_TABLES
from ntg_assets.publish.generations.read_copy import READ_COPY_TABLES
from ntg_assets.publish.pictures.figures import FIGURES
from ntg_assets.publish.reports import REPORTS
from ntg_assets.sql import Table
from ntg_assets_tests.logs import movielens as movielens_log
from ntg_assets_tests.workspaces import Workspace, heights, reading

pytestmark = pytest.mark.slow

STAGED = (
    "split_boundaries train_events user_features item_features interaction_features"
    " feature_manifest taste_graph taste_axes user_taste item_embeddings ranking_weights"
    " recommendations churn_labels churn_coefficients churn_scores ltv_estimates revenue_risk_radar"
    " intervention_targets"
)
DESIGNED = {
    "ingest": "events items quarantine load_ledger volume_report",
    "backtest": (
        f"{STAGED} candidates val_events test_events retrieval_report ranking_report"
        " churn_calibration radar_backtest leakage_audit"
    ),
    "live": STAGED,
    "experiments": "assignments exposures unit_metrics readouts decisions",
}


def test_every_designed_table_exists_and_has_a_contract(movielens: Workspace) -> None:
    made = set(movielens.hashes())
    wanted = {f"{schema}.{name}" for schema, names in DESIGNED.items() for name in names.split()}
    assert wanted <= made
    assert {name.split(".")[1] for name in made} <= set(known_tables())


def test_run_tells_each_table_and_ends_with_what_to_do(movielens: Workspace) -> None:
    printed = (movielens.folder / "printed.txt").read_text()
    # what lies elsewhere is fetched first; then lists and logs are judged before anything else
    assert re.findall(r"✓ (\S+)", printed)[:2] == [
        "ingest/landed_files",
        "ingest/optional_sources",
    ]
    assert re.search(r"ingest/events\s+100,836 rows\s+[\d.]+ s", printed)
    for told in (
        "decision",
        "leaving",
        "contact",
        "decision_brief.html",
        "contact_list.csv",
        "ntg ui",
    ):
        assert told in printed
    # the sample is small, and the run says so
    assert re.search(r"thin evidence: \d+ of the 300 users", printed)


def test_every_published_file_is_as_the_manifest_says(movielens: Workspace) -> None:
    told = movielens.fresh.done("verify")
    manifest = json.loads((movielens.folder / "outputs" / "manifest.json").read_text())
    assert f"{len(manifest['files'])} files" in told
    listed = {file["path"]: file for file in manifest["files"]}
    stored = movielens.heights()
    for entry in PUBLISHED_TABLES:
        assert listed[entry.path]["n_rows"] == stored[Table(entry.schema, entry.table)]
    figures = sorted(path for path in listed if path.startswith("reports/figures/"))
    assert all((movielens.folder / path).read_bytes().startswith(b"\x89PNG") for path in figures)
    assert len(figures) == len(FIGURES)


def test_published_copies_hold_the_same_rows_as_the_warehouse(movielens: Workspace) -> None:
    stored = movielens.heights()
    copied = heights(movielens.folder / "data" / "published" / "ntg.duckdb")
    for schema, name in READ_COPY_TABLES:
        table = Table(schema, name)
        assert copied[table] == stored[table], f"{schema}.{name}"
    recommendations = pl.read_parquet(
        movielens.folder / "outputs" / "ranking" / "recommendations.parquet"
    )
    assert_frame_equal(
        recommendations, movielens.table("live", "recommendations").sort("user_id", "rank")
    )


def test_reports_keep_their_published_schemas(movielens: Workspace) -> None:
    folder = movielens.folder / "outputs" / "reports"
    for name in REPORTS:
        report = json.loads((folder / f"{name}.json").read_text())
        jsonschema.validate(
            report, json.loads((folder / "schemas" / f"{name}.schema.json").read_text())
        )
        assert (
            report["configuration"]
            == json.loads((movielens.folder / "outputs" / "manifest.json").read_text())[
                "configuration"
            ]
        )


def test_every_row_of_the_log_is_accounted_for(movielens: Workspace) -> None:
    ledger = movielens.table("ingest", "load_ledger").filter(pl.col("source") == "events")
    assert ledger["n_rows"].sum() == 100_836 == ledger["n_accepted"].sum()
    assert movielens.table("ingest", "events").height == 100_836
    parts = [
        movielens.table("backtest", f"{part}_events").height for part in ("train", "val", "test")
    ]
    assert sum(parts) == 100_836
    assert movielens.table("live", "train_events").height == 100_836


def test_radar_reconciles_to_the_last_digit(movielens: Workspace) -> None:
    for stage in ("backtest", "live"):
        radar = movielens.table(stage, "revenue_risk_radar")
        assert_frame_equal(
            radar.select(revenue_at_risk=pl.col("churn_probability") * pl.col("ltv_at_stake")),
            radar.select("revenue_at_risk"),
            check_exact=True,
        )
        scores = (
            movielens.table(stage, "churn_scores")
            .select("user_id", "churn_probability")
            .sort("user_id")
        )
        assert_frame_equal(
            radar.select("user_id", "churn_probability").sort("user_id"), scores, check_exact=True
        )


def test_lists_hold_nothing_that_the_user_has_had(movielens: Workspace) -> None:
    lists = movielens.table("live", "recommendations")
    had = movielens.table("live", "train_events").select("user_id", "item_id").unique()
    assert lists.join(had, on=["user_id", "item_id"], how="semi").is_empty()
    assert lists["user_id"].n_unique() == 610
    assert lists.group_by("user_id").len()["len"].unique().to_list() == [20]


def test_manifest_of_features_describes_the_real_columns(movielens: Workspace) -> None:
    manifest = movielens.table("live", "feature_manifest")
    for table in ("user_features", "item_features", "interaction_features"):
        stored = movielens.table("live", table)
        described = manifest.filter(pl.col("table_name") == table)
        assert set(described["feature"]) == set(stored.columns) - {
            "user_id",
            "item_id",
            "cutoff_on",
        }
        assert described["n_rows"].unique().to_list() == [stored.height]
        for row in described.iter_rows(named=True):
            column = stored[row["feature"]]
            assert row["null_share"] == pytest.approx(column.null_count() / stored.height)
            if row["minimum"] is not None:
                assert (row["minimum"], row["maximum"]) == (column.min(), column.max())
                assert row["mean"] == pytest.approx(column.mean(), rel=1e-5, abs=1e-5)


LABELS_AGAIN = """
select
    labels.user_id,
    labels.snapshot_on,
    any_value(labels.is_churned) as is_churned,
    any_value(labels.window_active_days) as window_active_days,
    any_value(labels.window_value) as window_value,
    count(days.active_on) as days_again,
    coalesce(sum(days.value_sum), 0) as value_again,
    any_value(snapshots.recency_days) as recency_days,
    any_value(labels.snapshot_on - before.last_on) as recency_again
from live.churn_labels as labels
inner join live.churn_snapshots as snapshots using (user_id, snapshot_on)
left join live.user_days as days
    on days.user_id = labels.user_id
    and days.active_on >= labels.window_start_on
    and days.active_on < labels.window_end_on
inner join lateral (
    select max(active_on) as last_on
    from live.user_days
    where user_days.user_id = labels.user_id and user_days.active_on < labels.snapshot_on
) as before on true
group by labels.user_id, labels.snapshot_on
"""


def test_an_analyst_can_make_every_label_again_in_the_published_store(movielens: Workspace) -> None:
    path = movielens.folder / "data" / "published" / "ntg.duckdb"
    with duckdb.connect(str(path), read_only=True) as store:
        again = pl.DataFrame(store.sql(LABELS_AGAIN).to_arrow_table())
        (n_labels,) = store.execute("select count(*) from live.churn_labels").fetchall()[0]
    assert again.height == n_labels > 1_000
    assert (again["is_churned"] == (again["days_again"] == 0)).all()
    assert (again["window_active_days"] == again["days_again"]).all()
    assert (again["window_value"] - again["value_again"]).abs().max() < 1e-6  # type: ignore[operator]  # a number
    assert (again["recency_days"] == again["recency_again"]).all()
    assert 0 < again["is_churned"].sum() < n_labels


def test_what_is_kept_and_what_may_be_lost_add_up_in_every_sum(movielens: Workspace) -> None:
    for stage in ("backtest", "live"):
        radar = movielens.table(stage, "revenue_risk_radar")
        assert (radar["ltv"] + radar["revenue_at_risk"] == radar["ltv_if_stays"]).all()
        for rows in (radar, *radar.partition_by("segment"), *radar.partition_by("band")):
            kept, lost, whole = (
                float(rows[name].sum()) for name in ("ltv", "revenue_at_risk", "ltv_if_stays")
            )
            assert kept + lost == whole


def test_second_run_on_shuffled_rows_makes_the_same_tables_and_generation(
    movielens: Workspace, tmp_path: Path
) -> None:
    shuffled = movielens_log().sample(fraction=1, shuffle=True, seed=1)
    again = Workspace(
        tmp_path, variables=reading(shuffled, tmp_path / "source", NTG_ENGINE__THREADS="1")
    )
    again.done("run-all")
    first, second = movielens.hashes(), again.hashes()
    # the ledger names the file and its SHA-256, which is gathered and in the reports published
    about_the_file = {"ingest.load_ledger", "ingest.ingest_contents", "published.publication"}
    assert {name for name in first if first[name] != second[name]} <= about_the_file


def test_decision_replays_and_is_traced_to_the_files(movielens: Workspace) -> None:
    assert "every readout, gate and number comes out as the receipt says" in movielens.fresh.done(
        "replay", "blend-vs-popularity"
    )
    traced = movielens.fresh.done("trace", "blend-vs-popularity")
    assert "experiments.decisions" in traced
    assert re.search(r"ratings\.csv\s+sha256 [0-9a-f]{64}", traced)
    unknown = movielens.ntg("replay", "nothing-of-that-name")
    assert unknown.returncode == 1
    assert "known: blend-vs-popularity" in unknown.stderr


def test_contact_list_keeps_its_published_contract_in_both_formats(movielens: Workspace) -> None:
    radar = movielens.folder / "outputs" / "radar"
    rows, text = (
        pl.read_parquet(radar / "contact_list.parquet"),
        pl.read_csv(radar / "contact_list.csv"),
    )
    promised = json.loads(
        (
            movielens.folder / "outputs" / "reports" / "schemas" / "contact_list.schema.json"
        ).read_text()
    )
    assert rows.columns == text.columns == promised["required"]
    assert (
        rows.select("strategy", "user_id", "rank").rows()
        == text.select("strategy", "user_id", "rank").rows()
    )
    targets = movielens.table("live", "intervention_targets")
    assert rows.height == targets.filter(pl.col("action") == "contact").height


def test_the_nights_draw_is_kept_by_day_and_holds_both_arms(movielens: Workspace) -> None:
    log = movielens.table("live", "intervention_assignments")
    (kept,) = (movielens.folder / "outputs" / "radar" / "assignments").glob("*.parquet")
    assert kept.name == f"assigned_on={log['assigned_on'][0]}.parquet"
    assert pl.read_parquet(kept).sort("strategy", "user_id").equals(log.sort("strategy", "user_id"))
    assert set(log["arm"]) == {"contact", "holdout"}
    excluded = movielens.table("live", "intervention_exclusions")
    held = set(excluded.filter(pl.col("exclusion") == "holdout")["user_id"])
    assert set(log.filter(pl.col("arm") == "holdout")["user_id"]) <= held


def test_damaged_publication_is_found(movielens: Workspace) -> None:
    contact_list = movielens.folder / "outputs" / "radar" / "contact_list.csv"
    whole = contact_list.read_bytes()
    try:
        contact_list.write_bytes(whole.replace(b"1", b"2", 1))
        finished = movielens.ntg("verify")
        assert finished.returncode == 1
        assert "contact_list.csv holds other bytes of the same length" in finished.stderr
    finally:
        contact_list.write_bytes(whole)


def test_shut_gate_makes_nothing_live_and_the_last_publication_stays(movielens: Workspace) -> None:
    before = {
        name: hashed
        for name, hashed in movielens.hashes().items()
        if name.startswith(("live.", "published."))
    }
    finished = movielens.ntg("run-all", NTG_GATE__IMPLAUSIBLE_AUC="0.6")
    assert finished.returncode == 1
    assert "live/" not in finished.stdout
    assert "churn_is_not_too_good_to_be_true" in finished.stderr
    assert {name: hashed for name, hashed in movielens.hashes().items() if name in before} == before
    assert "every size and SHA-256 as published" in movielens.done("verify")
