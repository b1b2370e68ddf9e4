"""Every query that a whole run hands to its engine, asked of a cluster: the same rows."""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ntg_assets.engines.spark.cluster import Cluster
from ntg_assets.storage.connection import connect
from ntg_assets_tests.engines.replay import Replay, difference, recorded
from ntg_assets_tests.workspaces import HOME

CONFIGS = ("configs/dev.yaml", "configs/demo.yaml")
CLOSE = {"sail": 1e-12, "spark": 1e-9}  # relative; a logarithm may differ in its last bits
# what stays here whatever the engine: it names no table that grows with events
HERE_ALONE = {
    "ntg_assets/experiments/data/assignments.sql": "draws by the digits of a hash",
}
READS_FILES = "read_"  # the reader of the log
# what finds faults, or counts what only other configurations hold
MOST_WITHOUT_ROWS = 12


@pytest.fixture(scope="session")
def recordings(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    """Folders of what two whole runs asked: made here, or given (`--recordings`)."""
    if given := request.config.getoption("--recordings"):
        return [Path(folder) for folder in given]
    return [_record(config, tmp_path_factory.mktemp(Path(config).stem)) for config in CONFIGS]


def _record(config: str, folder: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "ntg_assets_tests.engines.replay", str(folder), config],
        cwd=HOME,
        env={
            **os.environ,
            "PYTHONPATH": str(HOME),
            "NTG_WORKSPACE": str(folder / "workspace"),
            "NTG_GATE__REMAKING": "false",
        },
        check=True,
        timeout=1_800,
        stdout=subprocess.DEVNULL,
    )
    return folder


def _asked(recordings: list[Path]) -> Iterator[tuple[Path, dict[str, Any]]]:
    for folder in recordings:
        for described in recorded(folder):
            if described["origin"] not in HERE_ALONE and READS_FILES not in described["text"]:
                yield folder, described


@pytest.mark.slow
def test_a_cluster_answers_every_text_as_duckdb_does(
    remote: str, recordings: list[Path], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    close = CLOSE[request.node.callspec.params["remote"]]
    worst, n_rows = defaultdict[str, float](float), defaultdict[str, int](int)
    cluster = Cluster(remote, tmp_path)
    with connect(allowed=[*recordings, tmp_path]) as connection:
        for folder, described in _asked(recordings):
            expected, answer = Replay(folder, connection, cluster).ask(described)
            name = f"{described['origin']}: {described['text'][:60]}"
            worst[name] = max(worst[name], difference(expected, answer))
            n_rows[name] += expected.height
    cluster.close()
    assert {name: value for name, value in worst.items() if value > close} == {}
    without = [name for name, rows in n_rows.items() if rows == 0]
    assert len(without) <= MOST_WITHOUT_ROWS, without
    assert len(worst) >= len(n_rows) - len(without) > 30
