"""The second real source as files: one row per purchase, a time slice,
and a sentence when the slice is empty.
"""

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from benchmarks.complete_journey import CONFIG, write_complete_journey
from ntg_assets.configuration.settings import load_settings
from ntg_assets.errors import ConfigurationError

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    folder = tmp_path_factory.mktemp("journey")
    return folder, write_complete_journey(folder, start=date(2017, 3, 1), until=date(2017, 3, 8))


def test_a_slice_holds_the_purchases_of_its_days_and_no_others(
    journey: tuple[Path, dict[str, int]],
) -> None:
    folder, sizes = journey
    purchases = pl.read_parquet(folder / "purchases.parquet")
    at = purchases["transaction_timestamp"]
    assert datetime(2017, 3, 1) <= at.min() < datetime(2017, 3, 2)  # type: ignore[operator]
    assert datetime(2017, 3, 7) <= at.max() < datetime(2017, 3, 8)  # type: ignore[operator]
    assert purchases.schema["transaction_timestamp"] == pl.Datetime("us")
    assert (purchases["sales_value"] >= 0).all()
    assert sizes == {
        "n_events": purchases.height,
        "n_users": purchases["household_id"].n_unique(),
        "n_items": purchases["product_id"].n_unique(),
    }


def test_every_product_has_a_title_and_a_category(journey: tuple[Path, dict[str, int]]) -> None:
    products = pl.read_parquet(journey[0] / "products.parquet")
    assert products["product_id"].is_unique().all()
    assert sum(products.null_count().row(0)) == 0
    assert products.filter(pl.col("product_id") == 26093)["categories"].to_list() == [
        "PASTRY|BREAD"
    ]


@pytest.mark.slow
def test_a_slice_without_purchases_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError,
        match=r"nothing between 2019-01-01 and None; the data run from 2017-01-01 to 2018-01-01",
    ):
        write_complete_journey(tmp_path, start=date(2019, 1, 1))


@pytest.mark.parametrize(
    ("config", "folder", "columns"),
    [
        (
            CONFIG,
            "data/complete_journey",
            {"household_id", "product_id", "transaction_timestamp", "sales_value"},
        ),
        (
            "configs/synthetic.yaml",
            "data/synthetic",
            {"user_id", "item_id", "event_at", "event_type", "value"},
        ),
    ],
)
def test_each_source_has_a_configuration_with_a_workspace_of_its_own(
    config: str, folder: str, columns: set[str]
) -> None:
    settings = load_settings(config, home=PROJECT, environment={})
    events = settings.ingest.events
    named = {events.user_id, events.item_id, events.event_at, events.value, events.event_type}
    assert named - {None} == columns
    assert all(file.startswith(f"{folder}/") for file in events.files)
    assert settings.workspace == f"data/workspaces/{Path(config).stem}"
    assert settings.churn.horizon_days == 28
    assert settings.ranking.recommend_consumed == "allow"
