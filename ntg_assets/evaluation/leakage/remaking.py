"""The real assets run over the planted world, and the verdict that is found by it."""

from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path

import polars as pl

from ntg_assets.configuration.settings import Settings
from ntg_assets.contracts import table_of
from ntg_assets.evaluation.leakage.audit import audit_by_remaking
from ntg_assets.evaluation.leakage.other_night import Night, another_night
from ntg_assets.evaluation.leakage.planted_world.log import ZONE
from ntg_assets.evaluation.leakage.planted_world.types import no_rows
from ntg_assets.evaluation.leakage.planted_world.world import World
from ntg_assets.evaluation.leakage.worlds_remade import Makers
from ntg_assets.orchestration.decorated import Step
from ntg_assets.orchestration.rehearsing.rehearsal import rehearse
from ntg_assets.orchestration.rehearsing.steps import needed_for, steps_of
from ntg_assets.splits.boundaries import event_calendar
from ntg_assets.sql import Table, query
from ntg_assets.stages import BACKTEST, INGEST, LIVE, PUBLISHED
from ntg_assets.storage.run import run

# parts that look at what was held out, or tell what they read
JUDGES = frozenset({"evaluation"})
HELD_OUT = frozenset({"val_events", "test_events", "split_report"})
# it reads every table, and makes none that another one is made from
PUBLISHING = frozenset({f"{PUBLISHED}/publication"})


def find_verdict(settings: Settings, *, night: Night = another_night) -> pl.DataFrame:
    """Re-make the planted world's back-test with other futures.

    Args:
        settings: The configuration, as `rehearsal_settings` gives it.
        night: Makes another night: in a process of its own, or one of `nights`.
    """
    tables = audited_tables()
    return audit_by_remaking(
        Makers(
            partial(remake, settings=settings),
            partial(remake_tonight, settings=settings),
            partial(night, settings, tables),
        ),
        tables,
        settings=settings,
    )


def audited_tables() -> list[str]:
    """List what TRAIN alone makes."""
    return [
        table
        for step in steps_of(BACKTEST, without=JUDGES)
        for table in map(table_of, step.tables)
        if table not in HELD_OUT
    ]


def remake(
    world: World,
    tables: Collection[str],
    *,
    settings: Settings,
    workspace: Path | None = None,
    like: tuple[World, Mapping[str, pl.DataFrame]] | None = None,
) -> Mapping[str, pl.DataFrame]:
    """Run the real assets of the back-test over a world, as far as some tables need it.

    Args:
        world: The world.
        tables: What is wanted.
        settings: The configuration, as `rehearsal_settings` gives it.
        workspace: A folder that is kept, and what lies there; none: one of its own.
        like: Another world with all tables that were made of it: steps that read the same as
            there are not run again.

    Returns:
        Every table that was made on the way, by name.
    """
    steps = needed_for(steps_of(BACKTEST), tables, given=world.given)
    before = None if like is None else _given(like[0]) | _of_backtest(like[1])
    made = rehearse(
        steps,
        _given(world),
        settings=settings,
        leave=world.left.write,
        workspace=workspace,
        before=before,
    )
    return {table.name: rows for table, rows in made.items()}


def _given(world: World) -> dict[Table, pl.DataFrame]:
    return ingested(world) | _of_backtest(world.given)


def _of_backtest(made: Mapping[str, pl.DataFrame]) -> dict[Table, pl.DataFrame]:
    return {Table(BACKTEST, name): rows for name, rows in made.items()}


def remake_tonight(
    world: World,
    made: Mapping[str, pl.DataFrame],
    *,
    settings: Settings,
    workspace: Path | None = None,
    like: tuple[World, Mapping[str, pl.DataFrame]] | None = None,
) -> Mapping[str, pl.DataFrame]:
    """Run the real assets that no back-test has: what compares tonight with other nights, and what
    is handed over.

    Args:
        world: The world, with what other nights left behind.
        made: What the back-test made; its tables stand for those of tonight.
        settings: The configuration, as `rehearsal_settings` gives it.
        workspace: A folder that is kept, as of `remake`.
        like: Another world with all that this made of it, as of `remake`.
    """
    steps = tonight_steps(made)
    before = None
    if like is not None:
        schemas = {table_of(model): step.stage for step in steps for model in step.tables}
        kept = {Table(schemas[name], name): rows for name, rows in like[1].items()}
        before = _tonight(like[0], made) | kept
    results = rehearse(
        steps,
        _tonight(world, made),
        settings=settings,
        leave=world.left.write,
        workspace=workspace,
        before=before,
    )
    return {table.name: rows for table, rows in results.items()}


def _tonight(world: World, made: Mapping[str, pl.DataFrame]) -> dict[Table, pl.DataFrame]:
    made_in = {Table(at, name): rows for at in (BACKTEST, LIVE) for name, rows in made.items()}
    return ingested(world) | made_in


def tonight_steps(made: Collection[str]) -> list[Step]:
    """List the steps that no back-test has, as far as tables of one are all that they read; what
    publishes is left out.
    """
    proved = {table for step in steps_of(BACKTEST) for table in step.tables}
    own = [
        step
        for stage in (LIVE, PUBLISHED)
        for step in steps_of(stage)
        if step.name not in PUBLISHING and step.reads and not proved.issuperset(step.tables)
    ]
    makes = {table_of(table) for step in own for table in step.tables} | set(made)
    return [
        step
        for step in own
        if all(key.path[0] == INGEST or key.path[-1] in makes for key in step.reads.values())
    ]


def ingested(world: World) -> dict[Table, pl.DataFrame]:
    """The tables of `ingest` that a world gives; every other one is empty."""
    counts = query("splits", "event_calendar", {"events": world.events}, fine_below_days=0)
    planted = {
        "events": world.events,
        "items": world.items,
        "item_categories": world.item_categories,
        "event_calendar": event_calendar(run(counts), zone=ZONE),
        "user_lists": world.user_lists,
        "trial_log": world.trial_log,
        "excluded_items": world.excluded,
        "subscription_terms": world.known.terms,
        "subscription_payments": world.known.payments,
        "attributes": world.known.attributes,
        "optional_sources": _sources(world),
    }
    needed = {
        key
        for stage in (BACKTEST, LIVE, PUBLISHED)
        for step in steps_of(stage)
        for key in step.reads.values()
        if key.path[0] == INGEST
    }
    empty = {key.path[-1]: no_rows(key.path[-1]) for key in needed if key.path[-1] not in planted}
    return {Table(INGEST, name): rows for name, rows in {**empty, **planted}.items()}


def _sources(world: World) -> pl.DataFrame:
    """The verdicts on the lists of a world: its contacts can be read."""
    row = ("radar.contact_log", "contacts.csv", 1, world.user_lists.height, True, "read", None)
    return pl.DataFrame([row], schema=no_rows("optional_sources").schema, orient="row")
