"""A night that did not come is a red run on the overview, once a day, with the reason."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

import dagster as dg
import pytest

from ntg_assets.configuration.schedule import ScheduleSettings
from ntg_assets.definitions import defs
from ntg_assets.orchestration.runs import late_nights
from ntg_assets.orchestration.runs.failed_runs import say_why
from ntg_assets.orchestration.runs.late_nights import (
    PUBLICATION,
    late_night_job,
    late_nights_sensor,
    lateness,
)

MADE = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
AFTER = 26.0


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


def publish(instance: dg.DagsterInstance) -> None:
    instance.report_runless_asset_event(dg.AssetMaterialization(PUBLICATION))


def tick(
    instance: dg.DagsterInstance, late_after_hours: float = AFTER
) -> dg.RunRequest | dg.SkipReason:
    sensor = late_nights_sensor(ScheduleSettings(late_after_hours=late_after_hours))
    answer = sensor(dg.build_sensor_context(instance=instance))
    assert isinstance(answer, dg.RunRequest | dg.SkipReason)
    return answer


@pytest.mark.parametrize(
    ("hours", "n_days"), [(0, None), (26, None), (26.1, 0), (49.9, 0), (50.1, 1), (26 + 72, 3)]
)
def test_a_publication_is_late_from_the_configured_age_on(hours: float, n_days: int | None) -> None:
    late = lateness(MADE, now=MADE + timedelta(hours=hours), late_after_hours=AFTER)
    assert (late.n_days if late else None) == n_days


def test_what_was_never_published_and_what_is_fresh_raise_no_alarm(
    instance: dg.DagsterInstance,
) -> None:
    assert isinstance(tick(instance), dg.SkipReason)
    publish(instance)
    assert isinstance(tick(instance), dg.SkipReason)


def test_each_day_of_lateness_raises_one_alarm(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(instance)

    def key_after(hours: float) -> str | None:
        class Later(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                return datetime.now(tz) + timedelta(hours=hours)

        monkeypatch.setattr(late_nights, "datetime", Later)
        answer = tick(instance)
        return answer.run_key if isinstance(answer, dg.RunRequest) else None

    keys = [key_after(hours) for hours in (25, 27, 40, 51)]
    assert keys[0] is None
    assert keys[1] is not None
    assert keys[1] == keys[2] != keys[3]


def test_the_alarm_fails_and_says_since_when_and_what_became_of_the_night(
    instance: dg.DagsterInstance,
) -> None:
    publish(instance)
    failed = late_night_job(0.0).execute_in_process(instance=instance, raise_on_error=False)
    assert not failed.success
    [reason] = say_why(instance, failed.run_id)
    assert "nothing was published for 0 minutes" in reason
    assert "late after 0 minutes" in reason
    assert "no run of nightly is known" in reason
    run = instance.get_run_by_id(failed.run_id)
    assert run is not None
    assert run.tags["reason"].startswith("nothing was published for ")


def test_an_alarm_that_a_publication_has_overtaken_is_none(instance: dg.DagsterInstance) -> None:
    publish(instance)
    assert late_night_job(AFTER).execute_in_process(instance=instance).success


def test_nights_are_watched_where_they_are_scheduled() -> None:
    sensor = defs.get_sensor_def("late_nights")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    resting = late_nights_sensor(ScheduleSettings(enabled=False))
    assert resting.default_status is dg.DefaultSensorStatus.STOPPED
