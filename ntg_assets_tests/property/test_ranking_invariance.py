"""Lists do not depend on the order of rows, the engine, the block of users,
or anything at or after the cutoff.
"""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntg_assets.ranking.scoring.compiled_scores import CompiledScores
from ntg_assets.ranking.scoring.scores import score_users
from ntg_assets.ranking.scoring.scores_kernel import LOW_HALF, _best_spread
from ntg_assets_tests.logs import random_log
from ntg_assets_tests.ranking_world import RANKING, World, communities, make_world

CUTOFF = datetime(2024, 8, 1)


def assert_same(left: World, right: World) -> None:
    for name, frame in left.tables.items():
        assert frame.equals(right.tables[name]), name


@pytest.mark.slow
@given(
    seed=st.integers(0, 10_000),
    shuffle=st.integers(0, 10_000),
    strategy=st.sampled_from(["global_time", "per_user"]),
)
@settings(max_examples=8)
def test_order_of_rows_does_not_matter(seed: int, shuffle: int, strategy: str) -> None:
    log = random_log(seed)
    mixed = log.sample(fraction=1, shuffle=True, seed=shuffle)
    assert_same(
        make_world(log, CUTOFF, strategy=strategy), make_world(mixed, CUTOFF, strategy=strategy)
    )


@pytest.mark.slow
@given(
    seed=st.integers(0, 10_000),
    consumed=st.sampled_from(["never", "allow"]),
    per_source=st.integers(1, 40),
)
@settings(max_examples=15)
def test_both_engines_give_the_same_bits(seed: int, consumed: str, per_source: int) -> None:
    chosen = RANKING.model_copy(
        update={"recommend_consumed": consumed, "candidates_per_source": per_source}
    )
    world = make_world(random_log(seed), CUTOFF, ranking=chosen)
    dense, compiled = (
        score_users(world.log, world.model, compiled=engine) for engine in (False, True)
    )
    for left, right in zip(
        (*dense.candidates, *dense.pairs, dense.features),
        (*compiled.candidates, *compiled.pairs, compiled.features),
        strict=True,
    ):
        assert np.array_equal(left, right)


@pytest.mark.slow
@given(
    seed=st.integers(0, 10_000),
    n_levels=st.integers(1, 5_000),
    k=st.sampled_from([1, 7, 1_024, 1_025, 2_000, 4_000]),
)
@settings(max_examples=25)
def test_the_best_of_a_source_come_by_score_and_then_by_item(
    seed: int, n_levels: int, k: int
) -> None:
    n_items, rng = 2_500, np.random.default_rng(seed)
    levels = rng.integers(0, n_levels + 1, n_items)  # 0: nothing to say
    score, touched = levels.astype(np.float32), rng.permutation(n_items).astype(np.uint32)
    room = (np.empty(n_items, np.float32), np.empty(n_items, np.uint64), np.empty(k, np.uint64))
    size = _best_spread(
        score, score.view(np.uint32), touched, np.uint64(0), np.uint64(n_items), *room
    )
    best = LOW_HALF - (room[-1][:size] & LOW_HALF)
    wanted = np.lexsort((np.arange(n_items), -levels))[: min(k, np.count_nonzero(levels))]
    assert np.array_equal(best, wanted)


@pytest.mark.slow
@given(seed=st.integers(0, 10_000), workers=st.integers(1, 7))
@settings(max_examples=15)
def test_the_number_of_workers_does_not_matter(seed: int, workers: int) -> None:
    world = make_world(random_log(seed), CUTOFF)
    one, many = (
        CompiledScores(world.model, workers=n).score(world.log, per_source=7) for n in (1, workers)
    )
    assert all(
        np.array_equal(*columns) for columns in zip(one.candidates, many.candidates, strict=True)
    )
    assert np.array_equal(one.features, many.features)


@pytest.mark.slow
@given(seed=st.integers(0, 10_000), first=st.integers(0, 10), n_users=st.integers(1, 5))
@settings(max_examples=10)
def test_a_user_is_scored_alike_in_any_block(seed: int, first: int, n_users: int) -> None:
    world = make_world(random_log(seed), CUTOFF)
    whole, part = (
        score_users(world.log, world.model),
        score_users(world.log.block(first, first + n_users), world.model),
    )
    rows = (whole.pairs.user >= first) & (whole.pairs.user < first + n_users)
    assert np.array_equal(whole.features[rows], part.features)


def test_labels_of_an_inner_cut_change_what_was_taken_and_nothing_else() -> None:
    # where everything counts as relevant the label users stay the same, so their features must, to
    # the bit
    log = communities(5, n_users=80)
    last_day = log["event_at"].sort()[int(log.height * 0.9)]
    poisoned = log.with_columns(
        item_id=pl.when(pl.col("event_at") >= last_day)
        .then(37 - pl.col("item_id"))
        .otherwise("item_id")
    )
    one_cut = RANKING.model_copy(update={"inner_slices": 1, "recommend_consumed": "allow"})
    clean, other = (make_world(rows, CUTOFF, ranking=one_cut).examples for rows in (log, poisoned))
    assert np.array_equal(clean.features, other.features)
    assert clean.taken.sum() > other.taken.sum()


def test_the_age_of_the_cutoff_alone_changes_no_list() -> None:
    log = communities(5)
    now, later = make_world(log, CUTOFF), make_world(log, CUTOFF + timedelta(days=30))
    same = ["user_id", "rank", "item_id"]
    assert (
        now.tables["recommendations"]
        .select(same)
        .equals(later.tables["recommendations"].select(same))
    )
