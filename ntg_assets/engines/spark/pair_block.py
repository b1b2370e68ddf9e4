"""Count pairs of items in blocks of users; sent to the workers as it is: numpy, scipy and pyarrow
alone, nothing of NTG.
"""

from collections.abc import Callable, Iterator
from typing import Any

SCHEMA = "item int, other int, n_users bigint"
TYPES = {"item": "INTEGER", "other": "INTEGER", "n_users": "BIGINT"}
USERS_AT_ONCE = 20_000
PAIRS_AT_ONCE = 20_000_000  # entries of a sum that a worker holds: 240 MB


def counter(n_items: int) -> Callable[[Iterator[Any]], Iterator[Any]]:
    """Return what counts, in one partition that holds whole users, the users of each pair."""

    def count(batches: Iterator[Any]) -> Iterator[Any]:
        import numpy as np  # noqa: PLC0415  # the worker's own
        import pyarrow as pa  # noqa: PLC0415  # as above
        import scipy.sparse as sp  # noqa: PLC0415  # as above

        def laid_out(total: Any) -> Any:
            upper = sp.triu(total).tocoo()
            columns = [
                pa.array(upper.row.astype(np.int32)),
                pa.array(upper.col.astype(np.int32)),
                pa.array(upper.data.astype(np.int64)),
            ]
            return pa.RecordBatch.from_arrays(columns, names=["item", "other", "n_users"])

        received = [batch for batch in batches if batch.num_rows]
        if not received:
            return
        table = pa.Table.from_batches(received)
        user = table.column("user_id").combine_chunks().dictionary_encode().indices.to_numpy()
        item = table.column("item").to_numpy()
        order = np.argsort(user, kind="stable")
        user, item = user[order], item[order]
        n_users = int(user[-1]) + 1
        start = np.searchsorted(user, np.arange(n_users + 1))
        total: Any = sp.csr_array((n_items, n_items), dtype=np.int32)
        for first in range(0, n_users, USERS_AT_ONCE):
            last = min(first + USERS_AT_ONCE, n_users)
            rows = slice(start[first], start[last])
            had = sp.csr_array(
                (
                    np.ones(rows.stop - rows.start, np.int32),
                    item[rows],
                    start[first : last + 1] - start[first],
                ),
                shape=(last - first, n_items),
            )
            total = total + had.T.tocsr() @ had
            if total.nnz > PAIRS_AT_ONCE:
                yield laid_out(total)
                total = sp.csr_array((n_items, n_items), dtype=np.int32)
        yield laid_out(total)

    return count
