"""Worlds made again, and their tables held against those of the true one."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

import polars as pl

from ntg_assets.contracts import contract_of, key_of
from ntg_assets.errors import describe_error
from ntg_assets.evaluation.leakage.clocks import Clocked
from ntg_assets.evaluation.leakage.comparison import Difference, differences
from ntg_assets.evaluation.leakage.planted_world.world import World

Made = Mapping[str, pl.DataFrame]
Future = Callable[[World, datetime], World]

AnyRemake = Callable[[World, Collection[str]], Made]


class Remake(Protocol):
    """Makes tables of a world, and what they need."""

    def __call__(
        self, world: World, tables: Collection[str], *, like: tuple[World, Made] | None = None
    ) -> Made:
        """Make them; of a world `like` another one only what reads something else."""
        ...


class Tonight(Protocol):
    """Makes what only a night has, of a world and the tables of its back-test."""

    def __call__(
        self, world: World, made: Made, /, *, like: tuple[World, Made] | None = None
    ) -> Made:
        """Make it; of a world `like` another one only what reads something else."""
        ...


class Makers(NamedTuple):
    """How worlds are made: all by the real assets.

    Attributes:
        remake: Makes the named tables of a world's back-test, and what they need.
        tonight: Makes of a world and the tables of its back-test what only a night has: what is
            compared with other nights, what is handed over.
        another_night: Makes the audited tables in a process of its own, first of a world of which
            all is another, then of the true past with a future that is `stirred`: both, in this
            order.
    """

    remake: Remake
    tonight: Tonight
    another_night: Callable[[], tuple[Made, Made]]


def remade(remake: AnyRemake, world: World, tables: Collection[str]) -> Made | Exception:
    """Make tables of another world; that they cannot be made of it is a difference too."""
    try:
        return remake(world, tables)
    except Exception as error:  # noqa: BLE001  # the true future could be made
        return error


def compared(
    table: str,
    made: pl.DataFrame,
    others: Mapping[str, Made | Exception],
    clock: Clocked | None = None,
) -> Iterator[tuple[str, Difference]]:
    """Yield what differs in a table that was made again, with the future of which it was.

    Args:
        table: Its name.
        made: The table as the true world made it.
        others: What other worlds made, by future; an error where one could not be made.
        clock: Of a table whose rows were knowable at different days: its outcomes are not asked.
    """
    outcomes = clock.outcomes if clock else frozenset[str]()
    columns = [name for name in made.columns if name not in outcomes]
    for future, other in others.items():
        if isinstance(other, Exception):
            yield future, Difference("rows", max(made.height, 1), describe_error(other))
            continue
        for difference in differences(
            made,
            other[table],
            key=key_of(contract_of(table)),
            columns=columns,
            same_rows=not (clock and clock.is_chosen_later),
        ):
            yield future, difference
