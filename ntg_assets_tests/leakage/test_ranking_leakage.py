"""Nothing that taste and ranking make depends on an event at or after the cutoff."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.splits import SplitSettings
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.ranking.learning.examples import Examples
from ntg_assets.ranking.learning.inner_cut import InnerSlice, inner_slices
from ntg_assets.ranking.learning.inner_examples import collect_examples
from ntg_assets.splits.parts import part_events
from ntg_assets.storage.run import run
from ntg_assets.taste.taste_axes import find_taste_axes, score_users
from ntg_assets_tests.logs import random_log
from ntg_assets_tests.ranking_world import NO_TITLES, RANKING, make_world

CUTOFF = datetime(2024, 6, 1)
END = datetime(2025, 1, 1)
LOG = random_log(11, n_events=600)
BOUNDARIES = pl.DataFrame(
    [("train", datetime(2024, 1, 1), CUTOFF, "global_time"), ("val", CUTOFF, END, "global_time")],
    schema=["part", "start_at", "end_at", "strategy"],
    orient="row",
)
NO_CATEGORIES = pl.DataFrame(schema={"item_id": pl.Int64, "category": pl.String})


def tables_of(log: pl.DataFrame, consumed: str = "never") -> dict[str, pl.DataFrame]:
    """Cut TRAIN off as the graph does, and make everything from it."""
    train = run(part_events(log, BOUNDARIES, part="train", settings=SplitSettings()))
    ranking = RANKING.model_copy(update={"recommend_consumed": consumed})
    tables = make_world(train, CUTOFF, ranking=ranking).tables
    axes = find_taste_axes(
        tables["taste_graph"],
        item_categories=NO_CATEGORIES,
        titles=NO_TITLES,
        settings=TasteSettings(n_axes=3),
    )
    return {**tables, "taste_axes": axes, "user_taste": score_users(train, axes=axes)}


@pytest.mark.slow
@pytest.mark.parametrize("consumed", ["never", "allow"])
def test_the_future_may_be_deleted_shuffled_and_poisoned(consumed: str) -> None:
    past, future = LOG.filter(pl.col("event_at") < CUTOFF), LOG.filter(pl.col("event_at") >= CUTOFF)
    at_the_cutoff = past.with_columns(
        event_at=pl.lit(CUTOFF).cast(pl.Datetime("us")), item_id=pl.col("item_id") * 1000
    )
    absurd = future.with_columns(
        item_id=pl.lit(1, pl.Int64), event_at=pl.col("event_at") + timedelta(days=1)
    )
    expected = tables_of(past, consumed)
    kinds = expected["ranking_weights"]["kind"]
    assert ("return_pair" in kinds) == (consumed == "allow")
    for log in (
        LOG,
        pl.concat([past, at_the_cutoff]),
        pl.concat([absurd, past, future.sample(fraction=1, shuffle=True, seed=3)]),
    ):
        made = tables_of(log, consumed)
        for name, frame in expected.items():
            assert made[name].equals(frame), name


def test_what_an_earlier_inner_cut_teaches_is_the_same_without_a_later_one() -> None:
    train = LOG.filter(pl.col("event_at") < CUTOFF)
    cuts = [*inner_slices(train, strategy="global_time", settings=RANKING, most=2)]
    assert cuts[1].cutoff_at < cuts[0].cutoff_at

    def taught(slices: list[InnerSlice]) -> Examples:
        settings = RANKING.model_copy(update={"inner_slices": len(slices)})
        return collect_examples(slices, taste=TasteSettings(), settings=settings, seed=1)

    both, alone = taught(cuts), taught(cuts[1:])
    n = len(alone.user)
    assert 0 < n < len(both.user)
    assert np.array_equal(both.features[-n:], alone.features, equal_nan=True)
    for name in ("taken", "is_contender"):
        assert np.array_equal(getattr(both, name)[-n:], getattr(alone, name)), name


def test_the_last_event_before_the_cutoff_does_matter() -> None:
    # the test above can fail: one more event of the past changes what is made
    late = LOG.head(1).with_columns(
        event_at=pl.lit(CUTOFF - timedelta(seconds=1)).cast(pl.Datetime("us")),
        item_id=pl.lit(999, pl.Int64),
    )
    assert not tables_of(pl.concat([LOG, late]))["item_popularity"].equals(
        tables_of(LOG)["item_popularity"]
    )
