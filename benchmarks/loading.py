"""What loading costs beyond rows: many small files, files whose columns differ, times as text.

    # writes results/loading.json
    python -m benchmarks.loading

Each figure is that of a child process that surveys a log and stores its events, without Dagster,
less the same for a log of one row: processor seconds of reading alone. The median of three.
"""

from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.harness import RESULTS, Goal, command_line, measure_call, report

SMALL_FILES, DIFFERING_FILES, ROWS_A_FILE = 3_000, 300, 20
TIMED_ROWS = 1_000_000
REPEATS = 3
SMALL_GOAL_S, DIFFERING_GOAL_S, FORMAT_GOAL = 10.0, 5.0, 1.5
FIRST = datetime(2024, 1, 1, 0, 0, 7)
GERMAN, US, NAMED = "%d.%m.%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%d %b %Y %H:%M:%S"


def run() -> None:
    """Measure, print, and write the result."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        _write(home / "one.csv", 1)
        for place in range(SMALL_FILES):
            _write(home / "small" / f"{place:05}.csv", ROWS_A_FILE, first=place * ROWS_A_FILE)
        for place in range(DIFFERING_FILES):
            # each file has further columns of its own, before, between and after those of the log
            extra = tuple(f"x{place * one}" for one in range(1, place % 7 + 2))
            _write(
                home / "differing" / f"{place:05}.csv",
                ROWS_A_FILE,
                first=place * ROWS_A_FILE,
                extra=extra,
            )
        cost = {"one_row": _cost(home, "one.csv")}
        cost["small_files"] = _cost(home, "small/*.csv") - cost["one_row"]
        cost["differing_files"] = _cost(home, "differing/*.csv") - cost["one_row"]
        for name, written in (("iso", None), ("german", GERMAN), ("us", US), ("named", NAMED)):
            _write(home / f"{name}.csv", TIMED_ROWS, written=written)
            cost[f"times_{name}"] = _cost(home, f"{name}.csv", written=written) - cost["one_row"]
    ratios = {
        name: round(cost[f"times_{name}"] / cost["times_iso"], 2)
        for name in ("german", "us", "named")
    }
    figures = {
        "n_small_files": SMALL_FILES,
        "n_differing_files": DIFFERING_FILES,
        "n_timed_rows": TIMED_ROWS,
        "cpu_s": {name: round(seconds, 3) for name, seconds in cost.items()},
        "ratio_to_iso": ratios,
    }
    goals = [
        Goal("3,000 small files, CPU s", round(cost["small_files"], 2), SMALL_GOAL_S, "at_most"),
        Goal(
            "300 files of differing columns, CPU s",
            round(cost["differing_files"], 2),
            DIFFERING_GOAL_S,
            "at_most",
        ),
        *(
            Goal(f"times as text ({name}) over ISO", ratio, FORMAT_GOAL, "at_most")
            for name, ratio in ratios.items()
        ),
    ]
    report("loading", figures=figures, goals=goals, folder=RESULTS)


def load(*, home: str, files: str, written: str | None) -> int:
    """Survey a log and store its events in memory; return how many there are."""
    from ntg_assets.configuration.inputs.events import IngestSettings
    from ntg_assets.events.load import survey
    from ntg_assets.sources.sources import Place, source_reader
    from ntg_assets.sql import Query
    from ntg_assets.storage.run import run as run_query

    events = {"files": [files], "value": "value"}
    if written is not None:
        events["timestamp_format"] = written
    place = Place(Path(home))
    surveyed = survey(IngestSettings.model_validate({"events": events}), place=place)
    with source_reader(place) as connection:
        text = "select count(*) as n_events, max(event_at) as last_at, max(user_id) from events"
        counted = run_query(Query(text, {"events": surveyed.events}), connection)
    return int(counted["n_events"][0])


def _cost(home: Path, files: str, *, written: str | None = None) -> float:
    costs = [
        measure_call("benchmarks.loading:load", home=str(home), files=files, written=written)[0]
        for _ in range(REPEATS)
    ]
    return median(cost.cpu_s for cost in costs)


def _write(
    path: Path,
    n_rows: int,
    *,
    first: int = 0,
    extra: tuple[str, ...] = (),
    written: str | None = None,
) -> None:
    """Write a log.

    Args:
        path: File, whose folder is made.
        n_rows: Rows.
        first: Number of the first event, from which user, item and time follow.
        extra: Names of columns that no setting maps.
        written: Format of the times; none: ISO.
    """
    path.parent.mkdir(exist_ok=True)
    lines = [",".join((*extra[:1], "user_id", "item_id", *extra[1:], "event_at", "value"))]
    for number in range(first, first + n_rows):
        at = FIRST + timedelta(seconds=61 * number)
        shown = at.isoformat() if written is None else at.strftime(written)
        ids = (f"u{number % 997}", f"i{number % 331}")
        lines.append(
            ",".join((*("x" for _ in extra[:1]), *ids, *("x" for _ in extra[1:]), shown, "3.5"))
        )
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    command_line(run)
