"""A small warehouse stays open between its uses in a run; a large one does not."""

from pathlib import Path

import pytest

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.configuration.paths import Paths
from ntg_assets.storage import held_warehouse
from ntg_assets.storage.connection import Connection, connect
from ntg_assets.storage.held_warehouse import HeldWarehouse


@pytest.fixture
def opened_anew(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Each opening of the file (connecting once more to what is open is none)."""
    openings: list[Path] = []

    def counted(file: Path, **limits: object) -> object:
        openings.append(file)
        return connect(file, **limits)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(held_warehouse, "connect", counted)
    return openings


def warehouse(folder: Path) -> HeldWarehouse:
    paths = Paths(home=folder, workspace=folder)
    paths.warehouse.parent.mkdir(parents=True)
    return HeldWarehouse(paths, EngineSettings(), [])


def write(connection: Connection, n: int) -> None:
    connection.execute(f"create table t{n} as select {n} as n")


def test_a_small_one_is_opened_once_and_keeps_what_each_use_wrote(
    tmp_path: Path, opened_anew: list[Path]
) -> None:
    held = warehouse(tmp_path)
    held.hold()
    for n in range(3):
        with held.opened() as connection:
            write(connection, n)
    with held.opened() as connection:
        assert connection.execute("select n from t2").fetchall() == [(2,)]
    held.release()
    assert len(opened_anew) == 1


def test_one_that_grows_large_is_let_go_and_opened_for_each_use(
    tmp_path: Path, opened_anew: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    held = warehouse(tmp_path)
    held.hold()
    with held.opened() as connection:
        write(connection, 0)
    monkeypatch.setattr(held_warehouse, "HELD_BELOW_BYTES", 0)
    for _ in range(2):
        with held.opened() as connection:
            assert connection.execute("select n from t0").fetchall() == [(0,)]
    assert len(opened_anew) == 1 + 2


def test_nothing_stays_open_unless_it_is_held(tmp_path: Path, opened_anew: list[Path]) -> None:
    loose = warehouse(tmp_path)
    for n in range(2):
        with loose.opened() as connection:
            write(connection, n)
    assert len(opened_anew) == 2
