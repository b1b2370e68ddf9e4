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
    gc.unfreeze()


def test_what_was_made_in_the_block_is_never_walked_over_again() -> None:
    with loading():
        made: list[list[int]] = [[] for _ in range(100)]
    walked = {id(known) for known in gc.get_objects()}
    assert not walked & {id(known) for known in made}
    gc.unfreeze()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with loading():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()
