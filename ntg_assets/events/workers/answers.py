"""What workers told of files: each was told of once, what they refused, what they warned of."""

import logging

import polars as pl

from ntg_assets.errors import EngineError, SourceError

log = logging.getLogger(__name__)


def raise_if_refused(answers: pl.DataFrame) -> None:
    """Raise what a worker refused, as whoever reads here raises it; of several files the first."""
    refused = answers.filter(pl.col("refused").is_not_null()).head(1)
    for sentence, is_of_source in refused.select("refused", "is_of_source").iter_rows():
        raise (SourceError if is_of_source else EngineError)(sentence)


def warn_of(answers: pl.DataFrame) -> None:
    """Warn of what the reader of a worker warned of: nobody looks at the log of a worker."""
    for sentence in answers["warnings"].explode().drop_nulls():
        log.warning("%s", sentence)


def raise_if_unanswered(answers: pl.DataFrame, files: pl.DataFrame, *, what: str) -> None:
    """Raise when not every file was told of once."""
    if answers["number"].to_list() != sorted(files["number"]):
        raise EngineError(
            f"{what} on the workers: {answers.height} of {files.height} files were told of; nothing"
            " was loaded. Run again."
        )
