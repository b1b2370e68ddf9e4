"""The log of what a synthetic world's system showed: probabilities and clicks are as planted,
and off-policy estimates find the truth.
"""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.off_policy import OffPolicySettings, ShownLogSettings
from ntg_assets.contracts import IdTypes
from ntg_assets.errors import ConfigurationError
from ntg_assets.off_policy.impressions import read_shown
from ntg_assets.off_policy.report import Lists, report_off_policy
from ntg_assets.off_policy.slots import divide_slots
from ntg_assets.sources.sources import Place
from ntg_assets.synthetic.world import write_world
from ntg_assets_tests.exposures import cell

N_ITEMS, N_USERS, PLACES = 40, 3_000, 5
CUTOFF = datetime(2024, 10, 7)
WORST_Z = 4.0  # of a few dozen standard normal numbers


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    write_world(folder, n_events=100_000, n_users=N_USERS, n_items=N_ITEMS, n_communities=2)
    return folder


def shown(world: Path) -> pl.DataFrame:
    return pl.read_parquet(world / "shown.parquet")


def chances(world: Path, asked: pl.DataFrame) -> pl.Series:
    """Planted probability of a click of each `user_id`, `item_id`,
    `position`, from the truth files alone.
    """
    users = pl.read_parquet(world / "truth/users.parquet").select(
        "user_id", "community", "second_community", "click_pace"
    )
    items = pl.read_parquet(world / "truth/items.parquet").select(
        "item_id", "click_quality", item_community="community"
    )
    rows = asked.join(users, on="user_id", how="left", maintain_order="left").join(
        items, on="item_id", how="left", maintain_order="left"
    )
    appeal = pl.when(pl.col("item_community") == pl.col("community")).then(0.30)
    appeal_or = (
        appeal.when(pl.col("item_community") == pl.col("second_community"))
        .then(0.15)
        .otherwise(0.04)
    )
    return rows.select(
        chance=0.8 ** (pl.col("position") - 1)
        * appeal_or
        * pl.col("click_quality")
        * pl.col("click_pace")
    )["chance"]


def test_one_over_the_propensity_counts_the_items_that_could_be_shown(world: Path) -> None:
    log = shown(world)
    released = pl.read_parquet(world / "truth/items.parquet")["released_on"]
    could = (
        log.select(pl.col("shown_at").dt.date())
        .unique()
        .with_columns(
            n=pl.col("shown_at").map_elements(
                lambda day: int((released <= day).sum()), return_dtype=pl.Int64
            )
        )
    )
    rows = log.with_columns(pl.col("shown_at").dt.date()).join(could, on="shown_at")
    away = rows.select(z=1 / pl.col("propensity") - pl.col("n"))["z"].to_numpy()
    assert abs(away.mean()) < WORST_Z * away.std() / np.sqrt(len(away))
    assert log["propensity"].is_between(0, 1, closed="right").all()


def test_clicks_follow_the_planted_law(world: Path) -> None:
    log = shown(world)
    rows = log.with_columns(chance=chances(world, log))
    for keys in (["position"], ["item_id"]):
        told = rows.group_by(keys).agg(
            z=(pl.col("clicked") - pl.col("chance")).sum()
            / (pl.col("chance") * (1 - pl.col("chance"))).sum().sqrt(),
            n=pl.len(),
        )
        assert told.filter(pl.col("n") > 50)["z"].abs().max() < WORST_Z  # type: ignore[operator]  # of numbers


def test_each_list_is_whole_and_on_an_active_day(world: Path) -> None:
    log, events = shown(world), pl.read_parquet(world / "events.parquet")
    lists = log.group_by("list_id").agg(
        pl.col("position").sort(), pl.col("user_id", "shown_at").n_unique()
    )
    assert lists["position"].unique().to_list() == [list(range(1, PLACES + 1))]
    assert lists["user_id"].max() == lists["shown_at"].max() == 1
    days = (
        events.select("user_id", on=pl.col("event_at").dt.date())
        .unique()
        .filter(pl.col("on") >= datetime(2024, 12, 30) - timedelta(days=112))
    )
    assert lists.height == days.height


def test_the_estimates_find_what_lists_would_really_have_earned(world: Path) -> None:
    users, items = (pl.read_parquet(world / f"truth/{name}.parquet") for name in ("users", "items"))
    old = items.filter((pl.col("released_on") < CUTOFF.date()) & ~pl.col("is_fad")).sort(
        "weight", "item_id", descending=[True, False]
    )
    tops = (
        old.group_by("community", maintain_order=True)
        .head(PLACES)
        .with_columns(rank=pl.int_range(1, pl.len() + 1).over("community"))
    )
    own = users.select("user_id", "community").join(
        tops.select("community", "rank", "item_id"), on="community"
    )
    other = users.select("user_id", community=1 - pl.col("community")).join(
        tops.select("community", "rank", "item_id"), on="community"
    )
    lists = pl.concat(
        [
            own.with_columns(strategy=pl.lit("blend")),
            other.with_columns(strategy=pl.lit("popularity")),
        ]
    )
    settings = ShownLogSettings(
        files=["shown.parquet"], reward="clicked", position="position", impression_id="list_id"
    )
    read = read_shown(
        settings, place=Place(world), ids=IdTypes("integer", "integer"), max_bad_share=0.0
    )
    slots = divide_slots(read.rows, cutoff_at=CUTOFF, list_length=PLACES)
    report, _ = report_off_policy(
        slots,
        Lists(
            lists.drop("community"),
            tops.select("rank", "item_id").head(0),
            users.select("user_id"),
            items.select("item_id"),
        ),
        settings=OffPolicySettings(),
        list_length=PLACES,
        minimum_users=300,
    )
    assert report["supports_claim"].all()
    for strategy in ("blend", "popularity"):
        asked = slots.held_out.select("user_id", "position").join(
            lists.filter(pl.col("strategy") == strategy).select(
                "user_id", "item_id", position="rank"
            ),
            on=["user_id", "position"],
        )
        truth = float(chances(world, asked).to_numpy().mean())
        for estimator in ("ips", "snips", "dr"):
            row = report.filter(
                (pl.col("strategy") == strategy) & (pl.col("estimator") == estimator)
            ).row(0, named=True)
            error = (row["high"] - row["low"]) / 2 / 1.96
            assert abs(row["value"] - truth) < 3 * error
    assert float(cell(report, "difference_low", strategy="blend", estimator="snips")) > 0  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_same_world_shows_the_same_lists_and_other_rules_leave_the_rest_alone(
    tmp_path: Path,
) -> None:
    for name, rules in (("one", {}), ("two", {}), ("three", {"places": 3})):
        write_world(tmp_path / name, n_events=5_000, n_users=300, n_items=N_ITEMS, shown=rules)
    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    assert (one / "shown.parquet").read_bytes() == (two / "shown.parquet").read_bytes()
    assert (one / "events.parquet").read_bytes() == (three / "events.parquet").read_bytes()
    assert shown(three)["position"].max() == 3


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({"own_share": 0.9}, "shown.own_share .* is above 1"),
        ({"appeal": (0.9, 0.1, 0.1)}, "surest click has a probability of 2.025"),
    ],
)
def test_impossible_lists_are_refused(tmp_path: Path, rules: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        write_world(tmp_path, n_events=1_000, n_users=100, n_items=N_ITEMS, shown=rules)
