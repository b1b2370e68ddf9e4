"""Ranking quality against published methods, each tuned on VAL of the same log and stated on TEST.

    # MovieLens and, where it is installed, Complete Journey
    python -m benchmarks.ranking
    # any other log, by its configuration alone
    python -m benchmarks.ranking --config configs/mine.yaml --name mine

Protocols: `per_user` holds out the last tenth of each user's history, `global_time` the last tenth
of all events; VAL is the tenth before. Peers choose their settings by NDCG@10 on VAL and are fitted
anew on TRAIN and VAL for TEST; some of them know order, time or repeats. One instant is one draw:
`--instants 5` poses `global_time` at five, each half a held-out part before the last. NTG learns
and decides inside what it is given and is tuned by neither. Evaluated are users with history and at
least one new item in the held-out part (where consumed items may be shown: any item), at most 5,000
of them, chosen by a hash of their ids. Intervals are over users.

A configuration gives the log, `ranking.recommend_consumed` and all other settings of taste and
ranking; nothing has to be built before, and no workspace is read or written. Beside the blend
stands a LambdaMART over the same candidates and features: a challenger, never used.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal, Protocol

import numpy as np
import polars as pl
import typer

from benchmarks.harness import RESULTS, Goal, command_line, console, report
from benchmarks.logs import configured_log
from benchmarks.ranking_challenger import challenger_lists
from benchmarks.ranking_ntg import Learned, learn, ntg_lists
from benchmarks.ranking_order_peers import order_peers
from benchmarks.ranking_peers import SEED, Fit, Task, peer_lists, peers
from ntg_assets.arrays import codes_of
from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.interactions.interactions import code_interactions
from ntg_assets.randomness import random_stream
from ntg_assets.ranking.learning.inner_cut import inner_slices, sample_users
from ntg_assets.ranking.learning.inner_examples import relevant_items
from ntg_assets.ranking.scoring.popularity import with_half_lives
from ntg_assets.statistics.bootstrap import mean_intervals
from ntg_assets.statistics.ranking_metrics import hits_by_place, user_metrics

K, HELD_SHARE, SAMPLES = 10, 0.1, 2_000
PER_USER_GOAL, GLOBAL_GOAL, JOURNEY_GOAL = 1.15, 1.0, 1.05
MOST_USERS = 5_000
FEWEST_USERS = 300  # with fewer evaluable users a figure supports no claim
Consumed = Literal["never", "allow"]


def task_of(
    train: pl.DataFrame,
    held: pl.DataFrame,
    *,
    strategy: str,
    taste: TasteSettings,
    ranking: RankingSettings,
) -> Task:
    """Pose the question of one cut."""
    cutoff_at = held["event_at"].min() if strategy == "global_time" else train["event_at"].max()
    relevant, log = relevant_items(held, train, settings=ranking), code_interactions(train)
    chosen = sample_users(relevant["user_id"].unique(), most=MOST_USERS, seed=SEED)
    asked = relevant.filter(pl.col("user_id").is_in(chosen.implode()))
    return Task(train, asked, cutoff_at, strategy, log, taste, with_half_lives(ranking, log.at))  # type: ignore[arg-type]  # a datetime


def cut(events: pl.DataFrame, strategy: str, share: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Cut the last share off, at one instant or per user."""
    parts = next(
        inner_slices(events, strategy=strategy, settings=RankingSettings(inner_label_share=share)),
        None,
    )
    if parts is None:
        raise NotEnoughDataError(
            f"{strategy}: {events.height} events cannot be cut into TRAIN, VAL and TEST. Use a"
            " longer log."
        )
    return parts.history, parts.labels


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


