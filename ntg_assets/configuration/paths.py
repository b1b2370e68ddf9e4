"""Where things lie: every generated folder is below the workspace."""

from pathlib import Path

from pydantic import BaseModel


class Paths(BaseModel):
    """Where things lie. All generated folders are below the workspace."""

    home: Path
    workspace: Path

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
        return self.data / "published" / "ntg.duckdb"

    @property
    def manifest(self) -> Path:
        return self.workspace / "outputs" / "manifest.json"
