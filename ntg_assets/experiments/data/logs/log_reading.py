"""The files of experiments' own logs, read through the door of all files from outside, each once
however many experiments lie in them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from ntg_assets.configuration.inputs.columns_from import ColumnName, column_name
from ntg_assets.configuration.inputs.events import IdType
from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.configuration.inputs.written_values import NumberOptions, TimeOptions
from ntg_assets.errors import SourceError
from ntg_assets.experiments.data.logs.log_rules import LogRules
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.files.file_names import find_paths
from ntg_assets.sources.optional_files import read_rows
from ntg_assets.sources.reading.refused_values import raise_if_unreadable
from ntg_assets.sources.reading.rules import Rule, number_parameters
from ntg_assets.sources.sources import Place
from ntg_assets.sources.values.columns import Column
from ntg_assets.sources.values.ids import as_listed_id, as_log_id_or_written
from ntg_assets.sources.values.numbers import as_number
from ntg_assets.sources.written_times import as_written, settle_times, written_time_rules
from ntg_assets.zones import UTC_ZONE

ANY_TIME = LogRules()
UNIT, TIMES, VALUE = "unit_id", frozenset({"exposed_at", "event_at", "assigned_on"}), "value"
ISO, PLAIN = TimeOptions(), NumberOptions()


class LogFiles:
    """Log files, each read once however many experiments lie in it.

    Where units are users of the interaction log, `id_type` says how that writes ids: units are then
    written alike. Days, written or counted, are those of `zone`; `rules` say which times can be
    true.
    """

    def __init__(
        self,
        home: Path,
        id_type: IdType = "string",
        *,
        zone: str = UTC_ZONE,
        rules: LogRules = ANY_TIME,
        place: Place | None = None,
    ) -> None:
        self.home = home
        self.id_type = id_type
        self.zone = zone
        self.rules = rules
        self.place = place or Place(home.resolve())
        self._known: dict[str, dict[str | None, pl.DataFrame]] = {}
        self._unreadable: dict[str, tuple[str, str]] = {}

    def count(self, files: Sequence[str]) -> int:
        """Count the files that patterns stand for."""
        paths = find_paths(files, home=self.place.home, roots=[Path("/")])
        return len(paths.paths)

    def read(
        self,
        log: FileSource,
        wanted: Mapping[str, ColumnName],
        *,
        what: str,
        experiment: str | None = None,
    ) -> pl.DataFrame:
        """Read the wanted columns; where one names the experiment (`named`),
        only the rows of this one; ids must not be empty, and times and values must be some.

        Args:
            log: Files and how they are written.
            wanted: Column of the files by the name it gets.
            what: The log in messages.
            experiment: Id whose rows are kept, where a column names the experiment.

        Returns:
            `unit_id` as text; times (`exposed_at`, `event_at`, `assigned_on`) as instants, naive
            UTC; `value` as it is written (null, NaN and infinity too); everything else as text.
        """
        parts = self._read_once(log, wanted, what=what)
        rows = parts.get(experiment, parts[None].clear()) if "named" in wanted else parts[None]
        if empty := rows.filter(pl.col(UNIT).fill_null("").str.strip_chars() == "").height:
            raise SourceError(
                f"{what}: {empty:,} of {rows.height:,} rows name no unit (column"
                f" {column_name(wanted[UNIT])!r}). Mend the log."
            )
        return _readable(rows, wanted, what=what)

    def _read_once(
        self, log: FileSource, wanted: Mapping[str, ColumnName], *, what: str
    ) -> dict[str | None, pl.DataFrame]:
        """Read files for all experiments that lie in them;
        what cannot be read is not tried again, and told of each.
        """
        key = repr((log, sorted(wanted.items(), key=lambda pair: pair[0])))
        if key in self._unreadable:
            first, reason = self._unreadable[key]
            raise SourceError(reason.replace(first, what))
        if key not in self._known:
            try:
                read = self._read(log, wanted, what=what)
            except SourceError as error:
                sentence = str(error) if str(error).startswith(what) else f"{what}: {error}"
                self._unreadable[key] = what, sentence
                raise SourceError(sentence) from None
            rows = read.with_columns(unit_id=as_log_id_or_written(pl.col(UNIT), self.id_type))
            self._known[key] = _by_experiment(rows)
        return self._known[key]

    def _read(
        self, log: FileSource, wanted: Mapping[str, ColumnName], *, what: str
    ) -> pl.DataFrame:
        """Read the rows of a log's files."""
        rules, parameters = self._rules(log, wanted)
        described = Described(what, log, wanted)
        read = read_rows(described, rules, place=self.place, parameters=parameters)
        if read is None:
            raise SourceError(
                f"{what}: no file matches {', '.join(map(repr, log.files))} in the project folder."
                " Correct `files` of its source."
            )
        rows = read.rows
        for name in TIMES.intersection(wanted):
            rows = settle_times(rows, name, zone=self.zone)
        words = [name for name in wanted if name not in {UNIT, VALUE, *TIMES}]
        return rows.with_columns(pl.col(words).str.strip_chars())  # blanks around say nothing

    def _rules(
        self, log: FileSource, wanted: Mapping[str, ColumnName]
    ) -> tuple[list[Rule], dict[str, object]]:
        """Say how each wanted column is read, with the values that this is bound to."""
        parameters: dict[str, object] = {}
        rules: list[Rule] = []
        for name, column in wanted.items():
            if name in TIMES:
                options = time_options(log)
                times, reading = written_time_rules(name, column, options, zone=self.zone)
                parameters |= reading.parameters
                rules += times
            elif name == VALUE:
                numbers = number_options(log)
                parameters |= number_parameters(numbers)
                rules += _value_rules(column, numbers)
            else:
                convert = as_listed_id if name == UNIT else as_written
                rules.append(Rule(name, column_name(column), convert, is_optional=True))
        return rules, parameters


