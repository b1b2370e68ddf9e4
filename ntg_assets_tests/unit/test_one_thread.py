"""Linear algebra on one thread, with what was loaded looked up only when something was."""

import sys
from types import ModuleType

import numpy as np
import pytest
import scipy.linalg  # noqa: F401  # its own library of linear algebra
from threadpoolctl import ThreadpoolController, threadpool_info

from ntg_assets.statistics import one_thread as module
from ntg_assets.statistics.one_thread import one_thread


def n_threads() -> list[int]:
    np.linalg.inv(np.eye(2))
    return [library["num_threads"] for library in threadpool_info()]


def test_every_library_is_held_at_one_thread_and_given_back_as_it_was() -> None:
    with ThreadpoolController().limit(limits=2):
        before = n_threads()
        with one_thread():
            inside = n_threads()
        assert before == n_threads() == [2] * len(before)
    assert inside == [1] * len(before)
    assert before


def test_libraries_are_looked_up_anew_only_after_an_import(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_up: list[ThreadpoolController] = []

    def look_up() -> ThreadpoolController:
        looked_up.append(ThreadpoolController())
        return looked_up[-1]

    monkeypatch.setattr(module, "ThreadpoolController", look_up)
    monkeypatch.setattr(module, "_seen", None)
    for _ in range(3):
        with one_thread():
            pass
    assert len(looked_up) == 1
    monkeypatch.setitem(sys.modules, "loaded_only_now", ModuleType("loaded_only_now"))
    with one_thread():
        pass
    assert len(looked_up) == 1 + 1
