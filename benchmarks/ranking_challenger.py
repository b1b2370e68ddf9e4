"""The challenger of the blend: LambdaMART over the same candidates,
features and labels. It is stated beside the blend, never used.
"""

from typing import Any

import numpy as np

from benchmarks.ranking_ntg import Learned, model_of
from benchmarks.ranking_peers import Task
from ntg_assets.arrays import Floats, codes_of
from ntg_assets.ranking.learning.examples import Examples
from ntg_assets.ranking.learning.inner_examples import returns_of
from ntg_assets.ranking.scoring.scores import is_large, scorer, user_blocks

ROUNDS = 100
OPTIONS = {
    "objective": "lambdarank",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 100,
    "lambdarank_truncation_level": 20,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


def challenger_lists(task: Task, learned: Learned, *, k: int, seed: int) -> np.ndarray | None:
    """Return the challenger's lists: evaluated users x places of item codes,
    -1 where there is nothing. None: no labels teach it.
    """
    examples = learned.examples
    if examples.n_users == 0 or not examples.taken.any():
        return None
    trees = _fit(examples, seed=seed)
    model, log = model_of(task, learned, weights=None), learned.users
    score, lists, first = (
        scorer(model, compiled=is_large(log)),
        np.full((log.n_users, k), -1, np.int64),
        0,
    )
    for block in user_blocks(log, compiled=is_large(log)):
        found = score(block)
        if len(found.pairs.user):
            utility = trees.predict(
                _columns(
                    found.features,
                    returns_of(found.pairs.user * model.n_items + found.pairs.item, block, model),
                )
            )
            order = np.lexsort((found.pairs.item, -utility, found.pairs.user))
            user = found.pairs.user[order]
            place = np.arange(len(user)) - np.searchsorted(user, user)
            top = place < k
            lists[user[top] + first, place[top]] = found.pairs.item[order][top]
        first += block.n_users
    return lists[codes_of(task.users, known=log.users)]


def _fit(examples: Examples, *, seed: int) -> Any:
    import lightgbm

    examples = examples.contenders()  # what teaches the blend
    data = lightgbm.Dataset(
        _columns(examples.features, examples.returns),
        examples.taken.astype(np.int32),
        group=np.bincount(examples.user),
    )
    return lightgbm.train({**OPTIONS, "seed": seed}, data, ROUNDS)


def _columns(features: Floats, returns: Floats) -> Floats:
    return np.concatenate([features, returns], axis=1)
