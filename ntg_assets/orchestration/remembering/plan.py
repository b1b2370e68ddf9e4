"""What a run would make, and why, found before it starts: what surely comes out as it is there
takes no step at all.
"""

from collections.abc import Collection, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.engines.choice import versions_in
from ntg_assets.orchestration.remembering.changes import Change
from ntg_assets.orchestration.remembering.kept_steps import KnownSteps
from ntg_assets.orchestration.remembering.memory import Memory
from ntg_assets.orchestration.remembering.record import Made, name_of_table, read_made
from ntg_assets.orchestration.remembering.steps import Work, in_order, makers
from ntg_assets.sql import Table
from ntg_assets.storage.connection import connect  # noqa: TID251  # looks, and writes nothing

NOTHING = "there is no warehouse yet"


@dataclass
class Plan:
    """Steps by what becomes of them.

    Attributes:
        works: All steps.
        made: Steps that are made, with the reasons.
        looked_at: Steps that are made if a table comes out differently, with these tables.
        told_again: Steps that are left, and whose checks had something to say.
        left: Steps that nothing has changed of.
    """

    works: Mapping[str, Work]
    made: dict[str, list[Change]] = field(default_factory=dict)
    looked_at: dict[str, list[str]] = field(default_factory=dict)
    told_again: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def started(self) -> set[str]:
        """Steps that have to be started."""
        return {*self.made, *self.looked_at, *self.told_again}

    @property
    def tables(self) -> set[Table]:
        """Tables of the steps that have to be started, and of those whose checks have to be."""
        works = [self.works[name] for name in self.started]
        made_by = makers(self.works)
        checked = {made_by[table] for work in works for table, _ in work.checks if table in made_by}
        return {
            table
            for work in [*works, *(self.works[name] for name in checked)]
            for table in work.tables
        }


def plan_of(settings: Settings, paths: Paths, steps: KnownSteps) -> Plan:
    """Find out what a run over everything would make, in the workspace as it is.

    Args:
        settings: The configuration of that run.
        paths: The workspace.
        steps: The graph, loaded or as it was kept.
    """
    if not paths.warehouse.exists():
        return Plan(steps.works, made={name: [Change("new", NOTHING)] for name in steps.works})
    with connect(
        paths.warehouse,
        engine=settings.engine,
        scratch=paths.scratch,
        allowed=[Path(settings.engine.storage)] if settings.engine.storage else [],
        read_only=True,
    ) as connection:
        memory = Memory(
            settings,
            paths,
            lambda: nullcontext(connection),  # it is open already
            run="",
            version_of=versions_in(connection, settings.engine, paths.warehouse.parent),
            code=steps.code_of,
        )
        return plan_run(memory, steps.works)


def plan_run(memory: Memory, works: Mapping[str, Work]) -> Plan:
    """Find out what a run would make.

    A check that could stop what follows its table brings all of that into the run, since a step
    that is not there cannot be stopped, nor stop what follows it in turn.

    Args:
        memory: What is known of the steps, and of the tables as they are.
        works: All steps.
    """
    ordered, made_by, doubted = in_order(works), makers(works), set[Table]()
    records = {work.name: read_made(memory.folder, work.name) for work in ordered}
    own = {work.name: memory.own_changes(work, records[work.name]) for work in ordered}
    while True:
        plan = Plan(works)
        for work in ordered:
            if own[work.name]:
                plan.made[work.name] = own[work.name]
            else:
                unsure = _unsure(work, plan, made_by, doubted)
                _place(work, records[work.name], memory, plan, unsure)
        started = {
            table
            for name in plan.started
            if works[name].is_blocking
            for table, _ in works[name].checks
        }
        if started <= doubted:
            return plan
        doubted |= started


def _unsure(
    work: Work, plan: Plan, made_by: Mapping[Table, str], doubted: Collection[Table]
) -> list[str]:
    """Name what a step reads, or what comes before its files, that may be another after the run."""
    may_differ = (*work.reads, *(work.after if work.files else ()))
    return [
        name_of_table(table)
        for table in may_differ
        if table in doubted
        or made_by.get(table) in plan.made
        or made_by.get(table) in plan.looked_at
    ]


def _place(work: Work, made: Made | None, memory: Memory, plan: Plan, unsure: list[str]) -> None:
    if unsure:
        plan.looked_at[work.name] = unsure
    elif made is not None and (changes := memory.stored_changes(work, made)):
        plan.made[work.name] = changes
    elif made is not None and any(not verdict.passed for verdict in made.verdicts):
        plan.told_again.append(work.name)
    else:
        plan.left.append(work.name)
