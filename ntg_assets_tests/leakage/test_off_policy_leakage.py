"""Only exposures at or after the cutoff are evaluated;
earlier ones teach the reward model and nothing else.
"""

from datetime import timedelta

import polars as pl

from ntg_assets.off_policy.slots import divide_slots
from ntg_assets_tests.exposures import CUTOFF, estimate, exposures, lists_of

LATER = exposures(*[(user, 10 + user % 3, 1, 0.25, float(user % 2)) for user in range(1, 40)])
EARLIER = exposures(
    *[(user % 7, 10 + user % 3, 1, 0.25, 1.0) for user in range(300)],
    first_at=CUTOFF - timedelta(days=30),
)
LISTS = lists_of(graph={user: [10] for user in range(1, 40)})
SANE = ["ips", "snips", "on_policy"]


def test_what_was_shown_before_the_cutoff_is_in_no_estimate_but_the_model_of_rewards() -> None:
    absurd = EARLIER.with_columns(reward=pl.lit(1e6), propensity=pl.lit(1e-3))
    both, spoiled, alone = (
        estimate(log, LISTS)
        for log in (pl.concat([EARLIER, LATER]), pl.concat([absurd, LATER]), LATER)
    )
    for report in (both, spoiled):
        assert report.filter(pl.col("estimator").is_in(SANE)).equals(alone)
        assert report["n_slots"].unique().to_list() == [LATER.height]
    assert both.filter(pl.col("estimator") == "dr").height == 1


def test_the_cutoff_itself_belongs_to_the_future() -> None:
    on_time = exposures((1, 10, 1, 0.5, 1.0))  # exactly at the cutoff
    before = on_time.with_columns(pl.col("shown_at") - timedelta(microseconds=1))
    slots = divide_slots(pl.concat([before, on_time]), cutoff_at=CUTOFF, list_length=1)
    assert slots.held_out.equals(on_time)
    assert slots.earlier.equals(before)
    assert estimate(before, LISTS).is_empty()
