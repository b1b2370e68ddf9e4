"""Readers of libraries that open files in code of their own, of which Python says nothing: for a
while they are exchanged for ones that ask first what the running asset declares.

A function asks when it is called, a class when it is called or anything of it is looked up. What a
library keeps of them under other names is exchanged there, too; what its compiled code calls by
itself is reached through these alone.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, wraps
from typing import Any

from ntg_assets.declared_reads import require_files
from ntg_assets.modules import library
from ntg_assets.orchestration.rehearsing.asking_machine import machine_that_asks
from ntg_assets.orchestration.undeclared.opened_files import alone, exchange

FILE_SYSTEMS = (
    *("FileSystem", "LocalFileSystem", "SubTreeFileSystem", "HadoopFileSystem", "copy_files"),
    *("S3FileSystem", "GcsFileSystem", "AzureFileSystem"),
)
DATASETS = (
    *("dataset", "parquet_dataset", "FileSystemDataset", "ParquetDatasetFactory"),
    *("ParquetFileFormat", "CsvFileFormat", "IpcFileFormat", "FeatherFileFormat"),
    *("JsonFileFormat", "OrcFileFormat"),
)
RAW_FILES = ("memory_map", "OSFile", "MemoryMappedFile", "input_stream")
DATABASES = (  # the functions of the module ask a database that nobody has confined
    *("connect", "cursor", "default_connection", "read_", "from_", "sql", "query", "execute"),
    *("table", "view", "values", "aggregate", "project", "filter", "limit", "order", "distinct"),
    *("alias", "write_csv", "install_extension", "load_extension"),
)
# by module or class, how the names of its readers begin
READERS: dict[str, tuple[str, ...]] = {
    "polars": ("read_", "scan_"),
    "polars.io": ("read_", "scan_"),
    "polars.SQLContext": ("execute",),
    "polars.LazyFrame": ("deserialize",),  # a plan may hold a scan
    "polars.DataFrame": ("deserialize",),
    "pyarrow": RAW_FILES,
    "pyarrow.lib": RAW_FILES,
    "pyarrow.fs": FILE_SYSTEMS,
    "pyarrow._fs": FILE_SYSTEMS,
    "pyarrow.csv": ("read_csv", "open_csv"),
    "pyarrow._csv": ("read_csv", "open_csv"),
    "pyarrow.dataset": DATASETS,
    "pyarrow._dataset": DATASETS,
    "pyarrow._dataset_parquet": DATASETS,
    "pyarrow.feather": ("read_",),
    "pyarrow._feather": ("FeatherReader",),
    "pyarrow.json": ("read_json", "open_json"),
    "pyarrow._json": ("read_json", "open_json"),
    "pyarrow.orc": ("read_", "ORCFile"),
    "pyarrow.parquet": ("read_", "ParquetFile", "ParquetDataset"),
    "pyarrow.parquet.core": ("read_", "ParquetFile", "ParquetDataset"),
    "pyarrow._parquet": ("ParquetReader",),
    "duckdb": DATABASES,
    "_duckdb": DATABASES,
    "_posixshmem": ("shm_open",),
    "_posixsubprocess": ("fork_exec",),  # past the event of whoever starts a process in other ways
}
PARTS_OF = ("polars.io.",)  # whose modules hold the readers once more


@contextmanager
def readers_that_ask() -> Iterator[None]:
    """Let the readers of libraries ask what is declared before they open anything, threads hold to
    what whoever starts them declares, and nobody ask other processes or machines, the environment
    or the clock.
    """
    with alone(), machine_that_asks(), ExitStack() as exchanged:
        for owner, attribute, asking in _readers():
            exchange(owner, attribute, asking, exchanged)
        yield


@cache
def _readers() -> tuple[tuple[object, str, object], ...]:
    return tuple(
        (owner, attribute, _asking(reader, f"{name}.{attribute}"))
        for name, owner, beginnings in _owners()
        for attribute, reader in list(vars(owner).items())
        if attribute.startswith(beginnings)
        and (callable(reader) or isinstance(reader, classmethod))
    )


def _owners() -> Iterator[tuple[str, object, tuple[str, ...]]]:
    for name, beginnings in READERS.items():
        yield name, _owner(name), beginnings
    for name, module in list(sys.modules.items()):
        if name.startswith(PARTS_OF):
            yield name, module, READERS["polars.io"]


def _owner(name: str) -> object:
    """The library, or the class of one, by its full name."""
    above, _, last = name.rpartition(".")
    return getattr(library(above), last) if last[0].isupper() else library(name)


def _asking(reader: "Callable[..., Any] | classmethod[Any, ..., Any]", name: str) -> object:
    if isinstance(reader, classmethod):
        return classmethod(_asking_function(reader.__func__, name))
    if isinstance(reader, type):
        return _asking_class(reader, name)
    return _asking_function(reader, name)


def _asking_function(reader: Callable[..., Any], name: str) -> Callable[..., Any]:
    @wraps(reader, updated=())
    def ask(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401  # whatever it takes
        require_files(f"files by {name}")
        return reader(*arguments, **named)

    return ask


def _asking_class(reader: type, name: str) -> type:
    """Stand in for a class: its instances are those of the class itself."""

    class Asking(type):
        def __call__(cls, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401  # as above
            require_files(f"files by {name}")
            return reader(*arguments, **named)

        def __getattribute__(cls, attribute: str) -> Any:  # noqa: ANN401  # as above
            if attribute.startswith("__"):
                return super().__getattribute__(attribute)
            require_files(f"files by {name}.{attribute}")
            return getattr(reader, attribute)

        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, reader)

        def __subclasscheck__(cls, other: type) -> bool:
            return issubclass(other, reader)

    return Asking(reader.__name__, (), {"__module__": reader.__module__, "__doc__": reader.__doc__})
