"""A load that lost much is refused; a log that ends in quiet days holds lists back;
bursts, weekends and seasons do neither.
"""

import random
from datetime import date, datetime, timedelta
from math import sin

import polars as pl
import pytest

from ntg_assets.configuration.inputs.events import VolumeSettings
from ntg_assets.contracts import check_frame, contract_of
from ntg_assets.errors import SourceError
from ntg_assets.events.load_history import Extent, Load
from ntg_assets.events.load_losses import find_losses, raise_if_losses
from ntg_assets.events.quiet_ends import find_drop
from ntg_assets.events.volume import describe_doubts, report_volume
from ntg_assets.revenue.contacts.lists.contact_holds import hold_contacts, volume_holds

START, END = datetime(2024, 1, 1, 8), datetime(2024, 3, 31, 20)
SETTINGS = VolumeSettings()


def extent(n_events: int = 2_000, n_users: int = 100, *, days_back: int = 0) -> Extent:
    return Extent(n_events, n_users, START, END - timedelta(days=days_back))


def load(of: Extent, name: str = "abc") -> Load:
    return Load(
        load=name,
        source_name="plays",
        loaded_at=datetime(2024, 4, 1, 3),
        run=None,
        sources={},
        **of._asdict(),
    )


def losses(found: Extent, **settings: float) -> dict[str, bool]:
    """Which measures lost how much: whether each is refused."""
    return {
        loss.measure: loss.is_refused
        for loss in find_losses(found, load(extent()), VolumeSettings(**settings))
    }


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (extent(), {}),
        (extent(1_601), {}),
        (extent(1_600), {"events": False}),
        (extent(1_001), {"events": False}),
        (extent(1_000), {"events": True}),
        (extent(20, 20), {"events": True, "users": True}),
        (extent(5_000, 50), {"users": True}),
        (extent(n_users=80), {"users": False}),
        (extent(days_back=1), {"last_day": False}),
        (extent(days_back=6), {"last_day": False}),
        (extent(days_back=7), {"last_day": True}),
        (Extent(0, 0, None, None), {"events": True, "users": True}),
    ],
)
def test_a_load_is_told_from_a_fifth_less_and_refused_from_half(
    found: Extent, expected: dict[str, bool]
) -> None:
    assert losses(found) == expected


def test_the_shares_are_a_matter_of_configuration() -> None:
    assert losses(extent(1_700), warn_below=0.9, refuse_below=0.85) == {"events": True}
    assert losses(extent(20), warn_below=0, refuse_below=0) == {}
    with pytest.raises(ValueError, match=r"refuse_below 0\.5 is above warn_below 0\.4"):
        VolumeSettings(warn_below=0.4)


def test_nothing_is_compared_with_no_load_or_with_a_tiny_one() -> None:
    assert find_losses(extent(1), None, SETTINGS) == []
    assert find_losses(extent(1), load(extent(49)), SETTINGS) == []
    assert find_losses(extent(25), load(extent(50)), SETTINGS) != []


@pytest.mark.parametrize(
    ("confirmed", "n_events", "is_refused"),
    [
        ([], 20, True),
        (["abc:20"], 20, False),
        (["abc:20"], 900, False),  # more arrived since
        (["abc:20"], 16, False),  # 20 x 0.8: the same loss, a night later
        (["abc:20"], 15, True),  # another loss
        (["abcd:20"], 20, True),  # of another load: it cannot stay on
        (["2024-03-01", "abc:much", "20"], 20, True),
    ],
)
def test_a_loss_is_confirmed_for_one_load_and_one_size(
    confirmed: list[str],
    n_events: int,
    is_refused: bool,  # noqa: FBT001
) -> None:
    found, before, settings = (
        extent(n_events, 20),
        load(extent()),
        VolumeSettings(confirmed=confirmed),
    )
    found_losses = find_losses(found, before, settings)
    if not is_refused:
        raise_if_losses(found_losses, found, before, settings)
        return
    told = (
        rf"{n_events} events, 2,000 in the load before; 20 users, 100 in .*nothing was"
        rf" loaded.*confirmed: \[\"abc:{n_events}\"\]"
    )
    with pytest.raises(SourceError, match=told):
        raise_if_losses(found_losses, found, before, settings)


def days(*counts: int) -> tuple[list[date], list[int]]:
    """The days of a log that hold something, and how much."""
    every = [(date(2024, 1, 1) + timedelta(days=place), n) for place, n in enumerate(counts)]
    return [day for day, n in every if n], [n for _, n in every if n]


@pytest.mark.parametrize("n_quiet", [8, 20, 35, 80])
def test_a_producer_that_broke_is_found_with_its_day(n_quiet: int) -> None:
    n_before = 60
    drop = find_drop(*days(*[10] * n_before, *[1] * n_quiet), below=0.5)
    assert drop is not None
    assert (drop.since_on, drop.n_days) == (date(2024, 1, 1) + timedelta(days=n_before), n_quiet)
    assert (drop.usual, drop.since) == (10, 1)


