"""Blind pairs: a history, its list and a stranger's, for a person to say which is whose.

    python -m benchmarks.ranking_blind                       # the bundled films
    python -m benchmarks.ranking_blind --pairs 20 --seed 7

The lists are the first ten of a night on the whole log, as configs/dev.yaml asks for; the reasons
are left away, for they name the history. Strangers are other users of the draw. The key stands at
the end; whoever judges covers it.
"""

from typing import Annotated, NamedTuple

import polars as pl
import typer

from benchmarks.harness import command_line, console
from benchmarks.ranking import movielens
from benchmarks.ranking_ntg import learn, model_of
from benchmarks.ranking_peers import Task
from ntg_assets.configuration.ranking import DislikeSettings, RankingSettings
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.interactions.interactions import code_interactions
from ntg_assets.randomness import random_stream
from ntg_assets.ranking.lists.scored_users import recommendation_rows, walk_users
from ntg_assets.ranking.scoring.popularity import with_half_lives

SAMPLES = 200
SHOWN, LENGTH = 12, 10
BELOW_OWN_MEAN = DislikeSettings(below_own_mean=True)
TITLES = "data/sample/ml-latest-small/movies.csv"


class Pair(NamedTuple):
    """A user's latest liked items, and two lists, the user's own being the `own`-th (0 or 1)."""

    history: list[str]
    lists: tuple[list[str], list[str]]
    own: int


def blind_pairs(lists: pl.DataFrame, histories: pl.DataFrame, *, n: int, seed: int) -> list[Pair]:
    """Draw users and a stranger for each.

    Args:
        lists: `user_id`, `rank`, `title`.
        histories: `user_id`, `title`, the most recent first.
        n: Pairs.
        seed: Draws users, strangers and which list comes first.
    """
    rng = random_stream(seed, "blind pairs")
    users = lists["user_id"].unique().sort().to_numpy()
    drawn = rng.permutation(users)[: 2 * n]
    shown = {user: _of(lists.sort("rank"), user, LENGTH) for user in drawn}
    pairs = []
    for user, stranger in zip(drawn[: len(drawn) // 2], drawn[len(drawn) // 2 :], strict=False):
        own = int(rng.integers(2))
        both = (shown[stranger], shown[user]) if own else (shown[user], shown[stranger])
        pairs.append(Pair(_of(histories, user, SHOWN), both, own))
    return pairs


def _of(rows: pl.DataFrame, user: object, n: int) -> list[str]:
    return rows.filter(pl.col("user_id") == user)["title"].head(n).to_list()


def sheet(pairs: list[Pair]) -> str:
    """Write the pairs, then the key."""
    parts = []
    for number, pair in enumerate(pairs, start=1):
        one, two = ("\n".join(f"    {title}" for title in titles) for titles in pair.lists)
        had = "; ".join(pair.history)
        parts.append(f"{number}. has lately liked: {had}\n  A\n{one}\n  B\n{two}\n")
    key = ", ".join(f"{number} {'AB'[pair.own]}" for number, pair in enumerate(pairs, start=1))
    return "\n".join([*parts, f"Key: {key}"])


def run(
    pairs: Annotated[int, typer.Option(help="Pairs.", min=1)] = 20,
    seed: Annotated[int, typer.Option(help="Draws the pairs.")] = 1,
) -> None:
    """Make the lists of the bundled films, and print the sheet."""
    log = movielens()
    coded, ranking = code_interactions(log), RankingSettings(dislikes=BELOW_OWN_MEAN)
    settings = with_half_lives(ranking, coded.at)
    until = log["event_at"].max()
    task = Task(log, log, until, "global_time", coded, TasteSettings(), settings)  # type: ignore[arg-type]
    learned = learn(task, seed=seed, samples=SAMPLES)
    model = model_of(task, learned, weights=learned.weights)
    titles = pl.read_csv(TITLES).select(item_id="movieId", title="title")
    recommend = recommendation_rows(model, titles=titles, cutoff_at=task.cutoff_at)
    lists = pl.concat(rows for (rows,) in walk_users(learned.users, model, [recommend]))
    liked = log.filter(pl.col("value") >= pl.col("value").mean().over("user_id"))
    histories = liked.sort("event_at", "item_id", descending=True).join(
        titles, on="item_id", maintain_order="left"
    )
    console.print(sheet(blind_pairs(lists, histories, n=pairs, seed=seed)), markup=False)


if __name__ == "__main__":
    command_line(run)
