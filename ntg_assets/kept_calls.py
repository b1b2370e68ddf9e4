"""Calls of pure functions whose results are kept for a while, by the content of what they are
given: the same fit is asked for again where past origins share it.

A kept function depends on its arguments alone. Nothing is kept outside a block of `calls_kept`,
and what a block keeps ends with it, unless it is handed to another one.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from datetime import date
from functools import wraps
from io import BytesIO
from typing import ParamSpec, TypeVar, cast

import numpy as np
import polars as pl
from pydantic import BaseModel

P = ParamSpec("P")
R = TypeVar("R")
Results = dict[bytes, object]

_KEPT: ContextVar[Results | None] = ContextVar("kept_calls", default=None)


@contextmanager
def calls_kept(results: Results | None = None) -> Iterator[None]:
    """Keep in the block what functions of `keep_calls` return.

    Args:
        results: What an earlier block kept, and this one adds to; none: the results of the block
            around this one, or its own.
    """
    around = _KEPT.get()
    token = _KEPT.set(results if results is not None else {} if around is None else around)
    try:
        yield
    finally:
        _KEPT.reset(token)


def keep_calls(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function that depends on its arguments alone and returns what nobody changes:
    frames, or tuples of frames.
    """

    @wraps(function)
    def call(*args: P.args, **named: P.kwargs) -> R:
        results = _KEPT.get()
        if results is None:
            return function(*args, **named)
        key = digest_of(function.__module__, function.__qualname__, args, sorted(named.items()))
        if key not in results:
            results[key] = function(*args, **named)
        return cast("R", results[key])

    return call


def digest_of(*values: object) -> bytes:
    """Hash values by their content: frames, arrays, settings, dataclasses and sequences of these,
    dates, numbers, words.

    Raises:
        TypeError: a value is of another kind, so its content is not known.
    """
    digest = hashlib.sha256()
    for part in _parts(values):
        digest.update(f"{len(part)}:".encode())
        digest.update(part)
    return digest.digest()


def _parts(value: object) -> Iterator[bytes | memoryview]:
    yield type(value).__qualname__.encode()
    if isinstance(value, pl.DataFrame):
        yield from map(_column, value)  # one by one: no second copy of a large frame
    elif isinstance(value, np.ndarray):
        yield f"{value.dtype}{value.shape}".encode()
        yield np.ascontiguousarray(value).reshape(-1).view(np.uint8).data
    elif isinstance(value, BaseModel):
        yield value.model_dump_json().encode()
    elif is_dataclass(value):
        yield from _each([getattr(value, field.name) for field in fields(value)])
    elif isinstance(value, str | int | float | date | None):
        yield repr(value).encode()
    elif isinstance(value, Sequence):
        yield from _each(value)
    else:
        raise TypeError(f"{type(value).__qualname__} is nothing whose content can be hashed.")


def _each(values: Sequence[object]) -> Iterator[bytes | memoryview]:
    yield str(len(values)).encode()
    for value in values:
        yield from _parts(value)


def _column(column: pl.Series) -> memoryview:
    written = BytesIO()
    column.to_frame().write_ipc_stream(written)
    return written.getbuffer()
