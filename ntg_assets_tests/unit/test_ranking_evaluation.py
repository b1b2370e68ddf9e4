from math import log2

import polars as pl
import pytest

from ntg_assets.contracts import IdTypes, check_frame
from ntg_assets.evaluation.ranking import contracts as ranking_contracts
from ntg_assets.evaluation.ranking import past as ranking_past
from ntg_assets.evaluation.ranking.category_mix import category_mix, miscalibration
from ntg_assets.evaluation.ranking.comparisons import compare_strategies
from ntg_assets.evaluation.ranking.held_out import HeldOut, relevant_pairs
from ntg_assets.evaluation.ranking.item_slices import item_groups, measure_item_slices
from ntg_assets.evaluation.ranking.list_breadth import list_breadth
from ntg_assets.evaluation.ranking.outcomes import list_outcomes
from ntg_assets.evaluation.ranking.past import past_of
from ntg_assets.evaluation.ranking.report import report_ranking
from ntg_assets.evaluation.ranking.retrieval_report import report_retrieval
from ntg_assets.randomness import random_stream
from ntg_assets_tests.logs import events

INTEGERS = IdTypes("integer", "integer")
TRAIN = events(
    (1, 10, "2024-01-01"),
    (2, 10, "2024-01-01"),
    (2, 20, "2024-01-01"),
    (3, 30, "2024-01-01"),
    (3, 40, "2024-01-01"),
)
VAL = events(
    (1, 20, "2024-02-01"), (1, 10, "2024-02-01"), (2, 30, "2024-02-01"), (9, 10, "2024-02-01")
)
TEST = events((1, 20, "2024-03-01"), (1, 40, "2024-03-01"), (2, 99, "2024-03-01"))
LISTS = pl.DataFrame(
    [
        ("popularity", 1, 1, 30, 2.0),
        ("popularity", 1, 2, 20, 1.0),
        ("popularity", 2, 1, 40, 2.0),
        ("blend", 1, 1, 20, 2.0),
        ("blend", 1, 2, 40, 1.0),
        ("blend", 2, 1, 30, 1.0),
    ],
    schema=["strategy", "user_id", "rank", "item_id", "score"],
    orient="row",
)
DEFAULT = pl.DataFrame({"rank": [1, 2], "item_id": [10, 20]})
HELD = [HeldOut("val", VAL, VAL.clear()), HeldOut("test", TEST, VAL)]


def outcomes(*, ks: tuple[int, ...] = (2,)) -> pl.DataFrame:
    parts = [
        list_outcomes(
            relevant_pairs(held, TRAIN, allow_consumed=False),
            split=held.split,
            lists=LISTS,
            default_list=DEFAULT,
            past=past_of(TRAIN),
            ks=ks,
        )
        for held in HELD
    ]
    return check_frame(pl.concat(parts), ranking_contracts.RankingOutcomes, ids=INTEGERS)


def test_mixes_of_categories_do_not_depend_on_how_many_users_are_taken_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    categories = pl.DataFrame({"item_id": TRAIN["item_id"].unique().sort()}).with_columns(
        category=pl.lit("a")
    )
    categories = pl.concat([categories, categories.head(2).with_columns(category=pl.lit("b"))])
    together = past_of(TRAIN, categories).mix
    monkeypatch.setattr(ranking_past, "USERS_AT_ONCE", 1)
    assert past_of(TRAIN, categories).mix.equals(together)
    assert together["user_id"].n_unique() == TRAIN["user_id"].n_unique() > 1


def test_only_first_encounters_are_relevant() -> None:
    assert relevant_pairs(HELD[0], TRAIN, allow_consumed=False).rows() == [
        (1, 20),
        (2, 30),
        (9, 10),
    ]
    # 20 was taken in VAL already
    assert relevant_pairs(HELD[1], TRAIN, allow_consumed=False).rows() == [(1, 40), (2, 99)]


def test_everything_is_relevant_where_consumed_items_may_be_shown() -> None:
    assert relevant_pairs(HELD[0], TRAIN, allow_consumed=True).rows() == [
        (1, 10),
        (1, 20),
        (2, 30),
        (9, 10),
    ]


def test_outcomes_are_one_row_per_user_with_their_values() -> None:
    row = (
        outcomes()
        .filter(
            (pl.col("split") == "val")
            & (pl.col("strategy") == "popularity")
            & (pl.col("user_id") == 1)
        )
        .row(0, named=True)
    )
    assert row["ndcg"] == pytest.approx(1 / log2(3))
    assert (row["n_relevant"], row["n_hits"], row["n_history_items"], row["has_history"]) == (
        1,
        1,
        1,
        True,
    )
    # items 30 and 20 each have one of three users
    assert row["novelty"] == pytest.approx((log2(3 / 1) + log2(3 / 1)) / 2)


