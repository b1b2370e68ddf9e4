"""How fast one process answers requests for lists: `ntg serve` under a bounded load,
beside direct calls of the same function.

# publishes the bundled sample in a folder of its own first
python -m benchmarks.serving
# an existing publication
python -m benchmarks.serving --config configs/mine.yaml --published data/workspaces/mine
"""

import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer

from benchmarks.harness import MEGABYTE, ROOT, Goal, command_line, measure, measure_call, report
from ntg_assets.configuration.settings import load_settings, project_paths
from ntg_assets.sql import Query, Table
from ntg_assets.storage.connection import connect
from ntg_assets.storage.run import run

NTG = str(Path(sys.executable).with_name("ntg"))
START_SECONDS = 300.0  # a service that does not listen by then does not start
ASK_SECONDS = 60.0
CLIENTS = 4
OK = 200
WARM_UP = 50  # requests that are not counted
SEED = 1
MOST_CPU_MS = 10.0  # what the clock says grows with other work on the machine; this does not
MOST_P95_MS = 25.0  # "in milliseconds": a page that waits for a list does not notice it

HISTORIES = """
select user_id, item_id from (
    select *, row_number() over (partition by user_id order by event_at desc, item_id) as place
    from events
) where user_id in (select unnest($users)) and place <= 50 order by user_id, place desc
"""


@dataclass(frozen=True)
class Request:
    """One request: for a user of the log, or with the last items of one as a history given by
    hand.
    """

    path: str
    body: str | None = None


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
    direct, one = figures["direct"]["held_in_memory"], figures["http"]["one_client"]
    goals = [
        Goal("one list by direct call, p95 in ms", direct["p95_ms"], MOST_P95_MS, "at_most"),
        Goal("one list over HTTP, one client, p95 in ms", one["p95_ms"], MOST_P95_MS, "at_most"),
        Goal(
            "one list by direct call, processor ms", direct["cpu_ms_each"], MOST_CPU_MS, "at_most"
        ),
        Goal("failed requests", figures["http"]["n_failed"], 0, "at_most"),
    ]
    report("serving", figures=figures, goals=goals, packages=["starlette", "uvicorn"])


def measure_serving(config: str, workspace: Path, *, n: int) -> dict[str, Any]:
    """Measure direct calls in a process of their own, then the service."""
    users, histories = ask_log(config, workspace, n=n)
    cost, direct = measure_call(
        "benchmarks.serving:call_directly", config=config, workspace=str(workspace), users=users
    )
    known = [Request(f"/users/{user}/recommendations") for user in users]
    given = [
        Request("/recommendations", json.dumps({"events": [{"item_id": item} for item in items]}))
        for items in histories
    ]
    with service(config, workspace) as (port, spent):
        load(port, known[:WARM_UP], clients=1)
        measured = {
            "one_client": load(port, known, clients=1),
            f"{CLIENTS}_clients": load(port, known, clients=CLIENTS),
            "one_client_given_histories": load(port, given, clients=1),
        }
    n_failed = sum(part.pop("n_failed") for part in measured.values())
    return {
        "publication": {
            "n_users": direct.pop("n_users"),
            "n_items": direct.pop("n_items"),
            "n_requests_each": n,
        },
        "direct": {**direct, "peak_mb": cost.peak_mb},
        "http": {**measured, "n_failed": n_failed, **spent},
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


@contextmanager
def service(config: str, workspace: Path) -> Iterator[tuple[int, dict[str, float]]]:
    """Start `ntg serve` on a free port; the second value is filled with what the process took once
    it has ended.
    """
    environment = {
        **os.environ,
        "NTG_WORKSPACE": str(workspace),
        "PYTHONUNBUFFERED": "1",
    }
    command = [NTG, "serve", "--port", "0", "--config", config]
    child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)  # noqa: S603  # our own command
    spent: dict[str, float] = {}
    try:
        yield _port_of(child), spent
    finally:
        child.send_signal(signal.SIGINT)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        spent |= {
            "cpu_s": round(usage.ru_utime + usage.ru_stime, 3),
            "peak_mb": round(usage.ru_maxrss / MEGABYTE, 1),
        }


def _port_of(child: subprocess.Popen[str]) -> int:
    until = time.monotonic() + START_SECONDS
    while (
        time.monotonic() < until and child.stdout is not None and (line := child.stdout.readline())
    ):
        if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
            return int(found.group(1))
    raise RuntimeError(
        "`ntg serve` ended before it listened. Is there a publication in the workspace?"
    )


def load(port: int, requests: Sequence[Request], *, clients: int) -> dict[str, Any]:
    """Send every request once, from so many clients at a time, each over one connection."""
    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        parts = list(
            pool.map(
                lambda mine: _client(port, mine),
                (requests[first::clients] for first in range(clients)),
            )
        )
    wall = time.perf_counter() - started
    answered = [answer for part in parts for answer in part]
    failed = sum(status != OK for _, status in answered)
    return {
        "requests_per_s": round(len(requests) / wall, 1),
        **latencies([took for took, _ in answered]),
        "n_failed": failed,
    }


def _client(port: int, requests: Sequence[Request]) -> list[tuple[float, int]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ASK_SECONDS)
    found = []
    for request in requests:
        started = time.perf_counter()
        connection.request("POST" if request.body else "GET", request.path, body=request.body)
        answer = connection.getresponse()
        answer.read()
        found.append((time.perf_counter() - started, answer.status))
    connection.close()
    return found


def _timed(call: Callable[[Any], object], argument: object) -> float:
    started = time.perf_counter()
    call(argument)
    return time.perf_counter() - started


def latencies(seconds: Sequence[float]) -> dict[str, float]:
    """Percentiles in milliseconds."""
    return {f"p{at}_ms": round(1000 * float(np.percentile(seconds, at)), 3) for at in (50, 95, 99)}


if __name__ == "__main__":
    command_line(serving)
