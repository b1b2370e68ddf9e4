"""A publication that jumps is kept aside; it can be accepted, and what is current be taken back."""

import json
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console
from typer.testing import CliRunner

from ntg_assets.cli.app import app
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.publish import LargestChanges, PublishSettings
from ntg_assets.configuration.revenue import RadarSettings
from ntg_assets.configuration.settings import load_settings
from ntg_assets.errors import StorageError
from ntg_assets.history.contacts import contacts_taken_back
from ntg_assets.history.currents import kept_aside, read_changes
from ntg_assets.history.days import ASSIGNMENT_DAYS, day_files
from ntg_assets.publish.generations.rollback import accept, roll_back
from ntg_assets.publish.generations.shelf import unreadable
from ntg_assets.publish.locations import BRIEF
from ntg_assets.publish.verify import verify_publication
from ntg_assets.revenue.contacts.policy import intervention_exclusions
from ntg_assets_tests.nights import (
    FIRST_DAY,
    IDS,
    actions,
    name_of,
    paths_of,
    publish_night,
    read_night,
)
from ntg_assets_tests.workspaces import HOME

SETTINGS = PublishSettings()
AT_RISK = {"users_at_risk": 200, "revenue_at_risk": 1}


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return paths_of(tmp_path)


def test_a_jump_keeps_the_new_generation_aside_and_the_page_says_so(paths: Paths) -> None:
    publish_night(paths, 1, users=1000)
    kept = publish_night(paths, 2, users=400)
    (reason,) = kept.reasons
    assert reason == (
        "users 1,000 -> 400 (0.40 times), beyond a factor of 2 (publish.largest_changes.users)"
    )
    assert read_night(paths) == {1}
    page = (paths.workspace / BRIEF).read_text()
    assert f"generation {name_of(2)}" in page
    assert "users 1,000 -&gt; 400" in page
    assert "2024-03-02T00:00:00" in page
    assert verify_publication(paths).generation == name_of(1)
    # nobody was handed a list, so nobody counts as contacted
    assert [file.day for file in day_files(paths.history, ASSIGNMENT_DAYS)] == [
        FIRST_DAY + timedelta(days=1)
    ]
    again = publish_night(paths, 2, users=400)
    assert again.reasons == kept.reasons
    assert (paths.workspace / BRIEF).read_text() == page
    assert actions(paths) == [("published", name_of(1)), ("kept aside", name_of(2))]
    assert accept(paths, None, settings=SETTINGS, ids=IDS).generation == name_of(2)
    assert read_night(paths) == {2}
    assert "kept aside" not in (paths.workspace / BRIEF).read_text()
    assert len(day_files(paths.history, ASSIGNMENT_DAYS)) == 2
    with pytest.raises(StorageError, match="no generation is kept aside"):
        accept(paths, None, settings=SETTINGS, ids=IDS)


def test_a_later_ordinary_night_ends_the_waiting(paths: Paths) -> None:
    publish_night(paths, 1)
    publish_night(paths, 2, users=10_000)
    publish_night(paths, 3, users=1100)
    assert read_night(paths) == {3}
    assert kept_aside(read_changes(paths.history)) is None
    assert "kept aside" not in (paths.workspace / BRIEF).read_text()


def test_the_current_night_again_ends_the_waiting_too(paths: Paths) -> None:
    publish_night(paths, 1)
    publish_night(paths, 2, users=10_000)
    publish_night(paths, 1)
    assert kept_aside(read_changes(paths.history)) is None
    assert "kept aside" not in (paths.workspace / BRIEF).read_text()


def test_after_a_rollback_the_page_says_what_waits_and_nothing_that_does_not(paths: Paths) -> None:
    publish_night(paths, 1)
    publish_night(paths, 2, users=10_000)  # 1 has a page that says that 2 waits
    accept(paths, None, settings=SETTINGS, ids=IDS)
    roll_back(paths, None, ids=IDS)
    assert read_night(paths) == {1}
    assert "kept aside" not in (paths.workspace / BRIEF).read_text()
    publish_night(paths, 3)
    publish_night(paths, 4, users=10_000)
    roll_back(paths, None, ids=IDS)
    page = (paths.workspace / BRIEF).read_text()
    assert (f"generation {name_of(4)}" in page, f"generation {name_of(1)}" in page) == (True, True)


@pytest.mark.parametrize(
    ("before", "after", "jumps"),
    [
        ({"users": 1000}, {"users": 2000}, 0),  # a factor of exactly 2 is within
        ({"users": 1000}, {"users": 2001}, 1),
        ({"users": 1000}, {"users": 0}, 1),
        ({"users": 90}, {"users": 20}, 0),  # both below publish.minimum_users
        ({"users": 90}, {"users": 300}, 1),
        (
            {"users_at_risk": 99, "revenue_at_risk": 1},
            {"users_at_risk": 9, "revenue_at_risk": 9},
            0,
        ),
        (
            {"users_at_risk": 200, "revenue_at_risk": 1},
            {"users_at_risk": 200, "revenue_at_risk": 9},
            1,
        ),
        ({"contacts": 100}, {"contacts": 0}, 0),  # holds and caps change it
    ],
)
def test_which_changes_are_jumps(
    paths: Paths, before: dict[str, float], after: dict[str, float], jumps: int
) -> None:
    publish_night(paths, 1, settings=SETTINGS, **before)
    assert len(publish_night(paths, 2, settings=SETTINGS, **after).reasons) == jumps


