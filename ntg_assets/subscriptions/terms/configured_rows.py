"""Rows of a table whose columns the configuration names, one setting for each."""

from collections.abc import Mapping, Sequence

from ntg_assets.configuration.inputs.subscriptions import (
    PaymentSourceSettings,
    SubscriptionSourceSettings,
)
from ntg_assets.sources.optional_files import FileRows
from ntg_assets.sources.sources import Place
from ntg_assets.sources.written import read_written


def read_configured(
    source: PaymentSourceSettings | SubscriptionSourceSettings,
    settings: Mapping[str, str],
    *,
    ids: Sequence[str],
    times: Sequence[str],
    key: str,
    place: Place,
    zone: str,
) -> FileRows:
    """Read the files of contracts or of payments, with each row's `place`.

    Args:
        source: Files, columns, words.
        settings: Name of each column that is made: the setting that names it in the files.
        ids: Names of those that are ids.
        times: Names of those that are days or times.
        key: Configuration key, for messages.
        place: Where files may lie.
        zone: Zone whose midnights begin the days.

    Raises:
        SourceError: no file is there, or one is damaged or lacks a column.
    """
    read = read_written(
        source,
        {name: getattr(source, setting) for name, setting in settings.items()},
        called=settings,
        ids=ids,
        times=times,
        numbers=("price_text",),
        options=source,
        key=key,
        place=place,
        zone=zone,
    )
    return read._replace(rows=read.rows.with_row_index("place"))