def compare(
    events: pl.DataFrame, *, strategy: str, taste: TasteSettings, ranking: RankingSettings
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each method with its figures on TEST, NTG's blend and its challenger last.

    Raises:
        NotEnoughDataError: there is nobody to evaluate.
    """
    known, test = cut(events, strategy, HELD_SHARE)
    train, val = cut(known, strategy, HELD_SHARE / (1 - HELD_SHARE))
    choosing, final = (
        task_of(a, b, strategy=strategy, taste=taste, ranking=ranking)
        for a, b in ((train, val), (known, test))
    )
    for part, task in (("VAL", choosing), ("TEST", final)):
        if task.relevant.is_empty():
            raise NotEnoughDataError(
                f"{strategy}: no user with history takes an item in {part} that a list could show:"
                " nothing to evaluate."
            )
    values: dict[str, np.ndarray] = {}
    for name, settings in (peers(final) | order_peers(final)).items():
        try:
            lists, chosen = tuned_lists(choosing, final, settings)
            values[name] = ndcg(final, lists)
        except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
            yield name, {"not_run": f"{type(error).__name__}: {error}"}
            continue
        yield name, {**chosen, **_figures(values[name])}
    yield from _ours(final, values)


def tuned_lists(
    choosing: Task, final: Task, settings: list[tuple[str, Fit]]
) -> tuple[np.ndarray, dict[str, Any]]:
    """Choose a peer's settings on VAL, and return its lists for TEST, beside the choice."""
    on_val = {
        label: ndcg(choosing, peer_lists(choosing, fit(choosing), k=K)).mean()
        for label, fit in settings
    }
    best = max(on_val, key=lambda label: on_val[label])
    lists = peer_lists(final, dict(settings)[best](final), k=K)
    return lists, {"chosen": best, "val_ndcg": float(on_val[best])}


def _ours(final: Task, values: dict[str, np.ndarray]) -> Iterator[tuple[str, dict[str, Any]]]:
    learned = learn(final, seed=SEED, samples=SAMPLES)
    blend = ndcg(final, ntg_lists(final, learned, k=K))
    strongest = max(values, key=lambda name: values[name].mean())
    told = {
        "evidence": str(learned.weights["evidence"][0]),
        "best_peer": strongest,
        **relative(blend, values[strongest]),
    }
    yield "NTG blend", {**_figures(blend), **told}
    challenger = _challenge(final, learned)
    if challenger is not None:
        against = {
            name.replace("best_peer", "blend"): value
            for name, value in relative(challenger, blend).items()
        }
        yield "NTG LambdaMART (challenger, not used)", {**_figures(challenger), **against}


def _challenge(final: Task, learned: Learned) -> np.ndarray | None:
    lists = challenger_lists(final, learned, k=K, seed=SEED)
    return None if lists is None else ndcg(final, lists)


def relative(ours: np.ndarray, theirs: np.ndarray) -> dict[str, float | None]:
    """Compare two methods' values, user by user: their ratio, and the gain with its interval."""
    gain = mean_intervals(
        (ours - theirs)[:, None], rng=random_stream(SEED, "gain"), samples=SAMPLES
    )
    return {
        "relative_to_best_peer": float(ours.mean() / theirs.mean()) if theirs.any() else None,
        "gain": float(gain.mean[0]),
        "gain_low": float(gain.low[0]),
        "gain_high": float(gain.high[0]),
    }


def _figures(values: np.ndarray) -> dict[str, Any]:
    interval = mean_intervals(values[:, None], rng=random_stream(SEED, "figures"), samples=SAMPLES)
    figures = {
        "ndcg": float(interval.mean[0]),
        "low": float(interval.low[0]),
        "high": float(interval.high[0]),
        "n_users": len(values),
    }
    return (
        figures
        if len(values) >= FEWEST_USERS
        else {**figures, "warning": f"{len(values)} users: too few for a claim ({FEWEST_USERS})"}
    )


def movielens() -> pl.DataFrame:
    """The bundled sample."""
    ratings = pl.read_csv("data/sample/ml-latest-small/ratings.csv")
    return ratings.select(
        user_id="userId",
        item_id="movieId",
        event_at=pl.from_epoch("timestamp").cast(pl.Datetime("us")),
        value="rating",
    )


def complete_journey() -> pl.DataFrame:
    """The purchases of the development package."""
    from benchmarks.complete_journey import _read_package

    purchases, _ = _read_package()
    return purchases.select(
        user_id="household_id", item_id="product_id", event_at="transaction_timestamp"
    ).unique()


class Evaluate(Protocol):
    """Yields each method of a case with its figures."""

    def __call__(
        self, events: pl.DataFrame, *, strategy: str, taste: TasteSettings, ranking: RankingSettings
    ) -> Iterator[tuple[str, dict[str, Any]]]: ...


Case = tuple[str, Callable[[], pl.DataFrame], str, TasteSettings, RankingSettings, float]
# no log may teach the prior of the weights by which it is judged, nor may one of its kind
FAMILIES = {movielens: "films", complete_journey: "shopping"}


def bundled_case(
    name: str,
    events: Callable[[], pl.DataFrame],
    strategy: str,
    consumed: Consumed,
    goal: float,
) -> Case:
    """Pose a case on a bundled log, whose family stays out of the prior."""
    ranking = RankingSettings(recommend_consumed=consumed, prior_leave_out=[FAMILIES[events]])
    return name, events, strategy, TasteSettings(), ranking, goal


CASES: tuple[Case, ...] = (
    bundled_case("movielens_per_user", movielens, "per_user", "never", PER_USER_GOAL),
    bundled_case("movielens_global_time", movielens, "global_time", "never", GLOBAL_GOAL),
    bundled_case(
        "complete_journey_consumed", complete_journey, "global_time", "allow", JOURNEY_GOAL
    ),
    bundled_case("complete_journey_new", complete_journey, "global_time", "never", JOURNEY_GOAL),
)


def rolling(cases: Sequence[Case], instants: int) -> tuple[Case, ...]:
    """Pose each case of one instant for all users at several, the latest first."""
    found: list[Case] = []
    for name, events, strategy, taste, ranking, goal in cases:
        for back in range(instants if strategy == "global_time" else 1):
            told = name if back == 0 else f"{name}_back_{back}"
            until = partial(_until, events, back)
            found.append((told, until, strategy, taste, ranking, goal))
    return tuple(found)


def _until(events: Callable[[], pl.DataFrame], back: int) -> pl.DataFrame:
    """Return a log without its last events: `back` times half of what is held out."""
    log = events()
    if back == 0:
        return log
    at = log["event_at"].sort()
    return log.filter(pl.col("event_at") < at[int(len(at) * (1 - back * HELD_SHARE / 2))])


def configured_cases(
    config: str, consumed: Consumed | None, families: Sequence[str] = ()
) -> tuple[Case, ...]:
    """Pose both protocols on the log of a configuration; `families` stay out of the prior too."""
    log = configured_log(config)
    ranking = log.settings.ranking.model_copy(
        update={
            "recommend_consumed": consumed or log.settings.ranking.recommend_consumed,
            "prior_leave_out": sorted({*log.settings.ranking.prior_leave_out, *families}),
        }
    )
    events = log.events.select("user_id", "item_id", "event_at").unique()
    first, last = events.select(
        pl.col("event_at").min().alias("first"), pl.col("event_at").max().alias("last")
    ).row(0)
    console.print(
        f"{log.settings.ingest.source_name}: {events.height:,} events of"
        f" {events['user_id'].n_unique():,} users, {events['item_id'].n_unique():,} items, {first}"
        f" to {last}; recommend_consumed: {ranking.recommend_consumed}"
    )
    return tuple(
        (strategy, lambda: events, strategy, log.settings.taste, ranking, GLOBAL_GOAL)
        for strategy in ("per_user", "global_time")
    )


def run(
    only: Annotated[str, typer.Option(help="Only the cases whose name starts so.")] = "",
    config: Annotated[
        str, typer.Option(help="Another log: a configuration that names its files.")
    ] = "",
    name: Annotated[str, typer.Option(help="Name of that log's result file.")] = "ranking_other",
    consumed: Annotated[
        Consumed | None,
        typer.Option(help="For that log, in place of `ranking.recommend_consumed`."),
    ] = None,
    instants: Annotated[
        int, typer.Option(help="Instants at which global time is posed.", min=1, max=12)
    ] = 1,
    family: Annotated[
        list[str] | None,
        typer.Option(help="Family of that log, which stays out of the prior of the weights."),
    ] = None,
) -> None:
    """Compare, print, and write the result."""
    cases = rolling(configured_cases(config, consumed, family or ()) if config else CASES, instants)
    figures = evaluate_cases(cases, compare, only=only)
    limits = {case: goal for case, *_, goal in cases}
    goals = [
        goal
        for case, found in figures.items()
        if "NTG blend" in found
        for goal in goals_of(case, found["NTG blend"], limits[case])
    ]
    result = name if config else "ranking"
    report(
        result,
        figures=figures,
        goals=goals,
        packages=("implicit", "lightgbm", "similaripy"),
        folder=None if only else RESULTS,
    )


def evaluate_cases(
    cases: Sequence[Case], evaluate: Evaluate, *, only: str
) -> dict[str, dict[str, Any]]:
    """Judge case by case and say what is found as it is found;
    a case with nobody to evaluate says so (`not_evaluated`).
    """
    figures: dict[str, dict[str, Any]] = {}
    for case, events, strategy, taste, ranking, _ in cases:
        if not case.startswith(only):
            continue
        figures[case] = {}
        try:
            for method, found in evaluate(
                events(), strategy=strategy, taste=taste, ranking=ranking
            ):
                figures[case][method] = found
                console.print(f"{_now()} {case} | {method}: {found}", soft_wrap=True)
        except NotEnoughDataError as error:
            figures[case]["not_evaluated"] = str(error)
            console.print(f"{case}: {error}", soft_wrap=True)
    return figures


def goals_of(case: str, ours: dict[str, Any], goal: float) -> list[Goal]:
    """State what the blend must reach; nothing where no peer is right about anything."""
    if ours["relative_to_best_peer"] is None:
        return []
    ratio = Goal(
        f"{case}: NDCG@10 relative to the best peer",
        round(ours["relative_to_best_peer"], 4),
        goal,
        "at_least",
    )
    return (
        [ratio]
        if goal <= 1
        else [
            ratio,
            Goal(
                f"{case}: lower end of the paired gain", round(ours["gain_low"], 4), 0.0, "at_least"
            ),
        ]
    )


def _now() -> str:
    return f"{datetime.now():%H:%M:%S}"  # noqa: DTZ005  # a person reads it


if __name__ == "__main__":
    command_line(run)
