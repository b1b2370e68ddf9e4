"""The synthetic world: what is planted can be found again in the log,
by someone who has only the log and the truth files.
"""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from ntg_assets.randomness import unit_interval
from ntg_assets.synthetic.world import WorldSummary, write_world

N_EVENTS, N_USERS, N_ITEMS = 400_000, 8_000, 600
N_COMMUNITIES = 6
END = date(2024, 12, 30)
TRIAL_START = END - timedelta(days=56)
FILES = (
    "events",
    "items",
    "assignments",
    "truth/users",
    "truth/items",
    "truth/churn",
    "truth/trial",
)
WORST_Z = 4.0  # of several dozen standard normal numbers


class World:
    """The files of one world, read once."""

    def __init__(self, folder: Path, summary: WorldSummary) -> None:
        self.folder, self.summary = folder, summary
        (
            self.events,
            self.items,
            self.assignments,
            self.users,
            self.item_truth,
            self.churn,
            self.trial,
        ) = (pl.read_parquet(folder / f"{name}.parquet") for name in FILES)

    @property
    def tastes(self) -> pl.DataFrame:
        """Events of people, with the communities of user and item."""
        people = self.users.filter(~pl.col("is_bot")).select("user_id", "community")
        items = self.item_truth.select("item_id", item_community="community")
        return self.events.join(people, on="user_id").join(items, on="item_id")

    @property
    def user_days(self) -> pl.DataFrame:
        return self.events.select("user_id", active_on=pl.col("event_at").dt.date()).unique()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    summary = write_world(
        folder, n_events=N_EVENTS, n_users=N_USERS, n_items=N_ITEMS, n_communities=N_COMMUNITIES
    )
    return World(folder, summary)


def mean_of(values: pl.Series) -> float:
    return float(values.cast(pl.Float64).to_numpy().mean())


def z_scores(
    happened: NDArray[np.float64], expected: NDArray[np.float64], variance: NDArray[np.float64]
) -> NDArray[np.float64]:
    return (happened - expected) / np.sqrt(variance)


def test_the_log_has_the_size_that_was_asked_for(world: World) -> None:
    assert world.events.height == N_EVENTS == world.summary.n_events
    assert world.events["user_id"].n_unique() == N_USERS == world.users.height
    assert world.items.height == N_ITEMS == world.item_truth.height
    assert world.events["event_at"].is_sorted()
    assert world.events.unique(["user_id", "event_at"]).height == N_EVENTS
    assert not list(world.folder.rglob("*.part"))


@pytest.mark.slow
def test_the_same_seed_makes_the_same_bytes_and_another_one_does_not(tmp_path: Path) -> None:
    size: dict[str, Any] = {"n_events": 3_000, "n_users": 150, "n_items": 60, "n_days": 168}
    for folder, seed in (("a", 7), ("b", 7), ("c", 8)):
        write_world(tmp_path / folder, seed=seed, **size)
    names = [*(f"{name}.parquet" for name in FILES), "truth/parameters.json"]
    first, again, other = (
        [(tmp_path / folder / name).read_bytes() for name in names] for folder in "abc"
    )
    assert first == again
    assert all(mine != yours for mine, yours in zip(first, other, strict=True))


def test_users_choose_from_their_own_community_as_often_as_planted(world: World) -> None:
    loyal = mean_of(world.tastes["community"] == world.tastes["item_community"])
    anywhere = 1 - 0.72 - 0.15  # of which a sixth or so falls into the own community too
    assert 0.72 < loyal < 0.72 + anywhere / 2


