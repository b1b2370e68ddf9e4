"""Leaks that can be planted."""

import pkgutil
from collections.abc import Callable, Sequence
from importlib import import_module
from io import StringIO
from itertools import cycle
from pathlib import Path

import pytest
from rich.console import Console

from ntg_assets.cli.leakage import plant_matrix
from ntg_assets.cli.leakage.plant_matrix import (
    GUARDS,
    NOTHING,
    OTHER_GUARDS,
    Caught,
    needless_guards,
    planted,
    render_matrix,
)
from ntg_assets.errors import LeakageError
from ntg_assets.evaluation.leakage import plants
from ntg_assets.evaluation.leakage.plants import PLANTS, Edit, Plant

ROOT = Path(__file__).parents[2]


def test_every_leak_can_still_be_planted() -> None:
    moved = [
        f"{kind}: {edit.file}"
        for kind, plant in PLANTS.items()
        for edit in plant.edits
        if (ROOT / "ntg_assets" / edit.file).read_text().count(edit.words) != 1
    ]
    assert moved == []
    for plant in PLANTS.values():
        assert all((ROOT / "ntg_assets_tests" / name).exists() for name in plant.tests)


def test_what_guards_are_asked_by_themselves_is_there() -> None:
    assert all((ROOT / "ntg_assets_tests" / name).is_file() for name in OTHER_GUARDS)


def test_every_module_of_plants_is_asked_and_no_name_stands_twice() -> None:
    modules = [
        import_module(f"{plants.__name__}.{module.name}")
        for module in pkgutil.iter_modules(plants.__path__)
    ]
    kinds = [kind for module in modules for kind in getattr(module, "PLANTS", {})]
    assert sorted(kinds) == sorted(PLANTS)
    assert len(kinds) >= 20


def test_a_leak_is_planted_in_a_copy_alone(tmp_path: Path) -> None:
    kind = Plant("a test", (Edit("stages.py", '"backtest",', '"leaked",'),))
    with planted(kind, home=tmp_path) as copy:
        assert '"leaked",' in (copy / "ntg_assets" / "stages.py").read_text()
    assert not copy.exists()
    assert '"leaked",' not in (ROOT / "ntg_assets" / "stages.py").read_text()
    with (
        pytest.raises(LeakageError, match="0 times, so the leak cannot be planted"),
        planted(Plant("a test", (Edit("stages.py", "no such words", ""),)), home=tmp_path),
    ):
        pass


def told_of(
    monkeypatch: pytest.MonkeyPatch, guards: Callable[[Plant], Caught], kinds: Sequence[str]
) -> str:
    """Print the matrix of what guards say of each plant."""
    monkeypatch.setattr(plant_matrix, "catch", lambda plant, **_: guards(plant))
    console = Console(record=True, width=200, file=StringIO())
    try:
        render_matrix(kinds, console, home=ROOT)
    except LeakageError as error:
        return f"{console.export_text()}{error}"
    return console.export_text()


def test_each_plant_is_told_with_what_is_left_and_the_matrix_stands_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kinds = ["body-asks-for-test", "text-names-val", "read-while-loading"]
    text = told_of(monkeypatch, lambda _: {"declared reads": "x"}, kinds)
    assert "(1 of 3, about 0 minutes left)" in text
    assert "(3 of 3, all are done)" in text
    assert text.rindex("which guard catches which") > text.index("(3 of 3")
    assert text.strip().endswith("3 of 3 planted leaks are caught")


def test_a_leak_that_nobody_catches_and_one_that_could_not_be_asked_are_named_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kinds = ["text-names-val", "body-asks-for-test", "read-while-loading"]

    def guards(plant: Plant) -> Caught:
        if plant is PLANTS["text-names-val"]:
            raise LeakageError("A guard was ended by signal 9")
        return {"dates": "x" if plant is PLANTS["read-while-loading"] else None}

    text = told_of(monkeypatch, guards, kinds)
    assert "A guard was ended by signal 9" in text
    assert text.endswith("Nobody catches text-names-val, body-asks-for-test.")


def test_a_guard_that_catches_where_nothing_is_planted_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = told_of(monkeypatch, lambda _: {"tests": "1 failed"}, list(PLANTS))
    assert f"{NOTHING}: nothing is planted" in text
    assert text.endswith("Where nothing is planted, this is caught: tests (1 failed).")
    alone = dict(zip(PLANTS, cycle(GUARDS), strict=False))

    def guards(plant: Plant) -> Caught:
        return {alone[kind]: "x" for kind, one in PLANTS.items() if one is plant}

    text = told_of(monkeypatch, guards, list(PLANTS))
    assert text.strip().endswith(f"{len(PLANTS)} of {len(PLANTS)} planted leaks are caught")


def test_a_guard_that_is_killed_catches_nothing(tmp_path: Path) -> None:
    ended = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    with pytest.raises(LeakageError, match="ended by signal 9"):
        plant_matrix._run(tmp_path, "-c", ended)  # how a guard is asked


def test_a_guard_that_others_make_needless_is_named() -> None:
    told: dict[str, Caught] = {
        "a": {"graph": "x", "dates": None},
        "b": {"graph": "x", "dates": "y"},
    }
    assert needless_guards(told) == ["declared reads", "dates", "re-making", "tests"]
