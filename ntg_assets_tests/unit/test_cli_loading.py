"""Modules are loaded without looking for garbage, and the collector goes on afterwards."""

import gc
import subprocess
import sys

import pytest

from ntg_assets.cli.loading import loading


def test_the_collector_rests_in_the_block_and_goes_on_whatever_happens() -> None:
    def fail() -> None:
        with loading():
            rested.append(not gc.isenabled())
            raise KeyError

    rested: list[bool] = []
    with pytest.raises(KeyError):
        fail()
    assert rested == [True]
    assert gc.isenabled()
    gc.unfreeze()


def test_what_was_loaded_in_the_block_is_never_walked_over_again() -> None:
    with loading():
        loaded: list[list[int]] = [[] for _ in range(100)]
    walked = {id(known) for known in gc.get_objects()}
    gc.unfreeze()
    assert not walked & {id(known) for known in loaded}


def test_a_process_ends_with_nothing_frozen() -> None:
    """Libraries count at the end what was not given back, and complain of it."""
    code = (
        "import atexit, gc\n"
        "atexit.register(lambda: print(gc.get_freeze_count()))\n"
        "from ntg_assets.cli.loading import loading\n"
        "with loading(): kept = [[] for _ in range(100)]\n"
        "assert gc.get_freeze_count() >= 100\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "0\n"


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with loading():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()
