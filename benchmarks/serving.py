"""How fast requests for lists are answered: `ntg serve` under a bounded load, by one process and by
two, at steady rates as well; beside direct calls of the function that computes a list.

# publishes the bundled sample in a folder of its own first
python -m benchmarks.serving
# an existing publication
python -m benchmarks.serving --config configs/mine.yaml --published data/workspaces/mine
"""

import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import polars as pl
import typer

from benchmarks.harness import Goal, command_line, measure, measure_call, report
from benchmarks.http_load import (
    NTG,
    Request,
    family,
    latencies,
    load,
    processor_seconds,
    resident_megabytes,
    service,
    steady_load,
)
from ntg_assets.configuration.settings import load_settings, project_paths
from ntg_assets.sql import Query, Table
from ntg_assets.storage.connection import connect
from ntg_assets.storage.run import run

CLIENTS = 4
WORKERS = 2
RATES = (50, 200, 1_000)  # requests a second
WARM_UP = 50  # requests that are not counted
SEED = 1
MOST_CPU_MS = 10.0  # what the clock says grows with other work on the machine; this does not
MOST_P95_MS = 25.0  # "in milliseconds": a page that waits for a list does not notice it
MOST_KNOWN_CPU_MS, MOST_COMPUTED_CPU_MS = 0.7, 1.5

HISTORIES = """
select user_id, item_id from (
    select *, row_number() over (partition by user_id order by event_at desc, item_id) as place
    from events
) where user_id in (select unnest($users)) and place <= 50 order by user_id, place desc
"""


def serving(
    config: Annotated[str, typer.Option(help="Overlay over the defaults.")] = "configs/dev.yaml",
    published: Annotated[
        Path | None,
        typer.Option(help="Workspace with a publication (default: publish into a new one)."),
    ] = None,
    requests: Annotated[int, typer.Option(help="Requests of each kind.", min=100)] = 2_000,
) -> None:
    """Measure the service and the direct call."""
    with TemporaryDirectory() as folder:
        workspace = (published or Path(folder)).resolve()
        if published is None:
            measure(
                [NTG, "run-all", "--config", config], environment={"NTG_WORKSPACE": str(workspace)}
            )
        figures = measure_serving(config, workspace, n=requests)
    direct, http = figures["direct"]["held_in_memory"], figures["http"]
    one, computed = http["one_process"]["one_client"], http["one_process"]["one_client_computed"]
    together = f"{CLIENTS}_clients_computed"
    growth = (
        http[f"{WORKERS}_processes"][together]["requests_per_s"]
        / (http["one_process"][together]["requests_per_s"])
    )
    goals = [
        Goal("one list by direct call, p95 in ms", direct["p95_ms"], MOST_P95_MS, "at_most"),
        Goal("one list over HTTP, one client, p95 in ms", one["p95_ms"], MOST_P95_MS, "at_most"),
        Goal(
            "one list by direct call, processor ms", direct["cpu_ms_each"], MOST_CPU_MS, "at_most"
        ),
        Goal(
            "a list of the night over HTTP, processor ms",
            one["cpu_ms_each"],
            MOST_KNOWN_CPU_MS,
            "at_most",
        ),
        Goal(
            "a computed list over HTTP, processor ms",
            computed["cpu_ms_each"],
            MOST_COMPUTED_CPU_MS,
            "at_most",
        ),
        Goal(
            f"computed lists a second, {WORKERS} processes over one",
            round(growth, 2),
            1.2,
            "at_least",
        ),
        Goal("failed requests", http["n_failed"], 0, "at_most"),
    ]
    report("serving", figures=figures, goals=goals, packages=["starlette", "uvicorn"])


def measure_serving(config: str, workspace: Path, *, n: int) -> dict[str, Any]:
    """Measure direct calls in a process of their own, then the service."""
    users, histories = ask_log(config, workspace, n=n)
    cost, direct = measure_call(
        "benchmarks.serving:call_directly", config=config, workspace=str(workspace), users=users
    )
    known = [Request(f"/users/{user}/recommendations") for user in users]
    longer = load_settings(config).ranking.top_k + 1  # than what the night made
    computed = [Request(f"{request.path}?k={longer}") for request in known]
    given = [
        Request("/recommendations", json.dumps({"events": [{"item_id": item} for item in items]}))
        for items in histories
    ]
    http = {
        name: measure_service(config, workspace, known, computed, given, workers=workers)
        for name, workers in (("one_process", 1), (f"{WORKERS}_processes", WORKERS))
    }
    n_failed = sum(part.pop("n_failed") for part in http.values())
    return {
        "publication": {
            "n_users": direct.pop("n_users"),
            "n_items": direct.pop("n_items"),
            "n_requests_each": n,
        },
        "direct": {**direct, "peak_mb": cost.peak_mb},
        "http": {**http, "n_failed": n_failed},
    }


