"""The radar's intervention log as the exposures of a trial: everyone as drawn,
and who was really contacted as a check.
"""

from collections.abc import Mapping
from typing import Protocol

import polars as pl

from ntg_assets.configuration.experiments.sources import InterventionSource
from ntg_assets.configuration.inputs.columns_from import ColumnName
from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.errors import SourceError
from ntg_assets.local_days import first_instants, local_days
from ntg_assets.zones import UTC_ZONE

HOLDOUT, CONTACT = "holdout", "contact"
COLUMNS = {name: name for name in ("user_id", "strategy", "arm", "assigned_on")}
MOST_NAMED = 5


class Reader(Protocol):
    """Reads columns of log files by name: days as instants, everything else as text."""

    def __call__(
        self, log: FileSource, wanted: Mapping[str, ColumnName], *, what: str
    ) -> pl.DataFrame: ...


def read_interventions(
    source: InterventionSource, *, read: Reader, what: str, zone: str = UTC_ZONE
) -> pl.DataFrame:
    """Read the assignments of one strategy as exposures: unit_id, arm,
    segment, exposed_at (the first instant of its day in `zone`).

    Everyone counts as drawn (intention to treat), so that who could be reached does not choose the
    arms. A held-out user whom the delivered-contacts log names has seen both arms; the health
    checks count such users, and no readout uses them.

    Raises:
        SourceError: no such strategy in the log, or the delivered contacts name nobody who was
            drawn for one.
    """
    columns = {**COLUMNS, "unit_id": "user_id"}
    rows = read(FileSource(files=source.assignments), columns, what=what)
    rows = _of_strategy(rows, source.strategy, what=what)
    drawn = rows.select(
        "unit_id",
        "arm",
        segment=pl.lit("all"),
        exposed_at=first_instants(local_days(rows["assigned_on"], zone), zone),
    )
    if source.delivered is None:
        return drawn
    wanted = {"unit_id": source.delivered.user_id}
    delivered = read(source.delivered, wanted, what=f"{what}: delivered contacts")
    contacted = delivered["unit_id"].unique()
    return pl.concat([drawn, _contacted_in_the_holdout(drawn, contacted, what=what)])


def _of_strategy(rows: pl.DataFrame, strategy: str, *, what: str) -> pl.DataFrame:
    own = rows.filter(pl.col("strategy") == strategy)
    if own.is_empty():
        strategies = rows["strategy"].unique().sort().to_list()
        raise SourceError(
            f"{what}: no assignment of strategy {strategy!r}; the log has"
            f" {', '.join(strategies[:MOST_NAMED]) or 'none'}."
        )
    return own


def _contacted_in_the_holdout(
    drawn: pl.DataFrame, contacted: pl.Series, *, what: str
) -> pl.DataFrame:
    was_contacted = pl.col("unit_id").is_in(contacted.implode())
    to_contact = drawn.filter(pl.col("arm") == CONTACT)
    if to_contact.height and not to_contact.select(was_contacted.any()).item():
        raise SourceError(
            f"{what}: the delivered contacts name none of the {to_contact['unit_id'].n_unique():,}"
            " users drawn for one. Are the ids the same in both, and were the contacts made?"
        )
    return drawn.filter((pl.col("arm") == HOLDOUT) & was_contacted).with_columns(
        arm=pl.lit(CONTACT)
    )
