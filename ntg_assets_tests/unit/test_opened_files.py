"""What an asset opens by itself is refused, whichever library opens it, whatever it does then."""

import ctypes
import io
import mmap
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import polars.io
import pyarrow.dataset
import pyarrow.fs
import pyarrow.parquet as pq
import pytest
from pyarrow.fs import LocalFileSystem

from ntg_assets.declared_reads import Declared, only
from ntg_assets.engines.folders import holds_rows, remove
from ntg_assets.engines.versions import Version, new_folder, seal, sealed, sweep
from ntg_assets.errors import UndeclaredReadError
from ntg_assets.orchestration.rehearsing.asking_readers import readers_that_ask
from ntg_assets.orchestration.undeclared import opened_files
from ntg_assets.orchestration.undeclared.machine_folders import libraries
from ntg_assets.orchestration.undeclared.opened_files import watching
from ntg_assets.sql import Table

NOTHING = Declared("backtest/x", frozenset())


def in_a_thread(peek: Callable[[], object]) -> object:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(peek).result()


def with_modules_of(folder: Path) -> None:
    sys.path.append(str(folder))
    try:
        [*folder.iterdir()]
    finally:
        sys.path.remove(str(folder))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of data that is watched: its scratch folder is free."""
    (tmp_path / "scratch").mkdir()
    for name in ("a.npy", "scratch/a.npy"):
        np.save(tmp_path / name, np.zeros(3))
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "a.parquet")
    return tmp_path


@pytest.mark.parametrize(
    "peek",
    [
        lambda folder: (folder / "a.npy").read_bytes(),
        lambda folder: np.load(folder / "a.npy"),
        lambda folder: np.fromfile(str(folder / "a.npy")),
        lambda folder: np.memmap(folder / "a.npy", mode="r"),
        lambda folder: np.loadtxt(folder / "a.npy"),
        lambda folder: pl.read_parquet(folder / "a.parquet"),
        lambda folder: pl.scan_parquet(folder / "*.parquet"),
        lambda folder: polars.io.read_parquet(folder / "a.parquet"),
        lambda folder: pl.sql(f"select * from read_parquet('{folder / 'a.parquet'}')"),
        lambda folder: pl.DataFrame({"a": [1]}).sql(
            f"select * from read_parquet('{folder / 'a.parquet'}')"
        ),
        lambda folder: pl.DataFrame.deserialize(folder / "a.parquet"),
        lambda _: pl.LazyFrame.deserialize(io.BytesIO(b"a plan may scan")),
        lambda folder: in_a_thread((folder / "a.npy").read_bytes),
        lambda folder: in_a_thread(lambda: pl.read_parquet(folder / "a.parquet")),
        lambda folder: subprocess.run(["cat", str(folder / "a.npy")], check=True),
        lambda folder: os.system(f"cat {folder / 'a.npy'}"),  # noqa: S605
        lambda _: os.fork() or os._exit(0),
        lambda _: socket.create_connection(("127.0.0.1", 9)),
        lambda folder: pq.read_table(folder / "a.parquet"),
        lambda folder: pyarrow.fs.LocalFileSystem().open_input_stream(str(folder / "a.npy")),
        lambda folder: pyarrow.fs.LocalFileSystem().get_file_info(str(folder)),
        lambda folder: pyarrow.fs.FileSystem.from_uri(folder.as_uri()),
        lambda folder: pyarrow.fs.copy_files(str(folder), str(folder / "copy")),
        lambda folder: pyarrow.dataset.ParquetFileFormat().inspect(str(folder / "a.parquet")),
        lambda folder: pyarrow.dataset.FileSystemDataset.from_paths([str(folder / "a.parquet")]),
        lambda folder: pyarrow.lib.memory_map(str(folder / "a.npy")),
        lambda folder: pq.core.ParquetFile(folder / "a.parquet"),
        lambda folder: polars.io.parquet.functions.scan_parquet(folder / "a.parquet"),
        lambda folder: duckdb.cursor().execute(f"from '{folder / 'a.parquet'}'"),
        lambda folder: duckdb.values([1]).query("t", f"from '{folder / 'a.parquet'}'"),
        lambda folder: duckdb.table_function("read_parquet", [str(folder / "a.parquet")]),
        lambda folder: ctypes.CDLL(None).open(os.fsencode(folder / "a.npy"), 0),
        lambda folder: mmap.mmap(os.open(folder / "a.npy", os.O_RDONLY), 0),
        lambda folder: io.open_code(str(folder / "a.npy")),  # noqa: SIM115  # refused
        lambda folder: sqlite3.connect(f"{folder.as_uri()}/a.db?mode=ro", uri=True),
        lambda folder: os.link(folder / "a.npy", folder / "scratch" / "b.npy"),
        lambda folder: (folder / "scratch" / "later").symlink_to(folder),
        lambda folder: (folder / "a.npy").rename(folder / "scratch" / "b.npy"),
        with_modules_of,
        lambda _: get_context("spawn").Process(target=print).start(),
        lambda _: SharedMemory("no such memory"),
        lambda _: socket.getaddrinfo("localhost", 80),
        os.listdir,
        lambda folder: [*folder.rglob("*.npy")],
        lambda folder: (folder / "no such file").exists(),
        lambda folder: os.path.exists(folder / "a.npy"),  # noqa: PTH110  # as somebody may
        lambda folder: (folder / "b.npy").write_bytes(b""),
        lambda folder: Path(os.path.relpath(folder / "a.npy")).read_bytes(),
    ],
)
def test_a_body_opens_nothing_that_it_does_not_declare(
    folder: Path, peek: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    with watching(folder), readers_that_ask():
        with pytest.raises(UndeclaredReadError, match="backtest/x opens"), only(NOTHING):
            peek(folder)
        # who goes on as if nothing had happened is refused at the end
        with (
            pytest.raises(UndeclaredReadError, match="declares no files"),
            only(NOTHING),
            suppress(Exception),
        ):
            peek(folder)


def test_what_is_declared_or_its_own_or_asked_outside_is_let_through(folder: Path) -> None:
    with watching(folder), readers_that_ask():
        with only(NOTHING):
            assert np.load(folder / "scratch" / "a.npy").sum() == 0
            assert Path(np.__file__).read_text(encoding="utf-8")
        with only(Declared("backtest/y", frozenset(), files=("data/history",))):
            assert pl.read_parquet(folder / "a.parquet").height == 1
        assert (folder / "a.npy").exists()
        assert in_a_thread((folder / "a.npy").read_bytes)  # of nobody who declares
        with only(NOTHING):
            assert in_a_thread(lambda: 1) == 1
            with suppress(FileNotFoundError):
                subprocess.run(["lscpu"], check=False, capture_output=True)
    assert pl.sql("select 1 as a").collect().item() == 1
    with only(NOTHING):  # nothing is watched any more
        assert np.load(folder / "a.npy").sum() == 0
    assert pl.read_parquet(folder / "a.parquet").height == 1


def test_classes_of_readers_are_what_they_were(folder: Path) -> None:
    local, parquet = LocalFileSystem(), pyarrow.dataset.ParquetFileFormat
    with watching(folder), readers_that_ask():
        assert pyarrow.fs.LocalFileSystem is not LocalFileSystem
        assert isinstance(local, pyarrow.fs.LocalFileSystem)
        assert isinstance(local, pyarrow.fs.FileSystem)
        assert not isinstance(folder, pyarrow.fs.FileSystem)
        assert issubclass(LocalFileSystem, pyarrow.fs.FileSystem)
        made = pyarrow.fs.LocalFileSystem()  # of nobody who declares
        assert type(made) is LocalFileSystem
        with only(Declared("backtest/y", frozenset(), files=("data/history",))):
            file = pyarrow.fs.LocalFileSystem().open_input_stream(str(folder / "a.npy"))
            assert file.read(6) == b"\x93NUMPY"
            assert pq.read_table(folder / "a.parquet", filesystem=local).num_rows == 1
            assert ctypes.CDLL(None).open is not None
        with only(NOTHING):
            assert ctypes.CDLL(None).getpid() == os.getpid()
    assert pyarrow.fs.LocalFileSystem is LocalFileSystem
    assert pyarrow.dataset.ParquetFileFormat is parquet


def test_whoever_resolves_the_links_of_a_library_below_a_watched_folder_is_let_through(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the project, its environment included, lies in the folder of temporary files."""
    library = folder / "code" / "lib.so"
    library.parent.mkdir()
    library.touch()
    monkeypatch.setattr(opened_files, "ROOT", library.parent)
    with watching(folder), readers_that_ask():
        with only(NOTHING):
            assert Path(os.path.realpath(library)) == library.resolve()
        with pytest.raises(UndeclaredReadError), only(NOTHING):
            [*folder.iterdir()]
        with pytest.raises(UndeclaredReadError), only(NOTHING):
            os.lstat(folder / "a.npy")


