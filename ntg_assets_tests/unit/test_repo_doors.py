"""The public doors: every name of the API exists,
and the README's library blocks use them and run.
"""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ntg_assets import api
from ntg_assets.local_days import with_event_on

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(
    r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL
)


@pytest.mark.parametrize("name", api.__all__)
def test_every_public_name_exists(name: str) -> None:
    assert getattr(api, name) is not None
    assert name in dir(api)


def test_a_name_that_is_not_public_is_refused_with_those_that_are() -> None:
    with pytest.raises(AttributeError, match=r"no 'secret'; public are Paths, Query"):
        api.__getattr__("secret")


def test_the_readme_imports_from_the_public_door_alone() -> None:
    lines = [line for block in BLOCKS for line in block.splitlines() if "ntg_assets" in line]
    assert lines
    assert [line for line in lines if not line.startswith("from ntg_assets.api import ")] == []


def test_the_readmes_library_block_makes_features(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two active days of one user before the cutoff of the block, one after it that is not seen."""
    days = [datetime(2018, 9, 1), datetime(2018, 9, 3), datetime(2018, 10, 1)]
    events = pl.DataFrame(
        {"user_id": [1] * 3, "item_id": [10, 11, 12], "event_at": days}
    ).with_columns(event_type=pl.lit("rating"), value=pl.lit(1.0), weight=pl.lit(1.0))
    with_event_on(events.with_columns(pl.col("event_at").cast(pl.Datetime("us")))).write_parquet(
        tmp_path / "train_events.parquet"
    )
    monkeypatch.chdir(tmp_path)
    known: dict[str, Any] = {}
    (block,) = (each for each in BLOCKS if "user_activity_features" in each)
    exec(compile(block, "README.md", "exec"), known)  # noqa: S102  # our own page
    assert known["features"].select("user_id", "active_days").rows() == [(1, 2)]
