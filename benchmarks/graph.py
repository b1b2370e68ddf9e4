"""The taste graph and lists for all users at 25 million events,
beside libraries that do the same; then the night's tables of lists.

    python -m benchmarks.graph                                   # writes results/graph.json
    # a try on the first users: prints only
    python -m benchmarks.graph --users 5000

Every engine runs in a process of its own on the same matrix (after the power-user cap and the
support guardrail) with two threads. CPU seconds are those of the call alone: reading, imports and
compilation are stated apart. similaripy has no minimum of shared users and no order of ties, so its
edges are compared by value. Peak memory is that of the whole process. `night` goes all the way from
the stored log to `candidates` and `recommendations` in the store, contracts and hashes included,
with a memory limit of 512 MB for the engine (`benchmarks/graph_lists.py`).
"""

# an engine is imported in its own process alone; sparse matrices of peers have no types

import resource
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer
from scipy import sparse

from benchmarks.harness import (
    RESULTS,
    ROOT,
    Cost,
    Goal,
    command_line,
    console,
    measure_call,
    report,
)
from benchmarks.large_world import WORLD, written_world
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.interactions.interactions import code_interactions
from ntg_assets.taste.edges import Neighbours, UserItems
from ntg_assets.taste.taste_graph import guarded_nodes

MATRIX, STORE = f"{WORLD}/graph_matrix.npz", f"{WORLD}/lists.duckdb"
K, LIST_LENGTH, SHRINKAGE, MIN_SHARED, WINDOW, UNIT, THREADS = 50, 20, 20.0, 2, 10, 2520, 2
ENGINES = ("taste_graph", "sequence_graph", "similaripy_graph", "lists", "similaripy_lists")
GRAPH_GOAL, LISTS_GOAL, SEQUENCE_GOAL, NIGHT_GOAL_GB = 0.5, 0.25, 1.5, 2.0
BLOCK_USERS = 16_384  # users whose lists are made at once
VALUE_TOLERANCE = 1e-5  # similaripy computes in single precision


def run(
    world: Annotated[
        Path,
        typer.Option(help="Folder of a synthetic world; the usual one is written when missing."),
    ] = Path(WORLD),
    users: Annotated[int | None, typer.Option(help="Only the first users, for a try.")] = None,
) -> None:
    """Measure, print, and at full size write the result."""
    matrix = str(ROOT / MATRIX) if users is None else str(ROOT / f"{MATRIX}.{users}.npz")
    folder = str((ROOT / world).resolve())
    if world == Path(WORLD):
        written_world(ROOT / WORLD)
    prepared, size = measure_call(
        "benchmarks.graph:prepare", world=folder, matrix=matrix, users=users
    )
    console.print(f"{size}")
    answers: dict[str, Any] = {}
    for engine in ENGINES:
        cost, found = measure_call(f"benchmarks.graph:{engine}", matrix=matrix)
        answers[engine] = {**found, "process_cpu_s": cost.cpu_s, "peak_mb": cost.peak_mb}
        console.print(f"{engine}: {answers[engine]}")
    _, compiled = measure_call("benchmarks.graph:compile_anew", matrix=matrix)
    console.print(f"compiling with an empty cache, CPU s: {compiled}")
    cost, night = _night(folder, users)
    graph, peer = answers["taste_graph"], answers["similaripy_graph"]
    directed = answers["sequence_graph"]
    lists, peer_lists = answers["lists"], answers["similaripy_lists"]
    goals = [
        Goal(
            "graph, CPU relative to similaripy",
            round(graph["cpu_s"] / peer["cpu_s"], 3),
            GRAPH_GOAL,
            "at_most",
        ),
        Goal(
            "graph, peak MB relative to similaripy",
            round(graph["peak_mb"] / peer["peak_mb"], 3),
            1.0,
            "at_most",
        ),
        Goal(
            "lists, CPU relative to similaripy",
            round(lists["cpu_s"] / peer_lists["cpu_s"], 3),
            LISTS_GOAL,
            "at_most",
        ),
        Goal(
            "sequence graph, CPU relative to the graph",
            round(directed["cpu_s"] / graph["cpu_s"], 3),
            SEQUENCE_GOAL,
            "at_most",
        ),
        Goal(
            "candidates to recommendations, peak GB",
            round(cost.peak_mb / 1024, 3),
            NIGHT_GOAL_GB,
            "at_most",
        ),
        Goal(
            "largest difference of a similarity to similaripy",
            peer["largest_difference"],
            VALUE_TOLERANCE,
            "at_most",
        ),
    ]
    figures = {
        **size,
        "prepare": vars(prepared),
        **answers,
        "compile_anew_cpu_s": compiled,
        "night": {**night, **vars(cost)},
    }
    report(
        "graph",
        figures=figures,
        goals=goals,
        packages=("similaripy",),
        folder=RESULTS if users is None else None,
    )


