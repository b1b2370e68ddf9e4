"""Ranking quality against published methods, each tuned on VAL of the same log and stated on TEST.

    python -m benchmarks.ranking                                             # MovieLens and, where it is installed, Complete Journey
    python -m benchmarks.ranking --config configs/mine.yaml --name mine      # any other log, by its configuration

Protocols: `per_user` holds out the last tenth of each user's history, `global_time` the last tenth of all events; VAL is the tenth
before. Peers choose their settings by NDCG@10 on VAL and are fitted anew on TRAIN and VAL for TEST. NTG learns and decides inside what
it is given and is tuned by neither. Evaluated are users with history and at least one new item in the held-out part (where consumed
items may be shown: any item). Intervals are over users.
"""
# a peer is imported by the function that uses it: no peer is needed to compare with the others

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Annotated, Any

import numpy as np
import polars as pl
import scipy.sparse as sp
import typer

from benchmarks.harness import RESULTS, Goal, command_line, console, report
from ntg_assets.randomness import random_stream
from ntg_assets.ranking.examples import collect_examples, relevant_items
from ntg_assets.ranking.inner_cut import inner_slices
from ntg_assets.ranking.intervals import mean_intervals
from ntg_assets.ranking.model import ranking_model
from ntg_assets.ranking.popularity import MICROSECONDS_PER_DAY, item_popularity, microseconds
from ntg_assets.ranking.ranking_metrics import hits_by_place, user_metrics
from ntg_assets.ranking.ranking_weights import learn_weights
from ntg_assets.ranking.recommendations import rank_users
from ntg_assets.ranking.scores import is_large, user_blocks
from ntg_assets.ranking.settings import RankingSettings
from ntg_assets.ranking.sources import configured_sources
from ntg_assets.taste.interactions import Interactions, code_interactions, codes_of
from ntg_assets.taste.item_embeddings import embeddings_of
from ntg_assets.taste.linear_graph import linear_graph_of
from ntg_assets.taste.sequence_graph import sequence_graph_of
from ntg_assets.taste.settings import TasteSettings
from ntg_assets.taste.taste_graph import graph_of

K, HELD_SHARE, SAMPLES, SEED = 10, 0.1, 2_000, 20_260_101
PER_USER_GOAL, GLOBAL_GOAL, JOURNEY_GOAL = 1.25, 1.0, 1.05
USERS_AT_ONCE = 256


@dataclass(frozen=True)
class Task:
    """A log cut in two: what may be learned from and what is to be predicted."""

    train: pl.DataFrame
    relevant: pl.DataFrame
    cutoff_at: datetime
    strategy: str
    consumed: str
    log: Interactions

    @property
    def users(self) -> pl.Series:
        return self.relevant["user_id"].unique().sort()


Scorer = Callable[[Task, np.ndarray], np.ndarray]  # (task, user codes) -> users x items


def task_of(train: pl.DataFrame, held: pl.DataFrame, *, strategy: str, consumed: str) -> Task:
    """Pose the question of one cut."""
    cutoff_at = held["event_at"].min() if strategy == "global_time" else train["event_at"].max()
    settings = RankingSettings(recommend_consumed=consumed)
    return Task(train, relevant_items(held, train, settings=settings), cutoff_at, strategy, consumed, code_interactions(train))  # type: ignore[arg-type]


