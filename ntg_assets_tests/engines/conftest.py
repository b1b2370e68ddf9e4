"""A cluster for the tests of engines: Sail's server from its wheel, or a standalone Spark."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.clusters import SPARK_HOME, sail_server, standalone_spark


def require_packages(*packages: str) -> None:
    """Skip where a package is not installed."""
    for package in packages:
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed: `make test-engines` installs it")


@pytest.fixture(scope="session")
def spark_home(request: pytest.FixtureRequest) -> Path:
    """Folder of Spark; skipped where none is given."""
    given = request.config.getoption("--spark-home")
    home = Path(given) if given else SPARK_HOME
    if not home.is_dir():
        pytest.skip(
            f"Spark is not in {home}: `make test-engines` installs it, or give --spark-home"
        )
    return home


@pytest.fixture(scope="session", params=["sail", "spark"])
def remote(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Address of a cluster, of each kind that is there."""
    require_packages("pyspark")
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "sail":
        require_packages("pysail")
        with sail_server(folder) as running:
            yield running.remote
    else:
        with standalone_spark(request.getfixturevalue("spark_home"), folder) as running:
            yield running.remote
