"""Modules are loaded without looking for garbage, and the collector goes on afterwards."""

import gc

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
    assert gc.get_freeze_count() == 0


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with loading():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
