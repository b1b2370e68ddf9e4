"""Linear algebra and trees on one thread: the order of sums in a threaded product is not fixed."""

import sys
from contextlib import AbstractContextManager

from threadpoolctl import ThreadpoolController

_seen: tuple[int, ThreadpoolController] | None = None


def one_thread() -> AbstractContextManager[object]:
    """Hold every pool of threads of the process's numeric libraries at one thread.

    Which libraries are loaded is looked up again only when modules were imported since: looking
    walks over all shared libraries of the process, which costs 10 ms where a small fit takes one.
    """
    global _seen  # noqa: PLW0603  # what is loaded is a fact of the process
    n_modules = len(sys.modules)  # a library comes with a module that needs it
    if _seen is None or _seen[0] != n_modules:
        _seen = n_modules, ThreadpoolController()
    return _seen[1].limit(limits=1)
