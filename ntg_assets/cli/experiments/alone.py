"""Decide experiments by themselves, and write what they led to."""

import json
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from ntg_assets.cli.json_answers import print_json
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.configuration.experiments.table_source import TableSource
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.errors import ConfigurationError
from ntg_assets.experiments.alone import (
    Concluded,
    conclude_logs,
    conclude_table,
)
from ntg_assets.history.forgets import read_forgotten
from ntg_assets.sources.sources import Place

MOST_TOLD = 20
FOLDER = "experiments"


def decide_alone(
    experiment: str | None,
    *,
    units: Path | None,
    aggregates: Path | None,
    settings: Settings,
    paths: Paths,
) -> Concluded:
    """Decide what was asked for.

    Args:
        experiment: Id in the configuration; none: all of them, from their own logs.
        units: Table with a row per unit of that experiment.
        aggregates: Table with a row per arm and metric instead.
        settings: The effective configuration, which defines the experiments.
        paths: Against which the files of logs are found.

    Raises:
        ConfigurationError: a table is given without an experiment, two tables are given, or the
            experiment is not configured.
        SourceError: the table cannot be read, or is none of this experiment.
    """
    if units and aggregates:
        raise ConfigurationError("give --units or --aggregates, not both.")
    forgotten = read_forgotten(paths.data, id_type=settings.ingest.events.user_id_type)
    place = Place(paths.home.resolve(), engine=settings.engine, forgotten=forgotten)
    if experiment is None:
        if units or aggregates:
            raise ConfigurationError("name the experiment of the table: `ntg experiments ID ...`.")
        now = datetime.now(tz=UTC).replace(tzinfo=None)
        return conclude_logs(settings, place=place, now=now)
    definition = _configured(experiment, settings)
    if units or aggregates or isinstance(definition.source, TableSource):
        return conclude_table(definition, settings, units=units, aggregates=aggregates, place=place)
    alone = settings.experiments.model_copy(update={"definitions": [definition]})
    now = datetime.now(tz=UTC).replace(tzinfo=None)
    return conclude_logs(settings.model_copy(update={"experiments": alone}), place=place, now=now)


def write_concluded(concluded: Concluded, folder: Path) -> list[Path]:
    """Write every table as Parquet, the decisions as JSON, and a receipt for each."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, rows in concluded.tables.items():
        written.append(folder / f"{name}.parquet")
        rows.write_parquet(written[-1])
    if (decisions := concluded.tables.get("decisions")) is None:
        return written
    made = decisions.drop("receipt").to_dicts()
    written.append(folder / "decisions.json")
    summary = {"decisions": made, "left_out": concluded.left_out}
    written[-1].write_text(json.dumps(summary, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    receipts = folder / "receipts"
    receipts.mkdir(exist_ok=True)
    for name, receipt in decisions.select("experiment", "receipt").iter_rows():
        written.append(receipts / f"{name}.json")
        written[-1].write_text(receipt + "\n", encoding="utf-8")
    return written


def render_concluded(
    concluded: Concluded, *, folder: Path, as_json: bool, console: Console
) -> None:
    """Print each decision in its sentence, and what was left out."""
    decisions = concluded.tables.get("decisions")
    made = [] if decisions is None else decisions.drop("receipt").to_dicts()
    if as_json:
        summary = {"decisions": made, "left_out": concluded.left_out}
        print_json(summary)
        return
    for row in made[:MOST_TOLD]:
        sentence = f"{row['experiment']}: {row['sentence']}"
        console.print(escape(sentence), highlight=False, soft_wrap=True)
    if len(made) > MOST_TOLD:
        console.print(f"and {len(made) - MOST_TOLD:,} more", highlight=False)
    for name, reason in list(concluded.left_out.items())[:MOST_TOLD]:
        told_out = f"{name}: left out, {reason}"
        console.print(escape(told_out), highlight=False, soft_wrap=True)
    if made:
        decided = f"{len(made):,} decisions" if len(made) > 1 else "one decision"
        where = f"{decided} with tables and receipts in {folder}"
        console.print(escape(where), highlight=False, soft_wrap=True)


def _configured(experiment: str, settings: Settings) -> ExperimentSettings:
    by_id = {definition.id: definition for definition in settings.experiments.definitions}
    if experiment not in by_id:
        names = ", ".join(by_id) or "none"
        raise ConfigurationError(
            f"no experiment {experiment!r} is configured; configured are: {names}."
        )
    return by_id[experiment]
