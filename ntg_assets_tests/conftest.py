"""What every test stands on: no variables of this machine, no telemetry,
reproducible examples, reviewed golden files.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from ntg_assets_tests.slow_marks import SlowMarks

if TYPE_CHECKING:
    from ntg_assets.configuration.paths import Paths

OURS = ("NTG_", "DAGSTER_")
for name in [name for name in os.environ if name.startswith(OURS)]:
    del os.environ[name]
os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"
# Before any library starts threads: those that wait for work would take the processor from those of
# the other process of the tests that have some (on a busy machine trees took 20 times as long).
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# a miss shows both sides
pytest.register_assert_rewrite(
    "ntg_assets_tests.vectors.effects", "ntg_assets_tests.vectors.designs"
)
# the same examples on a fast and on a busy machine
settings.register_profile("reproducible", derandomize=True, deadline=None)
settings.load_profile("reproducible")

GOLDEN = Path(__file__).parent / "golden" / "files"
SHARED_RUN = "movielens"  # the fixture that many files look at
LONG = ("integration", "leakage")  # folders of whole runs


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer `--rewrite-golden` (`make golden`), `--exhaustive` (`make test-reliability`),
    `--spark-home` (`make test-engines`) and `--slow-marks` (`make test-marks`).
    """
    parser.addoption(
        "--slow-marks",
        action="store_true",
        help="list the tests whose mark `slow` does not fit the processor time they take",
    )
    parser.addoption("--spark-home", help="folder of Spark, whose processes the tests start")
    parser.addoption(
        "--recordings",
        nargs="*",
        help="folders of recorded queries (`python -m ntg_assets_tests.engines.replay`)",
    )
    parser.addoption(
        "--rewrite-golden",
        action="store_true",
        help="write the golden files anew instead of comparing; read the diff",
    )
    parser.addoption(
        "--exhaustive",
        action="store_true",
        help="let every single file operation fail, and read in every round (minutes)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Time the tests where that is asked for."""
    if config.getoption("slow_marks"):
        config.pluginmanager.register(SlowMarks())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Rewriting runs only the tests that have a golden file, wherever they stand."""
    if config.getoption("rewrite_golden"):
        items[:] = [item for item in items if "golden" in getattr(item, "fixturenames", ())]
    items.sort(key=_turn_of_each(items))


def _turn_of_each(items: list[pytest.Item]) -> Callable[[pytest.Item], int]:
    """Return when the file of a test has its turn, among two processes that take a file each.

    One makes the whole run that several files look at, the other has whole runs of its own
    meanwhile and need not wait for that one; many short files come last, so both end together.
    """
    look = {item.path for item in items if SHARED_RUN in getattr(item, "fixturenames", ())}
    long = {item.path for item in items if item.path.parent.name in LONG}
    first = next((item.path for item in items if item.path in look), None)

    def turn(item: pytest.Item) -> int:
        if item.path == first:
            return 0
        if item.path in look:
            return 2
        return 1 if item.path in long else 3

    return turn


@pytest.fixture(autouse=True)
def own_variables() -> Iterator[None]:
    """Take back the variables that a command sets for its run: the next test has its own folder."""
    before = {name: value for name, value in os.environ.items() if name.startswith(OURS)}
    yield
    for name in [name for name in os.environ if name.startswith(OURS)]:
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with its reviewed copy `golden/files/<name>`;
    `make golden` rewrites that copy.
    """

    def compare(name: str, text: str) -> None:
        file = GOLDEN / name
        if request.config.getoption("rewrite_golden"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert file.is_file(), (
            f"{name} is not reviewed yet: run `make golden`, read {file} and commit it."
        )
        assert text == file.read_text(encoding="utf-8"), (
            f"{name} changed: if it should, run `make golden` and read the diff."
        )

    return compare


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project folder, in which commands run."""
    monkeypatch.chdir(tmp_path)
    for name in ("NTG_HOME", "NTG_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("ntg_assets.configuration.settings.use_configuration", lambda _: None)
    return tmp_path


@pytest.fixture(scope="session")
def project_home() -> Path:
    """The folder that holds `configs/` and the bundled data."""
    return Path(__file__).parent.parent


@pytest.fixture(scope="session")
def decided_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two decided experiments, published once and copied for whoever tampers with them."""
    from ntg_assets_tests.decided import published  # noqa: PLC0415  # slow to load

    return published(tmp_path_factory.mktemp("published")).home


@pytest.fixture
def decided(decided_home: Path, tmp_path: Path) -> "Paths":
    """Return a copy of two published decisions, to be changed at will."""
    from ntg_assets.configuration.paths import Paths  # noqa: PLC0415  # as above

    folder = tmp_path / "copy"
    shutil.copytree(decided_home, folder)
    return Paths(home=folder, workspace=folder)
