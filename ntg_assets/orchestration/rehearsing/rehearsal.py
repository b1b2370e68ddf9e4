"""The real assets of a stage, run without Dagster, in memory, on tables that are given: how the
audit asks what they would have made of another future.

What they declare holds here too: an asset that reads what it was not issued is refused.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import numpy as np
import polars as pl
import pyarrow as pa

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.contracts import IdTypes, column_names, table_of
from ntg_assets.declared_reads import (
    Declared,
    only,
    refuse,
    require_files,
    require_whole_store,
)
from ntg_assets.engines.engine import Made
from ntg_assets.engines.kernel import Kernel
from ntg_assets.errors import StorageError
from ntg_assets.orchestration.bundles import put_together, taken_by
from ntg_assets.orchestration.decorated import Step
from ntg_assets.orchestration.rehearsing.asking_readers import readers_that_ask
from ntg_assets.orchestration.rehearsing.tables import RehearsalTables, Tables
from ntg_assets.orchestration.undeclared.opened_files import rehearsal_roots, watching
from ntg_assets.randomness import random_stream
from ntg_assets.sql import Query, Stream, Table, quote_identifier
from ntg_assets.storage.connection import connect  # noqa: TID251  # in memory

# tables are small, and rows that no text orders come in one order: what is the same is seen to be
ONE_THREAD = EngineSettings(threads=1)
SILENT = logging.getLogger("ntg.rehearsal")
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False


class RehearsalProject:
    """What an asset may ask of the project, answered from memory."""

    def __init__(self, settings: Settings, tables: RehearsalTables, folder: Path) -> None:
        self.settings = settings
        self._folder = folder
        self.id_types = IdTypes("integer", "integer")
        self._tables = tables

    def __getattr__(self, name: str) -> NoReturn:
        """Refuse the rest of a project: the clock, the engine, the run."""
        _refuse_unknown("project", name)

    @property
    def paths(self) -> Paths:
        """Folders in which lies what other nights left behind; of most rehearsals nothing."""
        require_files("the folders of the project")
        return Paths(home=self._folder, workspace=self._folder)

    @property
    def scratch(self) -> Path:
        """A folder of its own, as `Project.scratch`."""
        return scratch_of(self._folder)

    def warehouse(self) -> NoReturn:
        """Refuse: there is none."""
        require_whole_store()
        raise StorageError("A rehearsal has no warehouse: its tables are in memory.")

    def read(self, given: Query) -> pl.DataFrame:
        """Ask the tables in memory a question, as `Project.read` asks the warehouse."""
        return self._tables.read(given)

    def columns(self, table: Table, *names: str) -> pl.DataFrame:
        """Read some columns, as `Project.columns` does."""
        text = f"select {', '.join(map(quote_identifier, names))} from stored"  # noqa: S608  # quoted
        return self.read(Query(text, {"stored": table}))

    def apply(self, table: Table, kernel: Kernel[Made]) -> Made:
        """Run matrix work over a table in memory, as `Project.apply` over a stored one."""
        return kernel.whole(self.columns(table, *kernel.columns))

    def rng(self, use: str) -> np.random.Generator:
        """A random stream of its own for a named use, as `Project.rng`."""
        return random_stream(self.settings.seed, use)


class RehearsalContext:
    """What an asset may do with its context: speak, to nobody."""

    log = SILENT

    def __getattr__(self, name: str) -> NoReturn:
        """Refuse the rest of a context: Dagster knows of other runs, and of what they made."""
        _refuse_unknown("context", name)

    def add_output_metadata(self, *_: object, **__: object) -> None:
        """Keep nothing."""


def _refuse_unknown(owner: str, name: str) -> NoReturn:
    if not name.startswith("__"):
        refuse(f"the {owner} for `{name}`", instead="Take a table as a parameter.")
    raise AttributeError(name)


def scratch_of(workspace: Path) -> Path:
    """The scratch folder of a workspace, made where it is not there."""
    folder = Paths(home=workspace, workspace=workspace).scratch
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _workspace(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        yield kept
        return
    with TemporaryDirectory(prefix="ntg-rehearsal-") as folder:
        yield Path(folder)


def rehearse(
    steps: Sequence[Step],
    given: Mapping[Table, pl.DataFrame],
    *,
    settings: Settings,
    leave: Callable[[Path], object] = lambda _: None,
    workspace: Path | None = None,
    before: Mapping[Table, pl.DataFrame] | None = None,
) -> Tables:
    """Run steps over tables that are given. No step opens a file that it does not declare.

    Args:
        steps: In an order in which each finds what it reads.
        given: The tables that no step makes.
        settings: The configuration.
        leave: Writes into the workspace what other nights left there, where a step opens files.
        workspace: A folder that is kept; none: one of its own.
        before: Every table of a rehearsal of the same steps and settings: a step that reads the
            same tables, and no file, made the same then, and is not run again.

    Returns:
        What the steps made.

    Raises:
        UndeclaredReadError: a step reads what it does not declare.
    """
    with (
        connect(engine=ONE_THREAD) as connection,
        _workspace(workspace) as folder,
        watching(*rehearsal_roots(), scratch=scratch_of(folder)),
        readers_that_ask(),
        only(None),  # an asset may rehearse: what it was issued itself says nothing of the steps
    ):
        if any(step.opens_files for step in steps):
            leave(folder)
        tables = RehearsalTables(connection, given, before or {})
        here = settings.model_copy(update={"workspace": str(folder)})
        project = RehearsalProject(here, tables, folder)
        made: Tables = {}
        for step in steps:
            made |= _results_before(step, tables) or _results(step, project, tables)
        return made


def _results_before(step: Step, tables: RehearsalTables) -> Tables | None:
    """What a step made of the same tables before; None where it has to be run."""
    results = [Table(step.stage, table_of(model)) for model in step.tables]
    return None if step.opens_files else tables.take_over(results, of=_reads(step))


def _reads(step: Step) -> frozenset[Table]:
    return frozenset(Table(key.path[0], key.path[-1]) for key in step.reads.values())


def _declared(step: Step) -> Declared:
    return Declared(step.name, _reads(step))


def _results(step: Step, project: RehearsalProject, tables: RehearsalTables) -> Tables:
    given = {
        name: _argument(name, annotation, step, project, tables)
        for name, annotation in taken_by(step.function).items()
    }
    result = step.function(**put_together(step.function, given))
    several = result if len(step.tables) > 1 else (result,)
    made: Tables = {}
    for model, rows in zip(step.tables, several, strict=True):
        columns = ", ".join(map(quote_identifier, column_names(model)))
        whole = _as_query(rows)
        text = f"select {columns} from (\n{whole.text}\n)"  # noqa: S608  # quoted
        table = Table(step.stage, table_of(model))
        with only(_declared(step)):  # as the IO manager holds what an asset returned
            made[table] = tables.keep(table, replace(whole, text=text))
    return made


def _argument(
    name: str, annotation: object, step: Step, project: RehearsalProject, tables: RehearsalTables
) -> object:
    if name == "project":
        return project
    if name == "context":
        return RehearsalContext()
    key = step.reads[name]
    table = Table(key.path[0], key.path[-1])
    if annotation is Table:
        return table
    rows = tables.rows(table)
    if annotation is pa.Table:
        return rows.to_arrow()
    return rows.lazy() if annotation is pl.LazyFrame else rows


def _as_query(rows: Any) -> Query:  # noqa: ANN401  # whatever an asset may return
    if isinstance(rows, Query):
        return rows
    frame = pl.concat(rows.frames) if isinstance(rows, Stream) else rows
    return Query("select * from incoming", {"incoming": frame})
