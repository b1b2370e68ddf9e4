"""Each leak planted in a copy of the code, and which guards catch it."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from rich.console import Console
from rich.table import Column, Table

from ntg_assets.cli.lines import say
from ntg_assets.errors import ConfigurationError, LeakageError
from ntg_assets.evaluation.leakage.plants import PLANTS, Edit, Plant
from ntg_assets.modules import ROOT

TESTS = "tests"
GUARDS = ("graph", "declared reads", "dates", "re-making", TESTS)
LEAKAGE_TESTS = "leakage"
# tests of the guards that are asked themselves
OTHER_GUARDS = (
    "leakage/test_asset_graph.py",
    "leakage/test_remaking.py",
    "leakage/test_leakage_comparison.py",
    "leakage/test_plants.py",  # it asks that nothing is planted yet
)
COPIED = ("configs", "pyproject.toml", "ntg_assets_tests", "data/sample")
LIMIT_SECONDS = 1_800  # of a guard on a busy machine
SIDE_BY_SIDE = 2  # each takes two processes in turn, of about 600 MB
NOTHING, CONTROL = "nothing", Plant("nothing is planted: whoever catches it sees ghosts", ())
Caught = dict[str, str | None]  # by guard what it said, where it caught something


def render_matrix(kinds: Sequence[str], console: Console, *, home: Path) -> None:
    """Plant each leak in a copy and print which guards catch it, two side by side; before all of
    them nothing is planted, which no guard may catch.

    Raises:
        ConfigurationError: there is no such plant.
        LeakageError: a plant is caught by no guard, or a guard catches where nothing is planted; of
            all plants: a guard is needed for none.
    """
    if unknown := [kind for kind in kinds if kind not in PLANTS]:
        raise ConfigurationError(
            f"No leak {unknown[0]!r} can be planted; there are {', '.join(PLANTS)}, and all."
        )
    are_all = set(kinds) == set(PLANTS)
    planting = {kind: PLANTS[kind] for kind in kinds}
    caught = _catch_all({NOTHING: CONTROL, **planting} if are_all else planting, console, home=home)
    of_nothing = caught.pop(NOTHING, {})
    console.print(matrix(caught))
    if blind := [f"{guard} ({reason})" for guard, reason in of_nothing.items() if reason]:
        raise LeakageError(f"Where nothing is planted, this is caught: {'; '.join(blind)}.")
    if missed := [kind for kind, by_guard in caught.items() if not any(by_guard.values())]:
        raise LeakageError(f"Nobody catches {', '.join(missed)}.")
    say(console, f"{len(caught)} of {len(caught)} planted leaks are caught")
    if are_all and (idle := needless_guards(caught)):
        raise LeakageError(f"Every leak that {', '.join(idle)} catches is caught without it.")


def _catch_all(planting: Mapping[str, Plant], console: Console, *, home: Path) -> dict[str, Caught]:
    """Plant leaks, a few at a time; one line for each as soon as it is known."""
    started_at, caught = monotonic(), dict[str, Caught]()
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        asked = {pool.submit(catch, plant, home=home): kind for kind, plant in planting.items()}
        try:
            for done in as_completed(asked):
                kind = asked[done]
                caught[kind] = _result(done, console)
                seconds = (monotonic() - started_at) / len(caught) * (len(asked) - len(caught))
                left = f"about {seconds / 60:.0f} minutes left" if seconds else "all are done"
                progress = f"{len(caught)} of {len(asked)}, {left}"
                say(console, f"{_told(kind, planting[kind], caught[kind])} ({progress})")
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    return {kind: caught[kind] for kind in planting}


def _result(done: Future[Caught], console: Console) -> Caught:
    """Return what guards caught; of a plant that could not be asked nothing, and why is said."""
    try:
        return done.result()
    except LeakageError as error:
        say(console, str(error))
        return {}


def _told(kind: str, plant: Plant, caught: Caught) -> str:
    marks = ", ".join(name for name, reason in caught.items() if reason) or "nobody"
    return f"{kind}: {plant.what}; caught by {marks}"


def matrix(caught: Mapping[str, Caught]) -> Table:
    """Lay out plant x guard."""
    plant = Column("plant", overflow="fold")  # whole, also in a file of 80 columns
    table = Table(plant, *GUARDS, title="which guard catches which planted leak")
    for kind, by_guard in caught.items():
        table.add_row(kind, *("caught" if by_guard.get(guard) else "" for guard in GUARDS))
    return table


def needless_guards(caught: Mapping[str, Caught]) -> list[str]:
    """List the guards that are the only catcher of no plant."""
    alone = {
        next(name for name, reason in by_guard.items() if reason)
        for by_guard in caught.values()
        if sum(bool(reason) for reason in by_guard.values()) == 1
    }
    return [guard for guard in GUARDS if guard not in alone]


def catch(plant: Plant, *, home: Path) -> Caught:
    """Plant a leak in a copy of the code and ask every guard.

    Args:
        plant: The leak.
        home: The project folder; where it holds the tests, they are a guard too.

    Raises:
        LeakageError: a guard was ended from outside, or took longer than half an hour.
    """
    with planted(plant, home=home) as copy:
        said = _run(copy, "-m", "ntg_assets.cli.leakage.leakage_guards")
        try:
            by_guard: Caught = json.loads(said.stdout)
        except json.JSONDecodeError:
            by_guard = {"graph": _last_line(said.stderr)}  # it cannot even be loaded
        by_guard[TESTS] = _by_tests(copy, plant)
        return by_guard


@contextmanager
def planted(plant: Plant, *, home: Path) -> Iterator[Path]:
    """Copy the code, exchange the words, and take the copy away afterwards."""
    with tempfile.TemporaryDirectory(prefix="ntg-plant-") as folder:
        copy = Path(folder)
        # with what Python and numba have compiled: of a file that is exchanged they see it
        shutil.copytree(ROOT, copy / ROOT.name)
        for name in COPIED:
            source = home / name
            if source.is_dir():
                shutil.copytree(source, copy / name)
            elif source.exists():
                shutil.copy(source, copy / name)
        for edit in plant.edits:
            _exchange(copy / ROOT.name / edit.file, edit)
        yield copy


def _exchange(file: Path, edit: Edit) -> None:
    """Write a file with the words of an edit exchanged; they must stand in it once."""
    text = file.read_text(encoding="utf-8")
    if text.count(edit.words) != 1:
        raise LeakageError(
            f"{edit.file} holds {edit.words!r} {text.count(edit.words)} times, so the leak"
            " cannot be planted. Mend evaluation/leakage/plants/."
        )
    file.write_text(text.replace(edit.words, edit.instead), encoding="utf-8")


def _by_tests(copy: Path, plant: Plant) -> str | None:
    folder = copy / "ntg_assets_tests"
    if not folder.exists():
        return None
    modules = [str(folder / name) for name in (LEAKAGE_TESTS, *plant.tests)]
    options = ["-q", "-x", "-p", "no:cacheprovider", "-m", "not slow", "--tb=no"]
    options += [f"--ignore={folder / name}" for name in OTHER_GUARDS]
    done = _run(copy, "-m", "pytest", *options, *modules)
    return _last_line(done.stdout) if done.returncode == 1 else None


def _run(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # `-m` looks into the working folder first: the copy, wherever another one is installed
    try:
        done = subprocess.run(  # noqa: S603  # this interpreter over a copy of this code
            [sys.executable, *arguments],
            cwd=copy,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise LeakageError(
            f"A guard took longer than {LIMIT_SECONDS} seconds: what it would have caught is not"
            " known. Ask again when the machine has less to do."
        ) from error
    if done.returncode < 0:
        raise LeakageError(
            f"A guard was ended by signal {-done.returncode}: what it would have caught is not"
            " known. Ask again, with more memory free."
        )
    return done


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it ended without a word"
