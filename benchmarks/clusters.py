"""Clusters on the loopback, for measurements and tests: Sail from its wheel, and a standalone Spark
(master, workers, Spark Connect server) from a folder of Spark. Small memories, free ports; whatever
was started is stopped.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

START_SECONDS = 120.0
# where `make test-engines` and `make bench-engines` install Spark
SPARK_HOME = (
    Path(__file__).resolve().parents[1] / ".venv/spark/lib/python3.11/site-packages/pyspark"
)
EXECUTOR_MEMORY = "1500m"


class ClusterStartError(RuntimeError):
    """A server did not come up in time; the message holds the end of its log."""


@dataclass
class Running:
    """A running cluster.

    Attributes:
        remote: Address of its Spark Connect server.
        processes: Its processes, by what they are.
    """

    remote: str
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def kill(self, name: str) -> None:
        """Kill one process and whatever it started, as a machine that goes does."""
        end(self.processes[name])


@contextmanager
def sail_server(folder: Path, **variables: str) -> Iterator[Running]:
    """Run Sail's Spark Connect server while the block runs.

    Args:
        folder: For its log.
        variables: Of its environment: settings of Sail.
    """
    port = free_port()
    program = (
        "from pysail.spark import SparkConnectServer;"
        f"SparkConnectServer(ip='127.0.0.1', port={port}).start(background=False)"
    )
    with ExitStack() as stopped:
        process = _start(stopped, [sys.executable, "-c", program], folder / "sail.log", variables)
        _await(port, process, folder / "sail.log")
        yield Running(f"sc://127.0.0.1:{port}", {"server": process})


@contextmanager
def standalone_spark(
    home: Path, folder: Path, *, n_workers: int = 2, settings: Sequence[str] = ()
) -> Iterator[Running]:
    """Run a standalone Spark while the block runs.

    Args:
        home: Spark's folder, as of the package `pyspark`.
        folder: For logs and for what the workers keep.
        n_workers: Workers with one core each.
        settings: Further `key=value` of the Connect server.
    """
    master, port = free_port(), free_port()
    variables = {
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "512m",
        "SPARK_WORKER_DIR": str(folder / "work"),
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "PYSPARK_PYTHON": str(worker_python(home)),
    }
    deploy, address = "org.apache.spark.deploy", f"spark://127.0.0.1:{master}"
    java, ui = str(home / "bin" / "spark-class"), ("--webui-port", "0")
    with ExitStack() as stopped:
        running = Running(f"sc://127.0.0.1:{port}")

        def start(name: str, command: Sequence[str]) -> None:
            running.processes[name] = _start(stopped, command, folder / f"{name}.log", variables)

        def listens(name: str, at: int) -> None:
            _await(at, running.processes[name], folder / f"{name}.log")

        start(
            "master",
            [java, f"{deploy}.master.Master", "--host", "127.0.0.1", "--port", str(master), *ui],
        )
        listens("master", master)
        for number in range(n_workers):
            limits = ("--cores", "1", "--memory", "2g", "--host", "127.0.0.1")
            start(f"worker{number}", [java, f"{deploy}.worker.Worker", *limits, *ui, address])
        start("connect", _connect_command(home, address, port, settings))
        listens("connect", port)
        yield running


def _connect_command(home: Path, address: str, port: int, settings: Sequence[str]) -> list[str]:
    told = [
        "spark.driver.memory=1g",
        f"spark.executor.memory={EXECUTOR_MEMORY}",
        f"spark.connect.grpc.binding.port={port}",
        "spark.connect.grpc.binding.address=127.0.0.1",
        "spark.driver.host=127.0.0.1",
        "spark.driver.bindAddress=127.0.0.1",
        "spark.ui.enabled=false",
        "spark.sql.shuffle.partitions=4",
        *settings,
    ]
    server = "org.apache.spark.sql.connect.service.SparkConnectServer"
    named = ["--class", server, "--name", "ntg", "--master", address]
    return [
        str(home / "bin" / "spark-submit"),
        *named,
        *(part for setting in told for part in ("--conf", setting)),
        "spark-internal",
    ]


def worker_python(home: Path) -> Path:
    """Return the interpreter of the workers: that beside Spark, where it has what they compute
    with.
    """
    beside = home.parents[3] / "bin" / "python"
    has_packages = (home.parent / "scipy").is_dir() and (home.parent / "pyarrow").is_dir()
    return beside if has_packages else Path(sys.executable)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that was started here, with its group."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _start(
    stopped: ExitStack, command: Sequence[str], log: Path, variables: dict[str, str]
) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with log.open("wb") as said:
        process = subprocess.Popen(  # noqa: S603  # commands and values are written above
            list(command),
            stdout=said,
            stderr=said,
            cwd=log.parent,
            env=kept | variables,
            start_new_session=True,
        )
    stopped.callback(end, process)
    return process


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise ClusterStartError(f"{log.stem} did not come up: {log.read_text()[-1000:]}")
        time.sleep(0.2)


def _answers(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