@pytest.mark.parametrize("level", [0.45, 0.7])
def test_how_quiet_is_quiet_is_configured(level: float) -> None:
    series = days(*[1_000] * 60, *[int(1_000 * level)] * 10)
    assert (find_drop(*series, below=0.5) is not None) == (level < 0.5)
    assert find_drop(*series, below=0.8) is not None


def a_year(
    level: float,
    *,
    seed: int,
    bursts: float = 0.0,
    weekend: float = 0.3,
    trend: float = 0.0,
    season: float = 0.0,
) -> list[int]:
    chance = random.Random(seed)  # noqa: S311  # test data
    counts = []
    for day in range(400):
        mean = (
            level
            * (1 + trend) ** (day / 7)
            * (1 + season * sin(day / 58))
            * (weekend if day % 7 > 4 else 1)
        )
        mean *= chance.gammavariate(1 / bursts, bursts) if bursts else 1
        counts.append(max(0, round(chance.gauss(mean, mean**0.5))))
    return counts


@pytest.mark.parametrize(
    "shape",
    [
        {"level": 30},
        {"level": 300, "weekend": 0},
        {"level": 300, "season": 0.6},
        {"level": 200, "trend": -0.02},
        {"level": 300, "bursts": 2.0},
        {"level": 5},
    ],
)
def test_weekends_seasons_bursts_and_a_slow_decline_are_usual(shape: dict[str, float]) -> None:
    counts = a_year(**shape, seed=5)
    found = [end for end in range(60, 401, 20) if find_drop(*days(*counts[:end]), below=0.5)]
    assert found == []


def test_a_lull_that_the_log_has_seen_before_is_usual() -> None:
    assert find_drop(*days(*[10] * 60, *[1] * 8, *[10] * 60, *[1] * 8), below=0.5) is None


def test_a_log_that_is_short_or_thin_says_nothing() -> None:
    assert find_drop(*days(*[10] * 12, *[1] * 8), below=0.5) is None
    assert find_drop(*days(*[5] * 60, *[1] * 20), below=0.5) is None
    assert find_drop([], [], below=0.5) is None


def daily(*counts: int) -> pl.DataFrame:
    on, n = days(*counts)
    return pl.DataFrame({"happened_on": on, "n_events": n, "n_users": n})


def test_a_quiet_end_holds_lists_back_until_its_day_is_confirmed() -> None:
    quiet = daily(*[10] * 60, *[1] * 20)
    told = "events per day fell from 10 to 1 on 2024-03-01, 20 days running"
    held = report_volume(load(extent()), None, quiet, SETTINGS)
    assert describe_doubts(held, "hold")[0] == told
    assert 'set `ingest.volume.confirmed: ["2024-03-01"]`' in describe_doubts(held, "hold")[1]
    for confirmed, n_held in (
        (["2024-03-01"], 0),
        ([date(2024, 3, 3)], 0),
        (["2024-03-10"], 2),
        (["abc:2"], 2),
    ):
        report = report_volume(
            load(extent()), None, quiet, VolumeSettings.model_validate({"confirmed": confirmed})
        )
        assert len(describe_doubts(report, "hold")) == n_held
    assert held.filter(pl.col("measure") == "events_per_day").select(
        "since_on", "n_days", "ratio"
    ).row(0) == (date(2024, 3, 1), 20, 0.1)


def test_a_monitor_that_goes_on_does_not_hide_that_users_are_gone() -> None:
    frame = daily(*[10] * 60, *[1] * 20).with_columns(n_events=pl.lit(1_000))
    verdicts = (
        report_volume(load(extent()), None, frame, SETTINGS).select("measure", "verdict").rows()
    )
    assert dict(verdicts)["users_per_day"] == "hold"
    assert dict(verdicts)["events_per_day"] == "ok"


def test_the_report_has_every_comparison_with_and_without_a_load_before() -> None:
    frame = daily(*[10] * 60)
    first = report_volume(load(extent()), None, frame, SETTINGS)
    assert first["verdict"].unique().to_list() == ["ok"]
    assert first["expected"].null_count() == first.height
    later = report_volume(load(extent(1_500, 100, days_back=2)), load(extent()), frame, SETTINGS)
    assert later["measure"].to_list() == first["measure"].to_list()
    assert later.filter(pl.col("verdict") == "warn").select(
        "measure", "seen", "expected"
    ).rows() == [
        ("events", 1_500, 2_000),
        ("last_day", 89, 91),
    ]


def test_a_quiet_end_is_a_reason_to_contact_nobody() -> None:
    report = report_volume(load(extent()), None, daily(*[10] * 60, *[1] * 20), SETTINGS)
    holds = hold_contacts(volume_holds(report, limit=SETTINGS.quiet_below))
    check_frame(holds, contract_of("contact_holds"))
    assert holds.select("source", "rule", "value", "limit").rows() == [
        ("ingest.volume_report", "events_per_day is far below its usual level", 0.1, 0.5),
        ("ingest.volume_report", "users_per_day is far below its usual level", 0.1, 0.5),
    ]
    check_frame(report, contract_of("volume_report"))
    assert (
        list(
            volume_holds(
                report_volume(load(extent()), None, daily(*[10] * 80), SETTINGS), limit=0.5
            )
        )
        == []
    )
