"""What the command line says when something fails: one sentence,
the right exit code, a traceback only when it is asked for.
"""

import sys
from collections.abc import Callable

import pytest

from ntg_assets.cli import app as command_line
from ntg_assets.cli.running.events import CheckDone, RunOutcome, StepFailed
from ntg_assets.cli.running.failure import RunFailedError
from ntg_assets.errors import ConfigurationError, StorageError

Failing = Callable[[BaseException], None]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Failing:
    """Let the command line meet an error, whatever it was asked for."""

    def let(error: BaseException) -> None:
        def fail(**_: object) -> None:
            raise error

        monkeypatch.setattr(command_line, "app", fail)

    monkeypatch.setattr(sys, "argv", ["ntg", "verify"])
    return let


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (ConfigurationError("no such key."), 2, "error: no such key.\n"),
        (StorageError("[bold] is no markup here."), 1, "error: [bold] is no markup here.\n"),
        (
            PermissionError(13, "Permission denied", "/x"),
            1,
            "error: PermissionError: [Errno 13] Permission denied: '/x' (not foreseen; add --debug",
        ),
        (
            ZeroDivisionError(),
            1,
            "error: ZeroDivisionError: no reason given (not foreseen; add --debug",
        ),
    ],
)
def test_an_error_is_one_sentence_and_an_exit_code(
    failing: Failing, capsys: pytest.CaptureFixture[str], error: Exception, code: int, told: str
) -> None:
    failing(error)
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    assert ended.value.code == code
    assert capsys.readouterr().err.startswith(told)


def test_debug_lets_any_error_through(failing: Failing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["ntg", "verify", "--debug"])
    failing(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        command_line.main()


def test_a_failed_run_tells_assets_and_keeps_their_tracebacks_for_debug() -> None:
    failed = RunFailedError(
        RunOutcome("1", failures=[StepFailed("live/x", "too few rows", "Traceback: at line 7")])
    )
    assert str(failed) == "live/x: too few rows"
    assert failed.__notes__ == ["Traceback: at line 7"]


def test_a_run_that_failed_before_any_asset_says_why() -> None:
    assert (
        str(RunFailedError(RunOutcome("1", reason="another run is writing")))
        == "another run is writing"
    )
    assert "`ntg ui` shows why" in str(RunFailedError(RunOutcome("1")))


def test_a_blocking_check_is_told_once() -> None:
    step = StepFailed("backtest/release_gate_gate_is_open", "1 blocking asset check failed", "")
    check = CheckDone(
        "backtest/release_gate",
        "gate_is_open",
        passed=False,
        severity="ERROR",
        description="a leak",
    )
    assert (
        str(RunFailedError(RunOutcome("1", failures=[step], refused=[check])))
        == "backtest/release_gate: gate_is_open: a leak"
    )
