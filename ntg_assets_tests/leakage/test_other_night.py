"""Another night begins in a copy of a process that has loaded the code and seen none."""

from pathlib import Path

import pytest

from ntg_assets.configuration.settings import load_settings
from ntg_assets.errors import LeakageError, StorageError, UndeclaredReadError
from ntg_assets.evaluation.leakage import other_night
from ntg_assets.evaluation.leakage.other_night import nights
from ntg_assets.evaluation.leakage.planted_world.world import planted_world
from ntg_assets.evaluation.leakage.rehearsal_settings import rehearsal_settings

ROOT = Path(__file__).parents[2]
SETTINGS = rehearsal_settings(load_settings(ROOT / "configs" / "dev.yaml", home=ROOT))


def test_one_process_begins_several_nights_each_as_if_there_had_been_none() -> None:
    with nights() as night:
        other, again = night(SETTINGS, ["train_events"])
        with pytest.raises(LeakageError, match="could not be made: KeyError: 'nothing'"):
            night(SETTINGS, ["nothing"])
        other_after, again_after = night(SETTINGS, ["train_events"])
    world = planted_world(SETTINGS.churn.horizon_days)
    n_before = (world.events["event_at"] < world.train_end).sum()
    assert again["train_events"].height == n_before  # another future: the past is the true one
    assert other["train_events"].height < n_before  # of another past a part is kept
    assert other_after["train_events"].equals(other["train_events"])
    assert again_after["train_events"].equals(again["train_events"])


@pytest.mark.parametrize(
    ("start", "error", "said"),
    [
        ("raise KeyError('gone')", LeakageError, "KeyError: 'gone'"),
        ("import os; os.kill(os.getpid(), 9)", StorageError, "it said nothing"),
        ("import time; time.sleep(60)", StorageError, "took longer than 1 seconds"),
        (
            """print(input() and '{"code": 3, "said": "opens the log"}', flush=True)""",
            UndeclaredReadError,
            "opens the log",
        ),
    ],
)
def test_how_a_process_that_makes_no_night_has_ended_is_said(
    start: str, error: type[Exception], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(other_night, "START", start)
    monkeypatch.setattr(other_night, "LIMIT_SECONDS", 1 if "sleep" in start else 60)
    with nights() as night, pytest.raises(error, match=said):
        night(SETTINGS, ["train_events"])
