"""A child of a helper process is asked for work, and killed while it does it."""

import os
import signal
import subprocess
import threading
import time
from contextlib import suppress

HANGS_AFTER = 60.0  # seconds: a bound, not a claim about speed


def seconds_of(
    process: subprocess.Popen[str], request: str, *, kill_after: float | None
) -> float | None:
    """Ask for work; return the child's seconds, or None where it was killed.

    Args:
        process: Answers a line of request with a child's number and then with its status.
        request: What the child shall do.
        kill_after: Seconds; None: only when it hangs.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{request}\n")
    process.stdin.flush()
    child, began = int(process.stdout.readline()), time.monotonic()

    def kill() -> None:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)

    killer = threading.Timer(HANGS_AFTER if kill_after is None else kill_after, kill)
    killer.start()
    status = int(process.stdout.readline())
    killer.cancel()
    assert status in {0, signal.SIGKILL}
    return time.monotonic() - began if status == 0 else None