def test_among_the_code_nothing_is_kept_and_nothing_but_code_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened_files, "ROOT", tmp_path)
    compiled = tmp_path / "__pycache__"
    compiled.mkdir()
    for name in ("a.sql", "a.npy", "__pycache__/a.npy", "__pycache__/a.pyc"):
        (tmp_path / name).write_bytes(b"1")
    allowed: tuple[Callable[[], object], ...] = (
        (tmp_path / "a.sql").read_bytes,
        (tmp_path / "features").exists,
        (compiled / "a.pyc").read_bytes,
        lambda: (compiled / "b.nbi.tmp.1").write_bytes(b""),
    )
    refused: tuple[Callable[[], object], ...] = (
        (tmp_path / "a.npy").read_bytes,
        (tmp_path / "a.npy").exists,
        (compiled / "a.npy").read_bytes,
        lambda: (tmp_path / "a.sql").write_bytes(b""),
        lambda: (Path(np.__file__).parent / "kept.py").write_bytes(b""),
    )
    with watching(*opened_files.rehearsal_roots()), readers_that_ask():
        for peek in allowed:
            with only(NOTHING):
                peek()
        for peek in refused:
            with pytest.raises(UndeclaredReadError, match="among the code"), only(NOTHING):
                peek()


@pytest.mark.parametrize(
    ("variable", "below"),
    [("NUMBA_CACHE_DIR", "."), ("XDG_CACHE_HOME", "numba"), ("HOME", ".cache/numba")],
)
def test_what_numba_compiles_for_a_package_that_it_may_not_write_into_is_found(
    variable: str, below: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    compiled = tmp_path / below / "scores.nbi"
    compiled.parent.mkdir(parents=True, exist_ok=True)
    compiled.write_bytes(b"1")
    libraries.cache_clear()
    try:
        with watching(*opened_files.rehearsal_roots()), readers_that_ask(), only(NOTHING):
            assert compiled.read_bytes() == b"1"
    finally:
        libraries.cache_clear()


def test_a_rehearsal_reads_no_file_wherever_it_lies_but_what_the_machine_is_like() -> None:
    with watching(*opened_files.rehearsal_roots()), readers_that_ask():
        for share in ("/srv/features/popular.json", "/scratch/popular.json", "popular.json"):
            with pytest.raises(UndeclaredReadError, match=r"popular\.json"), only(NOTHING):
                Path(share).read_bytes()
        with only(NOTHING):
            assert Path("/proc/self/stat").read_bytes()


def test_rows_come_from_a_cluster_through_a_storage_in_the_project(folder: Path) -> None:
    table = Table("ingest", "events")
    with watching(folder), readers_that_ask(), only(NOTHING):
        version = new_folder(folder / "storage", table)
        assert not holds_rows(version)
        version.mkdir()
        seal(version, n_rows=0, content_hash="of none")
        assert sealed(version) == Version(0, "of none", {})
        assert sweep(folder / "storage", table, [version]) == 0
        remove(version)
        remove(version)
    assert not version.exists()
