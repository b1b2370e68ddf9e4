"""Linear algebra and trees on one thread: the order of sums in a threaded product is not fixed."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock

from threadpoolctl import ThreadpoolController

_seen: tuple[int, ThreadpoolController] | None = None


class _Holders:
    """Who holds the pools of linear algebra, which are the process's: several threads may at the
    same time, and the first to let go must not give the others more threads.
    """

    lock = Lock()
    n = 0
    released = ExitStack()


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold every pool of threads of the process's numeric libraries at one thread, those of linear
    algebra until the last of the threads that hold them at the same time lets go.

    Which libraries are loaded is looked up again only when modules were imported since: looking
    walks over all shared libraries of the process, which costs 10 ms where a small fit takes one.
    """
    with _Holders.lock:
        pools = _loaded()
        _Holders.n += 1
        _Holders.released.enter_context(pools.select(user_api="blas").limit(limits=1))
    try:  # the number of threads of OpenMP is each thread's own
        with pools.select(user_api="openmp").limit(limits=1):
            yield
    finally:
        with _Holders.lock:
            _Holders.n -= 1
            if _Holders.n == 0:
                _Holders.released.close()


def _loaded() -> ThreadpoolController:
    global _seen  # noqa: PLW0603  # what is loaded is a fact of the process
    n_modules = len(sys.modules)  # a library comes with a module that needs it
    if _seen is None or _seen[0] != n_modules:
        _seen = n_modules, ThreadpoolController()
    return _seen[1]
