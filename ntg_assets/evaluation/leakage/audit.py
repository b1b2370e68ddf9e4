"""Re-make the back-test of the planted world with other futures, and say what differs.

A future begins at one of three instants: the end of TRAIN (nothing that TRAIN made may differ), the
latest inner cut (the weights may depend on its labels and on nothing else that came after it), and
an early origin of the walk forward (no row that was knowable then may differ). Another past is the
positive control: a column that it does not move was never looked at, and is named as not audited.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from itertools import filterfalse
from typing import NamedTuple, Protocol

import polars as pl

from ntg_assets.configuration.settings import Settings
from ntg_assets.contracts import contract_of, key_of
from ntg_assets.errors import LeakageError, UndeclaredReadError, tell_error
from ntg_assets.evaluation.leakage import futures
from ntg_assets.evaluation.leakage.clocks import CLOCKED, Clocked
from ntg_assets.evaluation.leakage.comparison import (
    ROWS,
    Difference,
    differences,
    moved_columns,
)
from ntg_assets.evaluation.leakage.findings import (
    AUDIT_TYPES,
    CUT,
    END,
    LATER,
    NIGHT,
    NOT_AUDITED,
    ORIGIN,
    WORLD,
    Finding,
    unaudited,
)
from ntg_assets.evaluation.leakage.left_behind import earlier_nights, later_nights
from ntg_assets.evaluation.leakage.trial_crowd import CROWDED, trial_crowd
from ntg_assets.evaluation.leakage.world import ZONE, World, planted_world
from ntg_assets.local_days import first_instant
from ntg_assets.ranking.learning.inner_cut import inner_slices

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


class Makers(NamedTuple):
    """How worlds are made: all by the real assets.

    Attributes:
        remake: Makes the named tables of a world's back-test, and what they need.
        tonight: Makes of a world and the tables of its back-test what only a night has: what is
            compared with other nights, what is handed over.
        another_night: Makes the audited tables in a process of its own, first of a world of which
            all is another, then of the true one: both, in this order.
    """

    remake: Remake
    tonight: Callable[[World, Made], Made]
    another_night: Callable[[], tuple[Made, Made]]


ORIGINS = ("churn_walk_forward", "contract_walk_forward", "return_walk_forward")
SURVIVAL = ("contract_survival_backtest",)
ORIGIN_PLACE = 1  # the second origin: the first has no earlier one that it could learn from
BOUNDARIES = "split_boundaries"
# what is compared with earlier nights, so that other earlier ones must move it
COMPARED = frozenset({"feature_drift", "radar_segments"})


def audit_by_remaking(makers: Makers, tables: Sequence[str], *, settings: Settings) -> pl.DataFrame:
    """Make the planted world's back-test again and again, and compare.

    Args:
        makers: Run the real assets over a world.
        tables: What TRAIN alone makes; every column of these is asked.
        settings: The configuration, as `rehearsal_settings` gives it.

    Returns:
        Rows of `leakage_audit`: one per (table, rule).
    """
    world = planted_world(settings.churn.horizon_days)
    try:
        made = makers.remake(world, [*tables, *CLOCKED])
        past, again = _another_night(makers)
    except UndeclaredReadError as error:
        return unaudited(str(error), n_violations=1)
    except Exception as error:  # noqa: BLE001  # whatever it is, nothing was audited, and that is said
        return unaudited(f"{NOT_AUDITED}: {tell_error(error)}")
    findings = [
        *_from_the_end(
            makers.remake, world, made, past, [*filterfalse(CROWDED.__contains__, tables)]
        ),
        *_from_a_crowd(makers.remake, trial_crowd(world)),
        _from_the_cut(makers.remake, world, made, settings),
        *_from_origins(makers.remake, world, made),
        *_from_another_night(made, again, tables),
        *_from_later_nights(makers.tonight, world, made),
    ]
    rows = [finding.as_row() for finding in findings]
    return pl.DataFrame(rows, schema=AUDIT_TYPES, orient="row")


def _from_the_end(
    remake: Remake,
    world: World,
    made: Made,
    past: Made | Exception,
    tables: Sequence[str],
    *,
    of: Sequence[Future] = (futures.stirred, futures.deleted),
) -> Iterator[Finding]:
    made_again = {
        future.__name__: _remade(
            partial(remake, like=(world, made)), future(world, world.train_end), tables
        )
        for future in of
    }
    others = {
        name: again if isinstance(again, Exception) else _without_the_end(again)
        for name, again in made_again.items()
    }
    shown = _without_the_end(made)
    for table in tables:
        # without a control no column is known to have been looked at
        moved = set() if isinstance(past, Exception) else moved_columns(made[table], past[table])
        yield Finding(
            table,
            END,
            made[table].height,
            tuple(_compared(table, shown[table], others)),
            tuple(name for name in made[table].columns if name not in moved),
        )


def _from_a_crowd(remake: Remake, crowd: World) -> Iterator[Finding]:
    """Ask what a trial says of a crowd: the world itself is too few for it."""
    past = _remade(remake, futures.other_past(crowd), CROWDED)
    made = remake(crowd, CROWDED)
    yield from _from_the_end(remake, crowd, made, past, CROWDED, of=[futures.stirred])


def _without_the_end(made: Made) -> Made:
    """Leave out of the boundaries where the log ends: a longer log ends later, and that alone."""
    if BOUNDARIES not in made:
        return made
    return {**made, BOUNDARIES: made[BOUNDARIES].filter(pl.col("part") != "test")}


def _from_the_cut(remake: AnyRemake, world: World, made: Made, settings: Settings) -> Finding:
    table = "ranking_weights"
    train = world.events.filter(pl.col("event_at") < world.train_end)
    slices = inner_slices(train, strategy="global_time", settings=settings.ranking, zone=ZONE)
    latest = next(slices, None)
    if latest is None:
        return Finding(table, CUT, made[table].height, not_audited=("there is no inner cut: all",))
    future = futures.same_labels(world, latest.cutoff_at)
    others = {"another one with the same labels": _remade(remake, future, [table])}
    return Finding(table, CUT, made[table].height, tuple(_compared(table, made[table], others)))


def _from_origins(remake: AnyRemake, world: World, made: Made) -> Iterator[Finding]:
    """Begin other futures at an early origin of the walks forward, and at one of the survival of
    contracts, whose origins are others.
    """
    walked = {table: clock for table, clock in CLOCKED.items() if table not in SURVIVAL}
    yield from _from_an_origin(remake, world, made, ORIGINS, walked)
    survived = {table: CLOCKED[table] for table in SURVIVAL}
    yield from _from_an_origin(remake, world, made, SURVIVAL, survived)


def _from_an_origin(
    remake: AnyRemake,
    world: World,
    made: Made,
    origins: Sequence[str],
    clocked: Mapping[str, Clocked],
) -> Iterator[Finding]:
    seconds = {table: _second_origin(made[table]) for table in origins if table in made}
    for table, day in seconds.items():
        if day is None:
            yield Finding(table, ORIGIN, 0, not_audited=("too few origins: all",))
    begins_on = max((day for day in seconds.values() if day), default=None)
    if begins_on is None:
        return
    future = futures.stirred(world, first_instant(begins_on, ZONE))
    asked = {table: clock for table, clock in clocked.items() if table in made}
    other = _remade(remake, future, asked)
    for table, clock in asked.items():
        before = _before(made[table], clock, begins_on)
        again = (
            other
            if isinstance(other, Exception)
            else {table: _before(other[table], clock, begins_on)}
        )
        unlike = _compared(table, before, {futures.stirred.__name__: again}, clock)
        yield Finding(table, ORIGIN, before.height, tuple(unlike))


def _second_origin(forecasts: pl.DataFrame) -> date | None:
    """The first origin of a walk forward that has one before it."""
    origins = forecasts["origin_on"].unique().sort()
    return origins[ORIGIN_PLACE] if len(origins) > ORIGIN_PLACE else None


def _another_night(makers: Makers) -> tuple[Made | Exception, Made | Exception]:
    try:
        return makers.another_night()
    except LeakageError as error:  # by itself the true world can be made
        return error, error


def _from_another_night(
    made: Made, again: Made | Exception, tables: Sequence[str]
) -> Iterator[Finding]:
    """One row for each table that such a night reaches, and one for the world."""
    n_rows = 0
    if isinstance(again, Exception):
        difference = Difference(ROWS, 1, tell_error(again))
        yield Finding(WORLD, NIGHT, 1, (("that of the night before", difference),))
        return
    for table in tables:
        unlike = tuple(_compared(table, made[table], {"that of the night before": again}))
        n_rows += made[table].height
        if unlike:
            yield Finding(table, NIGHT, made[table].height, unlike)
    yield Finding(WORLD, NIGHT, n_rows)


def _from_later_nights(
    tonight: Callable[[World, Made], Made], world: World, made: Made
) -> Iterator[Finding]:
    """Ask what only a night has, of other later nights; other earlier ones are the control."""
    true = tonight(world, made)
    later = replace(world, left=later_nights(world.left, world.train_end))
    earlier = replace(world, left=earlier_nights(world.left, world.train_end))
    others = {"that of other later nights": _remade(lambda w, _: tonight(w, made), later, [])}
    before = tonight(earlier, made)
    for table, rows in true.items():
        moved = moved_columns(rows, before[table])
        unmoved = () if table not in COMPARED or moved else ("all",)
        yield Finding(table, LATER, rows.height, tuple(_compared(table, rows, others)), unmoved)


def _before(rows: pl.DataFrame, clock: Clocked, day: date) -> pl.DataFrame:
    return rows.filter(pl.col(clock.day) <= day)


def _remade(remake: AnyRemake, world: World, tables: Collection[str]) -> Made | Exception:
    """Make tables of another world; that they cannot be made of it is a difference too."""
    try:
        return remake(world, tables)
    except Exception as error:  # noqa: BLE001  # the true future could be made
        return error


def _compared(
    table: str,
    made: pl.DataFrame,
    others: Mapping[str, Made | Exception],
    clock: Clocked | None = None,
) -> Iterator[tuple[str, Difference]]:
    outcomes = clock.outcomes if clock else frozenset[str]()
    columns = [name for name in made.columns if name not in outcomes]
    for future, other in others.items():
        if isinstance(other, Exception):
            yield future, Difference("rows", max(made.height, 1), tell_error(other))
            continue
        for difference in differences(
            made,
            other[table],
            key=key_of(contract_of(table)),
            columns=columns,
            same_rows=not (clock and clock.is_chosen_later),
        ):
            yield future, difference