def measure_service(
    config: str,
    workspace: Path,
    known: list[Request],
    computed: list[Request],
    given: list[Request],
    *,
    workers: int,
) -> dict[str, Any]:
    """Measure a service of so many processes, then end it.

    Args:
        config: Overlay of the publication.
        workspace: Where it lies.
        known: For users of the log, whose lists the night made.
        computed: For the same users, in a length that it did not make.
        given: With histories given by hand.
        workers: Processes.
    """
    started = time.perf_counter()
    with service(config, workspace, workers=workers) as (port, running):
        starting = time.perf_counter() - started
        for warming in (known, computed):
            load(port, warming[: WARM_UP * workers], clients=CLIENTS)
        kinds = {
            "one_client": (known, 1),
            f"{CLIENTS}_clients": (known, CLIENTS),
            "one_client_computed": (computed, 1),
            f"{CLIENTS}_clients_computed": (computed, CLIENTS),
            "one_client_given_histories": (given, 1),
        }
        measured: dict[str, Any] = {}
        for name, (requests, clients) in kinds.items():
            before = processor_seconds(running)
            measured[name] = load(port, requests, clients=clients)
            spent = processor_seconds(running) - before
            measured[name]["cpu_ms_each"] = round(1000 * spent / len(requests), 3)
        for rate in RATES:
            measured[f"{rate}_a_second"] = steady_load(port, known, rate=rate)
        memory = sum(resident_megabytes(process) for process in family(running))
    n_failed = sum(part.pop("n_failed") for part in measured.values())
    return {
        "start_s": round(starting, 2),
        "resident_mb": round(memory, 1),
        **measured,
        "n_failed": n_failed,
    }


def ask_log(config: str, workspace: Path, *, n: int) -> tuple[list[Any], list[list[Any]]]:
    """Choose users of the log at random (again and again where they are few),
    and their last items.
    """
    settings = load_settings(config, overrides={"workspace": str(workspace)})
    with connect(project_paths(settings).pinned().published_store, read_only=True) as store:
        events = Table("ingest", "events")
        every = run(
            Query("select distinct user_id from events order by user_id", {"events": events}), store
        )["user_id"].to_list()
        users = random.Random(SEED).choices(every, k=n)  # noqa: S311  # a load, not a secret
        rows = run(Query(HISTORIES, {"events": events}, {"users": sorted(set(users))}), store)
    items = dict(rows.group_by("user_id").agg(pl.col("item_id")).iter_rows())
    return users, [items[user] for user in users]


def call_directly(config: str, workspace: str, users: list[Any]) -> dict[str, Any]:
    """Time `Recommender.recommend` in this process: histories in memory as the service has them,
    and read from the store.
    """
    from ntg_assets.ranking.lists.recommender import Recommender

    settings = load_settings(config, overrides={"workspace": workspace})
    store = project_paths(settings).pinned().published_store
    figures: dict[str, Any] = {}
    for name, hold_log, asked in (
        ("held_in_memory", True, users),
        ("read_from_the_store", False, users[: len(users) // 10]),
    ):
        started = time.perf_counter()
        recommender = Recommender.load(store, settings=settings.ranking, hold_log=hold_log)
        loaded = time.perf_counter() - started
        for user in asked[:WARM_UP]:
            recommender.recommend(user)
        spent = time.process_time()
        seconds = [_timed(recommender.recommend, user) for user in asked]
        cpu_ms = 1000 * (time.process_time() - spent) / len(asked)
        figures[name] = {
            "load_s": round(loaded, 3),
            **latencies(seconds),
            "cpu_ms_each": round(cpu_ms, 3),
        }
        figures["n_items"] = recommender.model.n_items
    return {"n_users": len(set(users)), **figures}


def _timed(call: Callable[[Any], object], argument: object) -> float:
    started = time.perf_counter()
    call(argument)
    return time.perf_counter() - started


if __name__ == "__main__":
    command_line(serving)
