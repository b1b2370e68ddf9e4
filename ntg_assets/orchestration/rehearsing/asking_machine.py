"""The environment and the clock of a rehearsal: the code of an asset may ask neither, for what it
says then hangs on when and where it runs. Libraries may.
"""

import ctypes
import gc
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from functools import wraps
from typing import Any

from ntg_assets.declared_reads import refuse
from ntg_assets.modules import ROOT
from ntg_assets.orchestration.undeclared.opened_files import exchange

# files on the way to who asks, as the interpreter names them
BETWEEN = frozenset(
    {
        __file__,
        os.getenv.__code__.co_filename,  # noqa: TID251  # its place, not what it says
        Mapping.get.__code__.co_filename,
    }
)
OURS = f"{ROOT}{os.sep}"
CLOCKS = ("time", "time_ns", "localtime", "gmtime", "ctime", "asctime", "strftime")
CLOCKS_OF_TYPES: tuple[tuple[type, str], ...] = (
    (datetime, "now"),
    (datetime, "utcnow"),
    (date, "today"),
)


@contextmanager
def machine_that_asks() -> Iterator[None]:
    """Let the code of assets be refused the environment and the clock in the block."""
    with ExitStack() as exchanged:
        exchange(os, "environ", AskingEnvironment(os.environ), exchanged)  # noqa: TID251  # as above
        for name in CLOCKS:
            exchange(time, name, _asking(getattr(time, name), f"time.{name}"), exchanged)
        for owner, name in CLOCKS_OF_TYPES:
            _exchange_member(owner, name, exchanged)
        yield


class AskingEnvironment(os._Environ[str]):  # noqa: SLF001  # the type has no other name
    """The variables of the process, which the code of an asset may not look at."""

    def __init__(self, variables: Any) -> None:  # noqa: ANN401  # the type of `os` has no name
        ways = (variables.encodekey, variables.decodekey)
        own = variables._data  # noqa: SLF001  # shared: what is set in one stands in both
        super().__init__(own, *ways, variables.encodevalue, variables.decodevalue)

    def __getitem__(self, name: str) -> str:
        _refuse_ours(f"the environment for {name}")
        return super().__getitem__(name)

    def __iter__(self) -> Iterator[str]:
        _refuse_ours("for the environment")
        return super().__iter__()


def _asking(clock: Callable[..., Any], name: str) -> Callable[..., Any]:
    @wraps(clock)
    def ask(*arguments: Any) -> Any:  # noqa: ANN401  # whatever it takes
        _refuse_ours(f"the clock ({name})")
        return clock(*arguments)

    return ask


def _exchange_member(owner: type, name: str, exchanged: ExitStack) -> None:
    """Exchange a method of a type of the interpreter, which takes no attribute: in the dictionary
    behind it.
    """
    members = gc.get_referents(owner.__dict__)[0]
    own = members[name]

    def ask(cls: type, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401  # whatever it takes
        _refuse_ours(f"the clock ({owner.__name__}.{name})")
        return own.__get__(None, cls)(*arguments, **named)

    def put(member: object) -> None:
        members[name] = member
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(owner))

    exchanged.callback(put, own)
    put(classmethod(ask))


def _refuse_ours(what: str) -> None:
    """Refuse where the code that asks is ours."""
    frame = sys._getframe(1)  # noqa: SLF001  # who asks
    while frame.f_code.co_filename in BETWEEN and frame.f_back is not None:
        frame = frame.f_back
    if frame.f_code.co_filename.startswith(OURS):
        refuse(what, instead="Take it from a table or the configuration.")
