"""What a step of the graph is made from, as its decorator declares it."""

from collections.abc import Mapping
from typing import NamedTuple

from ntg_assets.orchestration.remembering.code import is_known
from ntg_assets.sql import Table


class Work(NamedTuple):
    """One step of the graph, or one check that is a step of its own.

    Attributes:
        name: Step of a job.
        module: Module of the function.
        tables: What it makes; nothing for a check.
        reads: Tables that it was issued.
        files: Folders and files that it reads beside its tables, in the words of its decorator.
        after: Tables that are made before: what they come with may be among its files.
        checks: Assets with the names of their checks that it answers.
        is_blocking: Whether nothing that follows its tables is made when a check of it fails.
        always: Whether it is made in every run: what publishes the whole store.
    """

    name: str
    module: str
    tables: tuple[Table, ...] = ()
    reads: tuple[Table, ...] = ()
    files: tuple[str, ...] = ()
    after: tuple[Table, ...] = ()
    checks: tuple[tuple[Table, str], ...] = ()
    is_blocking: bool = False
    always: bool = False


WORKS: dict[str, Work] = {}


def makers(works: Mapping[str, Work] = WORKS) -> dict[Table, str]:
    """Name the step that makes each table."""
    return {table: work.name for work in works.values() for table in work.tables}


def in_order(works: Mapping[str, Work] = WORKS) -> list[Work]:
    """Return the steps of NTG in an order in which each follows what makes the tables it reads."""
    made_by, done, ordered = makers(works), set[str](), list[Work]()

    def visit(name: str) -> None:
        if name in done:
            return
        done.add(name)
        for table in (*works[name].reads, *works[name].after):
            if table in made_by:
                visit(made_by[table])
        ordered.append(works[name])

    for name in sorted(works):
        visit(name)
    return [work for work in ordered if is_known(work.module)]
