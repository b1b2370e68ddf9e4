"""`ntg serve`: the HTTP service on 127.0.0.1."""

import asyncio
import logging
from contextlib import suppress

import uvicorn
from rich.console import Console

from ntg_assets.cli.interruption import Interrupted
from ntg_assets.cli.ports import HOST, listen
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.local_days import tell_cutoff
from ntg_assets.serving.generations import Generations
from ntg_assets.serving.service import make_service


def serve(
    settings: Settings, paths: Paths, *, port: int, reload_seconds: float, console: Console
) -> None:
    """Serve lists until the process is asked to end."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with listen(port) as listening:
        generations = Generations(settings, paths)
        address = f"http://{HOST}:{listening.getsockname()[1]}"
        for line in _greeting(generations, address):
            console.print(line, highlight=False, soft_wrap=True)
        app = make_service(generations, reload_seconds=reload_seconds)
        server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, log_level="warning", access_log=False)
        )
        with suppress(Interrupted):  # which is how a service ends
            asyncio.run(server.serve(sockets=[listening]))


def _greeting(generations: Generations, address: str) -> list[str]:
    served, here = generations.current, generations.settings.fingerprint
    cutoff = tell_cutoff(served.recommender.cutoff_at.isoformat(), served.recommender.model.zone)
    lines = [
        f"serving generation {served.name}, known before {cutoff}, on {address} (Ctrl-C ends it)"
    ]
    if served.configuration != here:
        caution = (
            f"the publication was made with configuration {served.configuration}, this is {here}"
        )
        lines.append(f"[yellow]caution[/] {caution}: lists may differ from those of the night")
    return lines
