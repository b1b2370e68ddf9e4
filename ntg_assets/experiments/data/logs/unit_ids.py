"""Whether the units of an experiment are written as in its outcomes: where they are not,
what they did does not count.
"""

from collections.abc import Iterator
from typing import Any

import polars as pl

from ntg_assets.sources.values.ids import KnownIds, match_ids

SCHEMA: dict[str, Any] = {
    "experiment": pl.String,
    "outcomes": pl.String,
    "n_units": pl.Int64,
    "n_found": pl.Int64,
    "n_near": pl.Int64,
    "n_not_found": pl.Int64,
    "first_near": pl.String,
}


def report_unit_ids(
    exposure_log: pl.DataFrame, outcome_log: pl.DataFrame, users: pl.Series
) -> pl.DataFrame:
    """Hold the exposed units of every experiment on logs against the ids of its outcomes.

    Args:
        exposure_log: `experiment`, `unit_id`, `uses_interaction_log`.
        outcome_log: `experiment`, `unit_id`.
        users: Different users of the interaction log, as text.

    Returns:
        `unit_id_report`, one row per experiment, by its id.
    """
    return pl.DataFrame(list(_rows(exposure_log, outcome_log, users)), schema=SCHEMA)


def _rows(
    exposure_log: pl.DataFrame, outcome_log: pl.DataFrame, users: pl.Series
) -> Iterator[dict[str, Any]]:
    known_users = KnownIds(users)
    outcomes = outcome_log.partition_by("experiment", as_dict=True)
    for name, part in sorted(exposure_log.partition_by("experiment", as_dict=True).items()):
        if part["uses_interaction_log"][0]:
            where, ids = "interaction log", known_users
        else:
            own = outcomes.get(name, outcome_log.clear())
            where, ids = "outcome log", KnownIds(own["unit_id"].unique())
        yield {"experiment": str(name[0]), "outcomes": where, **_matched(part["unit_id"], ids)}


def _matched(unit_ids: pl.Series, ids: KnownIds) -> dict[str, Any]:
    match = match_ids(unit_ids, ids)
    return {
        "n_units": match.n_ids,
        "n_found": match.n_found,
        "n_near": match.n_near,
        "n_not_found": match.n_not_found,
        "first_near": _first_near(match.pairs),
    }


def _first_near(pairs: pl.DataFrame) -> str | None:
    """Name the first id that is only nearly one of the outcomes', with that one."""
    matched = pairs.filter("is_exact")["listed_id"].unique()
    near = (
        pairs.filter(~pl.col("is_exact") & ~pl.col("listed_id").is_in(matched.implode()))
        .sort("listed_id", "known_id")
        .head(1)
    )
    return f"{near['listed_id'][0]!r} for {near['known_id'][0]!r}" if near.height else None
