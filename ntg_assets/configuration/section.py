"""The base of every part of the configuration: typed, documented,
closed to unknown keys, immutable.
"""

import ast
import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from textwrap import dedent

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One part of the configuration. Subclasses document each field with a docstring below it, for
    who reads the source and for who asks (`field_docs`): pydantic would read the sources of all
    of them in every command, which takes .1 s.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


@cache
def field_docs(section: type[BaseModel]) -> Mapping[str, str]:
    """Return what is written below each field of a section, in one line, by the field's name;
    a field that a section takes over keeps what its own section says.
    """
    docs: dict[str, str] = {}
    for model in reversed(section.__mro__):
        if issubclass(model, Section):
            docs |= dict(_own(model))
    return docs


def _own(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    body = ast.parse(dedent(inspect.getsource(model))).body[0]
    if not isinstance(body, ast.ClassDef):
        return
    for field, below in zip(body.body, body.body[1:], strict=False):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, " ".join(text.split())
