"""Walk back from a published decision to the files it came from."""

from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console

from ntg_assets.cli.experiments.published_evidence import open_published
from ntg_assets.cli.json_answers import print_json
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.experiments.decision.trace import Trace, TracedLog, trace
from ntg_assets.history.forgets import read_forgets, told_by_a_forget
from ntg_assets.publish.manifest import read_manifest


def render_trace(
    experiment: str, *, settings: Settings, paths: Paths, console: Console, as_json: bool = False
) -> None:
    """Print the way from a decision back to the source files."""
    paths = paths.pinned()
    with open_published(settings, paths) as store:
        way = trace(store, experiment, home=paths.home, published=_written(paths))
    way = replace(way, logs=tuple(replace(log, change=what_became(log, paths)) for log in way.logs))
    forgets = read_forgets(paths.data)
    if as_json:
        forgot = [{"at": forgotten.at, "n_users": len(forgotten.hashes)} for forgotten in forgets]
        print_json({**asdict(way), "changed_by_forgets": forgot})
        return
    _print_way(way, console)
    for forget in forgets:
        _say(
            f"  the log was changed by a forget on {forget.at.date().isoformat()}:"
            f" {len(forget.hashes)} user(s) are left out of what is read and published",
            console,
        )


def _print_way(way: Trace, console: Console) -> None:
    """The decision, the tables behind it, the logs that they were read from, and the files."""
    _say(
        f"{way.experiment}: {way.decision} (readout {way.readout_key}, inputs"
        f" {way.inputs_sha256[:12]})",
        console,
    )
    for step in way.steps:
        rows = f"{step.table:<28} {step.n_rows:>12,} rows"
        _say(f"  {rows}  {step.content_hash:<28} {step.meaning}", console)
    for log in way.logs:
        change = f"  {log.change}" if log.change else ""
        _say(f"  {log.file_name}  sha256 {log.sha256}{change}", console)
    for name, digest in way.files:
        _say(f"  {name}  sha256 {digest}", console)


def _say(line: str, console: Console) -> None:
    console.print(line, highlight=False, soft_wrap=True)


def what_became(log: TracedLog, paths: Paths) -> str:
    """Say what became of a log file: whether we changed it ourselves, when somebody was
    forgotten.
    """
    if not log.change:
        return ""
    return told_by_a_forget(paths.data, paths.home / log.file_name) or log.change


def _written(paths: Paths) -> dict[Path, str]:
    """SHA-256 of what this publication wrote; nothing where no manifest says."""
    if not paths.manifest.is_file():
        return {}
    return {
        (paths.published / file.path).resolve(): file.sha256
        for file in read_manifest(paths.manifest).files
    }
