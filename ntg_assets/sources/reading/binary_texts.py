"""Columns of Parquet that hold bytes: texts, as older writers store them, or something else."""

from collections.abc import Mapping, Sequence

import duckdb

from ntg_assets.errors import SourceError
from ntg_assets.sources.files.file_names import read_literally
from ntg_assets.sources.files.source_files import SourceFile

BYTES = "BLOB"
# what values are that are all of one length
OF_LENGTH = {
    16: "16 bytes each, as a UUID has: write it as text (`cast(id as string)`, `hex(id)`)",
    12: "12 bytes each, as an ObjectId of MongoDB has: write it as text (`hex(id)`)",
    8: "8 bytes each, as a number has: write it as a number",
    4: "4 bytes each, as a number has: write it as a number",
}
OTHERWISE = "write them as text"


def as_text_of_bytes(expression: str) -> str:
    """SQL of the text that bytes are, of a column of which all are."""
    return f"decode({expression})"


def raise_if_no_texts(
    connection: duckdb.DuckDBPyConnection, file: SourceFile, columns: Mapping[str, str]
) -> None:
    """Raise when a value of some columns of bytes is no UTF-8, or holds a zero byte.

    Args:
        connection: Sandboxed, may read the file.
        file: Parquet.
        columns: Expression of each column of bytes, by its name.
    """
    for name, column in columns.items():
        text = f"try(decode({column}))"
        is_other = f"{column} is not null and ({text} is null or contains({text}, chr(0)))"
        counts = (
            f"count(*) filter (where {is_other}), count({column}),"
            f" min(octet_length({column})), max(octet_length({column})),"
            f" hex(min({column}) filter (where {is_other}))"
        )
        query = f"select {counts} from read_parquet($file, hive_partitioning = false)"  # noqa: S608  # our own text, names are quoted
        bound = {"file": read_literally(file.read_path)}
        row = connection.execute(query, bound).fetchall()[0]
        if row[0]:
            raise SourceError(f"{file.name}, column {name!r}: {_describe_bytes(row)}")


def _describe_bytes(row: Sequence[object]) -> str:
    n_others, n_values, shortest, longest, first = row
    advice = OF_LENGTH.get(int(str(longest)), OTHERWISE) if shortest == longest else OTHERWISE
    return (
        f"holds bytes that are no text in {n_others:,} of {n_values:,} values (first: 0x{first});"
        f" {advice}, or map another column."
    )