def test_items_of_one_community_share_users_more_often_than_items_of_two(world: World) -> None:
    popular = (
        world.events.group_by("item_id").len().sort("len", "item_id", descending=True).head(150)
    )
    rows = (
        world.tastes.join(popular, on="item_id")
        .select("user_id", "item_id", "item_community")
        .unique()
    )
    pairs = rows.join(rows, on="user_id").filter(pl.col("item_id") < pl.col("item_id_right"))
    is_within = pl.col("item_community") == pl.col("item_community_right")
    shared = pairs.group_by(is_within.alias("is_within")).len()
    items = rows.unique("item_id")
    possible = (
        items.join(items, how="cross")
        .filter(pl.col("item_id") < pl.col("item_id_right"))
        .group_by(is_within.alias("is_within"))
        .len()
    )
    rate = (
        shared.join(possible, on="is_within")
        .select("is_within", rate=pl.col("len") / pl.col("len_right"))
        .sort("is_within")["rate"]
    )
    assert rate[1] > 2 * rate[0]


def test_categories_mostly_follow_communities(world: World) -> None:
    first = world.items.join(world.item_truth, on="item_id").select(
        is_faithful=pl.col("categories").str.split("|").list.first()
        == pl.format("taste-{}", pl.col("community").cast(pl.String).str.zfill(2))
    )
    expected = 0.85 + 0.15 / N_COMMUNITIES
    standard_error = (expected * (1 - expected) / N_ITEMS) ** 0.5
    assert abs(mean_of(first["is_faithful"]) - expected) < 3 * standard_error


def test_users_leave_at_the_planted_hazard_in_every_class_and_cohort(world: World) -> None:
    people = world.users.filter(~pl.col("is_bot")).with_columns(
        cohort=pl.col("joined_on").dt.truncate("1q"), has_left=pl.col("left_on").is_not_null()
    )
    for group in ("rate_class", "cohort"):
        sums = people.group_by(group).agg(pl.col("has_left").sum(), pl.col("expected_deaths").sum())
        expected = sums["expected_deaths"].to_numpy()
        z = z_scores(sums["has_left"].to_numpy(), expected, expected)
        assert np.abs(z).max() < WORST_Z, dict(zip(sums[group], z, strict=True))


