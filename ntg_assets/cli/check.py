"""`ntg check`: every source and what the configuration asks of it, judged before any run, without
starting Dagster.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import typer
from rich.markup import escape

from ntg_assets.cli.json_answers import print_json
from ntg_assets.cli.lines import say_marked
from ntg_assets.cli.options import ConfigOption, JsonOption, out, prepare
from ntg_assets.errors import NtgError

if TYPE_CHECKING:  # loaded by the commands that need it: help comes at once
    from ntg_assets.configuration.paths import Paths
    from ntg_assets.configuration.settings import Settings
    from ntg_assets.events.examination import LogIds
    from ntg_assets.optional_sources.reading import OptionalTables

GOOD, WARNING, BAD = "[green]✓[/]", "[yellow]![/]", "[red]✗[/]"
WORDS = {GOOD: "good", WARNING: "warning", BAD: "bad"}  # of a mark, for programs
REMARKS = {"warning": WARNING, "bad": BAD}
FAILED = 1


class Verdict(NamedTuple):
    """What there is to say of one thing."""

    mark: str
    what: str
    sentence: str


def check(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Judge every source, list, experiment and the workspace without running anything."""
    settings, paths = prepare(config)
    verdicts = []
    for verdict in _verdicts(settings, paths):
        verdicts.append(verdict)
        if as_json:
            continue
        what, sentence = escape(verdict.what), escape(verdict.sentence)
        say_marked(out, f"{verdict.mark} [bold]{what}[/]  {sentence}")
    if as_json:
        print_json([entry._replace(mark=WORDS[entry.mark]) for entry in verdicts])
    n_bad = sum(verdict.mark == BAD for verdict in verdicts)
    if n_bad:
        raise typer.Exit(FAILED)


def _verdicts(settings: "Settings", paths: "Paths") -> Iterator[Verdict]:
    yield Verdict(GOOD, "configuration", f"valid; days are those of {settings.ingest.zone}")
    yield _workspace(paths)
    from ntg_assets.events.examination import LogIds  # noqa: PLC0415  # --help stays quick

    log_ids = LogIds()
    yield from _sources(settings, paths, log_ids)
    yield from _prices(settings)
    yield from _optional(settings, paths, log_ids)


def _workspace(paths: "Paths") -> Verdict:
    """Whether results can be written."""
    nearest = next(
        folder for folder in (paths.workspace, *paths.workspace.parents) if folder.exists()
    )
    if not os.access(nearest, os.W_OK):
        return Verdict(
            BAD, "workspace", f"{nearest} is not writable. Give another folder with `workspace`."
        )
    return Verdict(GOOD, "workspace", f"{paths.workspace} can be written")


def _sources(settings: "Settings", paths: "Paths", log_ids: "LogIds") -> Iterator[Verdict]:
    """The log and the item table: all reasons of all columns, with counts and examples."""
    from ntg_assets.events.examination import examine_sources  # noqa: PLC0415  # --help stays quick

    for finding in examine_sources(
        settings.ingest,
        paths=paths,
        engine=settings.engine,
        horizon_days=settings.churn.horizon_days,
        log_ids=log_ids,
    ):
        yield Verdict(
            {"good": GOOD, "warning": WARNING, "bad": BAD}[finding.kind],
            finding.what,
            finding.sentence,
        )


def _prices(settings: "Settings") -> Iterator[Verdict]:
    value = settings.value
    if value.unit == "index":
        yield Verdict(WARNING, "value", "unit is index: risk and value have no currency")
    else:
        sentence = (
            f"{value.price_per_active_day:g} {value.unit} per active day"
            if value.basis == "active_days"
            else f"{value.unit}, as the events' values say"
        )
        yield Verdict(GOOD, "value", sentence)


def _optional(settings: "Settings", paths: "Paths", log_ids: "LogIds") -> Iterator[Verdict]:
    """Lists, trials, experiment logs, shown logs: each by itself, and beside the log."""
    from ntg_assets.contracts import IdTypes  # noqa: PLC0415  # as above
    from ntg_assets.events.examination import place_of_files  # noqa: PLC0415
    from ntg_assets.optional_sources.reading import read_optional_sources  # noqa: PLC0415

    ingest = settings.ingest
    try:
        tables = read_optional_sources(
            settings,
            place=place_of_files(ingest, paths=paths, engine=settings.engine),
            ids=IdTypes(ingest.events.user_id_type, ingest.events.item_id_type),
            published_store=paths.published_store,
            now=datetime.now(UTC).replace(tzinfo=None),
        )
    except NtgError as error:
        yield Verdict(BAD, "lists", str(error))
        return
    for row in tables.optional_sources.iter_rows(named=True):
        mark, so = (GOOD, "") if row["is_usable"] else (BAD, f" So {row['consequence']}.")
        yield Verdict(mark, row["source"], f"{row['sentence']}{so}")
    yield from _beside_log(tables, settings, log_ids)
    for experiment in settings.experiments.definitions:
        if experiment not in settings.experiments.in_runs:
            how = f"`ntg experiments {experiment.id}` decides it, and no run does"
            yield Verdict(GOOD, f"experiment {experiment.id}", f"rests on a table: {how}")


def _beside_log(
    tables: "OptionalTables", settings: "Settings", log_ids: "LogIds"
) -> Iterator[Verdict]:
    """How lists and logs meet the users and items of the log, where that could be read."""
    from ntg_assets.optional_sources.beside_log import beside_log  # noqa: PLC0415  # as above

    users, items = log_ids.users, log_ids.items
    if users is None or items is None:
        return
    for remark in beside_log(tables, settings, users=users, items=items):
        yield Verdict(REMARKS[remark.kind], remark.source, remark.sentence)
