"""Made logs of trials hold what their world says, so that decisions on them mean something."""

import numpy as np
import polars as pl

from benchmarks.experiment_logs import WORLDS, World, definition, made_logs


def users_by_arm(seen: pl.DataFrame) -> dict[str, set[str]]:
    return {arm: set(seen.filter(pl.col("arm") == arm)["user_id"].to_list()) for arm in ("a", "b")}


def logs_of(world: World) -> tuple[pl.DataFrame, pl.DataFrame]:
    return made_logs(world, np.random.default_rng(1), users=500)


def test_a_filter_takes_a_share_of_the_treatment_and_nobody_of_the_control() -> None:
    before, after = (users_by_arm(logs_of(World(filtered=share))[0]) for share in (0.0, 0.04))
    assert after["a"] == before["a"]
    n = len(before["b"])
    # those above the 96% quantile: 4% of the gaps between n users
    assert n - len(after["b"]) == np.ceil(0.04 * (n - 1))


def test_users_cross_from_the_arm_that_the_world_says() -> None:
    apart = users_by_arm(logs_of(World())[0])
    assert not apart["a"] & apart["b"]
    crossed = users_by_arm(logs_of(World(crossing=(0.0, 0.05)))[0])
    assert crossed["b"] == apart["b"]
    assert crossed["a"] & crossed["b"]


def test_an_effect_multiplies_amounts_of_the_treatment_after_its_start_alone() -> None:
    (seen, plain), (_, more) = logs_of(World()), logs_of(World(times=1.5))
    starts = seen.group_by("user_id", "arm").agg(pl.col("exposed_at").min().alias("start"))
    told = plain.with_columns(more=more["value"]).join(starts, on="user_id")
    is_moved = (pl.col("arm") == "b") & (pl.col("happened_at") >= pl.col("start"))
    moved, same = told.filter(is_moved), told.filter(~is_moved)
    assert moved.height
    assert np.allclose(moved["more"], 1.5 * moved["value"], atol=0.011)
    assert (same["more"] == same["value"]).all()


def test_every_world_has_a_definition_that_can_be_decided() -> None:
    assert {definition(world).arms[0].weight for world in WORLDS.values()} == {1.0, 9.0}
