import json
import os
from pathlib import Path

import dagster as dg
import pytest

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings, validate_settings
from ntg_assets.events.sensor import landing_sensor, landing_state, look
from ntg_assets_tests.event_files import write_log

NOTHING, ONE, TWO, ONE_GROWN = (
    json.dumps(files)
    for files in ([], [["a.csv", 1, 1]], [["a.csv", 1, 1], ["b.csv", 5, 1]], [["a.csv", 2, 2]])
)


def looks(*states: str) -> list[list[str | None]]:
    """Run keys that a series of looks requests."""
    cursor, requested = None, []
    for state in states:
        result = look(cursor, state)
        cursor = result.cursor
        requested.append([request.run_key for request in result.run_requests or []])
    return requested


def test_the_first_look_only_remembers() -> None:
    assert looks(ONE, ONE, ONE) == [[], [], []]


def test_a_new_file_starts_one_run_when_it_has_lain_still() -> None:
    first, arriving, still, after, later = looks(ONE, TWO, TWO, TWO, TWO)
    assert (first, arriving, after, later) == ([], [], [], [])
    assert len(still) == 1


def test_a_file_that_keeps_growing_waits() -> None:
    growing = [json.dumps([["a.csv", size, size]]) for size in range(5)]
    assert looks(NOTHING, *growing) == [[]] * 6
    assert len(looks(NOTHING, *growing, growing[-1])[-1]) == 1


def test_a_changed_file_starts_a_run_of_its_own_key() -> None:
    one, grown = looks(NOTHING, ONE, ONE)[-1], looks(ONE, ONE_GROWN, ONE_GROWN)[-1]
    assert len(one) == len(grown) == 1
    assert one != grown


def test_files_that_go_away_start_nothing_and_count_as_new_when_they_come_back() -> None:
    assert [len(keys) for keys in looks(TWO, ONE, ONE, TWO, TWO)] == [0, 0, 0, 0, 1]


def test_a_new_file_waits_for_the_run_that_goes_on_and_is_not_forgotten() -> None:
    cursor = look(None, ONE).cursor
    told = []
    for busy in (None, "run 1 is STARTED", "run 1 is STARTED", None, None):
        result = look(cursor, TWO, busy=busy)
        cursor = result.cursor
        told.append(
            len(result.run_requests or [])
            or str(result.skip_reason.skip_message if result.skip_reason else "")
        )
    waiting = "files have arrived; waiting, since run 1 is STARTED"
    assert told == [
        "files are arriving; waiting until they lie still",
        waiting,
        waiting,
        1,
        "no new file",
    ]


@pytest.fixture
def watched() -> Settings:
    return validate_settings(
        {
            "ingest": {"events": {"files": ["in/*.csv"]}},
            "radar": {"strategies": [{"name": "maximum_risk", "objective": "revenue_at_risk"}]},
            "schedule": {"watch_landing": True},
        }
    )


def test_the_state_is_names_sizes_and_times(tmp_path: Path, watched: Settings) -> None:
    paths = Paths(home=tmp_path, workspace=tmp_path)
    assert landing_state(watched, paths) == NOTHING
    path = write_log(tmp_path, [], name="in/a.csv")
    os.utime(path, ns=(7, 7))
    assert json.loads(landing_state(watched, paths)) == [["in/a.csv", path.stat().st_size, 7]]


@pytest.mark.parametrize(
    ("on", "expected"),
    [(True, dg.DefaultSensorStatus.RUNNING), (False, dg.DefaultSensorStatus.STOPPED)],
)
def test_the_configuration_switches_the_sensor(
    watched: Settings, *, on: bool, expected: dg.DefaultSensorStatus
) -> None:
    schedule = watched.schedule.model_copy(update={"watch_landing": on})
    sensor = landing_sensor(
        dg.define_asset_job("nightly"), watched.model_copy(update={"schedule": schedule})
    )
    assert sensor.default_status is expected


def test_the_sensor_asks_for_a_run_through_dagster(
    tmp_path: Path, watched: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NTG_HOME", str(tmp_path))
    sensor = landing_sensor(dg.define_asset_job("nightly"), watched)
    cursor, instance = None, dg.DagsterInstance.ephemeral()
    n_requests = []
    for number in range(3):
        result = sensor(dg.build_sensor_context(cursor=cursor, instance=instance))
        assert isinstance(result, dg.SensorResult)
        cursor = result.cursor
        n_requests.append(len(result.run_requests or []))
        if number == 0:
            write_log(tmp_path, ["u,i,2024-01-01,1"], name="in/a.csv")
    assert n_requests == [0, 0, 1]
