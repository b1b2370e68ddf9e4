"""What a step is given of the tables that it reads: as its parameters are annotated."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import dagster as dg
import polars as pl
import pyarrow as pa
import pytest

from ntg_assets.errors import ContractError, StorageError
from ntg_assets.orchestration.bundles import Bundle, taken_by
from ntg_assets.orchestration.declaring import keys_of_tables
from ntg_assets.orchestration.inputs import with_inputs
from ntg_assets.sql import Table
from ntg_assets.storage.connection import Connection, connect

DAYS = dg.AssetKey(["live", "days"])
ROWS = pl.DataFrame({"user_id": [1, 2], "n": [3, 4]})


class Store:
    """A project with one table."""

    @contextmanager
    def warehouse(self) -> Iterator[Connection]:
        with connect() as connection:
            connection.execute("create schema live")
            connection.register("rows", ROWS)
            connection.execute("create table live.days as from rows")
            yield connection


def test_a_table_comes_as_the_parameter_is_annotated() -> None:
    def step(
        context: str,
        frame: pl.DataFrame,
        lazy: pl.LazyFrame,
        arrow: pa.Table,
        handle: Table,
    ) -> tuple[Any, ...]:
        return context, frame, lazy.collect(), pl.DataFrame(pl.from_arrow(arrow)), handle

    keys = dict.fromkeys(("frame", "lazy", "arrow", "handle"), DAYS)
    context, *frames, handle = with_inputs(step, keys)(context="context", project=Store())
    assert (context, handle) == ("context", Table("live", "days"))
    assert all(frame.equals(ROWS) for frame in frames)


def test_a_table_that_was_not_made_yet_is_named_with_what_makes_it() -> None:
    def step(events: Table) -> Table:
        return events

    for stage, command in (("ingest", "build-dataset"), ("live", "run-all")):
        key = dg.AssetKey([stage, "events"])
        with pytest.raises(StorageError, match=f"{stage}.events does not exist .* `ntg {command}`"):
            with_inputs(step, {"events": key})(context=None, project=Store())


@dataclass(frozen=True)
class Together(Bundle):
    """Two tables that several steps take."""

    users: pl.DataFrame
    graph: Table


def test_a_bundle_is_its_tables_to_the_graph_and_one_argument_to_the_step() -> None:
    def step(both: Together, other: pl.DataFrame) -> tuple[Any, ...]:
        return both, other

    keys = keys_of_tables(step, "live", {"other": "backtest"})
    assert keys == {
        "users": dg.AssetKey(["live", "users"]),
        "graph": dg.AssetKey(["live", "graph"]),
        "other": dg.AssetKey(["backtest", "other"]),
    }
    both, other = with_inputs(step, dict.fromkeys(keys, DAYS))(context=None, project=Store())
    assert both.users.equals(ROWS)
    assert both.graph == Table("live", "days")
    assert other.equals(ROWS)


def test_a_table_that_is_taken_twice_is_named() -> None:
    def step(users: Table, both: Together) -> None: ...

    with pytest.raises(ContractError, match=r"step takes users twice: both has it too"):
        taken_by(step)
