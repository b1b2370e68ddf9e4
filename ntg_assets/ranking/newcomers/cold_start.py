"""Cold start: which popularity serves users without history, judged on what past newcomers took on
their first day.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from ntg_assets.arrays import Flags, Floats, Longs, codes_of
from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.configuration.rules import Diversity
from ntg_assets.interactions.interactions import Interactions
from ntg_assets.interactions.top_k import top_k_rows
from ntg_assets.ranking.learning.inner_cut import sample_users
from ntg_assets.ranking.scoring.popularity import MICROSECONDS_PER_DAY, decay
from ntg_assets.statistics.bootstrap import mean_intervals
from ntg_assets.statistics.ranking_metrics import user_metrics

DECISION_K = 10  # NDCG at this length decides
MOST_NEWCOMERS = 500
FEWEST_NEWCOMERS = 30  # with fewer nothing is concluded
FIGURES = ("ndcg", "ndcg_low", "ndcg_high", "gain", "gain_low", "gain_high")
SCHEMA = {
    "half_life_days": pl.Float64,
    "n_newcomers": pl.Int64,
    "ndcg": pl.Float64,
    "ndcg_low": pl.Float64,
    "ndcg_high": pl.Float64,
    "gain": pl.Float64,
    "gain_low": pl.Float64,
    "gain_high": pl.Float64,
    "is_chosen": pl.Boolean,
    "evidence": pl.String,
}


def evaluate_half_lives(
    log: Interactions,
    *,
    floor: float,
    settings: RankingSettings,
    seed: int,
    rng: np.random.Generator,
    samples: int,
) -> pl.DataFrame:
    """Make `default_list_report`: how well each half-life of popularity would have served the
    newcomers of the past.

    Each newcomer of the last part of TRAIN is shown what was popular at the instant of arrival, and
    the list is held against what the newcomer took within a day. Users with a history need another
    half-life than newcomers do: they have had what is known.

    Args:
        log: TRAIN.
        floor: Half-life that ranks best for users with a history; kept unless another one's gain
        has an interval above 0.
        settings: Half-lives, share of TRAIN whose newcomers count.
        seed: Chooses newcomers where there are many.
        rng: Seeded stream of the intervals.
        samples: Resamples.
    """
    half_lives = sorted(set(settings.popularity_half_life_days or ()))
    users = _newcomers(log, share=settings.inner_label_share * settings.inner_slices, seed=seed)
    if len(users) < FEWEST_NEWCOMERS:
        told = (
            f"{len(users)} newcomers, and a choice needs {FEWEST_NEWCOMERS}: the half-life that"
            " serves known users is used."
        )
        return _table(half_lives, floor, len(users), told)
    ndcg = _ndcg(log, users, half_lives)
    place = half_lives.index(floor)
    mean = mean_intervals(ndcg, rng=rng, samples=samples)
    gain = mean_intervals(ndcg - ndcg[:, [place]], rng=rng, samples=samples)
    best = max(range(len(half_lives)), key=lambda position: (mean.mean[position], position))
    chosen = best if gain.low[best] > 0 else place
    told = (
        f"{half_lives[chosen]:g} days: NDCG@{DECISION_K} {mean.mean[chosen]:.4f} for {len(users)}"
        f" newcomers, {gain.mean[chosen]:+.4f} [{gain.low[chosen]:+.4f}, {gain.high[chosen]:+.4f}]"
        f" against the {floor:g} days that serve known users."
    )
    figures = dict(zip(FIGURES, (*mean, *gain), strict=True))
    return _table(half_lives, half_lives[chosen], len(users), told, figures)


def floor_half_life(weights: pl.DataFrame, *, settings: RankingSettings) -> float:
    """Return the half-life of the popularity floor of `ranking_weights`;
    without labels the longest one.
    """
    floor = weights.filter("is_floor")["half_life"]
    return float(floor[0]) if len(floor) else max(settings.popularity_half_life_days or ())


def chosen_half_life(report: pl.DataFrame) -> float:
    """Return the half-life that `default_list_report` chose."""
    return float(report.filter("is_chosen")["half_life_days"].item())


def newcomer_settings(settings: RankingSettings, item_rules: pl.DataFrame) -> RankingSettings:
    """Let the list for users without history spread over categories,
    where there are any and no rule says otherwise.
    """
    has_categories = bool((item_rules["categories"].list.len() > 0).any())
    if (
        settings.rules.diversity is not None
        or settings.default_list_relevance_weight >= 1
        or not has_categories
    ):
        return settings
    variety = Diversity(by="categories", relevance_weight=settings.default_list_relevance_weight)
    return settings.model_copy(
        update={"rules": settings.rules.model_copy(update={"diversity": variety})}
    )


def _newcomers(log: Interactions, *, share: float, seed: int) -> Longs:
    """Return the codes of users who arrived in the last part of the log,
    at most `MOST_NEWCOMERS`, by arrival.
    """
    if not len(log.at):
        return np.empty(0, np.int64)
    arrival = _arrivals(log)
    since = np.partition(log.at, place := min(int(len(log.at) * (1 - share)), len(log.at) - 1))[
        place
    ]
    late = log.users.gather(np.flatnonzero(arrival >= max(since, log.at.min() + 1)))
    codes = codes_of(sample_users(late, most=MOST_NEWCOMERS, seed=seed), known=log.users)
    return codes[np.lexsort((codes, arrival[codes]))]


def _arrivals(log: Interactions) -> Longs:
    return log.at[log.start[1:] - 1]  # a user's rows run from the latest to the first


def _ndcg(log: Interactions, users: Longs, half_lives: Sequence[float]) -> Floats:
    """Return newcomers x half-lives."""
    arrival = _arrivals(log)
    by_time = np.argsort(log.at, kind="stable")
    at, item = log.at[by_time], log.item[by_time]
    scores, now, seen = np.zeros((len(half_lives), log.n_items)), int(log.at.min()), 0
    ndcg = np.empty((len(users), len(half_lives)))
    for row, user in enumerate(users):
        until = int(arrival[user])
        last = int(np.searchsorted(at, until))
        for position, days in enumerate(half_lives):
            fresh = np.bincount(
                item[seen:last],
                decay(at[seen:last], now=until, half_life_days=days),
                minlength=log.n_items,
            )
            scores[position] = (
                scores[position] * decay(np.array([now]), now=until, half_life_days=days) + fresh
            )
        now, seen = until, last
        wanted = _first_day(log, int(user), until)
        ndcg[row] = _of_lists(scores, wanted, n_half_lives=len(half_lives))
    return ndcg


def _first_day(log: Interactions, user: int, arrival: int) -> Flags:
    rows = slice(log.start[user], log.start[user + 1])
    wanted = np.zeros(log.n_items, np.bool_)
    wanted[log.item[rows][log.at[rows] < arrival + MICROSECONDS_PER_DAY]] = True
    return wanted


def _of_lists(scores: Floats, wanted: Flags, *, n_half_lives: int) -> Floats:
    top = top_k_rows(scores, DECISION_K)
    hits = np.zeros((n_half_lives, DECISION_K), np.bool_)
    hits[top.row, top.rank] = wanted[top.column]
    return user_metrics(hits, np.full(n_half_lives, wanted.sum()), k=DECISION_K).ndcg


def _table(
    half_lives: Sequence[float],
    chosen: float,
    n: int,
    told: str,
    figures: Mapping[str, Floats] | None = None,
) -> pl.DataFrame:
    nothing = np.full(len(half_lives), np.nan)
    judged = pl.DataFrame(
        {"half_life_days": half_lives, "is_chosen": [days == chosen for days in half_lives]}
    )
    judged = judged.with_columns(pl.lit(n).alias("n_newcomers"), pl.lit(told).alias("evidence"))
    judged = judged.with_columns(
        pl.Series(name, (figures or {}).get(name, nothing)) for name in FIGURES
    )
    return judged.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items()).with_columns(
        pl.col(FIGURES).fill_nan(None)
    )
