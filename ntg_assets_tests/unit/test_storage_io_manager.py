"""The IO manager stores every type an asset may return,
loads every type it may ask for, and refuses what breaks a contract.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pyarrow as pa
import pytest

from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.orchestration.io_manager import NtgDuckDBIOManager
from ntg_assets.orchestration.project import Project
from ntg_assets.sql import Query, Table

FRAME = pl.DataFrame({"n": [10, 20], "user_id": [1, 2]})


@contract("io_things")
class IoThings(Contract):
    """One row per user."""

    user_id: str = identifier("user", "Who")
    n: int = column("How many", ge=0)

    class Config:
        unique = ["user_id"]


@contract("io_copies")
class IoCopies(IoThings):
    """One row per user."""


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace of its own for each test."""
    monkeypatch.setenv("NTG_WORKSPACE", str(tmp_path))
    return tmp_path


def materialize(assets: Sequence[dg.AssetsDefinition | dg.AssetSpec]) -> dg.ExecuteInProcessResult:
    project = Project(config_file="configs/dev.yaml")
    resources = {
        "project": project,
        "io_manager": NtgDuckDBIOManager(project=project, database="unused"),
    }
    return dg.materialize(
        assets, resources=resources, raise_on_error=False, instance=dg.DagsterInstance.ephemeral()
    )


def failure(result: dg.ExecuteInProcessResult) -> str:
    return next(
        str(event.step_failure_data.error) for event in result.all_events if event.is_step_failure
    )


def made_from(value: Any) -> dg.AssetsDefinition:
    @dg.asset(name="io_things", key_prefix="backtest")
    def io_things() -> Any:
        return value

    return io_things


def read_as(kind: Any, seen: list[Any]) -> dg.AssetsDefinition:
    def io_copies(io_things: Any) -> Any:
        seen.append(io_things)
        return Query("select * from io_things", {"io_things": io_things})

    io_copies.__annotations__["io_things"] = kind
    return dg.asset(
        key_prefix="backtest", ins={"io_things": dg.AssetIn(key=["backtest", "io_things"])}
    )(io_copies)


@pytest.mark.parametrize(
    "value",
    [
        FRAME,
        FRAME.lazy(),
        FRAME.to_arrow(),
        Query("select * from frame", {"frame": FRAME}),
        Query("select cast($n as bigint) as n, 1::bigint as user_id", {}, {"n": 7}),
    ],
    ids=["eager", "lazy", "arrow", "query", "parameters"],
)
@pytest.mark.parametrize(
    "kind", [pl.DataFrame, pl.LazyFrame, pa.Table, Table], ids=lambda kind: kind.__name__
)
def test_every_type_is_stored_and_loaded(value: Any, kind: Any) -> None:
    seen: list[Any] = []
    result = materialize([made_from(value), read_as(kind, seen)])
    assert result.success
    assert isinstance(seen[0], kind)
    if kind is Table:
        assert seen[0] == Table("backtest", "io_things")
    first, second = result.get_asset_materialization_events()
    versions = [
        (event.materialization.tags or {})["dagster/data_version"] for event in (first, second)
    ]
    assert versions[0] == versions[1]  # the same rows have the same version


def test_write_leaves_documentation_counts_and_a_sample() -> None:
    result = materialize([made_from(FRAME)])
    metadata: dict[str, Any] = dict(
        result.get_asset_materialization_events()[0].materialization.metadata
    )
    assert metadata["dagster/row_count"].value == 2
    assert metadata["dagster/table_name"].value == "backtest.io_things"  # not the path of a file
    columns = metadata["dagster/column_schema"].value.columns
    assert [(one.name, one.description, one.constraints.other) for one in columns] == [
        ("user_id", "Who", []),
        ("n", "How many", [">= 0"]),
    ]
    assert [dict(record.data) for record in metadata["sample"].value.records] == [
        {"user_id": "user 1", "n": 10},
        {"user_id": "user 2", "n": 20},
    ]


@pytest.mark.slow
def test_broken_contract_fails_the_asset_and_keeps_the_old_table() -> None:
    assert materialize([made_from(FRAME)]).success
    broken = materialize([made_from(FRAME.with_columns(-pl.col("n")))])
    assert not broken.success
    assert (
        "io_things: not stored, its contract is broken: n: greater_than_or_equal_to(0) fails for 2"
        " rows (such as -10, -20)" in failure(broken)
    )
    seen: list[Any] = []
    assert materialize(
        [dg.AssetSpec(["backtest", "io_things"]), read_as(pl.DataFrame, seen)]
    ).success
    assert seen[0].sort("user_id")["n"].to_list() == [10, 20]


def test_table_without_a_contract_is_refused() -> None:
    @dg.asset(key_prefix="backtest")
    def undocumented() -> pl.DataFrame:
        return FRAME

    result = materialize([undocumented])
    assert not result.success
    assert "undocumented: this table has no contract" in failure(result)


def test_missing_upstream_table_says_what_to_run() -> None:
    seen: list[Any] = []
    result = materialize([dg.AssetSpec(["backtest", "io_things"]), read_as(Table, seen)])
    assert not result.success
    assert "backtest.io_things does not exist yet" in failure(result)
