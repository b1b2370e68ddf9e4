"""The docstrings below the fields of a section, read from its source when somebody asks."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from textwrap import dedent

from pydantic import BaseModel

from ntg_assets.configuration.section import Section


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
