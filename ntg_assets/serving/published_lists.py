"""The lists of the night, held ready as the bytes of their answers.

A user of the log is answered from a file that is mapped into memory: one JSON object per place,
list after list, written once per generation and shared by all processes that serve it. Computing a
list costs milliseconds, cutting it out of the file some microseconds; both give the same places,
since the night made its lists by the function that the service computes with.
"""

import fcntl
import hashlib
import mmap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from ntg_assets.arrays import Longs, code_of
from ntg_assets.sql import Query, Table, quote_identifier
from ntg_assets.storage.connection import Connection, connect  # noqa: TID251  # of the published store
from ntg_assets.storage.files import write_whole
from ntg_assets.storage.run import run

RECOMMENDATIONS = Table("live", "recommendations")
SEPARATOR = ","
PLACES_AT_ONCE = 100_000  # some 50 MB while they are written
COUNTS = "select user_id, count(*) as n_places from stored group by user_id order by user_id"
FIELD_DIGITS = 8


@dataclass(frozen=True)
class PublishedLists:
    """Every list of one publication.

    Attributes:
        users: Ids, ascending.
        first_place: Number of the first place of each user's list in the file (users + 1).
        end: Byte at which each place ends, its separator included (places + 1, from 0).
        content: The mapped file; empty where nobody has a list.
        longest: Places that the night gave a list at most.
    """

    users: pl.Series
    first_place: Longs
    end: Longs
    content: mmap.mmap | bytes
    longest: int

    @classmethod
    def load(
        cls, store: Path, folder: Path, *, generation: str, fields: Sequence[str], longest: int
    ) -> "PublishedLists":
        """Map the lists of a published store; their file is written where there is none yet.

        Args:
            store: The published DuckDB file.
            folder: Where the files lie. Those of other generations are deleted; who has one mapped
                keeps it.
            generation: Name of the publication.
            fields: Columns of `recommendations` that an answer tells, in its order.
            longest: `ranking.top_k` of the night.
        """
        told = hashlib.sha256(",".join(fields).encode()).hexdigest()[:FIELD_DIGITS]
        places, ends = (folder / f"{generation}-{told}.{kind}" for kind in ("places", "ends"))
        with connect(store, read_only=True) as connection:
            with _alone_in(folder):
                if not (places.is_file() and ends.is_file()):
                    _write(connection, places, ends, fields)
                content, end = _mapped(places), np.frombuffer(_mapped(ends), np.int64)
                for old in {*folder.glob("*.places"), *folder.glob("*.ends")} - {places, ends}:
                    old.unlink()
            counts = run(Query(COUNTS, {"stored": RECOMMENDATIONS}), connection)
        first_place = np.concatenate([[0], counts["n_places"].to_numpy().cumsum()]).astype(np.int64)
        return cls(counts["user_id"], first_place, end, content, longest)

    def places(self, user_id: int | str, *, k: int) -> bytes | None:
        """Cut out the first `k` places of a user's list: JSON objects, separated by commas.

        Returns:
            None where the night made no list for this user, or none of so many places.
        """
        code = code_of(user_id, known=self.users)
        if k > self.longest or code < 0:
            return None
        first = self.first_place[code]
        last = min(first + k, self.first_place[code + 1])
        return self.content[self.end[first] : self.end[last] - len(SEPARATOR)]


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep other processes of the same service out of the folder meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(connection: Connection, places: Path, ends: Path, fields: Sequence[str]) -> None:
    """Write the places of all lists by user and rank, and where each of them ends."""
    lengths = [np.zeros(1, np.int64)]

    def write(target: Path) -> None:
        with target.open("wb") as file:
            for texts in _encoded(connection, fields):
                file.write("".join(texts).encode())
                lengths.append(texts.str.len_bytes().to_numpy().astype(np.int64))

    write_whole(places, write)
    write_whole(ends, np.concatenate(lengths).cumsum().tofile)


def _encoded(connection: Connection, fields: Sequence[str]) -> Iterator[pl.Series]:
    """Yield the places as JSON objects, each with its separator."""
    columns = ", ".join(map(quote_identifier, fields))
    text = f"select {columns} from {RECOMMENDATIONS.quoted} order by user_id, rank"  # noqa: S608  # columns come from code
    for batch in connection.sql(text).to_arrow_reader(PLACES_AT_ONCE):
        frame = pl.DataFrame(pl.from_arrow(batch))
        yield frame.select(
            pl.concat_str(pl.struct(pl.all()).struct.json_encode(), pl.lit(SEPARATOR))
        ).to_series()


def _mapped(file: Path) -> mmap.mmap | bytes:
    if not file.stat().st_size:  # nothing can be mapped
        return b""
    with file.open("rb") as opened:
        return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