def _night(world: str, users: int | None) -> tuple[Cost, dict[str, Any]]:
    """Store what the lists are made from, then make them in a process of their own."""
    store = str(ROOT / STORE)
    _, stored = measure_call("benchmarks.graph_lists:fill", world=world, store=store, users=users)
    console.print(f"stored: {stored}")
    cost, night = measure_call("benchmarks.graph_lists:night", store=store)
    console.print(f"night: {night}, {cost}")
    Path(store).unlink()
    return cost, night


def prepare(world: str, matrix: str, users: int | None) -> dict[str, Any]:
    """Write the guarded users x items matrix of a world."""
    events = pl.scan_parquet(Path(world) / "events.parquet").select(
        "user_id", "item_id", "event_at"
    )
    if users is not None:
        events = events.filter(pl.col("user_id") <= users)
    rows = events.collect()
    coding = timed(lambda: code_interactions(rows))
    log = coding.pop("result")
    nodes = guarded_nodes(log, settings=TasteSettings())
    user, at = log.user[nodes.rows], log.at[nodes.rows]
    step = np.cumsum(np.concatenate(([True], (user[1:] != user[:-1]) | (at[1:] != at[:-1]))))
    np.savez(
        matrix,
        start=nodes.matrix.start,
        items=nodes.matrix.items,
        n_items=nodes.matrix.n_items,
        step=step,
    )
    made = nodes.matrix
    sizes = {
        "n_users": log.n_users,
        "n_items": made.n_items,
        "n_pairs": len(made.items),
        "n_updates": made.n_updates,
    }
    return {**{name: int(value) for name, value in sizes.items()}, "code_interactions": coding}


def compile_anew(matrix: str) -> dict[str, float]:
    """What the kernels take to compile where nothing is cached yet: once per machine and
    version.
    """
    from numba import config

    with TemporaryDirectory() as folder:
        vars(config)["CACHE_DIR"] = folder
        kernels = {"taste_graph": taste_graph, "sequence_graph": sequence_graph, "lists": lists}
        return {
            name: kernel(matrix, is_compiled_only=True)["compile_cpu_s"]
            for name, kernel in kernels.items()
        }


def taste_graph(matrix: str, *, is_compiled_only: bool = False) -> dict[str, float]:
    """The compiled kernel; its edges are kept for the comparison and for the lists."""
    from ntg_assets.taste.neighbours_kernel import compiled_neighbours

    given, _ = _load(matrix)

    def make(of: UserItems) -> Neighbours:
        return compiled_neighbours(
            of, k=K, min_shared=MIN_SHARED, shrinkage=SHRINKAGE, workers=THREADS
        )

    compiled = timed(lambda: make(_head(given)))
    if is_compiled_only:
        return {"compile_cpu_s": compiled["cpu_s"]}
    found = timed(lambda: make(given))
    edges: Neighbours = found.pop("result")
    np.savez(
        f"{matrix}.edges.npz",
        item=edges.item,
        neighbour=edges.neighbour,
        similarity=edges.similarity,
    )
    return {**found, "compile_cpu_s": compiled["cpu_s"], "n_edges": len(edges.item)}


def sequence_graph(matrix: str, *, is_compiled_only: bool = False) -> dict[str, float]:
    """The directed kernel."""
    from ntg_assets.taste.sequence_kernel import compiled_followers

    given, step = _load(matrix)

    def make(of: UserItems) -> Neighbours:
        guardrails = {"k": K, "min_shared": MIN_SHARED, "workers": THREADS}
        return compiled_followers(
            of, step[: len(of.items)], window=WINDOW, unit=UNIT, shrinkage=SHRINKAGE, **guardrails
        )

    compiled = timed(lambda: make(_head(given)))
    if is_compiled_only:
        return {"compile_cpu_s": compiled["cpu_s"]}
    found = timed(lambda: make(given))
    return {"compile_cpu_s": compiled["cpu_s"], "n_edges": len(found.pop("result").item), **found}


def similaripy_graph(matrix: str) -> dict[str, float]:
    """The peer's cosine with the same shrinkage;
    the largest difference of a similarity that both have.
    """
    import similaripy

    given, _ = _load(matrix)
    by_item = _sparse(given).T.tocsr()
    found = timed(
        lambda: similaripy.cosine(
            by_item, k=K, shrink=SHRINKAGE, verbose=False, num_threads=THREADS
        )
    )
    theirs = found.pop("result").tocsr()
    with np.load(f"{matrix}.edges.npz") as edges:
        # its shrinkage stands in the denominator of the cosine, another formula: plain cosines are
        # what can be compared
        plain = similaripy.cosine(
            by_item[:200], by_item.T.tocsr(), k=K, shrink=0, verbose=False, num_threads=THREADS
        ).tocsr()
        ours = sparse.csr_array(
            (edges["similarity"], (edges["item"], edges["neighbour"])), shape=theirs.shape
        )
    return {
        **found,
        "n_edges": int(theirs.nnz),
        "largest_difference": _difference(plain, given),
        "n_edges_ours": int(ours.nnz),
    }