def test_users_without_history_are_shown_the_default_list() -> None:
    rows = outcomes().filter(pl.col("user_id") == 9)
    assert rows["has_history"].to_list() == [False, False]
    assert rows["ndcg"].to_list() == [1.0, 1.0]


def report() -> pl.DataFrame:
    by_item = measure_item_slices(
        HELD, lists=LISTS, default_list=DEFAULT, train=TRAIN, ks=[2], allow_consumed=False
    )
    made = report_ranking(
        outcomes(), by_item, rng=lambda use: random_stream(1, use), samples=100, minimum_users=3
    )
    breadth = list_breadth(LISTS, n_items=4, ks=[2])
    return check_frame(pl.concat([made, breadth]), ranking_contracts.RankingReport, ids=INTEGERS)


def cell(table: pl.DataFrame, **wanted: object) -> dict[str, object]:
    return table.filter(*(pl.col(name) == value for name, value in wanted.items())).row(
        0, named=True
    )


def test_the_report_compares_the_same_users() -> None:
    blend = cell(report(), split="val", slice="all", strategy="blend", metric="ndcg", k=2)
    assert blend["n_users"] == 2
    assert blend["mean"] == pytest.approx((1 + 1) / 2)
    assert blend["floor_mean"] == pytest.approx((1 / log2(3) + 0) / 2)
    assert blend["difference"] == pytest.approx(blend["mean"] - blend["floor_mean"])  # type: ignore[operator]
    assert blend["difference_low"] <= blend["difference"] <= blend["difference_high"]  # type: ignore[operator]


def test_few_users_support_no_claim_and_the_report_says_so() -> None:
    row = cell(report(), split="val", slice="all", strategy="blend", metric="ndcg")
    assert (row["is_enough"], row["note"]) == (
        False,
        "2 users: too few for a claim (fewer than 3).",
    )


def test_slices_by_item_look_at_part_of_the_relevant_items() -> None:
    assert dict(item_groups(TRAIN).iter_rows()) == {
        10: "popular_items",
        20: "popular_items",
        30: "niche_items",
        40: "niche_items",
    }
    table = report()
    assert (
        cell(table, split="val", slice="niche_items", strategy="blend", metric="recall")["n_users"]
        == 1
    )
    assert (
        cell(table, split="test", slice="new_items", strategy="blend", metric="recall")["mean"] == 0
    )


@pytest.mark.parametrize(
    ("name", "n_users", "recall"),
    # user 1 took 10 again and 20 for the first time, and is shown 20; user 2 took 30, shown 30
    [("repeated_items", 1, 0.0), ("untried_items", 2, 1.0)],
)
def test_what_is_repeated_is_measured_apart_where_lists_may_show_it(
    name: str, n_users: int, recall: float
) -> None:
    by_item = measure_item_slices(
        HELD, lists=LISTS, default_list=DEFAULT, train=TRAIN, ks=[2], allow_consumed=True
    )
    made = report_ranking(
        outcomes(), by_item, rng=lambda use: random_stream(1, use), samples=100, minimum_users=3
    )
    check_frame(made, ranking_contracts.RankingReport, ids=INTEGERS)
    row = cell(made, split="val", slice=name, strategy="blend", metric="recall", k=2)
    assert (row["n_users"], row["mean"]) == (n_users, recall)
    assert report().filter(pl.col("slice") == name).is_empty()


def test_breadth_counts_items_on_any_list() -> None:
    assert cell(report(), strategy="blend", metric="coverage")["mean"] == 3 / 4
    assert cell(report(), strategy="popularity", metric="coverage")["mean"] == 3 / 4


def test_retrieval_tells_what_each_source_adds() -> None:
    candidates = pl.DataFrame(
        [(1, 20, "a", 1.0, 1), (1, 20, "b", 1.0, 1), (2, 30, "b", 1.0, 1), (2, 40, "a", 1.0, 1)],
        schema=["user_id", "item_id", "source", "score", "rank"],
        orient="row",
    )
    made = report_retrieval(
        HELD[0],
        candidates=candidates,
        train=TRAIN,
        allow_consumed=False,
        rng=random_stream(1, "r"),
        samples=50,
    )
    check_frame(made, ranking_contracts.RetrievalReport, ids=INTEGERS)
    assert made.select(
        "source", "n_users", "recall", "marginal_recall", "n_candidates_per_user"
    ).rows() == [
        ("all", 2, 1.0, 1.0, 3 / 2),
        ("a", 2, 1 / 2, 0.0, 2 / 2),
        ("b", 2, 1.0, 1 / 2, 2 / 2),
    ]
    assert made["cold_share"].to_list() == [0.0] * 3


