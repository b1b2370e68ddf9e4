"""Array types and the small integer-array operations that every stage shares."""

from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:  # a third of a second, which whoever reads the configuration alone need not wait
    import polars as pl

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def distinct(values: Longs) -> Longs:
    """Return the distinct values, ascending;
    a plain sort takes a hundredth of the time of the hash table behind `np.unique`.
    """
    ordered = np.sort(values)
    return (
        ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))] if len(ordered) else ordered
    )


def starts_of(groups: npt.NDArray[np.integer], *, n_groups: int) -> Longs:
    """Return where each group starts in rows sorted by group,
    with the end as last entry (a CSR row pointer).
    """
    if n_groups == 1:  # a single user asks for this dozens of times a list
        return np.array([0, len(groups)], np.int64)
    return np.concatenate(([0], np.cumsum(np.bincount(groups, minlength=n_groups)))).astype(
        np.int64
    )


def position_in_group(groups: npt.NDArray[np.integer], *, n_groups: int) -> Longs:
    """Return each row's position (from 0) inside its group; rows are sorted by group."""
    if n_groups == 1:
        return np.arange(len(groups), dtype=np.int64)
    return np.arange(len(groups), dtype=np.int64) - starts_of(groups, n_groups=n_groups)[groups]


def codes_of(ids: "pl.Series", *, known: "pl.Series") -> Longs:
    """Return the code of each id: its position in `known`, or -1 where it is unknown."""
    import polars as pl  # noqa: PLC0415  # as above

    lookup = pl.DataFrame({"id": known, "code": np.arange(len(known), dtype=np.int64)})
    wanted = pl.DataFrame({"id": ids.cast(known.dtype)})
    return (
        wanted.join(lookup, on="id", how="left", maintain_order="left")["code"]
        .fill_null(-1)
        .to_numpy()
    )


def code_of(wanted: object, *, known: "pl.Series") -> int:
    """Return the code of one id among ascending ones, or -1 where it is unknown.

    What `codes_of` says of a single id, without the query that polars runs for a join or a
    `search_sorted`.
    """
    import polars as pl  # noqa: PLC0415  # as above

    value = pl.Series([wanted]).cast(known.dtype, strict=False)[0]
    if value is None:
        return -1
    code = bisect_left(known, value)
    return code if code < len(known) and known[code] == value else -1
