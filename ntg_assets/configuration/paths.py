"""Where things lie: every generated folder is below the workspace.

What is published lies in one folder per generation; `data/current` is a link to the one that people
see, and the paths that they know (`outputs`, `reports`, `data/features`, `data/published`) lead
through it. Whoever reads two files of a publication resolves that link once (`Paths.pinned`): two
paths through it may belong to two generations.
"""

from pathlib import Path

from pydantic import BaseModel


class Paths(BaseModel):
    """Where things lie. All generated folders are below the workspace.

    Attributes:
        home: Project folder.
        workspace: Folder of everything that is generated.
        publication: The generation that is meant, resolved; none: whichever is current when a path
            is followed.
    """

    home: Path
    workspace: Path
    publication: Path | None = None

    def pinned(self) -> "Paths":
        """Return the same places, of the one generation that is current at this moment."""
        if self.publication is not None or not self.current.is_symlink():
            return self
        return self.at(self.current.resolve())

    def at(self, publication: Path) -> "Paths":
        """Return the same places, of this generation."""
        return self.model_copy(update={"publication": publication})

    @property
    def published(self) -> Path:
        """Folder that the paths of published files are relative to."""
        return self.publication or self.workspace

    @property
    def data(self) -> Path:
        return self.workspace / "data"

    @property
    def warehouse(self) -> Path:
        return self.data / "warehouse" / "warehouse.duckdb"

    @property
    def run_lock(self) -> Path:
        return self.data / "warehouse" / "run.lock"

    @property
    def steps(self) -> Path:
        """The steps of the graph, as the last command that loaded it left them for a plan."""
        return self.data / "warehouse" / "steps.json"

    @property
    def made(self) -> Path:
        """Folder of what is known of the tables of the warehouse: what each was made from."""
        return self.data / "warehouse" / "made"

    @property
    def history(self) -> Path:
        return self.data / "history"

    @property
    def load_history(self) -> Path:
        return self.history / "loads"

    @property
    def landing(self) -> Path:
        return self.data / "landing"

    @property
    def scratch(self) -> Path:
        return self.data / "scratch"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def dagster_home(self) -> Path:
        return self.data / "dagster"

    @property
    def published_store(self) -> Path:
        return self.published / "data" / "published" / "ntg.duckdb"

    @property
    def manifest(self) -> Path:
        return self.published / "outputs" / "manifest.json"

    @property
    def generations(self) -> Path:
        return self.data / "generations"

    @property
    def current(self) -> Path:
        return self.data / "current"
