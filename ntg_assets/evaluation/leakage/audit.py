"""Re-make the back-test of the planted world with other futures, and say what differs.

A future begins at one of three instants: the end of TRAIN (nothing that TRAIN made may differ), the
latest inner cut (the weights may depend on its labels and on nothing else that came after it), and
an early origin of the walk forward (no row that was knowable then may differ). Another past is the
positive control: a column that it does not move was never looked at, and is named as not audited.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import filterfalse

import polars as pl

from ntg_assets.configuration.settings import Settings
from ntg_assets.errors import LeakageError, UndeclaredReadError, describe_error
from ntg_assets.evaluation.leakage import futures
from ntg_assets.evaluation.leakage.clocks import CLOCKED
from ntg_assets.evaluation.leakage.comparison import (
    moved_columns,
)
from ntg_assets.evaluation.leakage.findings import (
    AUDIT_TYPES,
    CUT,
    END,
    NOT_AUDITED,
    Finding,
    unaudited,
)
from ntg_assets.evaluation.leakage.from_origins import from_origins
from ntg_assets.evaluation.leakage.from_other_nights import from_another_night, from_later_nights
from ntg_assets.evaluation.leakage.planted_world.log import ZONE
from ntg_assets.evaluation.leakage.planted_world.trial_crowd import CROWDED, trial_crowd
from ntg_assets.evaluation.leakage.planted_world.world import World, planted_world
from ntg_assets.evaluation.leakage.worlds_remade import (
    AnyRemake,
    Future,
    Made,
    Makers,
    Remake,
    compared,
    remade,
)
from ntg_assets.kept_calls import Results, calls_kept
from ntg_assets.ranking.learning.inner_cut import inner_slices

BOUNDARIES = "split_boundaries"


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
    fits: Results = {}
    try:
        with calls_kept(fits):
            made = makers.remake(world, [*tables, *CLOCKED])
        past, again = _after_another_night(makers)
    except UndeclaredReadError as error:
        return unaudited(str(error), n_violations=1)
    except Exception as error:  # noqa: BLE001  # whatever it is, nothing was audited, and that is said
        return unaudited(f"{NOT_AUDITED}: {describe_error(error)}")
    stirred = _in_this_process(makers.remake, world, made, again, tables)
    with calls_kept(fits):  # where a step has to be run again: what it fits is the same
        deleted = _another_future(makers.remake, world, made, futures.deleted, tables)
    futures_made = {futures.stirred.__name__: stirred, futures.deleted.__name__: deleted}
    findings = [
        *_from_the_end(made, past, futures_made, [*filterfalse(CROWDED.__contains__, tables)]),
        *_from_a_crowd(makers.remake, trial_crowd(world)),
        _from_the_cut(makers.remake, world, made, settings),
        *from_origins(makers.remake, world, made),
        *from_another_night(stirred, again, tables),
        *from_later_nights(makers.tonight, world, made),
    ]
    rows = [finding.as_row() for finding in findings]
    return pl.DataFrame(rows, schema=AUDIT_TYPES, orient="row")


def _in_this_process(
    remake: Remake, world: World, made: Made, again: Made | Exception, tables: Sequence[str]
) -> Made | Exception:
    """Return the true past with another future as this process makes it: as after another night
    where that is what the true world is; else it is made here, which tells the two apart.
    """
    if not isinstance(again, Exception):
        shown, other = _without_the_end(made), {"": _without_the_end(again)}
        if not any(True for table in tables for _ in compared(table, shown[table], other)):
            return again
    return _another_future(remake, world, made, futures.stirred, tables)


def _another_future(
    remake: Remake, world: World, made: Made, future: Future, tables: Sequence[str]
) -> Made | Exception:
    other = future(world, world.train_end)
    return remade(partial(remake, like=(world, made)), other, tables)


def _from_the_end(
    made: Made,
    past: Made | Exception,
    futures_made: Mapping[str, Made | Exception],
    tables: Sequence[str],
) -> Iterator[Finding]:
    others = {
        name: again if isinstance(again, Exception) else _without_the_end(again)
        for name, again in futures_made.items()
    }
    shown = _without_the_end(made)
    for table in tables:
        # without a control no column is known to have been looked at
        moved = set() if isinstance(past, Exception) else moved_columns(made[table], past[table])
        yield Finding(
            table,
            END,
            made[table].height,
            tuple(compared(table, shown[table], others)),
            tuple(name for name in made[table].columns if name not in moved),
        )


def _from_a_crowd(remake: Remake, crowd: World) -> Iterator[Finding]:
    """Ask what a trial says of a crowd: the world itself is too few for it."""
    made = remade(remake, crowd, CROWDED)
    if isinstance(made, Exception):
        for table in CROWDED:
            yield Finding(table, END, 0, not_audited=(f"no crowd ({describe_error(made)}): all",))
        return
    past = remade(remake, futures.other_past(crowd), CROWDED)
    other = _another_future(remake, crowd, made, futures.stirred, CROWDED)
    yield from _from_the_end(made, past, {futures.stirred.__name__: other}, CROWDED)


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
    others = {"another one with the same labels": remade(remake, future, [table])}
    return Finding(table, CUT, made[table].height, tuple(compared(table, made[table], others)))


def _after_another_night(makers: Makers) -> tuple[Made | Exception, Made | Exception]:
    try:
        return makers.another_night()
    except LeakageError as error:  # by itself the true world can be made
        return error, error
