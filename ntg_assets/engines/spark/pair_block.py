"""Count pairs of items in blocks of users; sent to the workers as it is: numpy, scipy and pyarrow
alone, nothing of NTG.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

SCHEMA = "item int, other int, n_users bigint"
TYPES = {"item": "INTEGER", "other": "INTEGER", "n_users": "BIGINT"}
USERS_AT_ONCE = 20_000
PAIRS_AT_ONCE = 20_000_000  # entries of a sum that a worker holds: 240 MB


def counter(n_items: int) -> Callable[[Iterator[Any]], Iterator[Any]]:
    """Return what counts, in one partition that holds whole users, the users of each pair."""

    def count(batches: Iterator[Any]) -> Iterator[Any]:
        received = [batch for batch in batches if batch.num_rows]
        total: Any = None
        for had in _blocks(received, n_items) if received else ():
            total = had.T.tocsr() @ had if total is None else total + had.T.tocsr() @ had
            if total.nnz > PAIRS_AT_ONCE:
                yield _laid_out(total)
                total = None
        if total is not None:
            yield _laid_out(total)

    return count


def _blocks(received: Sequence[Any], n_items: int) -> Iterator[Any]:
    """Yield users x items, binary, some users at a time."""
    import numpy as np  # noqa: PLC0415  # the worker's own
    import pyarrow as pa  # noqa: PLC0415  # as above
    import scipy.sparse as sp  # noqa: PLC0415  # as above

    table = pa.Table.from_batches(received)
    user = table.column("user_id").combine_chunks().dictionary_encode().indices.to_numpy()
    order = np.argsort(user, kind="stable")
    user, item = user[order], table.column("item").to_numpy()[order]
    start = np.searchsorted(user, np.arange(int(user[-1]) + 2))
    for first in range(0, len(start) - 1, USERS_AT_ONCE):
        ends = start[first : first + USERS_AT_ONCE + 1]
        items = item[ends[0] : ends[-1]]
        yield sp.csr_array(
            (np.ones(len(items), np.int32), items, ends - ends[0]), shape=(len(ends) - 1, n_items)
        )


def _laid_out(total: Any) -> Any:
    """Lay the upper triangle of symmetric counts out as rows."""
    import numpy as np  # noqa: PLC0415  # the worker's own
    import pyarrow as pa  # noqa: PLC0415  # as above
    import scipy.sparse as sp  # noqa: PLC0415  # as above

    upper = sp.triu(total).tocoo()
    columns = [
        pa.array(upper.row.astype(np.int32)),
        pa.array(upper.col.astype(np.int32)),
        pa.array(upper.data.astype(np.int64)),
    ]
    return pa.RecordBatch.from_arrays(columns, names=["item", "other", "n_users"])
