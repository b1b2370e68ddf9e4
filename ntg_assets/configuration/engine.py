"""What computes the tables, and the limits of the embedded engine."""

import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from ntg_assets.configuration.section import Section

MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s?([KMGT])(i?)B")
LEAST_MEMORY, MOST_MEMORY = 10**6, 10**15  # the engine takes neither less nor more
MOST_THREADS = 1_024  # the engine starts as many as it is told, and is then busy with nothing else


def _bytes(amount: str) -> float:
    """Read an amount of memory such as 3GB or 512MiB."""
    number, unit, is_binary = MEMORY.fullmatch(amount).groups()  # type: ignore[union-attr]  # whose form was checked
    return float(number) * (1024 if is_binary else 1000) ** (1 + "KMGT".index(unit))


class EngineSettings(Section):
    """What computes the tables, and the limits of the embedded engine."""

    kind: Literal["duckdb", "spark"] = "duckdb"
    """`duckdb`: everything in this process. `spark`: tables that grow with events are made and kept
    on a cluster, through Spark Connect (Spark, Databricks, Sail); the rest stays in this process.
    """

    remote: str | None = None
    """Address of the cluster's Spark Connect server, `sc://host:15002`; without a token, which the
    client takes from SPARK_CONNECT_AUTHENTICATE_TOKEN.
    """

    storage: str | None = None
    """Folder for the tables on the cluster, by the same path here and on every worker (a network
    file system, a mounted bucket or volume). It belongs to one workspace.
    """

    patience_minutes: float = Field(default=240.0, gt=0)
    """How long one piece of work on the cluster may take; a cluster without workers would wait for
    them without end.
    """

    workers_see_files: bool = False
    """Whether every worker sees the files of `ingest.events` by the paths by which they are seen
    here (the same network file system, mounted bucket or volume): then workers read them, each a
    file at a time, and write the rows into `storage`.
    """

    workers_read_from_mb: float = Field(default=200.0, ge=0)
    """Megabytes of such files from which on workers read them: a smaller load costs less to read
    here.
    """

    memory_limit: str = "4GB"
    threads: int | None = Field(default=None, ge=1, le=MOST_THREADS)
    """Worker threads; null: all cores. No result depends on it."""
    minimum_free_disk_gb: float = Field(default=1.0, ge=0)
    """A run does not start with less free disk than this, or than three times the warehouse and one
    more publication, whichever is more.
    """

    show_user_ids: bool = False
    """Whether the samples of tables in the Dagster UI, which its history keeps, name users by their
    ids; else they are numbered within each sample.
    """

    @model_validator(mode="after")
    def _has_a_cluster(self) -> Self:
        if self.kind == "spark" and not (self.remote and self.storage):
            missing = "remote" if not self.remote else "storage"
            raise ValueError(
                f"{missing} is missing: kind: spark needs remote (sc://host:15002) and storage (a"
                " folder that this machine and every worker see)"
            )
        if self.workers_see_files and self.kind != "spark":
            raise ValueError("workers_see_files: kind: duckdb has no workers; say kind: spark")
        return self

    @field_validator("remote")
    @classmethod
    def _is_an_address(cls, remote: str | None) -> str | None:
        if remote is None:
            return remote
        if not remote.startswith("sc://"):
            raise ValueError("must begin with sc:// (Spark Connect), such as sc://host:15002")
        if "token=" in remote.lower() or "@" in remote:
            raise ValueError(
                "holds a credential; the client takes its token from"
                " SPARK_CONNECT_AUTHENTICATE_TOKEN"
            )
        return remote

    @field_validator("storage")
    @classmethod
    def _is_a_folder(cls, storage: str | None) -> str | None:
        if storage is None:
            return storage
        if "://" in storage:
            raise ValueError(
                "must be a path, the same here and on every worker: mount the bucket (Mountpoint"
                " for S3, a Databricks volume, NFS) and give where it is mounted"
            )
        if not storage.startswith("/"):
            raise ValueError("must be an absolute path: the workers do not know this folder")
        return storage

    @field_validator("memory_limit")
    @classmethod
    def _is_an_amount(cls, limit: str) -> str:
        if not MEMORY.fullmatch(limit):
            raise ValueError("must be a number with KB, MB, GB or TB, such as 3GB")
        if not LEAST_MEMORY <= _bytes(limit) <= MOST_MEMORY:
            raise ValueError("must lie between 1MB and 1000TB")
        return limit
