"""Lists made by the workers of a real cluster."""

from pathlib import Path

import polars as pl
import pytest

from ntg_assets.interactions.interactions import code_interactions
from ntg_assets.ranking.lists import list_kernel
from ntg_assets.ranking.lists.list_kernel import ListKernel
from ntg_assets_tests.engines.test_list_kernel import SETTINGS, log_of, side_of, stored
from ntg_assets_tests.engines.test_spark_engine import TRAIN, Here, here

__all__ = ["here"]  # a fixture


def train_rows(n_users: int = 40) -> pl.DataFrame:
    """Make TRAIN: users are numbers, items are texts."""
    return (
        log_of(pl.String(), n_users=n_users)
        .cast({"user_id": pl.Int64})
        .with_columns(event_on=pl.col("event_at").dt.date(), weight=pl.lit(1.0))
    )


@pytest.mark.parametrize("is_compiled", [False, True], ids=["dense rows", "compiled loops"])
def test_workers_make_the_lists_that_one_piece_makes(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_compiled: bool
) -> None:
    monkeypatch.setattr(list_kernel, "are_many", lambda *_: is_compiled)
    log = train_rows()
    here.write(TRAIN, log)
    for settings in SETTINGS.values():
        kernel = ListKernel(side_of(log, settings), tmp_path)
        whole = stored(kernel.whole(log.select(kernel.columns)))
        divided = stored(here.engine.apply(here.connection, TRAIN, kernel))
        for left, right in zip(whole, divided, strict=True):
            assert right.schema == left.schema
            assert right.equals(left)
    here.engine.close()
    assert not any((here.storage / "_handed").iterdir())


def test_of_no_user_there_are_lists_without_rows(here: Here, tmp_path: Path) -> None:
    log = train_rows()
    here.write(TRAIN, log.clear())
    kernel = ListKernel(side_of(log, SETTINGS["as it comes"]), tmp_path)
    made = stored(here.engine.apply(here.connection, TRAIN, kernel))
    assert [table.height for table in made] == [0, 0, 0]
    whole = stored(kernel.whole(log.select(kernel.columns)))
    assert [table.schema for table in made] == [table.schema for table in whole]
    assert code_interactions(log).n_users > 0
