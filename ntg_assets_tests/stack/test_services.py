"""Fetching from services as they are, started here: stores of objects, and a PostgreSQL
(`make test-stack`). Skipped with a reason where one is not installed.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ntg_assets.cli.ports import HOST, listen
from ntg_assets.configuration.inputs.landing import LandingSettings
from ntg_assets.landing.fetch import fetch_all
from ntg_assets.landing.objects import open_store

pytestmark = pytest.mark.slow


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of an S3 server that holds a bucket `logs`."""
    pytest.importorskip("moto", reason="moto is not installed (requirements-peers.lock)")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with listen(0) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(port)]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    address = f"http://{HOST}:{port}"
    try:
        _wait(address)
        urllib.request.urlopen(urllib.request.Request(f"{address}/logs", method="PUT"), timeout=9)  # noqa: S310  # our own server
        yield address
    finally:
        server.terminate()
        server.wait()


def _wait(address: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(address, timeout=1)  # noqa: S310  # our own server
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(address)


def _put(address: str, key: str, content: bytes) -> None:
    kind = {"Content-Type": "binary/octet-stream"}  # else urllib calls it a form, and moto reads it
    request = urllib.request.Request(  # noqa: S310  # our own server
        f"{address}/logs/{key}", data=content, headers=kind, method="PUT"
    )
    urllib.request.urlopen(request, timeout=9)  # noqa: S310  # our own server


def _landing(**fetch: Any) -> LandingSettings:
    return LandingSettings.model_validate({"fetch": [{"name": "fetched"} | fetch]})


def test_more_objects_than_one_answer_lists_come_from_an_s3_server(
    bucket: str, tmp_path: Path
) -> None:
    for number in range(1_005):  # an answer lists 1,000
        _put(bucket, f"events/day={number:04}/a.csv", b"x" * (number % 7 + 1))
    settings = _landing(url="s3://logs/events/", region="us-east-1", endpoint=bucket)
    (done,) = fetch_all(settings, tmp_path)
    assert done.problem is None
    assert len(done.files) == 1_005
    assert sum(file.n_bytes for file in done.files) == sum(n % 7 + 1 for n in range(1_005))
    (again,) = fetch_all(settings, tmp_path)
    assert (again.n_new, len(again.files)) == (0, 1_005)


EMULATORS = {
    "gs": ["gcp-storage-emulator", "start", "--in-memory", "--default-bucket=logs", "--host", HOST,
           "--port"],
    "az": ["azurite-blob", "--silent", "--inMemoryPersistence", "--skipApiVersionCheck",
           "--blobHost", HOST, "--blobPort"],
}  # fmt: skip
# of every such emulator, and no secret (its documentation says it)
EMULATED = "devstoreaccount1"
EMULATED_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)


@pytest.fixture(params=list(EMULATORS))
def emulated(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Settings of a fetch from a store of another interface than S3, with a container `logs`."""
    scheme, command = request.param, EMULATORS[request.param]
    if shutil.which(command[0]) is None:
        kind = "PyPI" if scheme == "gs" else "npm, `azurite`"
        pytest.skip(f"{command[0]} is not on the path (from {kind}; it is in no lock)")
    monkeypatch.setenv("AZURE_STORAGE_KEY", EMULATED_KEY)
    with listen(0) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen([*command, str(port)], stderr=subprocess.DEVNULL)
    try:
        _wait_for_port(port)
        yield {"url": f"{scheme}://logs/events/", "endpoint": f"http://{HOST}:{port}"} | (
            {"account": EMULATED} if scheme == "az" else {}
        )
    finally:
        server.terminate()
        server.wait()


def _wait_for_port(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(port)


def test_objects_come_from_stores_of_other_interfaces(
    emulated: dict[str, str], tmp_path: Path
) -> None:
    settings = _landing(**emulated, pattern="*.csv")
    store, path = open_store(settings.fetch[0])
    store.create_dir("logs")
    for number in range(30):
        with store.open_output_stream(f"{path}day={number:02}/a b.csv") as written:
            written.write(b"x" * (number + 1))
    with store.open_output_stream(f"{path}_SUCCESS") as written:
        written.write(b"")
    (done,) = fetch_all(settings, tmp_path)
    assert done.problem is None
    assert [file.n_bytes for file in done.files] == [number + 1 for number in range(30)]
    assert (tmp_path / "fetched" / "day=07" / "a b.csv").read_bytes() == b"x" * 8
    (again,) = fetch_all(settings, tmp_path)
    assert (again.n_new, len(again.files)) == (0, 30)
    (missing,) = fetch_all(_landing(**emulated | {"url": f"{emulated['url']}none.csv"}), tmp_path)
    assert "does not exist" in str(missing.problem)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of a PostgreSQL with a table of payments, without credentials in it."""
    pgserver = pytest.importorskip(
        "pgserver", reason="pgserver is not installed (requirements-peers.lock)"
    )
    pytest.importorskip("adbc_driver_postgresql", reason="the extra `fetch` is not installed")
    try:
        server = pgserver.get_server(tmp_path / "pg")
    except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
        pytest.skip(f"PostgreSQL does not start here: {error}")
    server.psql(
        "create table payments (id bigint, user_id text, amount numeric(10, 2), paid_at"
        " timestamptz, is_refund boolean);"
        " insert into payments select n, 'u' || n % 10, n * 0.25, timestamptz '2024-01-01 00:00+00'"
        " + n * interval '1 minute', n % 5 = 0 from generate_series(1, 200000) as s(n)"
    )
    monkeypatch.setenv("PGUSER", "postgres")
    monkeypatch.setenv("PGHOST", _socket_folder(server))
    yield "postgresql:///postgres"
    server.cleanup()


def _socket_folder(server: Any) -> str:
    return str(server.get_uri()).rsplit("host=", maxsplit=1)[-1].split("&")[0]


def test_the_rows_of_a_query_come_from_postgresql(database: str, tmp_path: Path) -> None:
    asked = _landing(url=database, query="select * from payments order by id")
    (done,) = fetch_all(asked, tmp_path / "here")
    assert done.problem is None
    rows = pl.read_parquet(tmp_path / "here" / "fetched" / "rows.parquet")
    assert rows.height == 200_000
    assert rows.row(0, named=True)["amount"] == "0.25"  # `numeric` arrives as text, exactly
    assert rows.schema["paid_at"] == pl.Datetime("us", "UTC")
    assert rows["is_refund"].sum() == 40_000


def test_a_database_that_refuses_says_so_without_a_secret(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "hush")
    (done,) = fetch_all(_landing(url=database, query="select * from nothing"), tmp_path / "here")
    assert 'relation "nothing" does not exist' in str(done.problem)
    assert os.environ["PGPASSWORD"] not in str(done.problem)
