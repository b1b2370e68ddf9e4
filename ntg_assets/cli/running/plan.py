"""What the next run would make, and why, for people and for programs."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.markup import escape

from ntg_assets.cli.json_answers import print_json
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.orchestration.remembering.changes import Change
from ntg_assets.orchestration.remembering.kept_steps import known_steps
from ntg_assets.orchestration.remembering.plan import Plan, plan_of

SHOWN = 6  # names in one line; the rest is counted
WORDS = {
    "new": "not made yet",
    "asked": "checks are asked again",
    "always": "made in every run",
    "code": "code has changed",
    "library": "libraries or this machine have changed",
    "setting": "settings have changed",
    "file": "files have changed",
    "clock": "the clock",
    "table": "tables are others than when it was made",
    "damaged": "tables are gone, or not as they were left",
}
NOUNS = {
    "new": "tables that are not there yet",
    "code": "code",
    "library": "libraries or the machine",
    "setting": "settings",
    "file": "files",
    "clock": "the clock",
    "table": "tables",
    "damaged": "tables that are gone or damaged",
}


def work_plan(settings: Settings, paths: Paths) -> Plan:
    """Find out what the next run would make."""
    return plan_of(settings, paths, known_steps(paths.steps))


def render_plan(plan: Plan, *, console: Console, as_json: bool) -> None:
    """Print a plan: steps with one reason together, the reasons that move most steps first."""
    if as_json:
        print_json(as_tree(plan))
        return
    console.print(in_short(plan), highlight=False, soft_wrap=True)
    for reason, steps in grouped(plan):
        console.print(f"[bold]{escape(reason)}[/]", highlight=False, soft_wrap=True)
        _render_steps(steps, console)
    for what, steps in (
        ("made if a table that they read comes out differently", [*plan.looked_at]),
        ("told again, since a check had something to say", plan.told_again),
        ("left as they are", plan.left),
    ):
        if steps:
            console.print(f"[bold]{what}[/]", highlight=False)
            _render_steps(steps, console)


def in_short(plan: Plan) -> str:
    """Say in one sentence what a run would do."""
    kinds = {change.kind for changes in plan.made.values() for change in changes}
    changed = [name for kind, name in NOUNS.items() if kind in kinds]
    cause = f"what changed: {', '.join(changed)}" if changed else "nothing has changed"
    n_steps = len(plan.made) + len(plan.looked_at) + len(plan.told_again) + len(plan.left)
    return (
        f"{cause}. Of {n_steps} steps {len(plan.made)} are made, {len(plan.looked_at)} if what they"
        f" read comes out differently, {len(plan.left)} are left as they are."
    )


def _render_steps(steps: Sequence[str], console: Console) -> None:
    plural = "" if len(steps) == 1 else "s"
    line = f"  {len(steps)} step{plural}: {_some(steps)}"
    console.print(line, highlight=False, soft_wrap=True)


def grouped(plan: Plan) -> list[tuple[str, list[str]]]:
    """Put steps together that are made for the same reason."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for step, changes in plan.made.items():
        groups["; ".join(_reasons(changes))].append(step)
    return sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))


def as_tree(plan: Plan) -> Mapping[str, object]:
    """Write a plan for programs: steps with their tables and reasons."""
    return {
        "made": [
            {
                "step": step,
                "tables": [f"{table.schema}.{table.name}" for table in plan.works[step].tables],
                "because": [change._asdict() for change in changes],
            }
            for step, changes in plan.made.items()
        ],
        "looked_at": [{"step": step, "tables": tables} for step, tables in plan.looked_at.items()],
        "told_again": plan.told_again,
        "left": plan.left,
    }


def _reasons(changes: Sequence[Change]) -> Iterator[str]:
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for change in changes:
        kinds[change.kind].append(change.what)
    for kind, names in kinds.items():
        yield f"{WORDS[kind]}: {_some(names)}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
