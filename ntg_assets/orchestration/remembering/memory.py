"""Whether a step would be made again just so, and what is kept of one that was made."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.orchestration.remembering.changes import (
    NOT_MADE,
    NOT_PASSED,
    Change,
    differing,
)
from ntg_assets.orchestration.remembering.code import (
    changed_since_start,
    code_of,
    environment,
    is_known,
    zone_version,
)
from ntg_assets.orchestration.remembering.files import Changing, file_versions, only_found
from ntg_assets.orchestration.remembering.record import (
    Made,
    MadeTable,
    Observed,
    Verdict,
    forget_made,
    keep_made,
    name_of_table,
    read_made,
)
from ntg_assets.orchestration.remembering.steps import Work
from ntg_assets.orchestration.remembering.touched import leaves, watched
from ntg_assets.sql import Table
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.versions import rows_of_hash, version_of

Connect = Callable[[], AbstractContextManager[Connection]]
CodeOf = Callable[[str], dict[str, str]]
VersionOf = Callable[[Connection, Table], str | None]


class Memory:
    """What is known of the steps of one workspace, and of the tables as they are now.

    Args:
        settings: The configuration of this run.
        paths: The workspace.
        connect: Opens the warehouse.
        run: Id of this run.
        remakes: Whether every step is made again, whatever is known.
        version_of: How the engine names what a table holds.
        code: Hashes of the sources of each module, where they are known already.
    """

    def __init__(
        self,
        settings: Settings,
        paths: Paths,
        connect: Connect,
        *,
        run: str,
        remakes: bool = False,
        version_of: VersionOf = version_of,
        code: CodeOf | None = None,
    ) -> None:
        self.run, self.remakes = run, remakes
        self._settings, self._paths, self._connect = settings, paths, connect
        self._version_of, self._code_of = version_of, code or code_of
        self._versions: dict[Table, str | None] = {}
        self._left: dict[str, Made | None] = {}
        self._running: Observed | None = None

    @property
    def folder(self) -> Path:
        """Where the records lie."""
        return self._paths.made

    def settings(self, settings: Settings) -> Settings:
        """Return the configuration as the running step sees it."""
        observed = self._running
        return settings if observed is None else watched(settings, observed.sections.add)

    def now(self) -> float:
        """Return the present instant (seconds since 1970), and note that it was asked for."""
        now = time.time()
        if self._running is not None:
            self._running.now = now
        return now

    def settle(self) -> None:
        """Note that a later present would have changed nothing of the running step."""
        if self._running is not None:
            self._running.is_settled = True

    def note(self, verdict: Verdict) -> None:
        """Note what a check of the running step said."""
        if self._running is not None:
            self._running.verdicts.append(verdict)

    def version(self, table: Table) -> str | None:
        """Hash a table as it is stored; none where there is none."""
        if table not in self._versions:
            with self._connect() as connection:
                self._versions[table] = self._version_of(connection, table)
        return self._versions[table]

    def stored(self, table: Table, version: str) -> None:
        """Note the version of a table that was just written."""
        self._versions[table] = version

    def unchanged(self, work: Work) -> Made | None:
        """Return what is known of a step that would be made again just so; none where it has to be
        made. Asked again within a run, the answer is the same.
        """
        if work.name not in self._left:
            made = None if self.remakes else read_made(self.folder, work.name)
            self._left[work.name] = made if made and not self.changes(work, made) else None
        return self._left[work.name]

    def changes(self, work: Work, made: Made | None) -> list[Change]:
        """Say why a step has to be made; nothing where it would be made again just so."""
        changes = self.own_changes(work, made)
        return changes if changes or made is None else self.stored_changes(work, made)

    def own_changes(self, work: Work, made: Made | None) -> list[Change]:
        """Say why a step has to be made whatever the tables hold: nothing is read for it but files
        from outside.
        """
        if work.always:
            return [Change("always", "the publication is compared with what is published")]
        if not is_known(work.module):
            return [Change("always", f"{work.module} is no module of NTG")]
        if made is None:
            return [Change("new", NOT_MADE) if work.tables else Change("asked", NOT_PASSED)]
        return [
            *differing("code", made.code, self._code_of(work.module)),
            *differing("library", made.environment, self._environment),
            *differing("setting", made.settings, leaves(self._settings, made.sections)),
            *self._changed_files(work, made),
            *self._clock(made),
        ]

    def stored_changes(self, work: Work, made: Made) -> list[Change]:
        """Say which of the tables that a step reads are others than when it was made, and which of
        its own are not as it left them.
        """
        read = differing("table", made.inputs, self._versions_of(work.reads))
        return [*read, *self._damaged(work, made)]

    @contextmanager
    def making(self, work: Work) -> Iterator[Observed]:
        """Look at what a step looks at, and keep it once the step is done.

        A step that fails, or whose process ends, keeps nothing: what was known of it is taken away
        before it begins.
        """
        forget_made(self.folder, work.name)
        observed = Observed(self._versions_of(work.reads), self._files_of(work))
        self._running = observed
        try:
            yield observed
        finally:
            self._running = None
        self._keep(work, observed)

    def _keep(self, work: Work, observed: Observed) -> None:
        code = self._code_of(work.module)
        files = self._files_of(work)
        may_be_kept = (
            not work.always
            and is_known(work.module)
            and files is not None
            and observed.files is not None
            and only_found(observed.files, files)
            and (observed.now is None or observed.is_settled)
            and (work.tables or all(verdict.passed for verdict in observed.verdicts))
            and not changed_since_start(code)
        )
        if not may_be_kept:
            return
        made = Made(
            run=self.run,
            code=code,
            environment=self._environment,
            sections=sorted(observed.sections),
            settings=leaves(self._settings, observed.sections),
            inputs=observed.inputs,
            files=files or {},
            tables={name_of_table(table): self._made_table(table) for table in work.tables},
            verdicts=observed.verdicts,
            not_before=observed.now,
        )
        keep_made(self.folder, work.name, made)

    def _made_table(self, table: Table) -> MadeTable:
        version = self.version(table) or ""
        return MadeTable(version=version, n_rows=rows_of_hash(version))

    def _versions_of(self, tables: tuple[Table, ...]) -> dict[str, str]:
        return {name_of_table(table): self.version(table) or "none" for table in tables}

    @cached_property
    def _environment(self) -> dict[str, str]:
        zone, ids = self._settings.ingest.zone, self._settings.ingest.events
        return {
            **environment(),
            f"rules of {zone}": zone_version(zone),
            "ids": f"{ids.user_id_type}/{ids.item_id_type}",
        }

    def _files_of(self, work: Work) -> dict[str, str] | None:
        try:
            return file_versions(work, self._settings, self._paths)
        except Changing:
            return None

    def _changed_files(self, work: Work, made: Made) -> list[Change]:
        try:
            files = file_versions(work, self._settings, self._paths)
        except Changing as changing:
            return [Change("always", str(changing))]
        return differing("file", made.files, files)

    @staticmethod
    def _clock(made: Made) -> list[Change]:
        is_back = made.not_before is not None and time.time() < made.not_before
        return [Change("clock", "it stands before what it was made at")] if is_back else []

    def _damaged(self, work: Work, made: Made) -> list[Change]:
        return [
            Change("damaged", name_of_table(table))
            for table in work.tables
            if (kept := made.tables.get(name_of_table(table))) is None
            or kept.version != self.version(table)
        ]
