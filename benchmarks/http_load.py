"""A bounded load over HTTP against `ntg serve`, and what its processes take."""

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import ROOT

NTG = str(Path(sys.executable).with_name("ntg"))
START_SECONDS = 300.0  # a service that does not listen by then does not start
ASK_SECONDS = 60.0
OK = 200
RATE_SECONDS = 5.0
RATE_CLIENTS = 16


@dataclass(frozen=True)
class Request:
    """One request: for a user of the log, or with the last items of one as a history given by
    hand.
    """

    path: str
    body: str | None = None


@contextmanager
def service(config: str, workspace: Path, *, workers: int) -> Iterator[tuple[int, int]]:
    """Start `ntg serve`; yield its port and the id of its process."""
    environment = {
        **os.environ,
        "NTG_WORKSPACE": str(workspace),
        "PYTHONUNBUFFERED": "1",
    }
    command = [NTG, "serve", "--port", "0", "--workers", str(workers), "--config", config]
    child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)  # noqa: S603  # our own command
    try:
        yield _port_of(child), child.pid
    finally:
        child.send_signal(signal.SIGINT)
        child.wait(ASK_SECONDS)


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


def steady_load(port: int, requests: Sequence[Request], *, rate: int) -> dict[str, Any]:
    """Send requests at a steady rate, whether or not those before were answered; a time counts from
    the instant at which its request was due, so waiting for a free client is part of it.

    Args:
        port: Of the service.
        requests: Sent from the first on, again and again where they are few.
        rate: Requests a second.
    """
    n = round(rate * RATE_SECONDS)
    begin = time.perf_counter() + 0.1

    def client(first: int) -> list[tuple[float, int]]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ASK_SECONDS)
        answered = []
        for number in range(first, n, RATE_CLIENTS):
            due = begin + number / rate
            time.sleep(max(due - time.perf_counter(), 0.0))
            status = _ask(connection, requests[number % len(requests)])
            answered.append((time.perf_counter() - due, status))
        connection.close()
        return answered

    with ThreadPoolExecutor(RATE_CLIENTS) as pool:
        answered = [answer for part in pool.map(client, range(RATE_CLIENTS)) for answer in part]
    return {
        "requests_per_s": round(n / (time.perf_counter() - begin), 1),
        **latencies([took for took, _ in answered]),
        "n_failed": sum(status != OK for _, status in answered),
    }


def _client(port: int, requests: Sequence[Request]) -> list[tuple[float, int]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ASK_SECONDS)
    answered = []
    for request in requests:
        started = time.perf_counter()
        status = _ask(connection, request)
        answered.append((time.perf_counter() - started, status))
    connection.close()
    return answered


def _ask(connection: http.client.HTTPConnection, request: Request) -> int:
    connection.request("POST" if request.body else "GET", request.path, body=request.body)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def family(process: int) -> list[int]:
    """Return a process and its children."""
    listed = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return [process, *map(int, listed.split())]


def processor_seconds(process: int) -> float:
    """Return what a process and its children have computed so far."""
    ticks = 0
    for member in family(process):
        fields = Path(f"/proc/{member}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_megabytes(process: int) -> float:
    """Return the proportional share of a process in the memory that is held (mapped files that
    several hold are divided among them).
    """
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    kilobytes = next(line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:"))
    return int(kilobytes) / 1024


def latencies(seconds: Sequence[float]) -> dict[str, float]:
    """Percentiles in milliseconds."""
    return {f"p{at}_ms": round(1000 * float(np.percentile(seconds, at)), 3) for at in (50, 95, 99)}
