"""Files beside the publications that hold people: draws of contacts, copies, what was fetched."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.engines.versions import remove_tables
from ntg_assets.history.days import NAMING_PEOPLE, day_files, read_days
from ntg_assets.publish.forgetting.forgot import Forgot
from ntg_assets.publish.generations.shelf import current_folder
from ntg_assets.storage.connection import connect
from ntg_assets.storage.files import remove_tree, unlink, write_whole
from ntg_assets.storage.parquet import write_batches


def rewrite_draws(paths: Paths, done: Forgot) -> None:
    """Write the kept draws of contacts, and what the CRM did of them, anew without them: the one
    change of a history file.
    """
    for file in (file for days in NAMING_PEOPLE for file in day_files(paths.history, days)):
        [rows] = read_days([file.path])
        named = pl.col("user_id").cast(pl.String).is_in(done.ids)
        if not rows.filter(named).is_empty():
            _write_rows(rows.filter(~named), file.path)
            done.history.append(relative(file.path, paths))


def _write_rows(rows: pl.DataFrame, target: Path) -> None:
    table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
    write_whole(target, lambda part: write_batches(part, table.to_reader()))


def remove_copies(paths: Paths, done: Forgot) -> None:
    """Remove what the next run makes or fetches anew."""
    for file in (paths.warehouse, paths.warehouse.with_name(f"{paths.warehouse.name}.wal")):
        if file.exists():
            unlink(file)
            done.touched.append(f"{relative(file, paths)}: the next run makes it anew")
    on_cluster = remove_tables(paths.warehouse.parent)
    done.touched += [
        f"{storage}: the tables of the cluster, which the next run makes anew"
        for storage in on_cluster.emptied
    ]
    done.unreached = [str(storage) for storage in on_cluster.missing]
    before = paths.data / "before_generations"
    for folder, remark in (
        (paths.landing, "the next run fetches again"),
        (paths.scratch, "copies of files while they were read"),
        (paths.made, "what checks had said of the tables"),
        (before, "what older versions had published"),
    ):
        if folder.is_dir() and any(folder.iterdir()):
            remove_tree(folder)
            done.touched.append(f"{relative(folder, paths)}: {remark}")


def landed_files(paths: Paths) -> Iterator[Path]:
    """Yield the fetched files, by the names under which sources read them."""
    if paths.landing.is_dir():
        for file in sorted(paths.landing.rglob("*")):
            if file.is_file() and not file.relative_to(paths.landing).parts[0].startswith("."):
                yield file


def source_files(paths: Paths, settings: Settings) -> list[str]:
    """List the files that the current publication was read from and that NTG does not own."""
    folder = current_folder(paths)
    if folder is None:
        return sorted(settings.ingest.events.files)
    listed = (
        "select file_name from ingest.load_ledger where source = 'events'"
        " union select file_name from ingest.input_files order by 1"
    )
    with connect(paths.at(folder).published_store, engine=settings.engine, read_only=True) as store:
        names = [name for (name,) in store.execute(listed).fetchall()]
    owned = paths.landing.resolve()
    return [name for name in names if owned not in (paths.home / name).resolve().parents]


def relative(file: Path, paths: Paths) -> str:
    """Name a file as the workspace does."""
    return file.relative_to(paths.workspace).as_posix()
