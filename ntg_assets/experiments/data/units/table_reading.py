"""Read the table of an experiment, of units or of counts, through the one reader: any format that a
log may have, columns by the names that the configuration gives them, no value lost in silence.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.configuration.experiments.table_source import TableSource
from ntg_assets.configuration.inputs.columns_from import ColumnName, column_name
from ntg_assets.errors import ConfigurationError, SourceError
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.optional_files import FileRows, columns_of_files, read_rows
from ntg_assets.sources.reading.refused_values import raise_if_unreadable
from ntg_assets.sources.reading.rules import Rule, number_parameters
from ntg_assets.sources.sources import Place
from ntg_assets.sources.values.columns import Column
from ntg_assets.sources.values.ids import as_listed_id
from ntg_assets.sources.values.numbers import as_number
from ntg_assets.sources.written_times import as_written

ENDS = ("", "_denominator", "_before", "_denominator_before")


class TableColumns(NamedTuple):
    """Columns of a table: what is asked of it, by the names that NTG has for them.

    Attributes:
        texts: Ids, names and days, which stay as they are written.
        numbers: Values.
        needed: Which of them must be there.
    """

    texts: Mapping[str, ColumnName]
    numbers: Mapping[str, ColumnName]
    needed: frozenset[str]

    @property
    def named(self) -> dict[str, ColumnName]:
        """All of them."""
        return {**self.texts, **self.numbers}

    def among(self, existing: Sequence[str]) -> "TableColumns":
        """Leave out what need not be there and is not."""

        def there(columns: Mapping[str, ColumnName]) -> dict[str, ColumnName]:
            return {
                name: column
                for name, column in columns.items()
                if name in self.needed or column_name(column) in existing
            }

        return self._replace(texts=there(self.texts), numbers=there(self.numbers))


def read_units(experiment: ExperimentSettings, file: Path | None, *, place: Place) -> pl.DataFrame:
    """Read a table of units: `unit_id`, `arm`, a `segment` where there is one, what the design
    names (text), and the columns of the metrics (float, null where empty).

    Args:
        experiment: Whose source says how the table is written and what its columns are called.
        file: The table; None: the files of the source.
        place: Where names start, and how much the reader may use.

    Raises:
        SourceError: a file or a needed column is missing, or a value is no number.
        ConfigurationError: no table is named.
    """
    source = _source_of(experiment)
    return _read(experiment, source, _columns_of_units(experiment, source), file, place=place)


def read_aggregates(
    experiment: ExperimentSettings, file: Path | None, *, place: Place
) -> pl.DataFrame:
    """Read counts, means and variances: `arm`, `metric`, `n`, `mean`, `variance`, and `segment`,
    `day` and what the design names where they are there. As `read_units` otherwise.
    """
    source = _source_of(experiment)
    columns = _columns_of_aggregates(experiment, source)
    rows = _read(experiment, source, columns, file, place=place)
    if "day" in rows.columns:
        rows = rows.with_columns(_days(rows["day"]))
    is_whole = (rows["n"].drop_nulls() % 1 == 0).all()
    return rows.with_columns(pl.col("n").cast(pl.Int64)) if is_whole else rows


def _source_of(experiment: ExperimentSettings) -> TableSource:
    if isinstance(experiment.source, TableSource):
        return experiment.source
    return TableSource(kind="table")


def _columns_of_units(experiment: ExperimentSettings, source: TableSource) -> TableColumns:
    covariates = {name for metric in experiment.measured for name in metric.covariates}
    design = [name for name in experiment.design_columns if name not in covariates]
    metrics = [f"{metric.name}{end}" for metric in experiment.measured for end in ENDS]
    values = [name for name in (*metrics, *sorted(covariates)) if name not in design]
    needed = ["unit_id", "arm", *experiment.design_columns]
    needed += [name for metric in experiment.measured for name in _needed_of(metric)]
    if source.segment:
        needed.append("segment")
    texts = {
        "unit_id": source.unit_id,
        "arm": source.arm,
        "segment": source.segment or "segment",
        **{name: name for name in design},
    }
    numbers = {name: source.values.get(name, name) for name in values}
    return TableColumns(texts, numbers, frozenset(needed))


def _needed_of(metric: MetricSettings) -> Iterator[str]:
    yield metric.name
    if metric.how.needs_denominator:
        yield f"{metric.name}_denominator"


def _columns_of_aggregates(experiment: ExperimentSettings, source: TableSource) -> TableColumns:
    texts = {
        "arm": source.arm,
        "metric": source.values.get("metric", "metric"),
        "segment": source.segment or "segment",
        "day": source.values.get("day", "day"),
        **{name: name for name in experiment.design_columns},
    }
    numbers = {name: source.values.get(name, name) for name in ("n", "mean", "variance")}
    return TableColumns(texts, numbers, frozenset({"arm", "metric", *numbers}))


def _read(
    experiment: ExperimentSettings,
    source: TableSource,
    columns: TableColumns,
    file: Path | None,
    *,
    place: Place,
) -> pl.DataFrame:
    files = source.files if file is None else [str(file.resolve())]
    if not files:
        raise ConfigurationError(
            f"experiment {experiment.id} rests on a table: hand it over (`ntg experiments"
            f" {experiment.id} --units FILE`, or `--aggregates FILE`), or name it in source.files."
        )
    renamed = [*columns.numbers, *(name for name in ("metric", "day") if name in columns.texts)]
    if unknown := sorted(set(source.values) - set(renamed)):
        raise ConfigurationError(
            f"experiment {experiment.id}: source.values names {unknown[0]!r}, which is none of its"
            f" columns; those are {', '.join(renamed)}."
        )
    key = f"experiments.definitions.{experiment.id}.source"
    named = source.model_copy(update={"files": files})
    header = columns_of_files(Described(key, named, {}), place=place)
    present = columns.among(header)
    read = read_rows(
        Described(key, named, _keyed(present)),
        _rules(present, source),
        place=place,
        parameters=number_parameters(source),
    )
    what = Path(files[0]).name
    if read is None or read.rows.is_empty():
        raise SourceError(f"{what} has no rows.")
    return _believed(read, present, what=what)


def _keyed(columns: TableColumns) -> dict[str, ColumnName]:
    """Name columns by the settings that say what they are called."""
    own = {"unit_id", "arm", "segment"}
    return {
        name if name in own else f"values.{name}": column for name, column in columns.named.items()
    }


def _rules(columns: TableColumns, source: TableSource) -> list[Rule]:
    rules = [
        Rule(
            name,
            column_name(column),
            as_listed_id if name == "unit_id" else as_written,
            is_optional=True,
        )
        for name, column in columns.texts.items()
    ]
    for name, column in columns.numbers.items():
        rules += _number_rules(name, column, source)
    return rules


def _number_rules(name: str, column: ColumnName, source: TableSource) -> tuple[Rule, Rule]:
    """A number, and the text where it is none."""

    def number(written: Column) -> str:
        return as_number(written, source)

    def unreadable(written: Column) -> str:
        return f"case when ({number(written)}) is null then {as_written(written)} end"

    bound = tuple(f"${key} is not null" for key in number_parameters(source))
    return (
        Rule(name, column_name(column), number, limits=bound, is_optional=True),
        Rule(f"{name}_text", column_name(column), unreadable, is_optional=True),
    )


def _believed(read: FileRows, columns: TableColumns, *, what: str) -> pl.DataFrame:
    """Refuse texts for numbers; what is empty stays empty, for the health checks to count."""
    rows = read.rows
    for name, column in columns.numbers.items():
        is_text = rows[f"{name}_text"].fill_null("").str.strip_chars() != ""
        raise_if_unreadable(
            rows, is_text, name, what=what, column=column_name(column), kind="number"
        )
    filled = [
        pl.when(pl.col(name).str.strip_chars() != "").then(pl.col(name)).alias(name)
        for name in columns.texts
    ]
    return rows.with_columns(filled).select(*columns.named)


def _days(days: pl.Series) -> pl.Series:
    """Days of aggregates, where they are ISO days; else texts, which only tell rows apart."""
    parsed = days.str.to_date("%Y-%m-%d", strict=False)
    return parsed if parsed.null_count() == days.null_count() else days