def lists(matrix: str, *, is_compiled_only: bool = False) -> dict[str, float]:
    """Top-20 lists of all users from the graph, without what they have had."""
    from ntg_assets.interactions.workers import NARROW
    from ntg_assets.ranking.scoring.compiled_scores import find_best
    from ntg_assets.ranking.scoring.scores_kernel import Histories, Sources

    given, _ = _load(matrix)
    graph = _graph(matrix, given.n_items)
    number, none = np.zeros(1, np.int64), np.empty((0, given.n_items))
    narrow = np.uint16 if given.n_items <= NARROW else np.uint32
    edges = (
        graph.indptr.astype(np.uint32),
        graph.indices.astype(narrow),
        graph.data.astype(np.float32),
    )
    order, no_dimensions = none.astype(np.int64), np.zeros(1, np.bool_)
    sources = Sources(number, number - 1, number, *edges, none, order, no_dimensions, np.float32(0))
    items = given.items.view(np.uint32)

    def make(start: np.ndarray) -> np.ndarray:
        return np.concatenate(
            [
                of_block(start[first : first + BLOCK_USERS + 1])
                for first in range(0, len(start) - 1, BLOCK_USERS)
            ]
        )

    def of_block(start: np.ndarray) -> np.ndarray:
        had, start = items[start[0] : start[-1]], start - start[0]
        histories = Histories(start[None, :], had, np.ones(len(had), np.float32), start, had)
        return find_best(sources, histories, k=LIST_LENGTH, workers=THREADS).sizes

    compiled = timed(lambda: make(given.start[:3]))
    if is_compiled_only:
        return {"compile_cpu_s": compiled["cpu_s"]}
    found = timed(lambda: make(given.start))
    return {"compile_cpu_s": compiled["cpu_s"], "n_rows": int(found.pop("result").sum()), **found}


def similaripy_lists(matrix: str) -> dict[str, float]:
    """The peer's top-20 of users x graph, with its seen filter."""
    import similaripy

    given, _ = _load(matrix)
    histories, graph = _sparse(given), _graph(matrix, given.n_items)
    graph32 = sparse.csr_matrix(graph.astype(np.float32))
    options = {"k": LIST_LENGTH, "filter_cols": histories, "verbose": False, "num_threads": THREADS}
    found = timed(lambda: similaripy.dot_product(histories, graph32, **options))
    return {"n_rows": int(found.pop("result").nnz), **found}


def _load(matrix: str) -> tuple[UserItems, np.ndarray]:
    with np.load(matrix) as arrays:
        return UserItems(arrays["start"], arrays["items"], int(arrays["n_items"])), arrays["step"]


def _head(given: UserItems, n_users: int = 50) -> UserItems:
    """A few users, renumbered by support: enough to compile."""
    items = given.items[: given.start[n_users]]
    known, number = np.unique(items, return_inverse=True)
    order = np.argsort(np.argsort(-np.bincount(number), kind="stable"), kind="stable")
    return UserItems(given.start[: n_users + 1], order[number].astype(np.int32), len(known))


def _sparse(given: UserItems) -> Any:
    shape = (len(given.start) - 1, given.n_items)
    return sparse.csr_matrix(
        (np.ones(len(given.items), np.float32), given.items, given.start.astype(np.int32)),
        shape=shape,
    )


def _graph(matrix: str, n_items: int) -> Any:
    with np.load(f"{matrix}.edges.npz") as edges:
        graph = sparse.csr_array(
            (edges["similarity"], (edges["item"], edges["neighbour"])), shape=(n_items, n_items)
        )
    graph.sort_indices()
    return graph


def _difference(plain: Any, given: UserItems) -> float:
    """Largest difference of the peer's plain cosines to n / sqrt(a b) from exact counts,
    for the first items.
    """
    histories = _sparse(given)
    rows = plain.tocoo()
    counts = (histories.T.tocsr()[:200] @ histories).tocsr()
    exact = np.asarray(counts[rows.row, rows.col]).ravel() / np.sqrt(
        given.support[rows.row] * given.support[rows.col]
    )
    return float(np.abs(exact - rows.data).max())


def timed(call: Callable[[], Any]) -> dict[str, Any]:
    """Call a function and return its result with what the call alone took."""
    before, started = _cpu(), time.perf_counter()
    result = call()
    return {
        "result": result,
        "cpu_s": round(_cpu() - before, 3),
        "wall_s": round(time.perf_counter() - started, 3),
    }


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    command_line(run)
