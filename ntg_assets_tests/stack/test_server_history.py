"""A history of runs in PostgreSQL, as the container stack keeps it, loses people too."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from ntg_assets.errors import StorageError
from ntg_assets.orchestration.runs.server_history import remove_from_server_history

pytestmark = pytest.mark.slow
TABLE = dg.TableSchema(columns=[dg.TableColumn("user_id")])


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """Dagster's own tables in a server that the test starts."""
    pytest.importorskip("dagster_postgres", reason="the extra `postgres` is not installed")
    pgserver = pytest.importorskip(
        "pgserver", reason="pgserver is not installed (requirements-peers.lock)"
    )
    try:
        server = pgserver.get_server(tmp_path / "pg")
    except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
        pytest.skip(f"PostgreSQL does not start here: {error}")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg2://")
    storage = {"storage": {"postgres": {"postgres_url": url}}}
    (tmp_path / "dagster.yaml").write_text(json.dumps(storage), encoding="utf-8")
    with dg.DagsterInstance.from_config(str(tmp_path)) as made:
        yield made
    server.cleanup()


@dg.asset
def contacts() -> dg.MaterializeResult[None]:
    """Leave a sample and a message that name two people."""
    rows = [dg.TableRecord({"user_id": name}) for name in ("ann", "bob")]
    sample = dg.MetadataValue.table(rows, schema=TABLE)
    return dg.MaterializeResult(metadata={"sample": sample, "told": "first: ann, then anna"})


def test_samples_and_messages_lose_them_and_nobody_else(instance: dg.DagsterInstance) -> None:
    assert dg.materialize([contacts], instance=instance).success
    cleaned, left = remove_from_server_history(instance, ["ann"])
    assert left is None
    assert cleaned.keys() == {"event_logs", "asset_keys"}  # the event, and the asset's last one
    event = instance.get_latest_materialization_event(contacts.key)
    assert event is not None
    assert event.asset_materialization is not None
    metadata = event.asset_materialization.metadata
    sample = metadata["sample"]
    assert isinstance(sample, dg.TableMetadataValue)
    assert [row.data["user_id"] for row in sample.records] == ["bob"]
    assert metadata["told"].value == "first: (forgotten), then anna"
    assert remove_from_server_history(instance, ["ann"]) == ({}, None)


def test_server_that_is_not_there_is_said(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = "postgresql+psycopg2://127.0.0.1:1/none"
    monkeypatch.setattr(instance.event_log_storage, "postgres_url", nowhere)
    with pytest.raises(StorageError, match=r"cannot be rewritten: .*onnection"):
        remove_from_server_history(instance, ["ann"])
