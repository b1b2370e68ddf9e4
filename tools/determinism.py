"""Run the whole graph as two types of processor would, and compare every table.

Usage: python -m tools.determinism [CONFIG ...]          (`make test-determinism`)

One type is this machine's; the other has neither AVX nor FMA: OpenBLAS takes the kernels of 2008
(OPENBLAS_CORETYPE), numpy none of its vector instructions (NPY_DISABLE_CPU_FEATURES). Each run
makes everything from nothing in a folder of its own.

The rule: the same rows, ids, ranks, lists, texts and decisions; floats within 1e-9.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np

from ntg_assets.orchestration.collection import collected_assets
from ntg_assets.publish.generations.table_differences import (
    TableDifference,
    table_differences,
)

HOME = Path(__file__).parent.parent
CONFIGS = ("configs/dev.yaml", "configs/demo.yaml")
STORE = Path("data/warehouse/warehouse.duckdb")
OLD_KERNELS = "Nehalem"
HASHES = frozenset({"content"})  # columns that hold the hash of another table's rows


def main() -> None:
    """Compare each configuration; exit 1 where the rule is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configs", nargs="*", default=CONFIGS, help="configurations to run")
    parser.add_argument("--keep", type=Path, help="folder for both runs (default: thrown away)")
    chosen = parser.parse_args()
    collected_assets()  # registers the contracts, which know the keys
    with TemporaryDirectory(prefix="ntg-determinism-") as scratch:
        broken = [_compare(config, chosen.keep or Path(scratch)) for config in chosen.configs]
    sys.exit(int(any(broken)))


def old_processor() -> dict[str, str]:
    """Give the environment in which a process computes as on an old processor."""
    vectors = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    return {"OPENBLAS_CORETYPE": OLD_KERNELS, "NPY_DISABLE_CPU_FEATURES": " ".join(vectors)}


def report(stores: Sequence[Path]) -> tuple[list[str], bool]:
    """Compare two stores table by table.

    Args:
        stores: Files of the warehouses.

    Returns:
        A line for each table, and whether the rule is broken.
    """
    with duckdb.connect() as connection:
        for name, store in zip(("before", "after"), stores, strict=True):
            file = str(store).replace("'", "''")  # `attach` takes no bound parameter
            connection.execute(f"attach '{file}' as {name} (read_only)")
        different = {
            table.table: table for table in table_differences(connection, "before", "after")
        }
        listed = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables()"
            " where database_name = 'before' and not internal order by 1"
        ).fetchall()
    lines = list(_lines(sorted({name for (name,) in listed} | {*different}), different))
    return lines, any(_is_broken(table) for table in different.values())


def _is_broken(table: TableDifference) -> bool:
    return not (table.is_last_bits or _is_hashes(table))


def _is_hashes(table: TableDifference) -> bool:
    """Whether nothing but hashes of other tables differs, which stand in the report themselves."""
    beyond = [column.column for column in table.columns if not column.is_last_bits]
    is_same_rows = table.n_before == table.n_after and not (table.n_gone or table.n_new)
    return is_same_rows and not table.other_columns and bool(beyond) and HASHES.issuperset(beyond)


def _lines(names: Sequence[str], different: dict[str, TableDifference]) -> Iterator[str]:
    for name in names:
        table = different.get(name)
        if table is None:
            yield f"equal      {name}"
        elif not _is_broken(table):
            word = "last bits " if table.is_last_bits else "hashes    "
            yield f"{word} {name}: {_columns(table)}"
        else:
            rows = f"{table.n_gone} rows gone, {table.n_new} new of {table.n_before}"
            yield f"DIFFERENT  {name}: {rows}; {_columns(table)}"
    n_equal = len(names) - len(different)
    n_broken = sum(map(_is_broken, different.values()))
    n_hashes = sum(map(_is_hashes, different.values()))
    yield (
        f"{len(names)} tables: {n_equal} equal, {len(different) - n_broken - n_hashes} but for last"
        f" bits, {n_hashes} but for hashes of these, {n_broken} different"
    )


def _columns(table: TableDifference) -> str:
    return ", ".join(
        f"{column.column} in {column.n_changed}"
        + ("" if column.largest is None else f" (by up to {column.largest:.1e})")
        + ("" if column.is_last_bits else " !")
        for column in table.columns
    )


def _compare(config: str, folder: Path) -> bool:
    stores = []
    for name, variables in (("this", {}), ("old", old_processor())):
        workspace = folder / Path(config).stem / name
        if not (workspace / STORE).is_file():
            _run(config, workspace, variables)
        stores.append(workspace / STORE)
    lines, is_broken = report(stores)
    print(f"== {config}", *lines, sep="\n", flush=True)
    return is_broken


def _run(config: str, workspace: Path, variables: dict[str, str]) -> None:
    workspace.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {
        "PYTHONPATH": str(HOME),
        "NTG_CONFIG": config,
        "NTG_WORKSPACE": str(workspace),
        "NTG_GATE__REMAKING": "false",  # the audit of the code is another night's work
        **variables,
    }
    command = [str(Path(sys.executable).with_name("ntg")), "run-all"]
    subprocess.run(command, cwd=HOME, env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # our own command


if __name__ == "__main__":
    main()
