"""Other futures that begin at an early origin: no row that was knowable then may differ."""

from collections.abc import Iterator, Mapping
from datetime import date

import polars as pl

from ntg_assets.evaluation.leakage import futures
from ntg_assets.evaluation.leakage.clocks import CLOCKED, Clocked
from ntg_assets.evaluation.leakage.findings import ORIGIN, Finding
from ntg_assets.evaluation.leakage.planted_world.log import ZONE
from ntg_assets.evaluation.leakage.planted_world.world import World
from ntg_assets.evaluation.leakage.worlds_remade import AnyRemake, Made, compared, remade
from ntg_assets.local_days import first_instant

ORIGINS = ("churn_walk_forward", "contract_walk_forward", "return_walk_forward")
SURVIVAL = ("contract_survival_backtest",)
ORIGIN_PLACE = 1  # the second origin: the first has no earlier one that it could learn from


def from_origins(remake: AnyRemake, world: World, made: Made) -> Iterator[Finding]:
    """Begin other futures at an early origin of the walks forward, and at one of the survival of
    contracts, whose origins are others; where both are one day, one world shows both.
    """
    asked: dict[date, dict[str, Clocked]] = {}
    for origins in (ORIGINS, SURVIVAL):
        seconds = {table: _second_origin(made[table]) for table in origins if table in made}
        for table, day in seconds.items():
            if day is None:
                yield Finding(table, ORIGIN, 0, not_audited=("too few origins: all",))
        if days := [day for day in seconds.values() if day]:
            asked.setdefault(max(days), {}).update(
                (table, clock)
                for table, clock in CLOCKED.items()
                if table in made and (table in SURVIVAL) == (origins is SURVIVAL)
            )
    for day, clocked in asked.items():
        yield from _from_an_origin(remake, world, made, day, clocked)


def _from_an_origin(
    remake: AnyRemake,
    world: World,
    made: Made,
    begins_on: date,
    clocked: Mapping[str, Clocked],
) -> Iterator[Finding]:
    future = futures.stirred(world, first_instant(begins_on, ZONE))
    other = remade(remake, future, clocked)
    for table, clock in clocked.items():
        before = _before(made[table], clock, begins_on)
        again = (
            other
            if isinstance(other, Exception)
            else {table: _before(other[table], clock, begins_on)}
        )
        unlike = compared(table, before, {futures.stirred.__name__: again}, clock)
        yield Finding(table, ORIGIN, before.height, tuple(unlike))


def _second_origin(forecasts: pl.DataFrame) -> date | None:
    """The first origin of a walk forward that has one before it."""
    origins = forecasts["origin_on"].unique().sort()
    return origins[ORIGIN_PLACE] if len(origins) > ORIGIN_PLACE else None


def _before(rows: pl.DataFrame, clock: Clocked, day: date) -> pl.DataFrame:
    return rows.filter(pl.col(clock.day) <= day)
