"""Several tables from one walk: each whole and in order, and the walk is made once."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from ntg_assets.errors import StorageError
from ntg_assets.sql import Stream
from ntg_assets.storage import set_aside
from ntg_assets.storage.set_aside import divided

Parts = tuple[pl.DataFrame, ...]


class Walk:
    """Makes two tables in three steps, the second step without a row of the second table."""

    def __init__(self, words: tuple[list[str], ...] = (["a", "b"], [], ["c"])) -> None:
        self.words, self.n_steps = words, 0

    def __iter__(self) -> Iterator[Parts]:
        for step, words in enumerate(self.words):
            self.n_steps += 1
            yield (
                pl.DataFrame({"step": [step]}),
                pl.DataFrame({"word": words, "rule": [None] * len(words)}, schema=SCHEMA),
            )


SCHEMA = {"word": pl.String, "rule": pl.String}


def together(stream: Stream) -> pl.DataFrame:
    """All rows of a stream."""
    return pl.concat(stream.frames)


@pytest.mark.parametrize("bytes_in_memory", [1, 2**20], ids=["on disk", "in memory"])
def test_each_table_is_whole_and_the_walk_is_made_once(
    bytes_in_memory: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(set_aside, "IN_MEMORY_BYTES", bytes_in_memory)
    walk = Walk()
    steps, words = divided(walk, n_tables=2, folder=tmp_path)
    assert together(steps)["step"].to_list() == [0, 1, 2]
    assert together(words).to_dict(as_series=False) == {
        "word": ["a", "b", "c"],
        "rule": [None, None, None],
    }
    assert walk.n_steps == 3
    assert list(tmp_path.iterdir()) == []


def test_a_table_without_rows_keeps_its_columns(tmp_path: Path) -> None:
    steps, words = divided(Walk(([], [])), n_tables=2, folder=tmp_path)
    assert together(steps).height == 2
    assert dict(together(words).schema) == SCHEMA


def test_a_table_is_refused_before_the_walk_is_over(tmp_path: Path) -> None:
    steps, words = divided(Walk(), n_tables=2, folder=tmp_path)
    next(iter(steps.frames))
    with pytest.raises(StorageError, match="before the walk that makes it is over"):
        next(iter(words.frames))
