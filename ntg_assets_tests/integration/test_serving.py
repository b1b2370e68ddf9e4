"""`ntg serve` over the published bundled data: what comes over HTTP is what was published."""

import http.client
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from ntg_assets_tests.workspaces import HOME, NTG, Workspace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(movielens: Workspace) -> Iterator[str]:
    """The address of a service of two processes on a free port."""
    ours = {
        "NTG_CONFIG": movielens.config,
        "NTG_WORKSPACE": str(movielens.folder),
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(HOME),
        "NTG_GATE__REMAKING": "false",  # as the run that was published
    }
    command = [str(NTG), "serve", "--port", "0", "--workers", "2"]
    process = subprocess.Popen(
        command,
        cwd=HOME,
        env={"PATH": os.environ["PATH"], **ours},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://[\d.]+:\d+", process.stdout.readline())
        assert found
        yield found.group()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def ask(address: str, path: str) -> dict[str, object]:
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=60)
    connection.request("GET", path)
    return json.loads(connection.getresponse().read())


def test_every_tenth_list_is_the_published_one_to_the_bit(
    movielens: Workspace, address: str
) -> None:
    published = pl.read_parquet(
        movielens.folder / "outputs" / "ranking" / "recommendations.parquet"
    )
    for user in range(1, 611, 10):
        answer = ask(address, f"/users/{user}/recommendations")
        assert (
            answer["items"]
            == published.filter(pl.col("user_id") == user).drop("user_id").to_dicts()
        )


def test_health_names_the_published_generation(movielens: Workspace, address: str) -> None:
    manifest = json.loads((movielens.folder / "outputs" / "manifest.json").read_text())
    told = ask(address, "/health")
    assert (told["status"], told["generation"], told["configuration_matches"]) == (
        "ok",
        manifest["generation"],
        True,
    )
    assert told["n_users"] == 610


def test_serving_before_anything_is_published_is_one_sentence(tmp_path: Path) -> None:
    finished = Workspace(tmp_path).ntg("serve", "--port", "0")
    assert finished.returncode == 1
    assert "nothing is published yet" in finished.stderr
