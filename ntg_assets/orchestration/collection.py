"""Assets and checks, collected from the modules that are named so: nothing is listed by hand."""

from collections.abc import Collection, Iterator
from types import ModuleType

import dagster as dg

from ntg_assets.modules import modules_named
from ntg_assets.orchestration.decorated import DECORATED, StagedAssets

ASSETS = "assets.py"


def load_assets() -> None:
    """Load the modules named `assets`: every step is known then, and no asset is made for the graph
    yet.
    """
    modules_named(ASSETS)


def collected_assets() -> list[dg.AssetsDefinition]:
    """Every asset of the modules named `assets`."""
    return [
        definition
        for definition in _found(ASSETS)
        if not isinstance(definition, dg.AssetChecksDefinition)
    ]


def collected_checks() -> list[dg.AssetChecksDefinition]:
    """Every check of the modules named `checks`."""
    return [
        definition
        for definition in _found("checks.py")
        if isinstance(definition, dg.AssetChecksDefinition)
    ]


def missing_from(held: Collection[str]) -> list[str]:
    """Find the functions that are decorated as assets or checks and are not in the graph.

    One that stands in a module of another name, in a function, or under a name that is given
    again later is made, and nobody would miss it.

    Args:
        held: Names of the assets and checks of the graph (`staging.note`).

    Returns:
        Each such function with what it would make; of two that make one thing, both.
    """
    modules_named("*.py")
    places: dict[str, set[str]] = {}
    for name, place in DECORATED:
        if place.startswith("ntg_assets."):
            places.setdefault(name, set()).add(place)
    fault = {True: "has several makers", False: "is not in the graph"}
    return sorted(
        f"{place} makes {name}, which {fault[name in held]}"
        for name, several in places.items()
        for place in several
        if name not in held or len(several) > 1
    )


def _found(pattern: str) -> list[dg.AssetsDefinition]:
    every = [
        definition for module in modules_named(pattern) for definition in definitions_in(module)
    ]
    return list(
        {id(definition): definition for definition in every}.values()
    )  # a name may be imported elsewhere


def definitions_in(module: ModuleType) -> Iterator[dg.AssetsDefinition]:
    """Yield the assets and checks that a module holds by name, alone, as those of several stages or
    in a list of such.
    """
    for value in list(vars(module).values()):
        yield from _definitions_of(value)


def _definitions_of(value: object) -> Iterator[dg.AssetsDefinition]:
    if isinstance(value, dg.AssetsDefinition):
        yield value
    elif isinstance(value, list | StagedAssets):
        for part in value:
            yield from _definitions_of(part)
