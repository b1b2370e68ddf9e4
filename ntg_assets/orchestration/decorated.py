"""What the decorators have made so far: their functions by name, their steps as they are run, and
how a table of theirs is described in the graph.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, overload

import dagster as dg

from ntg_assets.contracts import Contract, table_of
from ntg_assets.orchestration.column_docs import column_docs
from ntg_assets.orchestration.domains import owners_of, tags_of

# every function that a decorator has made an asset or a check: its name in the graph and where it
# stands; a test holds this against the graph
DECORATED: list[tuple[str, str]] = []


class Step(NamedTuple):
    """A decorated function as it is run: what a rehearsal without Dagster needs of it.

    Attributes:
        name: Step of the graph.
        stage: Its stage.
        group: Part of the pipeline.
        tables: What it makes, in order.
        reads: Tables that it takes, by parameter.
        function: The function, held to what it declares.
        opens_files: Whether it declares files beside its tables.
    """

    name: str
    stage: str
    group: str
    tables: tuple[type[Contract], ...]
    reads: Mapping[str, dg.AssetKey]
    function: Callable[..., Any]
    opens_files: bool = False


STEPS: list[Step] = []


class StagedAssets(Sequence[dg.AssetsDefinition]):
    """What Dagster is to know of one function, stage by stage: made when it is first looked at,
    since a rehearsal and most commands run steps, or load them, and never look.
    """

    def __init__(self, makers: Sequence[Callable[[], dg.AssetsDefinition]]) -> None:
        self._makers = tuple(makers)

    @cached_property
    def _made(self) -> tuple[dg.AssetsDefinition, ...]:
        return tuple(make() for make in self._makers)

    @overload
    def __getitem__(self, index: int) -> dg.AssetsDefinition: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[dg.AssetsDefinition, ...]: ...
    def __getitem__(
        self, index: int | slice
    ) -> dg.AssetsDefinition | tuple[dg.AssetsDefinition, ...]:
        return self._made[index]

    def __len__(self) -> int:
        return len(self._makers)


def note(name: str, function: Callable[..., Any]) -> None:
    """Remember that a function was decorated, under its name in the graph."""
    line = function.__code__.co_firstlineno
    DECORATED.append((name, f"{function.__module__}.{function.__qualname__} (line {line})"))


def noted(made: dg.AssetsDefinition, function: Callable[..., Any]) -> dg.AssetsDefinition:
    """Remember the function behind each asset of a definition, and return it."""
    for key in made.keys:
        note(key.to_user_string(), function)
    return made


def described(
    stage: str,
    contract: type[Contract],
    description: str,
    kinds: Sequence[str],
    *,
    part: str,
    shown: Mapping[str, Any] | None = None,
) -> dg.AssetOut:
    """Describe a table of a step that makes several.

    Args:
        stage: Its schema.
        contract: What it promises.
        description: What it holds.
        kinds: Labels in the UI.
        part: Part of the pipeline.
        shown: Files that are read beside its tables, as metadata.
    """
    return dg.AssetOut(
        dagster_type=dg.Any,  # as of an asset of one table
        key=dg.AssetKey([stage, table_of(contract)]),
        description=description,
        owners=owners_of(part),
        tags=tags_of(stage, part),
        kinds={"duckdb", *kinds},
        metadata={"dagster/column_schema": column_docs(contract), **(shown or {})},
    )
