"""Run `ntg` and `dagster` in children of a process that has loaded the package once, for
whoever asks often.

    python -m ntg_assets_tests.command_children

Each line of the input is a command as JSON. Printed are the child's process id, once it begins, and
then its exit status with the seconds of a processor that it took. A child is forked from a process
that has everything imported and has computed nothing. What the configuration decides while it is
loaded (the definitions), and what a run compiles, opens and remembers, each child does by itself.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from dagster._cli import main as run_dagster

from ntg_assets.cli import main as run_ntg
from ntg_assets.cli.loading import loading
from ntg_assets.modules import ROOT, module_name, modules_named

COMMANDS: dict[str, Callable[[], object]] = {"ntg": run_ntg, "dagster": run_dagster}
READ_WITH_THE_CONFIGURATION = "definitions.py"


def main() -> None:
    """Run a command in a child for each line of the input."""
    with loading():
        names = {file.name for file in ROOT.rglob("*.py")}
        modules_named(*sorted(names - {READ_WITH_THE_CONFIGURATION}))
    assert module_name(ROOT / READ_WITH_THE_CONFIGURATION) not in sys.modules
    _say(sum(os.times()[:2]))
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(**json.loads(line))
        _say(child)
        _, status, used = os.wait4(child, 0)
        _say(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime)


def _become(
    *, command: list[str], folder: str, environment: dict[str, str], printed: list[str]
) -> NoReturn:
    """Be the command from here on, as a process that was started with it."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, file in enumerate((os.devnull, *printed)):
        os.dup2(os.open(file, os.O_RDWR), descriptor)
    sys.argv = command
    sys.modules["__main__"].__package__ = None  # as of a script: usage names the command
    COMMANDS[Path(command[0]).name]()
    sys.exit()


def _say(*words: float) -> None:
    sys.stdout.write(f"{' '.join(map(str, words))}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
