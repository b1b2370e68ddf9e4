import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.contracts import IdTypes, check_frame
from ntg_assets.taste.axis_stability import match_axes
from ntg_assets.taste.contracts import ItemEmbeddings, TasteAxes, UserTaste
from ntg_assets.taste.item_embeddings import embed_items
from ntg_assets.taste.taste_axes import find_taste_axes, score_users
from ntg_assets.taste.taste_graph import build_taste_graph
from ntg_assets_tests.logs import SAMPLE, movielens
from ntg_assets_tests.ranking_world import communities

INTEGERS = IdTypes("integer", "integer")
SETTINGS = TasteSettings(min_item_support=1, min_shared_users=1, n_axes=3)
LOG = communities(1)
GROUPS = pl.DataFrame({"item_id": range(1, 37)}).with_columns(
    category=pl.concat_str(pl.lit("group "), (pl.col("item_id") - 1) // 12)
)
TITLES = pl.DataFrame({"item_id": range(1, 37)}).with_columns(
    title=pl.concat_str(pl.lit("Film "), "item_id")
)


def axes_of(log: pl.DataFrame, settings: TasteSettings = SETTINGS) -> pl.DataFrame:
    graph = build_taste_graph(log, settings=settings).edges
    return find_taste_axes(graph, item_categories=GROUPS, titles=TITLES, settings=settings)


def test_axes_are_the_communities_and_carry_their_names() -> None:
    axes = check_frame(axes_of(LOG), TasteAxes, ids=INTEGERS)
    strong = axes.filter(pl.col("loading") > 0.2).with_columns(group=(pl.col("item_id") - 1) // 12)
    assert strong.group_by("axis").agg(pl.col("group").n_unique())["group"].to_list() == [1, 1, 1]
    for name, group in strong.select("name", "group").unique().iter_rows():
        assert name.startswith(f"group {group}: Film ")


def test_the_strongest_item_of_an_axis_loads_one() -> None:
    assert axes_of(LOG).filter(pl.col("rank") == 1)["loading"].to_list() == [1.0, 1.0, 1.0]


def test_users_stand_on_the_axis_of_their_community() -> None:
    taste = check_frame(score_users(LOG, axes=axes_of(LOG)), UserTaste, ids=INTEGERS)
    best = (
        taste.sort("score", descending=True)
        .group_by("user_id", maintain_order=True)
        .first()
        .sort("user_id")
    )
    by_community = best.group_by(pl.col("user_id") % 3).agg(pl.col("axis").n_unique())
    assert by_community["axis"].to_list() == [1, 1, 1]
    assert (best["score"] > 0.9).all()
    assert taste.group_by("user_id").agg(pl.col("score").sum())["score"].to_list() == pytest.approx(
        [1.0] * 60
    )


def test_the_percentile_is_the_share_below_with_ties_counted_half() -> None:
    axes = axes_of(LOG)
    outsider = (
        LOG.with_columns(item_id=pl.lit(999, pl.Int64))
        .head(1)
        .with_columns(user_id=pl.lit(1000, pl.Int64))
    )
    taste = score_users(pl.concat([LOG, outsider]), axes=axes).filter(pl.col("user_id") == 1000)
    n_without = [
        (score_users(LOG, axes=axes).filter(pl.col("axis") == axis)["score"] == 0).sum()
        for axis in (1, 2, 3)
    ]
    assert taste["score"].to_list() == [0.0, 0.0, 0.0]
    assert taste["percentile"].to_list() == pytest.approx([((n + 1) / 2) / 61 for n in n_without])


@pytest.mark.parametrize("n_rows", [0, 1])
def test_a_graph_without_edges_has_no_axes(n_rows: int) -> None:
    axes = axes_of(LOG.head(n_rows))
    assert check_frame(axes, TasteAxes, ids=INTEGERS).is_empty()
    assert check_frame(score_users(LOG.head(n_rows), axes=axes), UserTaste, ids=INTEGERS).is_empty()


@pytest.mark.slow
def test_axes_of_real_taste_survive_the_loss_of_one_event_in_a_hundred() -> None:
    settings, log = TasteSettings(), movielens()
    films = pl.read_csv(SAMPLE / "movies.csv").select(
        item_id="movieId", title="title", category=pl.col("genres").str.split("|")
    )

    def real_axes(events: pl.DataFrame) -> pl.DataFrame:
        graph = build_taste_graph(events, settings=settings).edges
        return find_taste_axes(
            graph, item_categories=films.explode("category"), titles=films, settings=settings
        )

    whole = real_axes(log)
    matched = pl.concat(
        [
            match_axes(whole, real_axes(log.filter(pl.int_range(pl.len()) % 100 != left_out)))
            for left_out in (7, 42)
        ]
    )
    assert matched.height == 2 * 8
    assert (matched["similarity"] > 0.9).all()
    assert matched["has_same_name"].sum() >= 14
    assert (matched["axis"] == matched["matched_axis"]).sum() >= 14


def test_axes_are_matched_whatever_their_order() -> None:
    axes = axes_of(LOG)
    turned = axes.with_columns(
        axis=4 - pl.col("axis"),
        name=pl.when(pl.col("axis") == 1).then(pl.lit("other")).otherwise("name"),
    )
    matched = match_axes(axes, turned)
    assert matched.select("axis", "matched_axis", "has_same_name").rows() == [
        (1, 3, False),
        (2, 2, True),
        (3, 1, True),
    ]
    assert matched["similarity"].to_list() == pytest.approx([1, 1, 1])


def test_axes_are_numbered_by_name() -> None:
    names = axes_of(LOG).select("axis", "name").unique().sort("axis")["name"].to_list()
    assert names == sorted(names)


def test_embeddings_can_be_turned_off_and_have_a_fixed_sign() -> None:
    off = SETTINGS.model_copy(update={"embedding_dimensions": 0})
    assert check_frame(
        embed_items(LOG, settings=off, seed=1), ItemEmbeddings, ids=INTEGERS
    ).is_empty()
    found = embed_items(
        LOG, settings=SETTINGS.model_copy(update={"embedding_dimensions": 3}), seed=1
    )
    largest = found.sort(pl.col("value").abs(), descending=True).group_by("dimension").first()
    assert check_frame(found, ItemEmbeddings, ids=INTEGERS)["dimension"].n_unique() == 3
    assert (largest["value"] > 0).all()


def test_embeddings_are_those_of_a_whole_decomposition_with_ridge_weights() -> None:
    settings = SETTINGS.model_copy(
        update={
            "embedding_dimensions": 2,
            "embedding_regularisation": 5.0,
            "embedding_min_item_support": 1,
        }
    )
    counts = (
        LOG.select("user_id", "item_id", "event_at").unique().group_by("user_id", "item_id").len()
    )
    table = (
        counts.pivot("item_id", index="user_id", values="len", sort_columns=True)
        .drop("user_id")
        .fill_null(0)
    )
    matrix = np.log2(1 + table.to_numpy())
    _, strength, vectors = np.linalg.svd(matrix, full_matrices=False)
    ridge = 5.0 * (matrix**2).sum() / matrix.shape[1]
    both = (vectors[:2].T * (strength**2 / (strength**2 + ridge))[:2]) @ vectors[:2]
    found = (
        embed_items(LOG, settings=settings, seed=1)
        .pivot("dimension", index="item_id", values="value")
        .sort("item_id")
    )
    values = found.drop("item_id").to_numpy()
    order = [table.columns.index(str(item)) for item in found["item_id"]]
    assert values @ values.T == pytest.approx(both[np.ix_(order, order)], abs=1e-6)
