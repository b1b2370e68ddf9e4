"""The way of a worker into NTG; sent to it as it is: the standard library alone.

What it runs then is the code of whoever asks, out of an archive in the shared folder: both sides
cannot differ. Modules of another archive, of an earlier night in the same process, are let go.
"""

from collections.abc import Callable, Iterator
from typing import Any

SCHEMA = "made int, file string, n_rows bigint, n_bytes bigint"


def worker(code: str, work: str, sha256: str) -> Callable[[Iterator[Any]], Iterator[Any]]:
    """Return what works on one partition that holds whole users.

    Args:
        code: Archive of the package.
        work: File of the work; what is made goes beside it.
        sha256: Of that file.
    """

    def run(batches: Iterator[Any]) -> Iterator[Any]:
        import importlib  # noqa: PLC0415  # the worker's own
        import os  # noqa: PLC0415  # as above
        import sys  # noqa: PLC0415  # as above
        import tempfile  # noqa: PLC0415  # as above
        import threading  # noqa: PLC0415  # as above
        from pathlib import Path  # noqa: PLC0415  # as above

        environment = os.environ  # noqa: TID251  # of the worker, for the libraries loaded there
        environment.setdefault("NUMBA_NUM_THREADS", "1")  # the cluster counts its cores itself
        if not os.access(Path.home(), os.W_OK):  # where compiled code is kept
            environment.setdefault("XDG_CACHE_HOME", tempfile.mkdtemp())
        with vars(sys).setdefault("_ntg_lock", threading.Lock()):  # Sail's workers are threads
            package = sys.modules.get("ntg_assets")
            if package is None or not str(package.__file__).startswith(code):
                for name in [name for name in sys.modules if name.split(".")[0] == "ntg_assets"]:
                    del sys.modules[name]
                sys.path[:] = [code, *(place for place in sys.path if place != code)]
                importlib.invalidate_caches()
            work_file = importlib.import_module("ntg_assets.engines.work_file")
            parts = importlib.import_module("ntg_assets.engines.user_parts")
        on_users, rows = work_file.read_work(work, sha256)
        yield from parts.work_on_users(batches, on_users, rows, Path(work).parent)

    return run
