"""Load many modules without looking for garbage among them."""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Look for no garbage in the block, and never again among what it has loaded.

    Classes, functions and the graph stay until the process ends; to walk over 300,000 of them
    again and again is a sixth of an almost empty command. At the end they are looked at once, as
    ever: libraries count then what was not given back, and would complain of it.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        atexit.unregister(gc.unfreeze)  # once, however much is loaded
        atexit.register(gc.unfreeze)
        if was_enabled:
            gc.enable()
