"""Tables that several functions take together: one parameter for all of them."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from ntg_assets.errors import ContractError


class Bundle:
    """Base of frozen dataclasses whose fields are tables, each annotated as a parameter would be.

    A function that takes one takes each of its tables, by the names of the fields: the graph shows
    the tables, not the bundle.
    """


def taken_by(function: Callable[..., Any]) -> dict[str, Any]:
    """Say what a function takes, and as what: annotations by name, bundles taken apart.

    Raises:
        ContractError: two of its bundles or parameters have a name in common.
    """
    taken: dict[str, Any] = {}
    for name, annotation in _parameters(function).items():
        parts = _parts(annotation) if _is_bundle(annotation) else {name: annotation}
        if twice := sorted(taken.keys() & parts.keys()):
            raise ContractError(
                f"{function.__module__}.{function.__qualname__} takes {', '.join(twice)} twice:"
                f" {name} has it too. Take it once."
            )
        taken |= parts
    return taken


def put_together(function: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Make the arguments of a function from what `taken_by` names.

    Args:
        function: What is called with them.
        given: At least a value for each name.
    """
    return {
        name: annotation(**{part: given[part] for part in _parts(annotation)})
        if _is_bundle(annotation)
        else given[name]
        for name, annotation in _parameters(function).items()
    }


def _parameters(function: Callable[..., Any]) -> dict[str, Any]:
    return {
        name: parameter.annotation
        for name, parameter in inspect.signature(function).parameters.items()
    }


def _is_bundle(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Bundle)


def _parts(bundle: Any) -> dict[str, Any]:  # noqa: ANN401  # a dataclass that is a bundle
    return {field.name: field.type for field in fields(bundle)}
