"""A command ends without taking the interpreter apart, and what waits for the end is not lost."""

import subprocess
import sys

PROGRAM = """
import atexit, sys, threading, time
from concurrent.futures import ThreadPoolExecutor

class Spoken:
    def __del__(self):
        print("taken apart", flush=True)

def late():
    while "ntg_assets.cli.app" not in sys.modules:
        time.sleep(0.01)
    time.sleep(0.5)
    print("thread")

atexit.register(print, "registered")
kept = Spoken()
threading.Thread(target=late).start()
pool = ThreadPoolExecutor(1)  # never closed: its thread waits for work
pool.submit(int).result()
from ntg_assets.cli import main
sys.argv = ["ntg", *sys.argv[1:]]
main()
"""


def ended(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_threads_are_waited_for_and_what_is_registered_is_called_before_a_command_ends() -> None:
    done = ended("--version")
    assert done.returncode == 0
    *spoken, last = done.stdout.splitlines()
    assert last == "registered"  # not "taken apart"
    assert "thread" in spoken
    assert any(line.startswith("ntg ") for line in spoken)
    assert not done.stderr


def test_the_exit_code_is_that_of_the_command() -> None:
    done = ended("config", "show", "--no-such-option")
    assert done.returncode == 2
    assert "--no-such-option" in done.stderr
    assert done.stdout.splitlines() == ["thread", "registered"]
