"""How each configured list of users meets the users of the log: how many of its ids are found,
nearly found, not found, blank.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from ntg_assets.revenue.contacts.lists.listed_rows import KEYS
from ntg_assets.revenue.contacts.trial.trial_log import TRIAL, TRIAL_KEY
from ntg_assets.sources.values.ids import IdMatch, KnownIds, match_ids

SCHEMA: dict[str, Any] = {
    "list": pl.String,
    "source": pl.String,
    "files": pl.String,
    "n_rows": pl.Int64,
    "n_blank": pl.Int64,
    "n_ids": pl.Int64,
    "n_found": pl.Int64,
    "n_near": pl.Int64,
    "n_not_found": pl.Int64,
    "n_users": pl.Int64,
    "n_users_nearly": pl.Int64,
    "is_usable": pl.Boolean,
    "reason": pl.String,
}
MOST_UNKNOWN = 0.5  # of the ids of a list: with more of them it may be one of other ids
ALL_KEYS = {**KEYS, TRIAL: TRIAL_KEY}


def report_user_lists(
    optional_sources: pl.DataFrame,
    user_lists: pl.DataFrame,
    trial_log: pl.DataFrame,
    users: pl.Series,
    *,
    accept_unmatched: bool = False,
) -> pl.DataFrame:
    """Hold every configured list against the users of the log.

    Args:
        optional_sources: Whether each list could be read.
        user_lists: `list`, `listed_id` (null: a row without an id).
        trial_log: `listed_id` of the contact trial.
        users: Different users of the log.
        accept_unmatched: Whether a list that names nobody is right as it is.

    Returns:
        `user_list_report`, one row per configured list.
    """
    trial = trial_log.select(pl.lit(TRIAL).alias("list"), "listed_id")
    listed = pl.concat([user_lists.select("list", "listed_id"), trial])
    judged = {row["source"]: row for row in optional_sources.iter_rows(named=True)}
    ids = KnownIds(users)
    rows = [
        _row(
            judged[key],
            listed.filter(pl.col("list") == name)["listed_id"],
            ids,
            accept_unmatched=accept_unmatched,
        )
        | {"list": name}
        for name, key in ALL_KEYS.items()
        if key in judged
    ]
    return pl.DataFrame(rows, schema=SCHEMA)


def remarks(report: pl.DataFrame) -> Iterator[str]:
    """Say of each usable list what a person should look at: ids that are only nearly those of the
    log, or mostly none of them, and rows without one.
    """
    for row in report.filter("is_usable").iter_rows(named=True):
        if row["reason"] is not None:
            yield f"{row['source']}: {row['reason']}"


def _row(
    judged: Mapping[str, Any], listed: pl.Series, ids: KnownIds, *, accept_unmatched: bool
) -> dict[str, Any]:
    match, n_blank = match_ids(listed, ids), listed.null_count()
    is_unmatched = listed.len() > 0 and match.n_found + match.n_near == 0
    reason = _unmatched(match, listed, ids) if is_unmatched else _remark(match, listed)
    # why it was not read, or that nothing is there to read yet
    is_told = not judged["is_usable"] or not judged["n_files"]
    return {
        "source": judged["source"],
        "files": judged["files"],
        "n_rows": listed.len(),
        "n_blank": n_blank,
        "n_ids": match.n_ids,
        "n_found": match.n_found,
        "n_near": match.n_near,
        "n_not_found": match.n_not_found,
        "n_users": match.n_known,
        "n_users_nearly": match.n_known_nearly,
        "is_usable": judged["is_usable"] and (accept_unmatched or not is_unmatched),
        "reason": judged["sentence"] if is_told else reason,
    }


def _unmatched(match: IdMatch, listed: pl.Series, ids: KnownIds) -> str:
    if match.n_ids == 0:
        return f"none of its {listed.len():,} rows holds an id"
    first, user = listed.drop_nulls().sort()[0], ids.rows["known_id"].sort().head(1).to_list()
    seen = f", those of the log look like {user[0]!r}" if user else ""
    return (
        f"none of its {match.n_ids:,} ids is a user of the log: the first is {first!r}{seen}. Is it"
        " a list of other ids?"
    )


def _first_unknown(listed: pl.Series, match: IdMatch) -> str:
    ids = listed.drop_nulls().unique()
    return str(ids.filter(~ids.is_in(match.pairs["listed_id"].implode())).sort()[0])


def _remark(match: IdMatch, listed: pl.Series) -> str | None:
    sentences, n_blank = [], listed.null_count()
    if match.n_known_nearly:
        near = match.only_near.row(0, named=True)
        how = f"such as {near['listed_id']!r} for {near['known_id']!r}"
        sentences.append(
            f"{match.n_known_nearly:,} of the {match.n_known:,} users that it names are written"
            f" otherwise in the log ({how})"
        )
    if match.n_not_found > MOST_UNKNOWN * match.n_ids:
        sentences.append(
            f"{match.n_not_found:,} of its {match.n_ids:,} ids are no users of the log (first:"
            f" {_first_unknown(listed, match)!r})"
        )
    if n_blank:
        sentences.append(f"{n_blank:,} rows hold no id")
    return "; ".join(sentences) or None