def test_the_true_probability_of_silence_is_calibrated_at_every_cutoff(world: World) -> None:
    closed = world.churn.filter(pl.col("was_silent").is_not_null())
    for probability in ("silence_probability", "silence_probability_own_rate"):
        p = pl.col(probability)
        decile = ((p.rank("ordinal") - 1) * 10 // pl.len()).over("cutoff_on")
        sums = closed.group_by("cutoff_on", decile.alias("decile")).agg(
            pl.col("was_silent").sum(), p.sum(), variance=(p * (1 - p)).sum()
        )
        sums = sums.filter(pl.col("variance") > 5)
        z = z_scores(
            sums["was_silent"].to_numpy(), sums[probability].to_numpy(), sums["variance"].to_numpy()
        )
        assert len(z) > 30
        assert np.abs(z).max() < WORST_Z


def test_knowing_the_planted_rate_predicts_better_than_the_log_alone(world: World) -> None:
    recent = world.churn.filter(pl.col("was_silent").is_not_null(), pl.col("recency_days") <= 56)
    brier = {
        name: mean_of((recent[name] - recent["was_silent"].cast(pl.Float64)) ** 2)
        for name in ("silence_probability_own_rate", "silence_probability")
    }
    base = mean_of(recent["was_silent"])
    assert (
        brier["silence_probability_own_rate"]
        < brier["silence_probability"]
        < 0.75 * base * (1 - base)
    )


def test_the_churn_truth_says_what_the_log_says(world: World) -> None:
    cutoff = TRIAL_START
    days = world.user_days
    later = days.filter(
        pl.col("active_on") >= cutoff, pl.col("active_on") < cutoff + timedelta(days=28)
    )
    last = (
        days.filter(pl.col("active_on") < cutoff).group_by("user_id").agg(pl.col("active_on").max())
    )
    people = world.users.filter(~pl.col("is_bot")).select("user_id")
    found = last.join(people, on="user_id").select(
        "user_id",
        recency_days=(pl.lit(cutoff) - pl.col("active_on")).dt.total_days().cast(pl.Int32),
        was_silent=~pl.col("user_id").is_in(later["user_id"].implode()),
    )
    truth = world.churn.filter(pl.col("cutoff_on") == cutoff).select(
        "user_id", "recency_days", "was_silent"
    )
    assert found.sort("user_id").equals(truth.sort("user_id"))


def test_the_last_cutoff_is_the_end_and_its_window_is_still_open(world: World) -> None:
    assert world.churn["cutoff_on"].max() == END
    assert (
        world.churn.filter(pl.col("cutoff_on") == END)["was_silent"].null_count()
        == world.churn.filter(pl.col("cutoff_on") == END).height
    )
    planted = json.loads((world.folder / "truth/parameters.json").read_text())
    assert planted["end_on"] == str(END)
    assert planted["spec"]["n_events"] == N_EVENTS


def test_a_few_users_make_much_of_the_log(world: World) -> None:
    counts = world.users.filter(~pl.col("is_bot"))["n_events"].sort(descending=True).to_numpy()
    assert counts[: N_USERS // 100].sum() > 0.08 * counts.sum()  # 1% of equal users would make 1%
    assert counts.mean() > 2 * np.median(counts)


def test_power_users_fill_their_active_days(world: World) -> None:
    fullness = (
        world.users.filter(~pl.col("is_bot"))
        .group_by("is_power_user")
        .agg(
            further=(pl.col("n_events") - pl.col("n_active_days")).sum()
            / pl.col("n_active_days").sum()
        )
        .sort("is_power_user")["further"]
    )
    assert fullness[1] > 3 * fullness[0]


def test_bots_run_around_the_clock_at_rates_no_person_has(world: World) -> None:
    bots = world.users.filter("is_bot")
    assert bots.height == world.summary.n_bots == round(0.0005 * N_USERS)
    assert 0.5 * 0.02 < mean_of(bots["n_events"]) * bots.height / N_EVENTS < 2 * 0.02
    hours = (
        world.events.join(bots, on="user_id", how="semi")
        .group_by("user_id")
        .agg(pl.col("event_at").dt.hour().n_unique())
    )
    assert hours["event_at"].min() == 24
    people = world.users.filter(~pl.col("is_bot"))
    per_day = [np.asarray(users["n_events"] / users["n_active_days"]) for users in (bots, people)]
    assert per_day[0].min() > 10 * np.median(per_day[1])


def test_users_and_items_start_when_the_truth_says(world: World) -> None:
    first = (
        world.user_days.group_by("user_id")
        .agg(pl.col("active_on").min())
        .join(world.users, on="user_id")
    )
    assert (first["active_on"] == first["joined_on"]).all()
    assert (
        world.users.filter(pl.col("joined_on") >= END - timedelta(days=28)).height > 0.01 * N_USERS
    )
    too_early = world.events.join(world.item_truth, on="item_id").filter(
        pl.col("event_at").dt.date() < pl.col("released_on")
    )
    assert too_early.height == 0
    assert (
        world.item_truth.filter(pl.col("released_on") >= END - timedelta(days=28)).height
        > 0.01 * N_ITEMS
    )


def test_fads_halve_and_evergreens_stay(world: World) -> None:
    daily = world.events.with_columns(on=pl.col("event_at").dt.date())
    inside = world.item_truth.filter(
        pl.col("released_on") > date(2023, 1, 2), pl.col("released_on") < END - timedelta(days=84)
    )
    rows = daily.join(inside, on="item_id").with_columns(
        age=(pl.col("on") - pl.col("released_on")).dt.total_days()
    )
    half_life = pl.col("half_life_days").fill_null(28.0)
    halves = rows.group_by("is_fad").agg(
        first=(pl.col("age") < half_life.floor()).sum(),
        second=(
            (pl.col("age") >= half_life.floor()) & (pl.col("age") < 2 * half_life.floor())
        ).sum(),
    )
    ratio = dict(zip(halves["is_fad"], halves["second"] / halves["first"], strict=True))
    assert ratio[True] == pytest.approx(0.5, abs=0.1)
    assert ratio[False] == pytest.approx(1.0, abs=0.2)


def test_weekdays_differ_as_planted(world: World) -> None:
    people = world.users.filter(~pl.col("is_bot")).select("user_id", "joined_on")
    returns = world.user_days.join(people, on="user_id").filter(
        pl.col("active_on") > pl.col("joined_on")
    )
    counts = (
        returns.group_by(pl.col("active_on").dt.weekday().alias("weekday"))
        .len()
        .sort("weekday")["len"]
        .to_numpy()
    )
    planted = np.array([0.92, 0.88, 0.90, 0.95, 1.10, 1.20, 1.05])
    assert counts / counts.mean() == pytest.approx(planted / planted.mean(), rel=0.03)


def test_successors_come_right_after_their_item_as_often_as_planted(world: World) -> None:
    people = world.users.filter(~pl.col("is_bot")).select("user_id")
    rows = (
        world.events.join(people, on="user_id")
        .sort("user_id", "event_at")
        .with_columns(on=pl.col("event_at").dt.date())
    )
    rows = rows.with_columns(before=pl.col("item_id").shift(1).over("user_id", "on")).filter(
        pl.col("before").is_not_null()
    )
    successors = world.item_truth.select(before="item_id", successor="successor_id")
    share = (
        rows.join(successors, on="before")
        .select((pl.col("item_id") == pl.col("successor")).mean())
        .item()
    )
    # a tenth is marked, of which a tenth would be the second in a row
    assert share == pytest.approx(0.1 * 0.9, abs=0.015)


def test_arms_follow_the_salted_hash_and_only_recent_users_take_part(world: World) -> None:
    arms = [
        "control" if unit_interval("synthetic-trial", unit) < 0.5 else "treatment"
        for unit in world.trial["user_id"]
    ]
    assert world.trial["arm"].to_list() == arms
    assert world.assignments.select("user_id", "arm").equals(world.trial.select("user_id", "arm"))
    recent = world.churn.filter(pl.col("cutoff_on") == TRIAL_START, pl.col("recency_days") <= 56)
    assert set(recent["user_id"]) == set(world.trial["user_id"])


def test_the_trial_finds_its_planted_effect(world: World) -> None:
    counted = (
        world.user_days.filter(pl.col("active_on") >= TRIAL_START).group_by("user_id").len("found")
    )
    rows = world.trial.join(counted, on="user_id", how="left").with_columns(
        pl.col("found").fill_null(0)
    )
    assert (rows["found"] == rows["active_days"]).all()
    arms = (
        rows.group_by("arm")
        .agg(
            pl.col("found").mean().alias("mean"),
            pl.col("found").var().alias("variance"),
            pl.len().alias("n"),
        )
        .sort("arm")
    )
    difference = arms["mean"][1] - arms["mean"][0]
    standard_error = float((arms["variance"] / arms["n"]).to_numpy().sum()) ** 0.5
    planted = mean_of(rows["active_days_if_treatment"] - rows["active_days_if_control"])
    assert planted > 0.2
    assert abs(difference - planted) < 3 * standard_error


def test_the_relative_effect_grows_with_risk(world: World) -> None:
    days = pl.col("active_days_if_treatment").sum() / pl.col("active_days_if_control").sum()
    lift = (
        world.trial.group_by(pl.col("risk_band").clip(upper_bound=2))
        .agg(days.alias("lift"))
        .sort("risk_band")["lift"]
    )
    assert 1.02 < lift[0] < lift[1] < lift[2]


def test_treated_events_are_worth_more(world: World) -> None:
    during = world.events.filter(
        pl.col("event_at").dt.date() >= TRIAL_START, pl.col("event_type") == "play"
    )
    level = world.users.select("user_id", "expected_event_value")
    rows = (
        during.join(world.trial, on="user_id")
        .join(level, on="user_id")
        .with_columns(relative=(pl.col("value") / pl.col("expected_event_value")).log())
    )
    arms = (
        rows.group_by("arm")
        .agg(pl.col("relative").mean(), variance=pl.col("relative").var() / pl.len())
        .sort("arm")
    )
    assert (
        abs(arms["relative"][1] - arms["relative"][0] - np.log(1.03))
        < 3 * float(arms["variance"].sum()) ** 0.5
    )
