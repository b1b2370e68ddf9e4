"""How long a run still takes, by how long its steps took in the last runs."""

import json
from collections.abc import Mapping
from pathlib import Path

FEWEST_SECONDS = 5.0  # of usual work done, before this run's own pace says anything
MINUTE = 60
LONG_MINUTES = 10  # from which on nobody asks for seconds


class TimeLeft:
    """What is left of a run: the usual seconds of the steps that are not done, at this run's pace.

    Args:
        usual: Seconds that each step of this run took last time; steps that are new are not in it.
        n_new: Steps of this run of which nothing is known.
    """

    def __init__(self, usual: Mapping[str, float], *, n_new: int = 0) -> None:
        self._left = dict(usual)
        self._n_new = n_new
        self._usual_done = self._seconds_done = 0.0

    def step_done(self, step: str, seconds: float) -> None:
        """Take a step that has ended off what is left; its own seconds say how fast this run is."""
        if step not in self._left:
            self._n_new -= 1
            return
        self._usual_done += self._left.pop(step)
        self._seconds_done += seconds

    @property
    def seconds(self) -> float | None:
        """Seconds that are left; None where no earlier run says anything of what is left."""
        if not self._left:
            return None
        is_known = self._usual_done >= FEWEST_SECONDS
        pace = self._seconds_done / self._usual_done if is_known else 1.0
        return pace * sum(self._left.values())

    def __str__(self) -> str:
        """Say it for a person; nothing where nothing is known."""
        seconds = self.seconds
        if seconds is None:
            return ""
        rest = f" and {self._n_new} new steps" if self._n_new > 0 else ""
        return f"about {_rounded(seconds)}{rest} left, by the last run"


def step_seconds(log: Path) -> dict[str, float]:
    """Read how long the steps of a run took out of its log; those that left their tables as they
    were took no time to speak of, which says nothing of what they take when they are made.

    Args:
        log: JSON lines of a run; one that is gone says nothing.
    """
    seconds: dict[str, float] = {}
    left: set[str] = set()
    for line in log.read_text("utf-8").splitlines() if log.is_file() else ():
        entry = json.loads(line)
        if "reused_from_run" in entry:
            left.add(entry["step"])
        if entry.get("event") == "STEP_SUCCESS":
            seconds[entry["step"]] = entry["seconds"]
    return {step: took for step, took in seconds.items() if step not in left}


def _rounded(seconds: float) -> str:
    if seconds < MINUTE:
        return f"{max(1, round(seconds))} s"
    minutes, rest = divmod(round(seconds / 5) * 5, MINUTE)
    if minutes < LONG_MINUTES:
        return f"{minutes} min {rest:02d} s"
    return f"{round(seconds / MINUTE)} min"
