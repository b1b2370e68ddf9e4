"""Load many modules without looking for garbage among them."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Look for no garbage in the block.

    Classes and functions of modules stay until the process ends; to walk over 300,000 of them again
    and again is a third of the time that loading everything takes. They are not frozen: libraries
    count at the end what was not given back, and complain of it to whoever interrupts a command.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
