"""Weights of the blend: learned on labels from inside TRAIN, or,
where these do not show a gain, the default ones.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.optimize import minimize
from scipy.special import ndtri
from threadpoolctl import threadpool_limits

from ntg_assets.arrays import Floats, Longs, position_in_group
from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.ranking.learning.examples import Examples
from ntg_assets.ranking.learning.repeat_weights import (
    ReturnWeights,
    fit_returns,
    return_intervals,
    return_rows,
    with_returns,
)
from ntg_assets.ranking.scoring.sources import DEFAULT_POPULARITY_WEIGHT, RETURNS, Source
from ntg_assets.statistics.bootstrap import LEVEL, Interval, mean_intervals
from ntg_assets.statistics.ranking_metrics import hits_by_place, user_metrics

DECISION_K = 10  # NDCG at this length decides what the blend is made of
N_FOLDS = 2
PRIOR_USERS = 100  # label users that weigh as much as what other logs say of the default weights:
PRIOR_GAIN = 0.05  # that they rank this part better than the floor
# the features go together: with looser ends the weights depend on where the search starts
CONVERGED = {"ftol": 1e-12, "gtol": 1e-8}


@dataclass(frozen=True)
class Evidence:
    """What the inner labels say.

    Attributes:
        floor: Position of the popularity source that ranks best by itself.
        alone: NDCG of each source by itself.
        blend: NDCG of the learned blend for users who did not teach it.
        default: Difference of the default weights to the floor, user by user.
        gain: Difference of the blend to the floor, user by user.
        n_users: Label users.
    """

    floor: int
    alone: Interval
    blend: float
    default: Interval
    gain: Interval
    n_users: int

    @property
    def shows_gain(self) -> bool:
        return bool(self.gain.low[0] > 0)

    @property
    def status(self) -> str:
        """Which weights are used; where learning shows no gain the default ones,
        unless they do harm.
        """
        if self.shows_gain:
            return "learned"
        return "floor" if self.default.high[0] < 0 or self.expected_default < 0 else "default"

    @property
    def expected_default(self) -> float:
        """What the default weights are expected to add to the floor: few label users say less than
        what is known of other logs.
        """
        known = PRIOR_GAIN * float(self.alone.mean[self.floor])
        return (PRIOR_USERS * known + self.n_users * float(self.default.mean[0])) / (
            PRIOR_USERS + self.n_users
        )


def learn_weights(
    examples: Examples,
    *,
    sources: Sequence[Source],
    settings: RankingSettings,
    rng: np.random.Generator,
    samples: int,
) -> pl.DataFrame:
    """Learn the weights of the blend.

    A conditional logit: each taken candidate competes with all candidates of its user. Weights are
    not negative, for every source says "more of this", and are pulled towards the default ones.

    Args:
        examples: Candidates of label users with what was taken, from inner cuts.
        sources: The sources, in the order of the features.
        settings: Shrinkage.
        rng: Seeded stream of the intervals.
        samples: Resamples.

    Returns:
        `ranking_weights`. When the interval of the cross-fitted gain over the popularity floor does
        not lie above 0, `weight` is the default, or, where that is expected to do worse than the
        floor, that of the floor alone, and `status` says so.

    Source: McFadden 1974 (conditional logit); White 1980 (sandwich intervals, clustered by user).
    """
    if examples.n_users == 0:
        return _table(sources, default_weights(sources, floor=None), None, None, status="no_labels")
    with threadpool_limits(1):  # one thread: the bits do not depend on their number
        returns = returns_position(sources)
        evidence = _evidence(examples, sources, settings, rng, samples)
        default = default_weights(sources, floor=evidence.floor)
        come_back = (
            return_intervals(examples, fit_returns(examples)) if returns is not None else None
        )
        taught = (
            with_returns(examples, come_back.mean, position=returns)
            if returns is not None and come_back
            else examples
        )
        learned = fit(taught, default=default, shrinkage=settings.weight_shrinkage)
        low, high = _sandwich(taught, learned, shrinkage=settings.weight_shrinkage)
    return _table(
        sources,
        default,
        Interval(learned, low, high),
        evidence,
        status=evidence.status,
        returns=come_back,
    )


def returns_position(sources: Sequence[Source]) -> int | None:
    """Return the position of the probability of a return among the sources;
    None: it is not there.
    """
    return next(
        (position for position, source in enumerate(sources) if source.name == RETURNS), None
    )


def default_weights(sources: Sequence[Source], *, floor: int | None) -> Floats:
    """Return the weights while no labels teach better ones;
    of the popularity sources only the floor counts (none: the slowest).
    """
    popular = [position for position, source in enumerate(sources) if source.kind == "popularity"]
    weights = np.array([source.default_weight for source in sources])
    weights[popular[-1] if floor is None else floor] = DEFAULT_POPULARITY_WEIGHT
    return weights


def fit(examples: Examples, *, default: Floats, shrinkage: float) -> Floats:
    """Maximise the likelihood of what was taken, minus shrinkage / 2 * |weights - default|^2,
    over weights of at least 0.

    Only contenders compete. With every candidate in the race the weights would serve the many
    relevant items far down a list instead of its top (measured on repeat purchases: NDCG@10 .445
    with all, .455 with the first ten of each source).
    """
    objective = _objective(examples.contenders(), default, shrinkage)
    return minimize(
        objective,
        default,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, None)] * len(default),
        options=CONVERGED,
    ).x  # type: ignore[call-overload]


def _objective(
    examples: Examples, default: Floats, shrinkage: float
) -> Callable[[Floats], tuple[float, Floats]]:
    target, counted = examples.target, examples.has_target
    scale = max(int(counted.sum()), 1)

    def objective(weights: Floats) -> tuple[float, Floats]:
        utility = examples.features @ weights
        log_total, share = _softmax(utility, examples)
        loss = (
            log_total[counted].sum()
            - (target * utility).sum()
            + shrinkage / 2 * ((weights - default) ** 2).sum()
        )
        gradient = examples.features.T @ (share * counted[examples.user] - target) + shrinkage * (
            weights - default
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


def _sandwich(examples: Examples, weights: Floats, *, shrinkage: float) -> tuple[Floats, Floats]:
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
        + shrinkage * np.eye(len(weights))
    )
    bread = np.linalg.inv(hessian)
    margin = ndtri((1 + LEVEL) / 2) * np.sqrt(np.diag(bread @ (scores.T @ scores) @ bread))
    return np.maximum(weights - margin, 0.0), weights + margin


def _evidence(
    examples: Examples,
    sources: Sequence[Source],
    settings: RankingSettings,
    rng: np.random.Generator,
    samples: int,
) -> Evidence:
    alone = np.stack(
        [ndcg_of(examples, examples.features[:, position]) for position in range(len(sources))],
        axis=1,
    )
    popular = [position for position, source in enumerate(sources) if source.kind == "popularity"]
    floor = max(popular, key=lambda position: (alone[:, position].mean(), position))
    default = default_weights(sources, floor=floor)
    blend = ndcg_of(
        examples,
        cross_fitted(
            examples, default, settings.weight_shrinkage, returns=returns_position(sources)
        ),
    )
    gain = mean_intervals((blend - alone[:, floor])[:, None], rng=rng, samples=samples)
    fallback = ndcg_of(examples, examples.features @ default) - alone[:, floor]
    harm = mean_intervals(fallback[:, None], rng=rng, samples=samples)
    return Evidence(
        floor,
        mean_intervals(alone, rng=rng, samples=samples),
        float(blend.mean()),
        harm,
        gain,
        examples.n_users,
    )


def cross_fitted(
    examples: Examples, default: Floats, shrinkage: float, *, returns: int | None
) -> Floats:
    """Score every candidate with weights, those of returns too, that its user did not teach."""
    utility = np.zeros(len(examples.user))
    for fold in range(N_FOLDS):
        is_held = examples.fold == fold
        held, others = examples.only(is_held), examples.only(~is_held)
        if returns is not None:
            come_back = fit_returns(others)
            held, others = (
                with_returns(part, come_back, position=returns) for part in (held, others)
            )
        weights = fit(others, default=default, shrinkage=shrinkage) if others.n_users else default
        utility[is_held[examples.user]] = held.features @ weights
    return utility


def ndcg_of(examples: Examples, utility: Floats) -> Floats:
    """Return each label user's NDCG when candidates are ranked by `utility`;
    equal ones by the item's code; 0 is not shown.
    """
    order = np.lexsort((-utility, examples.user))
    user = examples.user[order]
    rank: Longs = position_in_group(user, n_groups=examples.n_users) + 1
    hit = examples.taken[order] & (utility[order] > 0)
    hits = hits_by_place(user, rank, hit, n_users=examples.n_users, k=DECISION_K)
    return user_metrics(hits, examples.n_relevant, k=DECISION_K).ndcg


def _table(
    sources: Sequence[Source],
    default: Floats,
    learned: Interval | None,
    evidence: Evidence | None,
    *,
    status: str,
    returns: ReturnWeights | None = None,
) -> pl.DataFrame:
    n = len(sources)
    taught = learned or Interval(default, np.full(n, np.nan), np.full(n, np.nan))
    alone = evidence.alone if evidence else Interval(*(np.full(n, np.nan) for _ in range(3)))
    floor_alone = np.array(
        [float(evidence is not None and position == evidence.floor) for position in range(n)]
    )
    weight = {"learned": taught.mean, "floor": floor_alone}.get(status, default)
    frame = pl.DataFrame(
        {
            "feature": [source.name for source in sources],
            "kind": [source.kind for source in sources],
            "half_life": [source.half_life for source in sources],
            "weight": weight,
            "default_weight": default,
            "learned_weight": taught.mean,
            "learned_low": taught.low,
            "learned_high": taught.high,
            "ndcg_alone": alone.mean,
            "ndcg_alone_low": alone.low,
            "ndcg_alone_high": alone.high,
            "is_floor": floor_alone > 0,
        },
        schema_overrides={"half_life": pl.Float64},
    )
    if returns_position(sources) is not None:
        frame = pl.concat(
            [frame, return_rows(returns, is_learned=status == "learned")], how="diagonal"
        )
    told = {
        "status": status,
        "n_label_users": evidence.n_users if evidence else 0,
        "blend_ndcg": evidence.blend if evidence else None,
        "gain": float(evidence.gain.mean[0]) if evidence else None,
        "gain_low": float(evidence.gain.low[0]) if evidence else None,
        "gain_high": float(evidence.gain.high[0]) if evidence else None,
        "evidence": _sentence(sources, evidence),
    }
    types = {"status": pl.String, "n_label_users": pl.Int64, "evidence": pl.String}
    return frame.with_columns(
        pl.lit(value, types.get(name, pl.Float64)).alias(name) for name, value in told.items()
    ).fill_nan(None)


def _sentence(sources: Sequence[Source], evidence: Evidence | None) -> str:
    if evidence is None:
        return "No user has labels inside TRAIN, so the default weights are used."
    low, high = evidence.gain.low[0], evidence.gain.high[0]
    figures = (
        f"NDCG@{DECISION_K} {evidence.blend:.4f} for the learned blend against"
        f" {evidence.alone.mean[evidence.floor]:.4f} for {sources[evidence.floor].name}:"
        f" {evidence.gain.mean[0]:+.4f} [{low:+.4f}, {high:+.4f}] on {evidence.n_users} label users"
    )
    if evidence.shows_gain:
        return f"Learned weights are used: {figures}."
    if evidence.status == "default":
        return (
            f"Default weights are used, for no gain over the popularity floor is shown: {figures}."
        )
    harm = (
        f"{evidence.default.mean[0]:+.4f} [{evidence.default.low[0]:+.4f},"
        f" {evidence.default.high[0]:+.4f}]"
    )
    return (
        f"The popularity floor alone is used, for no gain over it is shown: {figures}; {harm} for"
        " the default weights."
    )
