"""Re-make the back-test of the planted world with other futures, and say what differs.

A future begins at one of three instants: the end of TRAIN (nothing that TRAIN made may differ), the
latest inner cut (the weights may depend on its labels and on nothing else that came after it), and
an early origin of the walk forward (no row that was knowable then may differ). Another past is the
positive control: a column that it does not move was never looked at, and is named as not audited.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

import polars as pl

from ntg_assets.configuration.settings import Settings
from ntg_assets.contracts import contract_of, key_of
from ntg_assets.errors import LeakageError, UndeclaredReadError, tell_error
from ntg_assets.evaluation.leakage import futures
from ntg_assets.evaluation.leakage.comparison import (
    ROWS,
    Difference,
    differences,
    moved_columns,
)
from ntg_assets.evaluation.leakage.left_behind import earlier_nights, later_nights
from ntg_assets.evaluation.leakage.world import (
    STARTS_ON,
    TRAIN_HORIZONS,
    ZONE,
    World,
    planted_world,
)
from ntg_assets.local_days import first_instant
from ntg_assets.ranking.learning.inner_cut import inner_slices

Made = Mapping[str, pl.DataFrame]
Remake = Callable[[World, Collection[str]], Made]


class Makers(NamedTuple):
    """How worlds are made: all by the real assets.

    Attributes:
        remake: Makes the named tables of a world's back-test, and what they need.
        tonight: Makes of a world and the tables of its back-test what only a night has: what is
            compared with other nights, what is handed over.
        another_night: Makes the audited tables in a process that has made another world before.
    """

    remake: Remake
    tonight: Callable[[World, Made], Made]
    another_night: Callable[[], Made]


AUDIT_TYPES = {
    "table_name": pl.String,
    "rule": pl.String,
    "n_rows": pl.Int64,
    "n_violations": pl.Int64,
    "detail": pl.String,
}
END = "another future from the end of TRAIN changes nothing"
CUT = "another future from the inner cut changes nothing but labels"
ORIGIN = "another future from an early origin changes no row of before"
NIGHT = "another night before leaves nothing behind that changes this one"
LATER = "later publications and later days of the history change nothing"
WORLD, CAN_BE_MADE = "planted_world", "the back-test can be made of it"
NOT_AUDITED = "not audited"
ORIGIN_PLACE = 1  # the second origin: the first has no earlier one that it could learn from
FEW_SAMPLES = 200  # of a bootstrap: intervals are not what is asked here
SHOWN = 3
BOUNDARIES = "split_boundaries"
# what is compared with earlier nights, so that other earlier ones must move it
COMPARED = frozenset({"feature_drift", "radar_segments"})

OUTCOMES = frozenset({"is_churned", "value_after", "lost_value", "dropped_value"})
JUDGED = frozenset(
    {
        "log_loss",
        "log_loss_recalibrated",
        "gain",
        "mean_gain",
        "standard_error",
        "n_origins",
        "is_adopted",
        "is_shipped",
    }
)


class Clocked(NamedTuple):
    """A table whose rows were knowable at different days.

    Attributes:
        day: Column of the day.
        outcomes: Columns of what came after that day.
        is_chosen_later: Whether which rows there are is decided later.
    """

    day: str
    outcomes: frozenset[str] = frozenset()
    is_chosen_later: bool = False


CLOCKED = {
    "churn_labels": Clocked("window_end_on"),
    "churn_snapshots": Clocked("snapshot_on", is_chosen_later=True),
    "churn_walk_forward": Clocked("origin_on", OUTCOMES),
    "churn_model_selection": Clocked("origin_on", JUDGED),
    "churn_recalibration": Clocked("origin_on", JUDGED),
    "churn_forecasts": Clocked("origin_on", OUTCOMES),
}


@dataclass(frozen=True)
class Finding:
    """What one table showed under one rule."""

    table: str
    rule: str
    n_rows: int
    differences: tuple[tuple[str, Difference], ...] = ()
    not_audited: tuple[str, ...] = ()

    def as_row(self) -> tuple[str, str, int, int, str | None]:
        """One row of `leakage_audit`."""
        sentences = [
            f"{self.table}.{difference.column} differs in {difference.n_rows} rows when the future"
            f" is {future} ({difference.example})"
            for future, difference in self.differences[:SHOWN]
        ]
        if len(self.differences) > SHOWN:
            sentences.append(f"and {len(self.differences) - SHOWN} more")
        if self.not_audited:
            sentences.append(
                f"{NOT_AUDITED}, for another past does not move it: " + ", ".join(self.not_audited)
            )
        n_violations = max((difference.n_rows for _, difference in self.differences), default=0)
        return self.table, self.rule, self.n_rows, n_violations, "; ".join(sentences) or None


def rehearsal_settings(settings: Settings) -> Settings:
    """The configuration as the planted world is made with it: modelling as it is, dates and zone of
    the world, no files.
    """
    horizon = timedelta(days=settings.churn.horizon_days)
    val_on = STARTS_ON + TRAIN_HORIZONS * horizon
    rules = settings.ranking.rules.model_copy(update={"exclude_items_file": None})
    no_files = {"opt_out_file": None, "exclusion_file": None, "contact_log": None}
    return settings.model_copy(
        update={
            "split": settings.split.model_copy(
                update={
                    "strategy": "global_time",
                    "boundaries": "dates",
                    "val_start": val_on.isoformat(),
                    "test_start": (val_on + horizon).isoformat(),
                }
            ),
            "ingest": settings.ingest.model_copy(update={"service_timezone": ZONE}),
            "ranking": settings.ranking.model_copy(update={"rules": rules}),
            "radar": settings.radar.model_copy(update=no_files),
            "gate": settings.gate.model_copy(update={"bootstrap_samples": FEW_SAMPLES}),
        }
    )


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
        again = _after_another_night(makers)
    except UndeclaredReadError as error:
        return unaudited(str(error), n_violations=1)
    except Exception as error:  # noqa: BLE001  # whatever it is, nothing was audited, and that is said
        return unaudited(f"{NOT_AUDITED}: {tell_error(error)}")
    findings = [
        *_from_the_end(makers.remake, world, made, tables),
        _from_the_cut(makers.remake, world, made, settings),
        *_from_an_origin(makers.remake, world, made),
        *_from_another_night(made, again, tables),
        *_from_later_nights(makers.tonight, world, made),
    ]
    rows = [finding.as_row() for finding in findings]
    return pl.DataFrame(rows, schema=AUDIT_TYPES, orient="row")


def _from_the_end(
    remake: Remake, world: World, made: Made, tables: Sequence[str]
) -> Iterator[Finding]:
    made_again = {
        future.__name__: _remade(remake, future(world, world.train_end), tables)
        for future in (futures.rewritten, futures.added, futures.deleted)
    }
    others = {
        name: again if isinstance(again, Exception) else _without_the_end(again)
        for name, again in made_again.items()
    }
    shown = _without_the_end(made)
    past = _remade(remake, futures.other_past(world), tables)
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


def _without_the_end(made: Made) -> Made:
    """Leave out of the boundaries where the log ends: a longer log ends later, and that alone."""
    if BOUNDARIES not in made:
        return made
    return {**made, BOUNDARIES: made[BOUNDARIES].filter(pl.col("part") != "test")}


def _from_the_cut(remake: Remake, world: World, made: Made, settings: Settings) -> Finding:
    table = "ranking_weights"
    train = world.events.filter(pl.col("event_at") < world.train_end)
    slices = inner_slices(train, strategy="global_time", settings=settings.ranking, zone=ZONE)
    latest = next(slices, None)
    if latest is None:
        return Finding(table, CUT, made[table].height, not_audited=("there is no inner cut: all",))
    future = futures.same_labels(world, latest.cutoff_at)
    others = {"another one with the same labels": _remade(remake, future, [table])}
    return Finding(table, CUT, made[table].height, tuple(_compared(table, made[table], others)))


def _from_an_origin(remake: Remake, world: World, made: Made) -> Iterator[Finding]:
    origins = made["churn_walk_forward"]["origin_on"].unique().sort()
    if len(origins) <= ORIGIN_PLACE:
        yield Finding(
            "churn_walk_forward", ORIGIN, len(origins), not_audited=("too few origins: all",)
        )
        return
    begins_on = origins[ORIGIN_PLACE]
    others = {
        future.__name__: _remade(remake, future(world, first_instant(begins_on, ZONE)), CLOCKED)
        for future in (futures.rewritten, futures.added)
    }
    for table, clock in CLOCKED.items():
        before = _before(made[table], clock, begins_on)
        again = {
            future: other
            if isinstance(other, Exception)
            else {table: _before(other[table], clock, begins_on)}
            for future, other in others.items()
        }
        unlike = _compared(table, before, again, clock)
        yield Finding(table, ORIGIN, before.height, tuple(unlike))


def _after_another_night(makers: Makers) -> Made | Exception:
    try:
        return makers.another_night()
    except LeakageError as error:  # by itself the true world can be made
        return error


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


def _remade(remake: Remake, world: World, tables: Collection[str]) -> Made | Exception:
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


def unaudited(detail: str, *, n_violations: int = 0) -> pl.DataFrame:
    """Say why nothing was audited: the one row of such a verdict."""
    row = (WORLD, CAN_BE_MADE, 0, n_violations, detail)
    return pl.DataFrame([row], schema=AUDIT_TYPES, orient="row")
