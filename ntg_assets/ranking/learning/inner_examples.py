"""Examples of the inner cuts of a log: everything is made anew from before each."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from math import ceil
from typing import Protocol

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats, Longs, codes_of
from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.interactions.dislikes import mark_dislikes
from ntg_assets.interactions.interactions import Interactions, code_interactions
from ntg_assets.interactions.side_by_side import AT_ONCE, side_by_side
from ntg_assets.randomness import unit_interval
from ntg_assets.ranking.learning.examples import FINEST_FOLDS, Examples
from ntg_assets.ranking.learning.inner_cut import InnerSlice, sample_users
from ntg_assets.ranking.scoring.model import RankingModel
from ntg_assets.ranking.scoring.popularity import item_popularity
from ntg_assets.ranking.scoring.ranking_model import ranking_model
from ntg_assets.ranking.scoring.repeat_consumption import return_parts
from ntg_assets.ranking.scoring.scores import Scorer, is_large, scorer, user_blocks
from ntg_assets.ranking.scoring.sources import graphs_of

# in learning: what no source ranks higher hardly ever reaches the first ten of a list, and costs as
# much
CANDIDATES_PER_SOURCE = 30
# events of a history whose graphs use every core by themselves, and need the memory for themselves
ALONE_FROM = 1_000_000


class MakeGraphs(Protocol):
    """Makes the graphs of a log; see `graphs_of`."""

    def __call__(
        self, log: Interactions, *, taste: TasteSettings, seed: int
    ) -> dict[str, pl.DataFrame]: ...


def inner_model(
    log: Interactions,
    cut: InnerSlice,
    *,
    graphs: Mapping[str, pl.DataFrame],
    settings: RankingSettings,
) -> RankingModel:
    """Rebuild the model as it would have been at an inner cut."""
    popularity = item_popularity(
        log, now=cut.cutoff_at, half_life_days=settings.popularity_half_life_days
    )
    narrow = settings.model_copy(
        update={"candidates_per_source": min(settings.candidates_per_source, CANDIDATES_PER_SOURCE)}
    )
    return ranking_model(
        popularity=popularity,
        graphs=graphs,
        cutoff_at=cut.cutoff_at,
        settings=narrow,
        zone=cut.zone,
        log=log,
    )


def collect_examples(
    cuts: Iterable[InnerSlice],
    *,
    taste: TasteSettings,
    settings: RankingSettings,
    seed: int,
    make_graphs: MakeGraphs = graphs_of,
) -> Examples:
    """Collect the examples of inner cuts: of `inner_slices`, and of further ones while label users
    are few.

    Args:
        cuts: Histories with their labels, the latest first.
        taste: How the graphs are made.
        settings: Candidates, label users.
        seed: Chooses label users and folds.
        make_graphs: Rebuilds the graphs from the events before a cut.
    """
    slices: list[list[Examples]] = []
    ahead = iter(cuts)
    while (n_wanted := _wanted(slices, settings)) and (cut := next(ahead, None)):
        n_at_once = min(n_wanted, AT_ONCE) if cut.history.height < ALONE_FROM else 1
        for made in side_by_side(
            lambda cut: _examples_of(cut, taste, settings, seed, make_graphs),
            [cut, *islice(ahead, n_at_once - 1)],
        ):
            slices += [made] if _wanted(slices, settings) else []
    parts = [part for made in slices for part in made]
    if not parts:
        none, no_flags = np.empty(0, np.int64), np.empty(0, np.bool_)
        return Examples(none, np.empty((0, 0)), np.empty((0, 0)), no_flags, no_flags, none, none)
    offsets = np.cumsum([0, *(part.n_users for part in parts[:-1])])
    others = ("features", "returns", "taken", "is_contender", "n_relevant", "fold")
    return Examples(
        np.concatenate([part.user + offset for part, offset in zip(parts, offsets, strict=True)]),
        *(np.concatenate([getattr(part, name) for part in parts]) for name in others),
    )


def _wanted(slices: Sequence[Sequence[Examples]], settings: RankingSettings) -> int:
    """Say how many more slices are wanted, where each has as many label users as the last one."""
    if len(slices) < settings.inner_slices:
        return settings.inner_slices - len(slices)
    users = [sum(part.n_users for part in parts) for parts in slices]
    n_missing = max(settings.inner_label_users - sum(users), 0)
    return ceil(n_missing / max(users[-1], 1))


def _examples_of(
    cut: InnerSlice,
    taste: TasteSettings,
    settings: RankingSettings,
    seed: int,
    make_graphs: MakeGraphs,
) -> list[Examples]:
    history = mark_dislikes(cut.history, settings.dislikes)
    log = code_interactions(history)
    model = inner_model(
        log, cut, graphs=make_graphs(log, taste=taste, seed=seed), settings=settings
    )
    relevant = relevant_items(cut.labels, cut.history, settings=settings)
    users = sample_users(relevant["user_id"].unique(), most=settings.inner_users, seed=seed)
    known = code_interactions(
        history.filter(pl.col("user_id").is_in(users.implode())), items=model.items
    )
    compiled = is_large(known)
    score, blocks = scorer(model, compiled=compiled), user_blocks(known, compiled=compiled)
    return [
        found
        for block in blocks
        if (found := _examples_in(block, model, relevant, seed, score)).n_users
    ]


def relevant_items(
    labels: pl.DataFrame, history: pl.DataFrame, *, settings: RankingSettings
) -> pl.DataFrame:
    """Return the distinct (user, item) of the labels that a list could have been right about: of
    known users, and new to them.
    """
    pairs = (
        labels.select("user_id", "item_id")
        .unique()
        .join(history.select("user_id").unique(), on="user_id", how="semi")
    )
    if settings.recommend_consumed == "allow":
        return pairs
    return pairs.join(history.select("user_id", "item_id"), on=["user_id", "item_id"], how="anti")


def _examples_in(
    block: Interactions, model: RankingModel, relevant: pl.DataFrame, seed: int, score: Scorer
) -> Examples:
    candidates, pairs, features = score(block)
    key = pairs.user * model.n_items + pairs.item
    high = candidates.rank <= model.settings.contender_rank
    is_contender = np.isin(key, candidates.user[high] * model.n_items + candidates.item[high])
    wanted = relevant.filter(pl.col("user_id").is_in(block.users.implode()))
    wanted_user = codes_of(wanted["user_id"], known=block.users)
    wanted_item = codes_of(wanted["item_id"], known=model.items)
    taken = np.isin(key, (wanted_user * model.n_items + wanted_item)[wanted_item >= 0])
    fold = np.array(
        [int(unit_interval(f"fold:{seed}", user) * FINEST_FOLDS) for user in block.users], np.int64
    )
    n_relevant = np.bincount(wanted_user, minlength=block.n_users)
    return _with_candidates(
        Examples(
            pairs.user,
            features,
            returns_of(key, block, model),
            taken,
            is_contender,
            n_relevant,
            fold,
        )
    )


def returns_of(key: Longs, block: Interactions, model: RankingModel) -> Floats:
    """Look up what speaks for a return of each candidate (user * items + item);
    NaN for what the user has not had.
    """
    if model.settings.recommend_consumed == "never":
        return np.empty((len(key), 0))
    known = return_parts(block.liked, model)
    known_key = known.user * model.n_items + known.item
    place = np.minimum(np.searchsorted(known_key, key), len(known_key) - 1)
    return np.where((known_key[place] == key)[:, None], known.parts[place], np.nan)


def _with_candidates(found: Examples) -> Examples:
    """Leave out users without any candidate: the softmax has no place for them."""
    return found.only(np.bincount(found.user, minlength=found.n_users) > 0)
