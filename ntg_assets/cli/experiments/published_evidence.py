"""The published store, and the tables in it on which decisions rest."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.errors import StorageError
from ntg_assets.experiments.data.evidence_tables import EvidenceTables
from ntg_assets.storage.connection import Connection, MissingTableError, connect  # noqa: TID251  # of the published store


def evidence_tables(store: Connection) -> EvidenceTables:
    """Read the published tables on which decisions rest.

    Raises:
        StorageError: the publication does not hold them.
    """
    names = ("arm_traffic", "metric_sums", "metric_quantiles", "daily_sums")
    try:
        tables = {name: store.table(f"experiments.{name}").pl() for name in names}
    except MissingTableError:
        raise StorageError(
            "the published store holds no sums of experiments. Run `ntg run-all` to publish them."
        ) from None
    # older publications do not hold them, and their receipts say nothing of them
    for name in (
        "experiment_sources",
        "log_contents",
        "metric_shapes",
        "metric_contrasts",
        "self_tests",
        "traffic_by_day",
    ):
        with suppress(MissingTableError):
            tables[name] = store.table(f"experiments.{name}").pl()
    return EvidenceTables(**tables)


@contextmanager
def open_published(settings: Settings, paths: Paths) -> Iterator[Connection]:
    """Open the published store for reading."""
    store = paths.pinned().published_store
    if not store.exists():
        raise StorageError("nothing is published yet. Run `ntg run-all` first.")
    with connect(store, engine=settings.engine, read_only=True) as connection:
        yield connection
