"""The large synthetic world that benchmarks of speed share: 25 million events,
written once and kept.
"""

import json
import sys
from pathlib import Path

from benchmarks.harness import Cost, console, measure

WORLD = "data/synthetic_scale"
EVENTS, USERS, ITEMS = 25_000_000, 162_000, 59_000
COST_FILE = "cost.json"


def written_world(
    folder: Path, *, n_events: int = EVENTS, n_users: int = USERS, n_items: int = ITEMS
) -> Cost:
    """Write the world unless one of this size is there; return what writing it took."""
    size = {"n_events": n_events, "n_users": n_users, "n_items": n_items}
    planted, cost_file = folder / "truth" / "parameters.json", folder / COST_FILE
    if planted.is_file() and cost_file.is_file():
        spec = json.loads(planted.read_text())["spec"]
        if all(spec[name] == value for name, value in size.items()):
            return Cost(**json.loads(cost_file.read_text()))
    console.print(f"writing a world of {n_events:,} events ...")
    options = [
        part
        for name, value in size.items()
        for part in (f"--{name.removeprefix('n_')}", str(value))
    ]
    cost = measure([ntg_command(), "synth", "--out", str(folder), *options])
    cost_file.write_text(json.dumps(vars(cost)) + "\n")
    return cost


def ntg_command() -> str:
    """Return the command line of this environment."""
    return str(Path(sys.executable).with_name("ntg"))
