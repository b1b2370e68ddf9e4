"""What `make run` costs: the whole graph on the bundled MovieLens sample, the same again when
nothing has changed (after a run in which what compares with the publication before settles), and
the graph on four months of the Complete Journey purchases.

python -m benchmarks.run
python -m benchmarks.run --only movielens
"""

import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from benchmarks.complete_journey import CONFIG as JOURNEY
from benchmarks.complete_journey import write_complete_journey
from benchmarks.harness import Cost, Goal, command_line, measure, report

NTG = str(Path(sys.executable).with_name("ntg"))
SLICE = (date(2017, 1, 1), date(2017, 5, 1))
# "well under a minute", on two idle cores; processor seconds tell the same on busy ones
MOST_SECONDS, MOST_SECONDS_UNCHANGED = 60.0, 6.0


def movielens(workspace: Path) -> Cost:
    """Run everything on the bundled sample."""
    return measure(
        [NTG, "run-all", "--config", "configs/dev.yaml"],
        environment={"NTG_WORKSPACE": str(workspace)},
    )


def journey_slice(workspace: Path) -> tuple[dict[str, int], Cost]:
    """Run everything on four months of purchases."""
    sizes = write_complete_journey(workspace / "source", start=SLICE[0], until=SLICE[1])
    environment = {
        "NTG_WORKSPACE": str(workspace),
        "NTG_INGEST__EVENTS__FILES": f"['{workspace}/source/purchases.parquet']",
        "NTG_INGEST__ITEMS__FILES": f"['{workspace}/source/products.parquet']",
        "NTG_INGEST__SOURCE_FOLDERS": f"['{workspace}/source']",
    }
    return sizes, measure([NTG, "run-all", "--config", JOURNEY], environment=environment)


def run(only: Literal["movielens", "journey", "both"] = "both") -> None:
    """Measure the runs and state them."""
    figures: dict[str, object] = {}
    goals = []
    with TemporaryDirectory() as folder:
        if only != "journey":
            cost, _, again = (movielens(Path(folder) / "movielens") for _ in range(3))
            figures["movielens"] = vars(cost)
            figures["movielens_nothing_changed"] = vars(again)
            told = "MovieLens, nothing changed, wall seconds"
            goals = [
                Goal("MovieLens, wall seconds", cost.wall_s, MOST_SECONDS, "at_most"),
                Goal(told, again.wall_s, MOST_SECONDS_UNCHANGED, "at_most"),
            ]
        if only != "movielens":
            sizes, cost = journey_slice(Path(folder) / "journey")
            figures["complete_journey_slice"] = {**sizes, **vars(cost)}
    report("run", figures=figures, goals=goals)


if __name__ == "__main__":
    command_line(run)
