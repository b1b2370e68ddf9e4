"""One broken experiment concerns itself alone: what goes wrong with it leaves it out of a table,
and is told in `experiment_problems`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.errors import describe_error

MakeRows = Callable[[ExperimentSettings], pl.DataFrame]
SOURCES = "sources"
PROBLEMS = {"experiment": pl.String, "step": pl.String, "reason": pl.String}


class Step(NamedTuple):
    """One table of results: how the rows of an experiment are made,
    and the table as it was stored.
    """

    make: MakeRows
    stored: pl.DataFrame


def source_of(experiment: str) -> str:
    """Name an experiment's logs as `optional_sources` does."""
    return f"experiments.{experiment}"


def usable(programme: ExperimentsSettings, optional_sources: pl.DataFrame) -> ExperimentsSettings:
    """Leave out the experiments whose logs could not be read."""
    refused = set(optional_sources.filter(~pl.col("is_usable"))["source"])
    return programme.model_copy(
        update={
            "definitions": [
                experiment
                for experiment in programme.in_runs
                if source_of(experiment.id) not in refused
            ]
        }
    )


def rows_of_each(
    definitions: Sequence[ExperimentSettings], make: MakeRows, *, none: pl.DataFrame
) -> pl.DataFrame:
    """Make the rows of every experiment; one that cannot be made has none,
    whatever the reason (see `find_problems`).

    Args:
        definitions: The experiments.
        make: Makes the rows of one.
        none: The table without rows.
    """
    parts = [none]
    for experiment in definitions:
        try:
            parts.append(make(experiment))
        except Exception:  # noqa: BLE001, S112  # `find_problems` tells it: the others must not wait for this one
            continue
    return pl.concat(parts)


def find_problems(
    programme: ExperimentsSettings, optional_sources: pl.DataFrame, steps: Mapping[str, Step]
) -> pl.DataFrame:
    """Say why experiments are missing from tables: their logs could not be read,
    or making their rows raised an error.

    Only what has no rows in a stored table is made once more, for the sake of the error.

    Args:
        programme: All experiments, broken ones too.
        optional_sources: Which logs could be read.
        steps: Tables of results by name, in the order in which they are made.

    Returns:
        `experiment_problems`, one row per (experiment, step), by experiment in the order of the
        configuration.
    """
    unusable = optional_sources.filter(~pl.col("is_usable"))
    refused = dict(unusable.select("source", "sentence").iter_rows())
    stored = {name: set(step.stored["experiment"]) for name, step in steps.items()}
    rows: list[tuple[str, str, str]] = []
    for experiment in programme.in_runs:
        if (reason := refused.get(source_of(experiment.id))) is not None:
            rows.append((experiment.id, SOURCES, reason))
            continue
        rows += [
            (experiment.id, name, reason)
            for name, step in steps.items()
            if experiment.id not in stored[name]
            if (reason := _reason(experiment, step.make))
        ]
    return pl.DataFrame(rows, schema=PROBLEMS, orient="row")


def _reason(experiment: ExperimentSettings, make: MakeRows) -> str | None:
    try:
        make(experiment)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is this experiment's reason
        return describe_error(error)
    return None
