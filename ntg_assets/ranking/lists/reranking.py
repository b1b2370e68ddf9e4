"""Lists under business rules: the one place where scores become lists,
for the night, the strategies and single users.
"""

import numpy as np

from ntg_assets.arrays import Floats
from ntg_assets.ranking.lists.place_by_place import choose_in_tables, first_places
from ntg_assets.ranking.scoring.blend import NO_RULE, Lists, blend_scores, top_lists
from ntg_assets.ranking.scoring.candidates import Pairs
from ntg_assets.ranking.scoring.model import RankingModel


def make_lists(
    pairs: Pairs, features: Floats, model: RankingModel, *, k: int, n_users: int
) -> Lists:
    """Cut scored pairs to each user's list.

    Without rules: the `k` best by score. With rules: excluded items out, scores times boosts, then
    place by place the best item that no cap forbids; the last of the first `top_k` places wait for
    new items while too few are there. A shorter list is the beginning of a longer one.

    Args:
        pairs: Candidates, by user, then by item code.
        features: Pairs x sources.
        model: Weights and rules.
        k: Length of the lists.
        n_users: Users of the block.

    Source: Carbonell and Goldstein 1998 (maximal marginal relevance).
    """
    rules = model.rules
    if rules is None:
        return top_lists(pairs, features, model.weight_vector, k=k, n_users=n_users)
    score = blend_scores(features, model.weight_vector) * rules.boost[pairs.item]
    allowed = ~rules.excluded[pairs.item]
    order = np.lexsort((pairs.item, -score, pairs.user))
    order = order[allowed[order]]
    if rules.settings.reorder:
        chosen = choose_in_tables(
            Pairs(pairs.user[order], pairs.item[order]),
            score[order],
            model,
            rules,
            k=k,
            n_users=n_users,
        )
    else:
        chosen = first_places(pairs.user[order], k=k, n_users=n_users)
    kept = order[chosen.row]
    given_by = np.where(
        (chosen.given_by == NO_RULE) & (rules.boost[pairs.item[kept]] != 1.0),
        "boosts",
        chosen.given_by,
    )
    return Lists(
        pairs.user[kept],
        pairs.item[kept],
        chosen.rank,
        score[kept],
        features[kept] * model.weight_vector,
        given_by,
    )
