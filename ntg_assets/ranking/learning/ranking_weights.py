"""Weights of the blend: what labels from inside TRAIN teach, starting from what other logs say."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.ranking.learning.blend_fit import (
    Pull,
    fit,
    returns_position,
    weight_interval,
)
from ntg_assets.ranking.learning.decision_words import decision_in_words
from ntg_assets.ranking.learning.examples import Examples
from ntg_assets.ranking.learning.harm_guard import Evidence, evidence_of
from ntg_assets.ranking.learning.popularity_pace import Pace
from ntg_assets.ranking.learning.repeat_weights import (
    ReturnWeights,
    fit_returns,
    return_intervals,
    return_rows,
    with_returns,
)
from ntg_assets.ranking.learning.weight_prior import weight_prior
from ntg_assets.ranking.scoring.sources import Source, popularity_name
from ntg_assets.statistics.bootstrap import Interval
from ntg_assets.statistics.one_thread import one_thread


def learn_weights(
    examples: Examples,
    *,
    sources: Sequence[Source],
    settings: RankingSettings,
    rng: np.random.Generator,
    samples: int,
    pace: Pace | None = None,
) -> pl.DataFrame:
    """Learn the weights of the blend.

    A conditional logit: each taken candidate competes with all candidates of its user. Weights are
    not negative, for every source says "more of this", and start from what other logs say of them
    (`weight_prior`): a weight is pulled towards its mean over families of logs, the more the less
    these differ.

    Args:
        examples: Candidates of label users with what was taken, from inner cuts.
        sources: The sources, in the order of the features.
        settings: Shrinkage, families that the prior leaves out.
        rng: Seeded stream of the intervals.
        samples: Resamples.
        pace: What many instants say of the half-lives of popularity. None: the inner labels choose
            among them.

    Returns:
        `ranking_weights`. `weight` is what is learned, unless the cross-fitted gain over the
        popularity floor, weighed against the gain of other logs, lets expect harm: then it is that
        of the floor alone, and `status` says so.

    Source: McFadden 1974 (conditional logit); White 1980 (sandwich intervals, clustered by user);
        Lindley and Smith 1972 (the hierarchical linear model, here with a softmax).
    """
    prior = weight_prior(consumed=settings.recommend_consumed, leave_out=settings.prior_leave_out)
    if examples.n_users == 0:
        expected = Pull.towards(prior, sources, floor=_slowest(sources), settings=settings)
        return _table(sources, expected, None, None, status="no_labels", pace=pace)
    with one_thread():  # one thread: the bits do not depend on their number
        returns = returns_position(sources)
        evidence = evidence_of(examples, sources, prior, settings, rng, samples, pace)
        pull = Pull.towards(prior, sources, floor=evidence.floor, settings=settings)
        come_back = (
            return_intervals(examples, fit_returns(examples)) if returns is not None else None
        )
        taught = (
            with_returns(examples, come_back.form, position=returns)
            if returns is not None and come_back
            else examples
        )
        learned = fit(taught, pull)
        low, high = weight_interval(taught, learned, pull)
    return _table(
        sources,
        pull,
        Interval(learned, low, high),
        evidence,
        status=evidence.status,
        returns=come_back,
        pace=pace,
    )


def _slowest(sources: Sequence[Source]) -> int:
    return [position for position, source in enumerate(sources) if source.kind == "popularity"][-1]


def _table(
    sources: Sequence[Source],
    pull: Pull,
    learned: Interval | None,
    evidence: Evidence | None,
    *,
    status: str,
    returns: ReturnWeights | None = None,
    pace: Pace | None = None,
) -> pl.DataFrame:
    frame = _source_rows(sources, pull, learned, evidence, status=status)
    if returns_position(sources) is not None:
        frame = pl.concat([frame, return_rows(returns)], how="diagonal")
    if pace is not None:
        frame = with_pace(frame, pace)
    return _with_decision(frame, status, evidence, decision_in_words(sources, evidence, pace))


def _source_rows(
    sources: Sequence[Source],
    pull: Pull,
    learned: Interval | None,
    evidence: Evidence | None,
    *,
    status: str,
) -> pl.DataFrame:
    """Lay out a row per source: its weight, and what it is by itself."""
    n = len(sources)
    taught = learned or Interval(pull.mean, np.full(n, np.nan), np.full(n, np.nan))
    alone = evidence.alone if evidence else Interval(*(np.full(n, np.nan) for _ in range(3)))
    floor_alone = np.array(
        [float(evidence is not None and position == evidence.floor) for position in range(n)]
    )
    return pl.DataFrame(
        {
            "feature": [source.name for source in sources],
            "kind": [source.kind for source in sources],
            "half_life": [source.half_life for source in sources],
            "weight": floor_alone if status == "floor" else taught.mean,
            "prior_weight": pull.mean,
            "prior_deviation": 1 / np.sqrt(pull.precision),
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


def with_pace(frame: pl.DataFrame, pace: Pace) -> pl.DataFrame:
    """Say of each popularity what it was worth at many instants; those that the blend leaves out
    get rows without weight.
    """
    n = len(pace.half_life_days)
    judged = pl.DataFrame(
        {
            "feature": [popularity_name(days) for days in pace.half_life_days],
            "kind": ["popularity"] * n,
            "half_life": pace.half_life_days,
            "ndcg_at_instants": pace.mean,
            "deviation_between_instants": pace.deviation,
        },
        schema_overrides={"half_life": pl.Float64},
    )
    figures = judged.drop("kind", "half_life")
    zero = [pl.lit(0.0).alias(name) for name in ("weight", "prior_weight", "learned_weight")]
    others = judged.join(frame, on="feature", how="anti").with_columns(*zero, is_floor=False)
    known = frame.join(figures, on="feature", how="left", maintain_order="left")
    return pl.concat([known, others], how="diagonal")


def _with_decision(
    frame: pl.DataFrame, status: str, evidence: Evidence | None, sentence: str
) -> pl.DataFrame:
    told = {
        "status": status,
        "n_label_users": evidence.n_users if evidence else 0,
        "blend_ndcg": evidence.blend if evidence else None,
        "gain": float(evidence.gain.mean[0]) if evidence else None,
        "gain_low": float(evidence.gain.low[0]) if evidence else None,
        "gain_high": float(evidence.gain.high[0]) if evidence else None,
        "evidence": sentence,
    }
    missing = {"ndcg_at_instants", "deviation_between_instants"} - set(frame.columns)
    types = {"status": pl.String, "n_label_users": pl.Int64, "evidence": pl.String}
    return frame.with_columns(
        *(pl.lit(None, pl.Float64).alias(name) for name in sorted(missing)),
        *(pl.lit(value, types.get(name, pl.Float64)).alias(name) for name, value in told.items()),
    ).fill_nan(None)
