"""Ctrl-C and a request to end: one sentence that is true of what was published,
the code that shells expect, nothing left behind.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run_iterator

from ntg_assets.cli.interruption import AT_ONCE, WAITING, Interrupted
from ntg_assets.cli.running import runs
from ntg_assets.cli.running.published import naming_what_is_published
from ntg_assets.configuration.paths import Paths
from ntg_assets.storage.run_lock import holder_of, killed_run
from ntg_assets_tests.event_files import write_log
from ntg_assets_tests.nights import name_of, publish_night
from ntg_assets_tests.workspaces import HOME, NTG

SENTENCE = "interrupted; nothing was published; run again"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(home=HOME, workspace=tmp_path / "workspace")


@pytest.fixture
def command(paths: Paths, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """`ntg build-dataset` on a log of three events, in a session of its own."""
    write_log(
        tmp_path,
        ["1,1,1,1000000000", "2,2,2,1000000001", "1,2,3,1000000002"],
        header="userId,movieId,rating,timestamp",
    )
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(HOME),
        "HOME": str(tmp_path),
        "NTG_WORKSPACE": str(paths.workspace),
        "NTG_INGEST__EVENTS__FILES": f"[{tmp_path}/log.csv]",
        "NTG_INGEST__SOURCE_FOLDERS": f"[{tmp_path}]",
    }
    before = signal.signal(
        signal.SIGHUP, signal.SIG_DFL
    )  # `nohup make test` ignores it, as heirs do
    started = subprocess.Popen(
        [NTG, "build-dataset"],
        cwd=HOME,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    signal.signal(signal.SIGHUP, before)
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def listens(process: "subprocess.Popen[str]") -> bool:
    """Whether a process has put its handlers in place, SIGHUP's as the last one."""
    (caught,) = [
        line
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines()
        if line.startswith("SigCgt")
    ]
    return bool(int(caught.split()[1], 16) >> (signal.SIGHUP - 1) & 1)


def nobody_is_left_of(process: "subprocess.Popen[str]") -> bool:
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_command_that_has_just_begun_ends_with_a_sentence(
    command: "subprocess.Popen[str]", number: int, code: int
) -> None:
    while not listens(command):
        assert command.poll() is None, command.communicate()
        time.sleep(0.005)
    command.send_signal(number)
    assert command.communicate()[1].strip() == SENTENCE
    assert command.returncode == code


@pytest.mark.slow
def test_a_run_in_its_middle_ends_lets_go_and_is_failed_in_the_history(
    command: "subprocess.Popen[str]", paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command.stdout is not None
    command.stdout.readline()  # a table is made
    assert holder_of(paths.run_lock)
    command.send_signal(signal.SIGTERM)
    out, err = command.communicate()
    assert (command.returncode, err.strip()) == (143, SENTENCE)
    assert "failed" not in out
    assert (holder_of(paths.run_lock), killed_run(paths.run_lock)) == (None, None)
    assert nobody_is_left_of(command)
    monkeypatch.setenv("DAGSTER_HOME", str(paths.dagster_home))
    with dg.DagsterInstance.get() as instance:
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.FAILURE]


STUBBORN = """
import signal, time
from ntg_assets.cli.interruption import Interrupted, listen
listen()
try:
    print("listens", flush=True)
    time.sleep(60)
except Interrupted:
    time.sleep(60)
"""


def test_a_second_request_ends_at_once_whatever_goes_on_and_one_sent_twice_is_one() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STUBBORN],
        cwd=HOME,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        for _ in range(2):  # as `timeout` does
            process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        # which comes when it takes longer than a second
        told = [process.stderr.readline() for _ in range(2)]
        process.send_signal(signal.SIGINT)
        told += process.communicate(timeout=60)[1].splitlines()
    assert [line.strip() for line in told if line.strip()] == [WAITING, AT_ONCE]
    assert process.returncode == 143  # the first one


HUNG_UP_UNHEARD = """
import os, signal
from ntg_assets.cli.interruption import listen
signal.signal(signal.SIGHUP, signal.SIG_IGN)
listen()
os.kill(os.getpid(), signal.SIGHUP)
"""


def test_what_is_ignored_already_stays_ignored() -> None:
    assert (
        subprocess.run([sys.executable, "-c", HUNG_UP_UNHEARD], cwd=HOME, check=False).returncode
        == 0
    )


def test_a_request_that_a_library_swallowed_ends_the_run_before_the_next_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arrived: list[int] = []
    monkeypatch.setattr(runs, "received", lambda: arrived[0] if arrived else None)

    @dg.asset
    def first() -> None:
        arrived.append(signal.SIGINT)  # as a query does that goes on

    @dg.asset(deps=[first])
    def second() -> None:
        pytest.fail("the run went on")

    job = dg.Definitions(
        [first, second], executor=dg.in_process_executor
    ).resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(job)
        events = list(
            runs._until_interrupted(execute_run_iterator(InMemoryJob(job), run, instance))
        )
    ended = [event.step_key for event in events if event.is_step_success or event.is_step_failure]
    assert ended == ["first", "second"]
    (failure,) = [event.step_failure_data.error for event in events if event.is_step_failure]
    assert failure is not None
    assert "DagsterExecutionInterruptedError" in failure.message


def publish_until_interrupted(paths: Paths, night: int | None) -> None:
    with naming_what_is_published(paths):
        if night is not None:
            publish_night(paths, night)
        raise Interrupted(signal.SIGINT)


def interrupted(paths: Paths, night: int | None = None) -> str:
    """What is said of a run that had published this night, or nothing, when it was interrupted."""
    with pytest.raises(Interrupted) as told:
        publish_until_interrupted(paths, night)
    return str(told.value)


def test_before_the_publication_nothing_was_published(paths: Paths) -> None:
    assert interrupted(paths) == SENTENCE
    publish_night(paths, 1)
    assert interrupted(paths) == SENTENCE


def test_what_was_being_written_is_nothing(paths: Paths) -> None:
    publish_night(paths, 1)
    (paths.generations / ".making-this" / "outputs").mkdir(parents=True)
    assert interrupted(paths) == SENTENCE


def test_the_same_generation_again_is_nothing_new(paths: Paths) -> None:
    publish_night(paths, 1)
    assert interrupted(paths, 1) == SENTENCE


def test_a_whole_publication_is_said_to_stand(paths: Paths) -> None:
    assert (
        interrupted(paths, 2)
        == f"interrupted; generation {name_of(2)} was published before that, and stands"
    )


@pytest.mark.slow
def test_an_answer_that_ends_well_runs_what_was_to_be_run_at_the_end_and_keeps_its_exit_code() -> (
    None
):
    script = """
import atexit, sys
atexit.register(print, "closed", file=sys.stderr)
sys.argv = ["ntg", *sys.argv[1:]]
from ntg_assets.cli import main
main()
"""
    for arguments, code in ((["--version"], 0), (["nosuch"], 2)):
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments],
            cwd=HOME,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr.endswith("closed\n")) == (code, True)