def test_retrieval_tells_what_nobody_had_before() -> None:
    """1 takes 20 and 40, which TRAIN knows, 2 takes 99, which nobody had."""
    candidates = pl.DataFrame(
        [(1, 20, "a", 1.0, 1)],
        schema=["user_id", "item_id", "source", "score", "rank"],
        orient="row",
    )
    made = report_retrieval(
        HeldOut("test", TEST, TEST.clear()),
        candidates=candidates,
        train=TRAIN,
        allow_consumed=False,
        rng=random_stream(1, "r"),
        samples=50,
    )
    assert made["cold_share"].to_list() == [(0 / 2 + 1 / 1) / 2] * 2
    assert made["recall"].to_list() == [(1 / 2 + 0) / 2] * 2


def test_a_part_without_evaluable_users_gives_no_rows() -> None:
    nobody = HeldOut("val", VAL.clear(), VAL.clear())
    empty = relevant_pairs(nobody, TRAIN, allow_consumed=False)
    measured = list_outcomes(
        empty, split="val", lists=LISTS, default_list=DEFAULT, past=past_of(TRAIN), ks=[2]
    )
    check_frame(measured, ranking_contracts.RankingOutcomes, ids=INTEGERS)
    assert measured.is_empty()
    by_item = measure_item_slices(
        [nobody], lists=LISTS, default_list=DEFAULT, train=TRAIN, ks=[2], allow_consumed=False
    )
    assert report_ranking(
        measured, by_item, rng=lambda use: random_stream(1, use), samples=50, minimum_users=3
    ).is_empty()


def test_a_list_of_the_users_own_mix_is_calibrated() -> None:
    categories = pl.DataFrame({"item_id": [1, 2, 3, 4, 4], "category": ["a", "a", "b", "a", "b"]})
    history = category_mix(pl.DataFrame({"user_id": [1, 1, 1], "item_id": [1, 2, 3]}), categories)
    assert history.rows() == [(1, "a", pytest.approx(2 / 3)), (1, "b", pytest.approx(1 / 3))]
    same = miscalibration(
        history,
        category_mix(pl.DataFrame({"user_id": [1, 1, 1], "item_id": [2, 1, 3]}), categories),
    )
    assert same["miscalibration"].item() == pytest.approx(0.0, abs=1e-12)
    half = miscalibration(
        history, category_mix(pl.DataFrame({"user_id": [1], "item_id": [4]}), categories)
    )
    smoothed = [0.99 * 1 / 2 + 0.01 * share for share in (2 / 3, 1 / 3)]
    expected = sum(
        share * log2(share / other) for share, other in zip((2 / 3, 1 / 3), smoothed, strict=True)
    )
    assert half["miscalibration"].item() == pytest.approx(expected)


def test_strategies_are_compared_user_by_user_in_both_directions() -> None:
    made = compare_strategies(
        outcomes(), rng=lambda use: random_stream(1, use), samples=100, minimum_users=3
    )
    table = check_frame(made, ranking_contracts.RankingComparisons, ids=INTEGERS)
    ndcg = table.filter((pl.col("split") == "val") & (pl.col("metric") == "ndcg"))
    forth = ndcg.filter(pl.col("strategy") == "blend")["difference"].item()
    back = ndcg.filter(pl.col("strategy") == "popularity")["difference"].item()
    # user 1: first instead of second; user 2: a hit instead of none
    assert forth == pytest.approx(((1 - 1 / log2(3)) + (1 - 0)) / 2)
    assert back == pytest.approx(-forth)
    assert not ndcg["is_enough"].any()


def test_no_list_at_all_gives_no_row_with_the_types_of_rows() -> None:
    relevant = relevant_pairs(HELD[0], TRAIN, allow_consumed=False)
    none = list_outcomes(
        relevant,
        split="val",
        lists=LISTS.head(0),
        default_list=DEFAULT,
        past=past_of(TRAIN),
        ks=[2],
    )
    check_frame(none, ranking_contracts.RankingOutcomes, ids=INTEGERS)
    assert none.is_empty()
