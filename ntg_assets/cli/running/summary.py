"""The end of a run: what was decided, whom to contact, how far to trust it, where things are."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.history.currents import kept_aside, read_changes
from ntg_assets.publish.brief import facts
from ntg_assets.publish.exports import CONTACT_LISTS
from ntg_assets.publish.generations.handover import describe_aside
from ntg_assets.publish.generations.news import news
from ntg_assets.publish.generations.shelf import Kept, current_kept, find
from ntg_assets.publish.locations import BRIEF
from ntg_assets.publish.manifest import read_manifest
from ntg_assets.publish.reports import Header
from ntg_assets.sql import Query, Table
from ntg_assets.storage.connection import connect  # noqa: TID251  # of the published store
from ntg_assets.storage.run import run


def render_summary(
    settings: Settings, paths: Paths, *, before: Kept | None, console: Console
) -> None:
    """Print what a person can act on, read from what was just published.

    Args:
        settings: The configuration.
        paths: Of the project.
        before: Generation that was current before the run; None: nothing was.
        console: Where to print.
    """
    aside = kept_aside(read_changes(paths.history))
    made = find(paths, aside.generation) if aside else current_kept(paths)
    changed = news(paths, before, made) if made else []
    paths = paths.pinned()
    manifest = read_manifest(paths.manifest)
    header = Header(manifest.source, manifest.configuration, manifest.as_of, manifest.timezone)
    with connect(paths.published_store, engine=settings.engine, read_only=True) as connection:
        collected = facts(
            lambda schema, table: run(
                Query("select * from asked", {"asked": Table(schema, table)}), connection
            ),
            header=header,
            strategies=[strategy.name for strategy in settings.radar.strategies],
        )
    rows = [
        *([("aside", describe_aside(manifest, aside))] if aside else []),
        *told_rows(collected, header=header),
        *(("changed", sentence) for sentence in changed),
        *where_things_are(paths, generation=manifest.generation),
    ]
    console.print()
    for name, text in rows:
        console.print(f"[bold]{name:<9}[/] {escape(text)}", highlight=False, soft_wrap=True)


def where_things_are(paths: Paths, *, generation: str) -> list[tuple[str, str]]:
    """Name what to open, by its path from the project folder: a word and a sentence each.

    Args:
        paths: Of the project; what another workspace holds bears that folder in front.
        generation: Its name.
    """
    home, workspace = paths.home, paths.workspace
    is_inside = workspace.is_relative_to(home)
    folder = workspace.relative_to(home) if is_inside else workspace
    page, contacts, store, outputs = (
        (folder / path).as_posix()
        for path in (BRIEF, next(iter(CONTACT_LISTS)), "data/published/ntg.duckdb", "outputs")
    )
    graph = "`ntg ui`" if workspace == home else "`ntg ui` with this configuration"
    return [
        ("look", f"{page} (the page), {contacts} (the list), {graph} (the graph)"),
        ("query", f"{store} (DuckDB), {outputs}/ (Parquet, JSON); generation {generation}"),
    ]


def told_rows(collected: Mapping[str, Any], *, header: Header) -> list[tuple[str, str]]:
    """Say what was published, what is missing from it and how far to trust it: a word and a
    sentence each.

    Args:
        collected: Of `facts`.
        header: Source, configuration, cutoff.
    """
    return [
        *_what_is_there(collected, header=header),
        *_who_is_leaving(collected),
        *(("withheld", f"every contact list: {reason}") for reason in collected["withheld"]),
        *(("missing", sentence) for sentence in collected["broken"]),
        *(("shown", sentence) for sentence in collected["shown"]),
        *(
            ("caution", f"{rule['rule']}: {rule['evidence']}")
            for rule in collected["gate"]
            if rule["verdict"] == "warn"
        ),
        *(("caution", sentence) for sentence in collected["doubtful"]),
    ]


def _what_is_there(collected: Mapping[str, Any], *, header: Header) -> Iterator[tuple[str, str]]:
    loaded = collected["loaded"]
    yield (
        "data",
        (
            f"{header.source}: {loaded['accepted']:,} events, {loaded['quarantined']:,}"
            f" quarantined, known before {header.known_before}"
        ),
    )
    yield "question", f"{collected['question']} {collected['answer']}"
    for decision in collected["decisions"]:
        yield "decision", f"{decision['experiment']}: {decision['sentence']}"
    for sentence in collected["contracts"].sentences:
        yield "contracts", sentence


def _who_is_leaving(collected: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    unit = "index points, not money" if collected["unit"] == "index" else collected["unit"].upper()
    yield (
        "leaving",
        (
            f"{collected['n_at_risk']:,} of {collected['n_users']:,} {collected['whom']} can"
            f" still be lost; {collected['at_risk_total']:,.1f} at risk ({unit})"
        ),
    )
    if collected["capped"]:
        yield "worth", collected["capped"]
    if collected["quality"]:
        yield "trust", collected["quality"]
    for row in collected["strategies"][:1]:
        yield "contact", f"{row['n_users']:,} users by {row['strategy']}"
