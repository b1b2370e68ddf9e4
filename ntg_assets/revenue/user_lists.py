"""Lists of users that the configuration names: who must not be contacted, who is left out and why, who was contacted when.

A list that is configured and cannot be read stops the run: contacting anyone then would be wrong. Ids are compared as text.
"""

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from ntg_assets.errors import ConfigurationError
from ntg_assets.local_days import UTC_ZONE, written_days
from ntg_assets.revenue.settings import ContactLogSettings, RadarSettings

EXCLUDED = {"user": pl.String, "reason": pl.String}
CONTACTS = {"user": pl.String, "contacted_on": pl.Date}


@dataclass(frozen=True)
class UserLists:
    """What was read.

    Attributes:
        opted_out: Users who must not be contacted.
        excluded: `user`, `reason`: users left out on other grounds.
        contacts: `user`, `contacted_on`: one row per contact.
    """

    opted_out: frozenset[str] = frozenset()
    excluded: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=EXCLUDED))
    contacts: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CONTACTS))


def read_user_lists(settings: RadarSettings, *, home: Path, zone: str = UTC_ZONE) -> UserLists:
    """Read every list of the policy; what is not configured is empty. Contacts count by the days of `zone`.

    Raises:
        ConfigurationError: a configured file is missing or unreadable, lacks a column, or holds a day that is none.
    """
    return UserLists(
        read_opt_outs(settings.opt_out_file, home=home),
        _read_exclusions(settings.exclusion_file, home=home),
        read_contacts(settings.contact_log, home=home, zone=zone),
    )


def read_opt_outs(file: str | None, *, home: Path) -> frozenset[str]:
    """Read `user_id` of a CSV file as text; no file configured means nobody opted out."""
    if file is None:
        return frozenset()
    rows = read_as_text(home / file, ["user_id"], what=f"radar.opt_out_file: {file}")
    return frozenset(rows["user_id"].drop_nulls().str.strip_chars().to_list())


def read_contacts(log: ContactLogSettings | None, *, home: Path, zone: str = UTC_ZONE) -> pl.DataFrame:
    """Read who was contacted on which day; a pattern that matches no file yet means that nobody was."""
    if log is None:
        return pl.DataFrame(schema=CONTACTS)
    columns = [log.user_id, log.contacted_at, *([log.action] if log.action else [])]
    what = "radar.contact_log"
    found = [
        read_as_text(path, columns, what=f"{what}: {path.name}")
        for pattern in log.files
        for path in matching_files(pattern, home, what=what)
    ]
    rows = pl.concat(found) if found else pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    made = rows.filter(pl.col(log.action) == log.contact_value) if log.action else rows
    days = written_days(made[log.contacted_at], zone)
    if n_broken := days.null_count():
        first = made[log.contacted_at].filter(days.is_null())[0]
        raise ConfigurationError(
            f"{what}: {n_broken:,} of {made.height:,} rows hold no day in {log.contacted_at} (first: {first!r}). Write ISO days."
        )
    return made.select(pl.col(log.user_id).str.strip_chars().alias("user"), pl.Series("contacted_on", days, dtype=pl.Date))


def _read_exclusions(file: str | None, *, home: Path) -> pl.DataFrame:
    if file is None:
        return pl.DataFrame(schema=EXCLUDED)
    rows = read_as_text(home / file, ["user_id", "reason"], what=f"radar.exclusion_file: {file}").drop_nulls("user_id")
    named = rows.select(user=pl.col("user_id").str.strip_chars(), reason=pl.col("reason").fill_null("no reason given").str.strip_chars())
    return named.group_by("user").agg(pl.col("reason").min()).sort("user")


def matching_files(pattern: str, home: Path, *, what: str) -> list[Path]:
    """List the files of a pattern, none is fine; a plain path must exist."""
    if any(sign in pattern for sign in "*?["):
        return sorted(home.glob(pattern))
    if not (home / pattern).is_file():
        raise ConfigurationError(f"{what}: no file {pattern}. Nobody was selected; correct {what}.files.")
    return [home / pattern]


def read_as_text(path: Path, columns: list[str], *, what: str) -> pl.DataFrame:
    """Read the wanted columns as text."""
    try:
        rows = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema=False)
    except (OSError, PolarsError) as error:
        raise ConfigurationError(f"{what} cannot be read ({str(error).splitlines()[0]}). Nobody was selected.") from None
    if missing := [name for name in columns if name not in rows.columns]:
        raise ConfigurationError(f"{what} has no column {missing[0]} (found {', '.join(rows.columns)}). Nobody was selected.")
    return rows.select(pl.col(name).cast(pl.String) for name in columns)
