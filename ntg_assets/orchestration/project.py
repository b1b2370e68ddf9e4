"""The project as a Dagster resource: effective configuration, folders, random streams.

Jobs get it from `launchpad.py`, which lets one run override modelling values and nothing else.
Whoever makes one in code may choose another configuration file and override any key.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import dagster as dg
import numpy as np
import polars as pl
from pydantic import Field, PrivateAttr

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings, load_settings, project_paths
from ntg_assets.contracts import IdTypes
from ntg_assets.declared_reads import require_declared, require_files, require_whole_store
from ntg_assets.engines.choice import engine_of
from ntg_assets.engines.engine import Engine
from ntg_assets.engines.kernel import FileWorkers, Kernel
from ntg_assets.orchestration.remembered_steps import begin, running
from ntg_assets.orchestration.remembering.memory import Memory
from ntg_assets.orchestration.remembering.planned import raise_if_other_state
from ntg_assets.orchestration.runs.unfinished_runs import fail_killed_run
from ntg_assets.orchestration.undeclared.opened_files import roots_of, watching
from ntg_assets.randomness import random_stream
from ntg_assets.sql import Query, Table
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.held_warehouse import HeldWarehouse
from ntg_assets.storage.run_lock import run_lock

Made = TypeVar("Made")


class Project(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What every asset may ask: settings, paths, id types,
    a seeded random stream for a named use.
    """

    config_file: str | None = Field(
        default=None,
        description=(
            "Overlay over the defaults; none: NTG_CONFIG, else configs/dev.yaml or ntg.yaml."
        ),
    )
    overrides: dict[str, Any] = Field(
        default_factory=dict,
        description='Dotted keys with values, laid over all: {"ranking.top_k": 10}.',
    )

    remake: bool = Field(
        default=False,
        description="Whether every step is made again, also one that would come out just so.",
    )

    _settings: Settings | None = PrivateAttr(default=None)
    _running: ExitStack = PrivateAttr(default_factory=ExitStack)
    _store: HeldWarehouse | None = PrivateAttr(default=None)
    _engine: Engine | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Take the workspace, and hold a small warehouse open: opening it anew for each of hundreds
        of reads costs more than the reads.
        """
        if context.instance:
            fail_killed_run(context.instance, self.paths)
        with ExitStack() as started:  # Dagster tears nothing down whose setup fails
            started.enter_context(
                run_lock(self.paths.run_lock, run_id=context.run.run_id if context.run else "")
            )
            raise_if_other_state(self.paths, context.run.tags if context.run else {})
            started.enter_context(watching(*roots_of(self.paths, *self._source_folders)))
            self._warehouse.hold()
            with self._opened() as connection:
                self.engine.begin(connection)
            begin(self._memory(context.run.run_id if context.run else ""))
            self._running = started.pop_all()

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002  # Dagster's interface
        """Let go of the warehouse and the workspace."""
        begin(None)
        self.engine.close()
        self._warehouse.release()
        self._running.close()

    @property
    def settings(self) -> Settings:
        """The effective configuration, read once per run; while a step runs, it is noted which
        sections the step looks at.
        """
        memory = running()
        return memory.settings(self._loaded) if memory else self._loaded

    @property
    def _loaded(self) -> Settings:
        if self._settings is None:
            self._settings = load_settings(self.config_file, overrides=self.overrides)
        return self._settings

    @property
    def engine(self) -> Engine:
        """What runs queries and keeps tables, by the configuration."""
        if self._engine is None:
            warehouse = project_paths(self._loaded).warehouse
            self._engine = engine_of(self._loaded.engine, warehouse.parent)
        return self._engine

    @property
    def paths(self) -> Paths:
        """The folders of this deployment.

        Raises:
            UndeclaredReadError: an asset asks that declares no files.
        """
        require_files("the folders of the project")
        return project_paths(self._loaded)

    @property
    def scratch(self) -> Path:
        """Where a step puts what it alone reads again, when memory does not suffice."""
        folder = project_paths(self._loaded).scratch
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def id_types(self) -> IdTypes:
        """How the source writes ids."""
        events = self._loaded.ingest.events
        return IdTypes(user=events.user_id_type, item=events.item_id_type)

    @contextmanager
    def warehouse(self) -> Iterator[Connection]:
        """Open the warehouse: the one way, with the same limits for everyone.

        Raises:
            UndeclaredReadError: an asset asks that was issued single tables.
        """
        require_whole_store()
        with self._opened() as connection:
            yield connection

    @property
    def _warehouse(self) -> HeldWarehouse:
        if self._store is None:
            paths = project_paths(self._loaded)
            self._store = HeldWarehouse(paths, self._loaded.engine, self._source_folders)
        return self._store

    def _opened(self) -> AbstractContextManager[Connection]:
        return self._warehouse.opened()

    def read(self, given: Query) -> pl.DataFrame:
        """Ask the warehouse a question: for checks, whose answer is small.

        Raises:
            UndeclaredReadError: it names a table that the asking asset or check was not issued.
        """
        require_declared(given)
        with self._opened() as connection:
            return self.engine.read(connection, given)

    def columns(self, table: Table, *names: str) -> pl.DataFrame:
        """Read some columns of a stored table: what an asset does not need should not take its
        memory.
        """
        require_declared(table)
        with self._opened() as connection:
            return pl.concat(self.engine.blocks(connection, table, names), rechunk=False)

    def apply(self, table: Table, kernel: Kernel[Made]) -> Made:
        """Run matrix work over a stored table, where it lies.

        Raises:
            UndeclaredReadError: the asking asset was not issued the table.
        """
        require_declared(table)
        with self._opened() as connection:
            return self.engine.apply(connection, table, kernel)

    @contextmanager
    def file_workers(self) -> Iterator[FileWorkers | None]:
        """Offer workers of the engine that see the source files; none: read them here.

        Raises:
            UndeclaredReadError: an asset asks that declares no files.
        """
        require_files("the source files")
        with self._opened() as connection, self.engine.file_workers(connection) as workers:
            yield workers

    def rng(self, use: str) -> np.random.Generator:
        """A random stream of its own for a named use,
        the same in every run of this configuration.
        """
        return random_stream(self.settings.seed, use)

    def now(self) -> datetime:
        """The present instant (naive UTC). What asks for it is made anew in every run, unless it
        says that a later one would change nothing (`no_later_now_matters`).
        """
        memory = running()
        moment = memory.now() if memory else time.time()
        return datetime.fromtimestamp(moment, UTC).replace(tzinfo=None)

    @staticmethod
    def no_later_now_matters() -> None:
        """Say that the running asset would make the same of a later present."""
        if memory := running():
            memory.settle()

    def _memory(self, run_id: str) -> Memory:
        return Memory(
            self._loaded,
            self.paths,
            self._opened,
            run=run_id,
            remakes=self.remake,
            version_of=self.engine.version,
        )

    @property
    def _source_folders(self) -> list[Path]:
        return [Path(folder) for folder in self._loaded.ingest.source_folders]
