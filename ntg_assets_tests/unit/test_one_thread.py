"""Linear algebra on one thread, with what was loaded looked up only when something was."""

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event
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


def test_who_lets_go_first_gives_others_no_more_threads() -> None:
    first_holds, both_hold = Event(), Event()

    def hold_first() -> None:
        with one_thread():
            first_holds.set()
            both_hold.wait(5)

    with ThreadpoolController().limit(limits=2), ThreadPoolExecutor(1) as other:
        before = n_threads()
        first = other.submit(hold_first)
        assert first_holds.wait(5)
        with one_thread():
            both_hold.set()
            first.result()
            inside = n_threads()
        assert n_threads() == before
    assert inside == [1] * len(before)


def test_each_thread_holds_openmp_for_itself() -> None:
    pytest.importorskip("sklearn.utils._openmp_helpers")  # brings OpenMP, whose threads are counted

    def count() -> list[int]:
        with one_thread():
            return [
                library["num_threads"]
                for library in threadpool_info()
                if library["user_api"] == "openmp"
            ]

    with one_thread(), ThreadPoolExecutor(1) as other:
        counted = other.submit(count).result()
    assert counted
    assert set(counted) == {1}


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
