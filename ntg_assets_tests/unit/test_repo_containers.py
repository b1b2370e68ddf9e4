"""The container files: lint, what each service may touch, which ports and variables there are.

They are read here, not built: that needs a container engine and a registry.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
import yaml
from dagster_postgres.utils import pg_url_from_config

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
OWN = ("code", "webserver", "daemon")


def load(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("dockerfile", ["Dockerfile", "deploy/spark/Dockerfile"])
def test_hadolint_has_nothing_to_say(dockerfile: str) -> None:
    linted = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), ROOT / dockerfile],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (linted.stdout, linted.returncode) == ("", 0)


def test_base_images_are_pinned_to_a_patch_release() -> None:
    images = [*re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE), SERVICES["postgres"]["image"]]
    assert images
    assert [
        image for image in images if not re.fullmatch(r"[a-z]+:\d+\.\d+(\.\d+)?-[a-z-]+", image)
    ] == []


def test_the_image_runs_as_an_ordinary_user_and_keeps_bytecode() -> None:
    last_user = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)[-1]
    assert last_user.split(":")[0] not in {"root", "0"}
    assert "compileall" in DOCKERFILE
    assert "PYTHONDONTWRITEBYTECODE" not in DOCKERFILE
    assert "HEALTHCHECK" in DOCKERFILE


def test_every_path_the_image_copies_is_in_the_build_context() -> None:
    allowed = {
        line.removeprefix("!").rstrip("/")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    sources = [
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    assert sources
    for source in sources:
        assert (ROOT / source).exists()
        assert source.split("/")[0] in allowed


def test_the_stack_has_its_four_services_each_with_a_health_check() -> None:
    assert set(SERVICES) == {"postgres", *OWN}
    assert [name for name, service in SERVICES.items() if not service["healthcheck"]["test"]] == []


def test_services_wait_for_healthy_ones() -> None:
    for name in OWN:
        needs = SERVICES[name]["depends_on"]
        assert "postgres" in needs
        assert {need["condition"] for need in needs.values()} == {"service_healthy"}


def test_ports_are_open_on_the_loopback_only() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert [port for port in published if not str(port).startswith("127.0.0.1:")] == []


def test_results_are_writable_only_where_runs_execute() -> None:
    writers = [
        name
        for name in OWN
        for volume in SERVICES[name].get("volumes", [])
        if volume.split(":")[0] == "results"
    ]
    assert writers == ["code"]
    writable = {
        (name, volume.split(":")[0])
        for name in OWN
        for volume in SERVICES[name].get("volumes", [])
        if not volume.endswith(":ro")
    }
    assert writable == {("code", "results"), ("code", "run-logs")}


def test_own_containers_have_a_read_only_root_and_no_privileges() -> None:
    for name in OWN:
        assert SERVICES[name]["read_only"] is True
        assert SERVICES[name]["cap_drop"] == ["ALL"]


def test_every_variable_is_documented_and_no_password_is_written_down() -> None:
    documented = set(
        re.findall(
            r"^#? ?([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE
        )
    )
    assert set(re.findall(r"\$\{([A-Z_]+)", COMPOSE_TEXT)) == documented
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if "PASSWORD" in name:
                assert value.startswith("${DAGSTER_POSTGRES_PASSWORD:?")


def test_what_dagster_reads_from_the_environment_is_set() -> None:
    read = set(
        re.findall(r"env: (\w+)", (ROOT / "deploy" / "dagster.yaml").read_text(encoding="utf-8"))
    )
    assert read
    for name in OWN:
        assert read <= set(SERVICES[name]["environment"])


def test_ntg_variables_of_the_stack_are_known_to_the_settings() -> None:
    names = {
        name for service in SERVICES.values() for name in service.get("environment", {})
    } | set(re.findall(r"(NTG_\w+)=", DOCKERFILE))
    assert {name for name in names if name.startswith("NTG_")} == {
        "NTG_CONFIG",
        "NTG_HOME",
        "NTG_WORKSPACE",
    }


def test_the_stack_differs_from_one_machine_only_in_storage_and_logs() -> None:
    alone, stack = load("dagster.yaml"), load("deploy/dagster.yaml")
    assert {key for key in alone.keys() | stack.keys() if alone.get(key) != stack.get(key)} == {
        "storage",
        "compute_logs",
    }


def test_the_driver_of_the_history_database_is_installed() -> None:
    """SQLAlchemy looks the driver up when the engine is made, long before it connects."""
    stored = load("deploy/dagster.yaml")["storage"]["postgres"]["postgres_db"]
    given = {key: "given" if isinstance(value, dict) else value for key, value in stored.items()}
    assert sqlalchemy.create_engine(pg_url_from_config({"postgres_db": given})).driver == "psycopg2"


def test_the_workspaces_name_one_code_location() -> None:
    alone, stack = load("workspace.yaml")["load_from"], load("deploy/workspace.yaml")["load_from"]
    assert [source["python_module"]["location_name"] for source in alone] == [
        source["grpc_server"]["location_name"] for source in stack
    ]
    assert stack[0]["grpc_server"]["host"] in SERVICES
    assert f'"--module-name", "{alone[0]["python_module"]["module_name"]}"' in DOCKERFILE


def test_the_cluster_has_the_processes_that_the_tests_start() -> None:
    services = load("deploy/spark/docker-compose.yml")["services"]
    proved = (ROOT / "benchmarks" / "clusters.py").read_text(encoding="utf-8")
    started = {
        name: next(word for word in service["command"] if word.startswith("org.apache.spark."))
        for name, service in services.items()
    }
    assert set(started) == {"master", "worker", "connect"}
    for kind in started.values():
        assert kind.removeprefix("org.apache.spark.deploy") in proved
    assert [name for name, service in services.items() if not service["healthcheck"]["test"]] == []


def test_the_cluster_is_reached_from_this_machine_alone_and_shares_one_folder() -> None:
    services = load("deploy/spark/docker-compose.yml")["services"]
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:15002:15002"]
    folders = [services[name]["volumes"] for name in ("worker", "connect")]
    assert folders == [["tables:/srv/ntg-tables"]] * 2
