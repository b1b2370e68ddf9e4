"""Code of an asset that is rehearsed asks neither the clock nor the environment; libraries may."""

import datetime as dt
import os
import time
from contextlib import suppress

import pytest

from ntg_assets.declared_reads import Declared, only
from ntg_assets.errors import UndeclaredReadError
from ntg_assets.modules import ROOT
from ntg_assets.orchestration.rehearsing.asking_machine import machine_that_asks
from ntg_assets.orchestration.rehearsing.rehearsal import RehearsalContext

NOTHING = Declared("backtest/x", frozenset())
NAMES = {"datetime": dt, "os": os, "time": time}


def by_our_code(expression: str) -> object:
    code = compile(expression, str(ROOT / "ranking" / "assets.py"), "eval")
    return eval(code, {**NAMES})  # noqa: S307  # as if it stood in the package


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("datetime.datetime.now()", "the clock .datetime.now"),
        ("datetime.datetime.utcnow()", "the clock .datetime.utcnow"),
        ("datetime.datetime.today()", "the clock .date.today"),
        ("datetime.date.today()", "the clock .date.today"),
        ("time.time()", "the clock .time.time"),
        ("time.time_ns()", "the clock .time.time_ns"),
        ("time.localtime()", "the clock .time.localtime"),
        ("os.environ['HOME']", "the environment for HOME"),
        ("os.environ.get('NTG_SINCE')", "the environment for NTG_SINCE"),
        ("os.getenv('NTG_SINCE')", "the environment for NTG_SINCE"),
        ("os.environ.setdefault('NTG_SINCE', '1')", "the environment for NTG_SINCE"),
        ("'NTG_SINCE' in os.environ", "the environment for NTG_SINCE"),
        ("{**os.environ}", "for the environment"),
    ],
)
def test_our_code_asks_neither_clock_nor_environment(expression: str, said: str) -> None:
    before = by_our_code("datetime.datetime.now, datetime.date.today, time.time, os.environ")
    with machine_that_asks():
        with pytest.raises(UndeclaredReadError, match=said), only(NOTHING):
            by_our_code(expression)
        with (  # who goes on as if nothing had happened is refused at the end
            pytest.raises(UndeclaredReadError, match=said),
            only(NOTHING),
            suppress(Exception),
        ):
            by_our_code(expression)
        with suppress(KeyError):
            by_our_code(expression)  # outside of an asset
    assert (
        by_our_code("datetime.datetime.now, datetime.date.today, time.time, os.environ") == before
    )
    os.environ.pop("NTG_SINCE", None)


def test_libraries_ask_both_and_what_they_set_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NTG_SINCE", "2020")
    with machine_that_asks(), only(NOTHING):
        assert os.environ["NTG_SINCE"] == os.getenv("NTG_SINCE") == "2020"
        assert dt.date.today() == dt.datetime.now().date()  # noqa: DTZ005, DTZ011
        assert abs(time.time() - dt.datetime.now(dt.UTC).timestamp()) < 60
        assert type(dt.datetime.now()) is dt.datetime  # noqa: DTZ005
        os.environ["NTG_SINCE"] = "2021"
    assert os.environ["NTG_SINCE"] == "2021"


def test_a_context_that_is_rehearsed_knows_no_other_run() -> None:
    context = RehearsalContext()
    with pytest.raises(UndeclaredReadError, match="the context for `instance`"), only(NOTHING):
        getattr(context, "instance", None)
    assert not hasattr(context, "instance")  # outside of an asset
    with only(NOTHING):
        assert not hasattr(context, "__array__")  # libraries ask what kind of thing it is
