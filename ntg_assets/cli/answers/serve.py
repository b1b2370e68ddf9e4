"""`ntg serve`: the HTTP service on 127.0.0.1."""

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
from contextlib import suppress
from functools import partial

import uvicorn
from rich.console import Console
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from ntg_assets.cli.interruption import Interrupted
from ntg_assets.cli.ports import HOST, listen
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.local_days import describe_cutoff
from ntg_assets.serving.generations import Generations
from ntg_assets.serving.service import make_service

# a worker that loads a large publication answers nothing meanwhile
HANGS_AFTER_SECONDS = 60


def serve(
    settings: Settings,
    paths: Paths,
    *,
    port: int,
    reload_seconds: float,
    workers: int,
    console: Console,
) -> None:
    """Serve lists until the process is asked to end.

    Args:
        settings: The configuration.
        paths: Where the publication lies.
        port: Of this machine; 0: any free one.
        reload_seconds: How often each worker looks for a new generation.
        workers: Processes that answer. Each loads the publication for itself and shares with the
            others the mapped file of the night's lists; one that ends is replaced.
        console: Where the greeting goes.

    Raises:
        StorageError: nothing is published, or its store is damaged.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with listen(port) as listening:
        generations = Generations(settings, paths)
        address = f"http://{HOST}:{listening.getsockname()[1]}"
        for line in _greeting(generations, address, workers=workers):
            console.print(line, highlight=False, soft_wrap=True)
        with suppress(Interrupted):  # which is how a service ends
            if workers == 1:
                app = make_service(generations, reload_seconds=reload_seconds)
                asyncio.run(uvicorn.Server(_configured(app)).serve(sockets=[listening]))
            else:
                del generations  # it was asked whether it can be loaded; the workers load their own
                made = partial(load_service, settings, paths, reload_seconds=reload_seconds)
                Multiprocess(_configured(made, workers=workers), sockets=[listening]).run()


def load_service(settings: Settings, paths: Paths, *, reload_seconds: float) -> Starlette:
    """Make the application of one worker, in its process."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    threading.Thread(target=_end_with_parent, daemon=True).start()
    return make_service(Generations(settings, paths), reload_seconds=reload_seconds)


def _end_with_parent() -> None:
    """Ask this worker to end once nobody is there to replace or to stop it: it would hold the
    port.
    """
    if parent := multiprocessing.parent_process():
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _configured(
    app: Starlette | partial[Starlette], *, workers: int | None = None
) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=isinstance(app, partial),
        workers=workers,
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_worker_healthcheck=HANGS_AFTER_SECONDS,
    )


def _greeting(generations: Generations, address: str, *, workers: int) -> list[str]:
    served, here = generations.current, generations.settings.fingerprint
    cutoff = describe_cutoff(
        served.recommender.cutoff_at.isoformat(), served.recommender.model.zone
    )
    by = f" by {workers} processes" if workers > 1 else ""
    known = f"generation {served.name}, known before {cutoff},"
    lines = [f"serving {known} on {address}{by} (Ctrl-C ends it)"]
    if served.configuration != here:
        caution = (
            f"the publication was made with configuration {served.configuration}, this is {here}"
        )
        lines.append(
            f"[yellow]caution[/] {caution}: every list is computed, and may differ from that of the"
            " night"
        )
    return lines
