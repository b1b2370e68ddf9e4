"""Leaks that can be planted."""

import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

from ntg_assets.cli.leakage.audit_leakage import OTHER_GUARDS, needless_guards, planted
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


def test_a_guard_that_others_make_needless_is_named() -> None:
    told: dict[str, dict[str, str | None]] = {
        "a": {"graph": "x", "dates": None},
        "b": {"graph": "x", "dates": "y"},
    }
    assert needless_guards(told) == ["declared reads", "dates", "re-making", "tests"]
