"""What is wrong with a configuration, told to the person who wrote it."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

HINTS = {"ingest": " (only `ntg experiments` works without an interaction log)"}
CUTOFF = 0.5  # likeness above which a known key is what was meant
NO_SECTION = frozenset({"model_type", "dict_type", "model_attributes_type"})


def describe_problem(
    problem: ErrorDetails, *, root: type[BaseModel], variables: Mapping[str, str]
) -> str:
    """Tell one problem that pydantic found: where, what, what was found, and which variable set it.

    Args:
        problem: One of `ValidationError.errors()`.
        root: The model of the whole configuration.
        variables: Name of a variable: the dotted key it sets.
    """
    where = ".".join(str(part) for part in problem["loc"])
    setters = [
        name
        for name, key in variables.items()
        if f"{where}.".startswith(f"{key}.") or f"{key}.".startswith(f"{where}.")
    ]
    return _what(problem, where, root) + (
        f" (set by the variable {', '.join(setters)})" if setters else ""
    )


def _what(problem: ErrorDetails, where: str, root: type[BaseModel]) -> str:
    location = [str(part) for part in problem["loc"]]
    if problem["type"] == "extra_forbidden":
        section_keys = _known_keys(location[:-1], root)
        nearest = get_close_matches(location[-1], section_keys, n=1, cutoff=CUTOFF)
        hint = (
            f"did you mean {nearest[0]!r}?"
            if nearest
            else f"known keys here: {', '.join(section_keys)}"
        )
        return f"unknown key {where!r}; {hint}"
    if problem["type"] == "missing":
        return f"{where}: is needed and not set{HINTS.get(where, '')}"
    if problem["type"] in NO_SECTION:
        return f"{where}: must hold keys and values (found {problem['input']!r})"
    text = problem["msg"].removeprefix("Value error, ")
    is_leaf = not isinstance(problem["input"], Mapping)
    return f"{where}: {text}" + (f" (found {problem['input']!r})" if is_leaf else "")


def _known_keys(location: list[str], root: type[BaseModel]) -> list[str]:
    model: type[BaseModel] | None = root
    for part in location:
        if model is not None and not part.isdigit():
            model = _section_of(model.model_fields[part].annotation)
    return sorted(model.model_fields) if model else []


def _section_of(annotation: object) -> type[BaseModel] | None:
    """Find the section class inside an annotation such as `X | None` or `list[X]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(
        (section for part in get_args(annotation) if (section := _section_of(part)) is not None),
        None,
    )
