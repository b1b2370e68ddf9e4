"""What can be asked of the synthetic world, and what is refused,
each in one sentence that says what to do.
"""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ntg_assets.errors import ConfigurationError, StorageError
from ntg_assets.synthetic.lives.activity import NO_EFFECT, Clock, Habits
from ntg_assets.synthetic.lives.beliefs import Beliefs
from ntg_assets.synthetic.spec import world_spec
from ntg_assets.synthetic.world import write_world

SMALL: dict[str, Any] = {"n_events": 1_000, "n_users": 100, "n_items": 50, "n_days": 168}


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        ({"n_users": 0}, r"n_users: .*greater than or equal to 1 \(found 0\)"),
        ({"n_items": 0}, r"n_items: .*\(found 0\)"),
        ({"n_events": 99}, "99 events for 100 users: .*Ask for at least 100 events or fewer users"),
        ({"n_days": 100}, "n_days = 100 is too short .* at least 168 days"),
        ({"n_communities": 51}, "51 communities need at least as many items"),
        ({"horizon_days": 30}, "trial of 56 days is no multiple of the horizon of 30"),
        ({"loyalty": 0.9, "second_loyalty": 0.2}, "is above 1"),
        ({"n_unicorns": 3}, "unknown field 'n_unicorns'"),
    ],
)
def test_impossible_worlds_are_refused_in_one_sentence(
    request_: dict[str, Any], complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=complaint) as refused:
        write_world(tmp_path / "world", **{**SMALL, **request_})
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "world").exists()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match=r"cannot be made .* writable folder"):
        write_world(tmp_path / "file" / "world", **SMALL)


def test_a_disk_too_small_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(
        StorageError, match=r"GB free, 10,000,000,000,000 events need about 320000.0 GB"
    ):
        write_world(tmp_path, **{**SMALL, "n_events": 10**13})


@pytest.mark.parametrize(
    "size",
    [
        {"n_events": 1, "n_users": 1, "n_items": 1},
        {"n_events": 100, "n_users": 100, "n_items": 1},
        {"n_events": 5_000, "n_users": 2, "n_items": 3},
        {"n_events": 20_000, "n_users": 100, "n_items": 50, "bot_share": 0.1},
    ],
)
def test_odd_sizes_are_exact_too(size: dict[str, Any], tmp_path: Path) -> None:
    summary = write_world(tmp_path, n_days=168, **size)
    events = pl.read_parquet(tmp_path / "events.parquet")
    assert (events.height, events["user_id"].n_unique()) == (size["n_events"], size["n_users"])
    assert (
        summary.n_active_days
        == pl.read_parquet(tmp_path / "truth/users.parquet")["n_active_days"].sum()
    )


def test_progress_reaches_its_total(tmp_path: Path) -> None:
    calls: list[tuple[str, int, int]] = []
    write_world(tmp_path, **SMALL, progress=lambda *call: calls.append(call))
    assert calls[-1] == ("events", 1_000, 1_000)
    assert ("users", 100, 100) in calls


def test_silence_probability_is_that_of_the_textbook_when_nothing_changes() -> None:
    """One class, constant chance p and hazard h: after k silent days P(alive) and P(silence) have
    closed forms.
    """
    flat = {"trend": 0.0, "newcomer": 0.0, "level": 0.0, "daily": 0.01}
    spec = world_spec(
        n_events=10,
        n_users=1,
        n_items=1,
        rate_steps=(1.0,),
        weekday_factors=(1,) * 7,
        yearly_swing=0.0,
        hazard=flat,
    )
    p, h, k, horizon = 0.1, -np.expm1(-0.01), 15, spec.horizon_days
    clock = Clock(spec, np.array([p]))
    habits = Habits.start(clock, joined=np.zeros(1, dtype=np.int32), rate=np.array([p]))
    beliefs = Beliefs.start(clock, 1)
    for day in range(k + 1):  # joins on day 0, then k silent days
        hazard = habits.hazard(day, effect=NO_EFFECT)
        active = habits.advance(day, draws=np.full((2, 1), 0.999), effect=NO_EFFECT, hazard=hazard)
        beliefs.observe(day, habits=habits, active=active, hazard=hazard, effect=NO_EFFECT)
    stay = (1 - h) * (1 - p)
    alive_and_silent = stay**k
    gone = h * sum(stay**day for day in range(k))
    alive = alive_and_silent / (alive_and_silent + gone)
    silence = 1 - alive + alive * (stay**horizon + h * sum(stay**day for day in range(horizon)))
    from_log, own = beliefs.silence(k + 1, habits=habits, effect=NO_EFFECT)
    assert from_log[0] == pytest.approx(silence, rel=1e-12)
    assert own[0] == pytest.approx(silence, rel=1e-12)
