"""What went wrong on a cluster, in one sentence."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from ntg_assets.errors import EngineError, NtgError

SHOWN_LETTERS = 300
LOST = "the connection to {remote} was lost, or the server was started anew"
ENDED = "OPERATION_CANCELED"  # Spark's own word
# in this order: a worker that ran out of memory is a lost executor too
REASONS = (
    (
        f"{ENDED}|[Cc]ancel+ed|interrupted",
        (
            "it was ended, after engine.patience_minutes ({patience_s:.0f} s) or by somebody at the"
            " cluster. Are there workers that take work?"
        ),
    ),
    (
        "No space left on device|ENOSPC|Disk quota exceeded|StorageFull|File too large",
        (
            "a disk is full: engine.storage {storage}, or where the workers keep what does not fit"
            " into memory. Make room there"
        ),
    ),
    (
        (
            "OutOfMemory|out of memory|Java heap space|exit code 137|exited with code (52|137)"
            "|GC overhead|Resources exhausted"
        ),
        (
            "the memory of a worker does not suffice. Give executors more memory, or the work more"
            " partitions (spark.sql.shuffle.partitions)"
        ),
    ),
    (
        "ModuleNotFoundError|No module named",
        "the workers' Python lacks a package: requirements-spark.lock says which are needed there",
    ),
    (
        (
            "ExecutorLostFailure|Lost task|lost worker|executor [0-9]+ exited|MetadataFetchFailed"
            "|FetchFailed|Worker .*(lost|failed)|heartbeat"
        ),
        "a worker was lost, and the cluster gave up after its own attempts. Look at its state",
    ),
    (
        (
            "UNAVAILABLE|failed to connect|Connection refused|Socket closed"
            "|SESSION_(NOT_FOUND|CLOSED|CHANGED)|INVALID_HANDLE|RETRIES_EXCEEDED|Connection reset"
            "|GOAWAY|session.*(expired|not found|not running)"
        ),
        LOST,
    ),
    (
        (
            "PATH_NOT_FOUND|does not exist|FileNotFound|NoSuchFile|No such file"
            "|Permission ?[Dd]enied|AccessDenied|Mkdirs failed"
        ),
        (
            "a worker does not see engine.storage {storage} as this machine does: it must be the"
            " same folder, by the same path, and writable everywhere"
        ),
    ),
)


class Place(NamedTuple):
    """What a message may name.

    Attributes:
        remote: Address of the cluster.
        storage: Folder of its tables.
        patience_s: Seconds that one piece of work may take.
    """

    remote: str
    storage: str
    patience_s: float


@contextmanager
def explained(what: str, place: Place) -> Iterator[None]:
    """Turn whatever a cluster says in the block into one sentence.

    Args:
        what: What was being done (`backtest.train_events`, a file of SQL).
        place: The cluster.

    Raises:
        EngineError: for every error of the client or the cluster.
    """
    try:
        yield
    except NtgError:
        raise
    except Exception as error:
        if not is_of_the_cluster(error):
            raise
        raise EngineError(explain(str(error), what, place, kind=type(error).__name__)) from None


def is_of_the_cluster(error: BaseException) -> bool:
    """Whether an error comes from the client of the cluster."""
    return type(error).__module__.split(".")[0] in {"pyspark", "grpc", "py4j"}


def explain(text: str, what: str, place: Place, *, kind: str) -> str:
    """Say in one sentence what a cluster's message means, with the beginning of the message.

    Args:
        text: The message.
        what: What was being done.
        place: The cluster.
        kind: Class of the error.
    """
    said = " ".join(re.split(r"JVM stacktrace|\n\s+at |Driver stacktrace", text)[0].split())
    shown = said[:SHOWN_LETTERS] + ("…" if len(said) > SHOWN_LETTERS else "")
    for pattern, reason in REASONS:
        if re.search(pattern, text):
            sentence = reason.format(**place._asdict())
            return f"{what}: {sentence}; nothing of it was stored, so run again. ({kind}: {shown})"
    return f"{what}: the cluster refused or failed; nothing of it was stored. ({kind}: {shown})"
