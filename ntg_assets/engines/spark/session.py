"""The one connection to a cluster, bounded in time."""

import logging
import socket
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from ntg_assets.engines.spark.failures import Place, explained
from ntg_assets.errors import EngineError

PATIENCE_SECONDS = 10.0
DEFAULT_PORT = 15002
RETRIES = 6  # 0.1 + 0.4 + 1.6 + 5 + 5 + 5 s: a server that is gone so long does not come back
SESSION = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.ansi.enabled": "true",  # an overflow is an error, not a plausible number
    "spark.sql.caseSensitive": "false",
}
# A session that becomes garbage closes its client once more, also when it was stopped; where that
# falls into a call of another session, pyspark 4.3 waits for a lock that its own thread holds
_OPENED: list[Any] = []


def open_session(place: Place) -> Any:
    """Connect to a Spark Connect server.

    Raises:
        EngineError: the client is not installed, nobody answers, or it is another service.
    """
    try:
        from pyspark.sql.connect.client.retries import (  # noqa: PLC0415  # of the extra [spark]
            DefaultPolicy,
        )
        from pyspark.sql.connect.session import SparkSession  # noqa: PLC0415  # as above
    except ImportError as error:
        raise EngineError(
            f"engine.kind is spark, and its client is not installed ({error}). Install it:"
            " pip install 'ntg-assets[spark]'."
        ) from None
    _require_answer(place.remote)
    # the client writes each error with its stack as JSON beside our own sentence
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    logging.getLogger("pyspark.sql.connect").setLevel(logging.CRITICAL)
    with explained("engine", place):
        session = SparkSession.builder.remote(place.remote).create()
        _OPENED.append(session)
        session.client.set_retry_policies(
            [DefaultPolicy(max_retries=RETRIES, initial_backoff=100, max_backoff=5_000)]
        )
        for key, value in SESSION.items():
            session.conf.set(key, value)
    return session


def ask_once(session: Any) -> None:
    """Let a session whose server is gone fail at once: each question would wait for it."""
    session.client.set_retry_policies([])


def stop_session(session: Any) -> None:
    """End a session; one that is lost already is no error."""
    ask_once(session)
    with suppress(Exception):
        session.stop()


def make_active(session: Any) -> None:
    """Make a session the one that the client asks how to write an instant: it keeps the first one
    of the process, also when that one's server is long gone.
    """
    kind = type(session)
    kind._default_session = session  # noqa: SLF001  # it offers no other way
    kind._active_session.session = session  # noqa: SLF001  # as above


def _require_answer(remote: str) -> None:
    address = urlsplit(remote)
    host, port = address.hostname or "localhost", address.port or DEFAULT_PORT
    try:
        socket.create_connection((host, port), timeout=PATIENCE_SECONDS).close()
    except OSError as error:
        raise EngineError(
            f"engine.remote: no Spark Connect server answers at {host}:{port} ({error}). Start it"
            " (`start-connect-server.sh`, `sail spark server`), or mend the address."
        ) from None
