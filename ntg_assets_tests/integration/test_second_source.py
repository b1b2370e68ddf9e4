"""A second real source of another shape runs through the whole graph by a configuration file
alone.
"""

import json
from datetime import date

import polars as pl
import pytest

from benchmarks.complete_journey import write_complete_journey
from ntg_assets_tests.workspaces import Workspace

pytestmark = pytest.mark.slow

START, UNTIL = date(2017, 1, 1), date(2017, 5, 1)
EVERY_NTH_HOUSEHOLD = 8  # keeps the test quick; the whole panel is `make journey`


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Four months of grocery purchases, some households, through `ntg run-all`."""
    source = tmp_path_factory.mktemp("purchases")
    write_complete_journey(source, start=START, until=UNTIL)
    purchases = pl.read_parquet(source / "purchases.parquet").filter(
        pl.col("household_id").cast(pl.Int64) % EVERY_NTH_HOUSEHOLD == 0
    )
    purchases.write_parquet(source / "purchases.parquet")
    variables = {
        "NTG_INGEST__EVENTS__FILES": json.dumps([str(source / "purchases.parquet")]),
        "NTG_INGEST__ITEMS__FILES": json.dumps([str(source / "products.parquet")]),
        "NTG_INGEST__SOURCE_FOLDERS": json.dumps([str(source)]),
        # how well scores and experiments are judged is asked of the bundled source
        "NTG_CHURN__WALK_FORWARD_ORIGINS": "2",
        "NTG_EXPERIMENTS__SELF_TESTED": "1",
    }
    workspace = Workspace(
        tmp_path_factory.mktemp("journey"),
        config="configs/complete_journey.yaml",
        variables=variables,
    )
    workspace.done("run-all")
    return workspace


def test_every_purchase_is_accounted_for_and_counted_again_when_bought_again(
    journey: Workspace,
) -> None:
    ledger = journey.table("ingest", "load_ledger").filter(pl.col("source") == "events")
    assert ledger["n_rows"].sum() == ledger["n_accepted"].sum() > 60_000
    assert journey.table("live", "interaction_features").filter(pl.col("n_events") > 20).height > 0


def test_value_is_observed_revenue_in_dollars(journey: Workspace) -> None:
    events, days = journey.table("ingest", "events"), journey.table("live", "user_days")
    assert days["value_sum"].sum() == pytest.approx(events["value"].sum())
    radar = journey.table("live", "revenue_risk_radar")
    assert radar["unit"].unique().to_list() == ["usd"]
    assert radar["revenue_at_risk"].sum() > 0


def test_lists_may_show_again_what_was_bought(journey: Workspace) -> None:
    lists = journey.table("live", "recommendations")
    had = journey.table("live", "train_events").select("user_id", "item_id").unique()
    assert lists.join(had, on=["user_id", "item_id"], how="semi").height > 0.2 * lists.height


def test_categories_make_diversity(journey: Workspace) -> None:
    assert journey.table("live", "user_features")["category_entropy"].null_count() == 0


def test_everything_is_published_and_verifies(journey: Workspace) -> None:
    assert "files" in journey.done("verify")
    page = (journey.folder / "reports" / "decision_brief.html").read_text()
    assert "</strong> USD." in page
    assert "Complete Journey" in page