def time_options(log: object) -> TimeOptions:
    """What the times of a log mean: by its settings, or ISO."""
    return log if isinstance(log, TimeOptions) else ISO


def number_options(log: object) -> NumberOptions:
    """What the numbers of a log mean: by its settings, or as programs write them."""
    return log if isinstance(log, NumberOptions) else PLAIN


def _value_rules(column: ColumnName, options: NumberOptions) -> tuple[Rule, Rule]:
    """Values as they are written, and the texts that are none."""
    name = column_name(column)

    def unreadable(column: Column) -> str:
        return f"case when ({as_number(column, options)}) is null then {as_written(column)} end"

    return (
        Rule(
            VALUE,
            name,
            lambda written: as_number(written, options),
            limits=tuple(f"${key} is not null" for key in number_parameters(options)),
            is_optional=True,
        ),
        Rule(f"{VALUE}_text", name, unreadable, is_optional=True),
    )


def _by_experiment(rows: pl.DataFrame) -> dict[str | None, pl.DataFrame]:
    """Divide rows by the experiment that they name; all of them stand under None."""
    parts: dict[str | None, pl.DataFrame] = {None: rows}
    if "named" in rows.columns:
        divided = rows.partition_by("named", as_dict=True)
        parts |= {str(name): part for (name,), part in divided.items()}
    return parts


def _readable(rows: pl.DataFrame, wanted: Mapping[str, ColumnName], *, what: str) -> pl.DataFrame:
    """Refuse rows whose time or value is none; a value that is missing stays missing, for the
    health checks to count.
    """
    for name in sorted(TIMES.intersection(wanted)):
        column = column_name(wanted[name])
        raise_if_unreadable(rows, rows[name].is_null(), name, what=what, column=column)
    if VALUE in wanted:
        is_written = rows[f"{VALUE}_text"].fill_null("").str.strip_chars() != ""
        broken = rows[VALUE].is_null() & is_written
        column = column_name(wanted[VALUE])
        raise_if_unreadable(rows, broken, VALUE, what=what, column=column, kind="number")
    return rows.drop("file_name", *(f"{name}_text" for name in wanted if f"{name}_text" in rows))