def cut(events: pl.DataFrame, strategy: str, share: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Cut the last share off, at one instant or per user."""
    return next((c.history, c.labels) for c in inner_slices(events, strategy=strategy, settings=RankingSettings(inner_label_share=share)))


def ndcg(task: Task, lists: np.ndarray) -> np.ndarray:
    """NDCG@10 of each user; lists are users x places of item codes, -1 where there is nothing."""
    users = task.users
    user = codes_of(task.relevant["user_id"], known=users)
    item = codes_of(task.relevant["item_id"], known=task.log.items)
    wanted = np.unique((user * task.log.n_items + item)[item >= 0])
    row, place = np.nonzero(lists >= 0)
    hit = np.isin(row * task.log.n_items + lists[row, place], wanted)
    hits = hits_by_place(row, place + 1, hit, n_users=len(users), k=K)
    return user_metrics(hits, np.bincount(user, minlength=len(users)), k=K).ndcg


def peer_lists(task: Task, scorer: Scorer) -> np.ndarray:
    """Cut a peer's scores to lists, without what the user has had unless that is allowed."""
    codes = codes_of(task.users, known=task.log.users)
    seen = histories(task.log)
    parts = []
    for first in range(0, len(codes), USERS_AT_ONCE):
        block = codes[first : first + USERS_AT_ONCE]
        scores = np.array(scorer(task, block), np.float64)
        if task.consumed == "never":
            scores[seen[block].nonzero()] = -np.inf
        best = np.argpartition(-scores, min(K, scores.shape[1] - 1), axis=1)[:, :K]
        rows = np.arange(len(block))[:, None]
        best = best[rows, np.lexsort((best, -scores[rows, best]), axis=1)]
        parts.append(np.where(np.isfinite(scores[rows, best]), best, -1))
    return np.concatenate(parts)


def histories(log: Interactions) -> sp.csr_array:
    """Users x items, binary."""
    pairs = np.flatnonzero(log.is_latest)
    return sp.csr_array((np.ones(len(pairs), np.float32), (log.user[pairs], log.item[pairs])), shape=(log.n_users, log.n_items))


def _age_days(task: Task) -> np.ndarray:
    return np.maximum(microseconds(task.cutoff_at) - task.log.at, 0) / MICROSECONDS_PER_DAY


def recent_popularity(half_life_days: float) -> Callable[[Task], Scorer]:
    """Popularity that halves after each half-life."""

    def fit(task: Task) -> Scorer:
        score = np.bincount(task.log.item, np.exp2(-_age_days(task) / half_life_days), minlength=task.log.n_items)
        return lambda _, users: np.tile(score, (len(users), 1))

    return fit


def own_frequency(half_life_days: float) -> Callable[[Task], Scorer]:
    """A user's own decayed frequency, ties by popularity."""

    def fit(task: Task) -> Scorer:
        weight = np.exp2(-_age_days(task) / half_life_days)
        own = sp.csr_array((weight, (task.log.user, task.log.item)), shape=(task.log.n_users, task.log.n_items))
        return lambda _, users: own[users].toarray()

    return fit


def cosine(neighbours: int, shrink: float) -> Callable[[Task], Scorer]:
    """Similaripy's cosine."""

    def fit(task: Task) -> Scorer:
        import similaripy

        x = sp.csr_matrix(histories(task.log))
        similarity = similaripy.cosine(x.T.tocsr(), k=neighbours, shrink=shrink, verbose=False).tocsr()
        return lambda _, users: (x[users] @ similarity).toarray()

    return fit


def rp3beta(neighbours: int, beta: float) -> Callable[[Task], Scorer]:
    """Similaripy's RP3beta."""

    def fit(task: Task) -> Scorer:
        import similaripy

        x = sp.csr_matrix(histories(task.log))
        similarity = similaripy.rp3beta(x.T.tocsr(), alpha=1.0, beta=beta, k=neighbours, verbose=False).tocsr()
        return lambda _, users: (x[users] @ similarity).toarray()

    return fit


def als(factors: int, regularisation: float, alpha: float) -> Callable[[Task], Scorer]:
    """Implicit's alternating least squares."""

    def fit(task: Task) -> Scorer:
        from implicit.als import AlternatingLeastSquares

        model = AlternatingLeastSquares(
            factors=factors, regularization=regularisation, alpha=alpha, iterations=15, random_state=SEED, num_threads=2, use_gpu=False
        )
        model.fit(sp.csr_matrix(histories(task.log)), show_progress=False)
        return lambda _, users: model.user_factors[users] @ model.item_factors.T

    return fit


def pure_svd(factors: int) -> Callable[[Task], Scorer]:
    """Truncated SVD of the binary matrix."""

    def fit(task: Task) -> Scorer:
        from sklearn.utils.extmath import randomized_svd

        x = histories(task.log)
        _, _, vectors = randomized_svd(sp.csr_matrix(x), n_components=min(factors, min(x.shape) - 1), random_state=SEED)
        return lambda _, users: (x[users] @ vectors.T) @ vectors

    return fit


def ease(regularisation: float, most_items: int = 10_000) -> Callable[[Task], Scorer]:
    """EASE over the best supported items."""

    def fit(task: Task) -> Scorer:
        x = histories(task.log)[:, :most_items]
        gram = (x.T @ x).toarray().astype(np.float64)
        gram[np.diag_indices(len(gram))] += regularisation
        inverse = np.linalg.inv(gram)
        weights = (inverse / -np.diag(inverse)).astype(np.float32)
        np.fill_diagonal(weights, 0)
        padding = task.log.n_items - weights.shape[0]
        return lambda _, users: np.pad(x[users] @ weights, ((0, 0), (0, padding)), constant_values=-np.inf)

    return fit


def peers(consumed: str, *, is_large_catalogue: bool) -> dict[str, list[tuple[str, Callable[[Task], Scorer]]]]:
    """List each peer's settings to choose from."""
    days = [1.0, 7.0, 30.0, 90.0, 365.0, 3650.0]
    grid = {
        "recent popularity": [(f"{d:g} d", recent_popularity(d)) for d in days],
        "similaripy cosine": [(f"{k}, {s:g}", cosine(k, s)) for k, s in product((50, 200), (0.0, 10.0, 50.0))],
        "similaripy RP3beta": [(f"{k}, {b:g}", rp3beta(k, b)) for k, b in product((50, 200), (0.2, 0.4, 0.6))],
        "implicit ALS": [(f"{f}, {r:g}, {a:g}", als(f, r, a)) for f, r, a in product((16, 32, 64), (0.1, 10.0), (1.0, 10.0))],
        "PureSVD": [(f"{f}", pure_svd(f)) for f in (8, 16, 32, 64)],
    }
    if not is_large_catalogue:
        grid["EASE"] = [(f"{r:g}", ease(r)) for r in (30.0, 100.0, 300.0, 1000.0)]
    if consumed == "allow":
        grid["own decayed frequency"] = [(f"{d:g} d", own_frequency(d)) for d in (30.0, 60.0, 90.0, 180.0, 365.0)]
    return grid


def ntg_lists(task: Task) -> tuple[np.ndarray, str]:
    """NTG's default blend: everything from TRAIN, by the functions that the assets call; and what it decided."""
    taste, settings = TasteSettings(), RankingSettings(recommend_consumed=task.consumed, top_k=K)
    cuts = inner_slices(task.train, strategy=task.strategy, settings=settings)
    examples = collect_examples(cuts, taste=taste, settings=settings, seed=SEED)
    rng = random_stream(SEED, "ranking_weights")
    weights = learn_weights(examples, sources=configured_sources(settings), settings=settings, rng=rng, samples=SAMPLES)
    log = task.log
    graphs = {
        "taste": graph_of(log, settings=taste).edges,
        "sequence": sequence_graph_of(log, settings=taste).edges,
        "linear": linear_graph_of(log, settings=taste),
        "latent": embeddings_of(log, settings=taste, seed=SEED),
    }
    popularity = item_popularity(log, now=task.cutoff_at, half_life_days=settings.popularity_half_life_days)
    model = ranking_model(popularity=popularity, graphs=graphs, cutoff_at=task.cutoff_at, settings=settings, weights=weights)
    lists = np.full((log.n_users, K), -1, np.int64)
    first = 0
    for block in user_blocks(log, compiled=is_large(log)):
        found = rank_users(block, model, k=K, compiled=is_large(log))
        lists[found.user + first, found.rank - 1] = found.item
        first += block.n_users
    return lists[codes_of(task.users, known=log.users)], str(weights["evidence"][0])


def compare(events: pl.DataFrame, *, strategy: str, consumed: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each method with its figures on TEST, NTG last."""
    known, test = cut(events, strategy, HELD_SHARE)
    train, val = cut(known, strategy, HELD_SHARE / (1 - HELD_SHARE))
    choosing, final = (task_of(a, b, strategy=strategy, consumed=consumed) for a, b in ((train, val), (known, test)))
    values: dict[str, np.ndarray] = {}
    large = final.log.n_items > 20_000  # noqa: PLR2004  # EASE inverts a matrix of all items
    for name, settings in peers(consumed, is_large_catalogue=large).items():
        on_val = {label: ndcg(choosing, peer_lists(choosing, fit(choosing))).mean() for label, fit in settings}
        best = max(on_val, key=lambda label: on_val[label])
        values[name] = ndcg(final, peer_lists(final, dict(settings)[best](final)))
        yield name, {"chosen": best, "val_ndcg": float(on_val[best]), **_figures(values[name])}
    lists, evidence = ntg_lists(final)
    ours = ndcg(final, lists)
    strongest = max(values, key=lambda name: values[name].mean())
    gain = mean_intervals((ours - values[strongest])[:, None], rng=random_stream(SEED, "gain"), samples=SAMPLES)
    yield (
        "NTG blend",
        {
            **_figures(ours),
            "evidence": evidence,
            "best_peer": strongest,
            "relative_to_best_peer": float(ours.mean() / values[strongest].mean()),
            "gain": float(gain.mean[0]),
            "gain_low": float(gain.low[0]),
            "gain_high": float(gain.high[0]),
        },
    )


def _figures(values: np.ndarray) -> dict[str, Any]:
    interval = mean_intervals(values[:, None], rng=random_stream(SEED, "figures"), samples=SAMPLES)
    return {"ndcg": float(interval.mean[0]), "low": float(interval.low[0]), "high": float(interval.high[0]), "n_users": len(values)}


def movielens() -> pl.DataFrame:
    """The bundled sample."""
    ratings = pl.read_csv("data/sample/ml-latest-small/ratings.csv")
    return ratings.select(user_id="userId", item_id="movieId", event_at=pl.from_epoch("timestamp").cast(pl.Datetime("us")))


def complete_journey() -> pl.DataFrame:
    """The purchases of the development package."""
    from benchmarks.complete_journey import _read_package

    purchases, _ = _read_package()
    return purchases.select(user_id="household_id", item_id="product_id", event_at="transaction_timestamp").unique()


def configured(config: str) -> pl.DataFrame:
    """The accepted events of a workspace whose log was built with `ntg build-dataset --config`."""
    from ntg_assets.settings import load_settings, project_paths
    from ntg_assets.sql import Query, Table
    from ntg_assets.sql import run as rows_of
    from ntg_assets.storage.connection import connect

    with connect(project_paths(load_settings(config)).warehouse, read_only=True) as connection:
        return rows_of(Query("select user_id, item_id, event_at from events", {"events": Table("ingest", "events")}), connection)


CASES = (
    ("movielens_per_user", movielens, "per_user", "never", PER_USER_GOAL),
    ("movielens_global_time", movielens, "global_time", "never", GLOBAL_GOAL),
    ("complete_journey_consumed", complete_journey, "global_time", "allow", JOURNEY_GOAL),
    ("complete_journey_new", complete_journey, "global_time", "never", JOURNEY_GOAL),
)


def run(
    only: Annotated[str, typer.Option(help="Only the cases whose name starts so.")] = "",
    config: Annotated[str, typer.Option(help="Another log: a configuration whose log was built by `ntg build-dataset`.")] = "",
    name: Annotated[str, typer.Option(help="Name of that log's result file.")] = "ranking_other",
    consumed: Annotated[str, typer.Option(help="For that log: `never` or `allow` what users have had.")] = "never",
) -> None:
    """Compare, print, and write the result."""
    cases = CASES
    if config:
        cases = tuple((f"{s}", lambda: configured(config), s, consumed, GLOBAL_GOAL) for s in ("per_user", "global_time"))  # type: ignore[assignment]
    figures: dict[str, Any] = {}
    goals = []
    for case, events, strategy, allowed, goal in cases:
        if not case.startswith(only):
            continue
        figures[case] = {}
        for method, found in compare(events(), strategy=strategy, consumed=allowed):
            figures[case][method] = found
            console.print(f"{case} | {method}: {found}", soft_wrap=True)
        ours = figures[case]["NTG blend"]
        goals.append(Goal(f"{case}: NDCG@10 relative to the best peer", round(ours["relative_to_best_peer"], 4), goal, "at_least"))
        if goal > 1:
            goals.append(Goal(f"{case}: lower end of the paired gain", round(ours["gain_low"], 4), 0.0, "at_least"))
    result = name if config else "ranking"
    report(result, figures=figures, goals=goals, packages=("implicit", "similaripy"), folder=None if only else RESULTS)


if __name__ == "__main__":
    command_line(run)
