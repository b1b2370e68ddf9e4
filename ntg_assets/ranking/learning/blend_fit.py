"""The fit of the blend: a conditional logit of what label users took, pulled towards a prior."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from ntg_assets.arrays import Floats, Longs, position_in_group
from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.ranking.learning.examples import FINEST_FOLDS, Examples
from ntg_assets.ranking.learning.repeat_weights import fit_returns, with_returns
from ntg_assets.ranking.learning.weight_prior import WeightPrior
from ntg_assets.ranking.scoring.sources import RETURNS, Source
from ntg_assets.statistics.bootstrap import LEVEL
from ntg_assets.statistics.likelihood import minimise, significant
from ntg_assets.statistics.ranking_metrics import hits_by_place, user_metrics

DECISION_K = 10  # NDCG at this length says what a source is worth by itself
N_FOLDS = 2
# up to so many label users are held out by eighths: the weights that are judged are then those of
# seven eighths of them, not of a few dozen
FEW_USERS = 500


def returns_position(sources: Sequence[Source]) -> int | None:
    """Return the position of the probability of a return among the sources;
    None: it is not there.
    """
    return next(
        (position for position, source in enumerate(sources) if source.name == RETURNS), None
    )


class Pull(NamedTuple):
    """Where weights are pulled to, and how strongly: precision / 2 * (weight - mean)^2 is paid."""

    mean: Floats
    precision: Floats

    @classmethod
    def towards(
        cls,
        prior: WeightPrior,
        sources: Sequence[Source],
        *,
        floor: int,
        settings: RankingSettings,
    ) -> "Pull":
        """Return the pull of a prior; of the popularity sources `floor` stands for the floor."""
        mean, deviation = prior.weights(sources, floor=floor)
        return cls(mean, settings.weight_shrinkage / deviation**2)

    def of(self, kept: Sequence[int]) -> "Pull":
        """Return the pull of some of the sources."""
        return Pull(self.mean[kept], self.precision[kept])


def fit(examples: Examples, pull: Pull) -> Floats:
    """Maximise the likelihood of what was taken, minus what the pull costs,
    over weights of at least 0.

    Only contenders compete. With every candidate in the race the weights would serve the many
    relevant items far down a list instead of its top (measured on repeat purchases: NDCG@10 .445
    with all, .455 with the first ten of each source).
    """
    objective = _objective(examples.contenders(), pull)
    return significant(minimise(objective, pull.mean, bounds=(0.0, np.inf)))


def _objective(examples: Examples, pull: Pull) -> Callable[[Floats], tuple[float, Floats]]:
    target, counted = examples.target, examples.has_target
    scale = max(int(counted.sum()), 1)

    def objective(weights: Floats) -> tuple[float, Floats]:
        utility, away = examples.features @ weights, weights - pull.mean
        log_total, share = _softmax(utility, examples)
        loss = (
            log_total[counted].sum()
            - (target * utility).sum()
            + (pull.precision * away**2).sum() / 2
        )
        gradient = (
            examples.features.T @ (share * counted[examples.user] - target) + pull.precision * away
        )
        return loss / scale, gradient / scale

    return objective


def _softmax(utility: Floats, examples: Examples) -> tuple[Floats, Floats]:
    """Return each user's log of summed exponentials,
    and each candidate's share of its user's sum.
    """
    first = examples.start[:-1]
    largest = np.maximum.reduceat(utility, first)
    raised = np.exp(utility - largest[examples.user])
    total = np.add.reduceat(raised, first)
    return largest + np.log(total), raised / total[examples.user]


def weight_interval(examples: Examples, weights: Floats, pull: Pull) -> tuple[Floats, Floats]:
    """Return the ends of the weights' intervals, clustered by user and cut at 0."""
    examples = examples.contenders()
    counted = examples.has_target[examples.user]
    _, share = _softmax(examples.features @ weights, examples)
    share = share * counted
    mean = np.add.reduceat(share[:, None] * examples.features, examples.start[:-1])
    scores = (
        np.add.reduceat(examples.target[:, None] * examples.features, examples.start[:-1]) - mean
    )
    hessian = (
        (examples.features * share[:, None]).T @ examples.features
        - mean.T @ mean
        + np.diag(pull.precision)
    )
    bread = np.linalg.inv(hessian)
    margin = ndtri((1 + LEVEL) / 2) * np.sqrt(np.diag(bread @ (scores.T @ scores) @ bread))
    return np.maximum(weights - margin, 0.0), weights + margin


def folds_of(examples: Examples) -> Longs:
    """Return the part of the users that each label user is held out with."""
    n_folds = FINEST_FOLDS if examples.n_users <= FEW_USERS else N_FOLDS
    return examples.fold * n_folds // FINEST_FOLDS


def cross_fitted(examples: Examples, pull: Pull, *, returns: int | None) -> Floats:
    """Score every candidate with weights, those of returns too, that its user did not teach."""
    utility, folds = np.zeros(len(examples.user)), folds_of(examples)
    for fold in np.unique(folds):
        is_held = folds == fold
        held, others = examples.only(is_held), examples.only(~is_held)
        if returns is not None:
            come_back = fit_returns(others)
            held, others = (
                with_returns(part, come_back, position=returns) for part in (held, others)
            )
        weights = fit(others, pull) if others.n_users else pull.mean
        utility[is_held[examples.user]] = held.features @ weights
    return utility


def ndcg_of(examples: Examples, utility: Floats, *, k: int = DECISION_K) -> Floats:
    """Return each label user's NDCG at `k` when candidates are ranked by `utility`;
    equal ones by the item's code; 0 is not shown.
    """
    order = np.lexsort((-utility, examples.user))
    user = examples.user[order]
    rank: Longs = position_in_group(user, n_groups=examples.n_users) + 1
    hit = examples.taken[order] & (utility[order] > 0)
    hits = hits_by_place(user, rank, hit, n_users=examples.n_users, k=k)
    return user_metrics(hits, examples.n_relevant, k=k).ndcg