def test_bounds_are_configured(paths: Paths) -> None:
    publish_night(paths, 1, users=1000)
    wide = PublishSettings(largest_changes=LargestChanges(users=None))
    assert publish_night(paths, 2, settings=wide, users=10).reasons == ()


def test_what_was_taken_back_does_not_come_back_by_itself(paths: Paths) -> None:
    for night in (1, 2, 3):
        publish_night(paths, night)
    now, was = roll_back(paths, None, ids=IDS)
    assert (now.generation, was) == (name_of(2), name_of(3))
    assert read_night(paths) == {2}
    (reason,) = publish_night(paths, 3).reasons
    assert "ntg rollback" in reason
    assert read_night(paths) == {2}
    assert roll_back(paths, None, ids=IDS)[0].generation == name_of(1)
    with pytest.raises(StorageError, match="no generation before"):
        roll_back(paths, None, ids=IDS)
    assert accept(paths, name_of(3), settings=SETTINGS, ids=IDS).generation == name_of(3)
    assert publish_night(paths, 3).reasons == ()


def test_names_may_be_given_by_their_beginning_unless_that_is_ambiguous(paths: Paths) -> None:
    with pytest.raises(StorageError, match="nothing is published yet"):
        roll_back(paths, None, ids=IDS)
    for night in (1, 2):
        publish_night(paths, night)
    with pytest.raises(StorageError, match="begins 2 names"):
        roll_back(paths, "0000", ids=IDS)
    with pytest.raises(StorageError, match="is no generation; kept are: 000000000002"):
        roll_back(paths, "f00d", ids=IDS)
    with pytest.raises(StorageError, match="is the current one already"):
        roll_back(paths, name_of(2), ids=IDS)


def test_after_a_rollback_the_contacts_of_the_list_that_was_out_still_count(paths: Paths) -> None:
    publish_night(paths, 1)
    publish_night(paths, 2)
    day = FIRST_DAY + timedelta(days=2)
    assert contacts_taken_back(paths.history, day).is_empty()  # a rerun never counts its own
    roll_back(paths, None, ids=IDS)
    taken = contacts_taken_back(paths.history, day)
    assert taken.rows() == [("2", day)]
    radar = pl.DataFrame({"user_id": [1, 2, 3], "is_at_risk_population": True})
    excluded = intervention_exclusions(
        radar, settings=radar_settings(), as_of=day, taken_back=taken
    )
    assert excluded.select("user_id", "exclusion").rows() == [(2, "contacted_recently")]
    accept(paths, name_of(2), settings=SETTINGS, ids=IDS)  # it is the list of that day again
    assert contacts_taken_back(paths.history, day).is_empty()


def radar_settings() -> RadarSettings:
    base = load_settings("configs/dev.yaml", home=HOME, environment={}).radar
    return base.model_copy(update={"holdout_share": 0.0})


def test_the_commands_list_take_back_and_accept(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NTG_HOME", str(HOME))
    monkeypatch.setenv("NTG_CONFIG", "configs/dev.yaml")
    monkeypatch.setenv("NTG_WORKSPACE", str(paths.workspace))
    monkeypatch.setattr("ntg_assets.cli.publications.commands.out", Console(width=200))

    def ntg(*arguments: str) -> str:
        done = CliRunner().invoke(app, arguments)
        return done.output if done.exception is None else str(done.exception)

    assert "nothing is published yet" in ntg("generations")
    publish_night(paths, 1)
    assert "is the only one" in ntg("diff")
    publish_night(paths, 2)
    publish_night(paths, 3, users=10_000)
    listed = json.loads(ntg("generations", "--json"))
    assert [(row["generation"], row["state"]) for row in listed] == [
        (name_of(3), "kept aside"),
        (name_of(2), "current"),
        (name_of(1), ""),
    ]
    assert "users 1,000 -> 10,000" in ntg("generations")
    assert f"generation {name_of(3)}" in ntg("publish")
    assert f"generation {name_of(3)} " in ntg("publish", "--accept")
    assert read_night(paths) == {3}
    assert f"in place of {name_of(3)}" in ntg("rollback")
    assert read_night(paths) == {2}
    assert "nothing is kept aside" in ntg("publish")
    assert "is no generation" in ntg("rollback", "f00d")
    assert f"7 files of generation {name_of(2)}" in ntg("verify")
    assert f"7 files of generation {name_of(1)}" in ntg("verify", name_of(1))


def test_a_damaged_current_generation_can_be_rolled_back(paths: Paths) -> None:
    publish_night(paths, 1)
    folder = publish_night(paths, 2).folder
    paths.at(folder).manifest.write_text("damaged")
    assert roll_back(paths, None, ids=IDS)[0].generation == name_of(1)
    day = FIRST_DAY + timedelta(days=2)
    assert contacts_taken_back(paths.history, day).height == 1
    assert [path.name for path in unreadable(paths)] == [name_of(2)]
