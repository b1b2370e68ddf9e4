"""Days are those of the service's zone wherever they are counted: money,
experiments, contacts, returns, the page.
"""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.configuration.revenue import ContactLogSettings, TrialSettings, ValueSettings
from ntg_assets.configuration.settings import load_settings
from ntg_assets.contracts import IdTypes
from ntg_assets.events.load import load_events
from ntg_assets.experiments.data import log_tables, tables
from ntg_assets.experiments.data.logs import exposure_logs as logs
from ntg_assets.features.user_activity import active_users_at, user_activity_features
from ntg_assets.interactions.interactions import code_interactions
from ntg_assets.optional_sources.reading import read_optional_sources
from ntg_assets.publish.reports import Header
from ntg_assets.ranking.learning.inner_cut import inner_slices
from ntg_assets.ranking.scoring.popularity import item_popularity
from ntg_assets.ranking.scoring.ranking_model import ranking_model
from ntg_assets.ranking.scoring.repeat_consumption import return_parts
from ntg_assets.ranking.scoring.sources import RETURN_DEFAULTS
from ntg_assets.revenue.contacts.lists.contact_log import read_contacts
from ntg_assets.revenue.contacts.trial.trial_log import read_trial
from ntg_assets.revenue.value.value_model import observed_value
from ntg_assets.sources.sources import Place
from ntg_assets.sql import query
from ntg_assets.storage.run import run
from ntg_assets_tests.event_files import log_settings, write_log
from ntg_assets_tests.logs import events, random_log
from ntg_assets_tests.ranking_world import RANKING

ANGELES = "America/Los_Angeles"
# over midnight of UTC
SESSIONS = [
    f"u1,i{day},2024-01-{day:02d} {time},1"
    for day in (3, 10, 17)
    for time in ("15:30:00", "16:30:00")
]


def user_days(log: pl.DataFrame) -> pl.DataFrame:
    return run(query("features", "user_days", {"train_events": log})).sort("user_id", "active_on")


@pytest.mark.slow
def test_a_weekly_viewer_on_the_west_coast_has_three_days_worth_1_20(tmp_path: Path) -> None:
    write_log(tmp_path, SESSIONS)
    days = user_days(load_events(log_settings(timezone=ANGELES), tmp_path))
    assert days["active_on"].to_list() == [date(2024, 1, 3), date(2024, 1, 10), date(2024, 1, 17)]
    prices = ValueSettings(unit="usd", basis="active_days", price_per_active_day=0.40)
    window = pl.DataFrame({"window_active_days": [days.height], "window_value": [6.0]})
    assert observed_value(window, settings=prices)[0] == pytest.approx(3 * 0.40)
    activity = run(user_activity_features(days, active_users_at(days, date(2024, 1, 20)))).row(
        0, named=True
    )
    assert (activity["active_days"], activity["mean_gap_days"], activity["recency_days"]) == (
        3,
        7.0,
        3,
    )
    by_utc = user_days(
        load_events(log_settings(timezone=ANGELES, service_timezone="UTC"), tmp_path)
    )
    assert by_utc.height == 6  # the service may say that its days are others


def definition(*, ramp: Sequence[dict[str, Any]] = (), **source: Any) -> ExperimentSettings:
    logged = {
        "kind": "log",
        "exposures": {"files": ["seen.csv"], "exposed_at": "at"},
        "window_days": 7,
        "pre_period_days": 7,
    }
    return ExperimentSettings.model_validate(
        {
            "id": "trial",
            "hypothesis": "Who sees it comes back.",
            "owner": "science",
            "arms": [{"name": "a"}, {"name": "b"}],
            "source": logged | source,
            "metrics": [
                {"name": "days", "measure": "active_days"},
                {"name": "back", "kind": "retention", "measure": "any", "from_day": 1},
            ],
            "primary_metric": "days",
            "planned_units": 4,
            "ramp": list(ramp),
        }
    )


def units(
    home: Path, log: pl.DataFrame, *, zone: str, **source: Any
) -> dict[tuple[str, str], float]:
    one = definition(**source)
    seen, outcomes = (
        read([one], home=home, zone=zone)
        for read in (logs.read_exposure_logs, logs.read_outcome_logs)
    )
    found = run(
        log_tables.log_unit_metrics(seen, events=log, outcome_log=outcomes, definitions=[one])
    )
    return {(row["unit_id"], row["metric"]): row["value"] for row in found.iter_rows(named=True)}


def test_active_days_and_from_day_of_an_experiment_are_local(tmp_path: Path) -> None:
    # seen at eight in the evening; a session over five in the afternoon, which is midnight of UTC;
    # the next morning, on the same day of UTC
    (tmp_path / "seen.csv").write_text(
        "user_id,arm,at\n1,a,2024-01-11T04:00:00Z\n2,b,2024-01-11T04:00:00Z\n", encoding="utf-8"
    )
    session = [(1, 1, "2024-01-12T23:30"), (1, 1, "2024-01-13T00:30")]
    rows = [*session, (2, 1, "2024-01-11T16:00"), (9, 1, "2024-01-30T00:00")]
    local, by_utc = (
        units(tmp_path, events(*rows, zone=zone), zone=zone) for zone in (ANGELES, "UTC")
    )
    assert [local["1", "days"], by_utc["1", "days"]] == [1, 2]
    assert [local["2", "back"], by_utc["2", "back"]] == [1, 0]


def test_days_since_the_exposure_are_local(tmp_path: Path) -> None:
    seen_at = "2024-01-11T04:00:00Z"
    (tmp_path / "seen.csv").write_text(
        "user_id,arm,at\n" + "".join(f"{n},{'ab'[n % 2]},{seen_at}\n" for n in range(4)),
        encoding="utf-8",
    )
    one, log = (
        definition(),
        events((1, 1, "2024-01-11T16:00"), (9, 1, "2024-01-30T00:00"), zone=ANGELES),
    )
    seen = logs.read_exposure_logs([one], home=tmp_path, zone=ANGELES)
    sums = run(log_tables.daily_sums(seen, events=log, definitions=[one]))
    assert sums.filter(pl.col("day").is_not_null())["day"].to_list() == [1]


def test_days_in_logs_of_an_experiment_are_taken_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "seen.csv").write_text(
        "user_id,arm,at\n1,a,2024-03-08\n2,b,2024-03-08T12:00:00Z\n", encoding="utf-8"
    )
    paid = (
        "user_id,at\n1,2024-03-08\n1,2024-03-14\n1,2024-03-15\n1,2024-03-07\n"
        "2,2024-03-12T23:30:00Z\n2,2024-03-13T00:30:00Z\n9,2024-03-30\n"
    )
    (tmp_path / "paid.csv").write_text(paid, encoding="utf-8")
    outcomes: dict[str, Any] = {
        "outcomes": {"files": ["paid.csv"], "unit_id": "user_id", "happened_at": "at"}
    }
    seen = logs.read_exposure_logs([definition(**outcomes)], home=tmp_path, zone=ANGELES).sort(
        "unit_id"
    )
    assert seen["first_exposed_on"].to_list() == [date(2024, 3, 8), date(2024, 3, 8)]
    # whole days for the day, 24 hours each for the instant, over the day of 23 hours
    assert seen["window_end_at"].to_list() == [datetime(2024, 3, 15, 7), datetime(2024, 3, 15, 12)]
    counted = units(tmp_path, events((9, 1, "2024-03-30T00:00")), zone=ANGELES, **outcomes)
    # times of one evening, over midnight of UTC, are one day
    assert (counted["1", "days"], counted["2", "days"]) == (2, 1)


def test_a_ramp_is_read_on_the_local_day(tmp_path: Path) -> None:
    (tmp_path / "seen.csv").write_text(
        "user_id,arm,at\n1,a,2024-01-11T04:00:00Z\n", encoding="utf-8"
    )
    one = definition(ramp=[{"from_on": "2024-01-11", "share": 1.0}], assigned_by="hash")
    lists = pl.DataFrame(schema={"strategy": pl.String, "user_id": pl.Int64})
    for zone, n_assigned in ((ANGELES, 0), ("UTC", 1)):
        seen = logs.read_exposure_logs([one], home=tmp_path, zone=zone)
        assigned = run(
            tables.assignments(
                lists, programme=ExperimentsSettings(definitions=[one]), exposure_log=seen
            )
        )
        assert assigned.height == n_assigned


def test_contacts_and_trials_count_by_local_days(tmp_path: Path) -> None:
    rows = [
        ("1", "2024-03-05"),
        ("2", "2024-03-06T07:30:00Z"),
        ("3", "2024-03-05T23:30:00-08:00"),
        ("4", "2024-03-06T09:00:00"),
    ]
    (tmp_path / "sent.csv").write_text(
        "user_id,contacted_at\n" + "\n".join(",".join(row) for row in rows), encoding="utf-8"
    )
    log = ContactLogSettings(files=["sent.csv"], contacted_at="contacted_at", action=None)
    sent = read_contacts(log, place=Place(tmp_path), zone=ANGELES).rows
    assert sent["contacted_on"].to_list() == [*[date(2024, 3, 5)] * 3, date(2024, 3, 6)]
    trial = TrialSettings(files=["drawn.csv"])
    arms = [trial.treated, trial.control] * 2
    header = f"{trial.user_id},{trial.arm},{trial.assigned_at}" + (
        f",{trial.propensity}" if trial.propensity else ""
    )
    lines = [
        f"{user},{arm},{at}" + (",0.5" if trial.propensity else "")
        for (user, at), arm in zip(rows, arms, strict=True)
    ]
    (tmp_path / "drawn.csv").write_text("\n".join([header, *lines]), encoding="utf-8")
    drawn = read_trial(trial, place=Place(tmp_path), id_type="string", zone=ANGELES).rows.sort(
        "listed_id"
    )
    assert drawn["assigned_on"].to_list() == [*[date(2024, 3, 5)] * 3, date(2024, 3, 6)]


@pytest.mark.slow
def test_every_configured_list_and_log_is_read_by_the_days_of_the_service(tmp_path: Path) -> None:
    # half past eleven in the evening in Los Angeles
    seen_at, written = "2024-03-06T07:30:00Z", "2024-03-05"
    files = {
        "sent.csv": f"user_id,assigned_on\n1,{seen_at}\n2,{written}\n",
        "drawn.csv": f"user_id,arm,assigned_on\n1,contact,{seen_at}\n2,holdout,{written}\n",
        "seen.csv": f"user_id,arm,at\n1,a,{seen_at}\n2,b,{written}\n",
        "paid.csv": f"user_id,at\n1,{seen_at}\n2,{written}\n",
        "shown.csv": (
            f"user_id,item_id,shown_at,propensity,reward\n1,7,{seen_at},0.5,1\n2,7,{written},0.5,0\n"
        ),
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    one = definition(outcomes={"files": ["paid.csv"], "unit_id": "user_id", "happened_at": "at"})
    configured: dict[str, Any] = {
        "ingest.service_timezone": ANGELES,
        "radar.contact_log": {"files": ["sent.csv"], "action": None},
        "radar.trial": {"files": ["drawn.csv"], "propensity": None},
        "experiments.definitions": [one.model_dump()],
        "off_policy.shown": {"files": ["shown.csv"]},
    }
    settings = load_settings("configs/dev.yaml", environment={}, overrides=configured)
    ids = IdTypes("string", "string")
    found = read_optional_sources(
        settings,
        place=Place(tmp_path),
        ids=ids,
        published_store=tmp_path / "nothing",
        now=datetime(2024, 12, 31),
    )
    assert found.optional_sources.filter(~pl.col("is_usable"))["sentence"].to_list() == []
    days = [
        *(
            found.user_lists["contacted_on"],
            found.trial_log["assigned_on"],
            found.outcome_log["event_on"],
        ),
        *(found.exposure_log["first_exposed_on"], found.exposure_log["last_exposed_on"]),
    ]
    assert [day.to_list() for day in days] == [[date(2024, 3, 5)] * 2] * 5
    assert found.shown_items.sort("user_id")["shown_at"].to_list() == [
        datetime(2024, 3, 6, 7, 30),
        datetime(2024, 3, 5, 8),
    ]


def test_days_on_which_a_user_was_there_are_local_when_returns_are_ranked() -> None:
    log = random_log(3, n_events=300)
    allow = RANKING.model_copy(update={"recommend_consumed": "allow"})
    popularity = item_popularity(
        code_interactions(log),
        now=datetime(2024, 8, 1),
        half_life_days=allow.popularity_half_life_days,
    )
    # one day, for Los Angeles
    evening = events(
        (1, 1, "2024-07-01T20:00"), (1, 2, "2024-07-01T23:30"), (1, 2, "2024-07-02T00:30")
    )
    few = list(RETURN_DEFAULTS)[1:].index("return_visits_few")
    of_item = {}
    for zone in ("UTC", ANGELES):
        model = ranking_model(
            popularity=popularity,
            graphs={},
            cutoff_at=datetime(2024, 8, 1),
            settings=allow,
            zone=zone,
        )
        found = return_parts(code_interactions(evening, items=model.items), model)
        of_item[zone] = float(found.parts[model.items.gather(found.item) == 1, few][0])
    assert of_item[ANGELES] == pytest.approx(np.log(1 + 1 / 0.02))
    assert of_item["UTC"] == pytest.approx(np.log(1 + 0.5 ** (1 / 6) / 0.02))
    assert {
        cut.zone
        for cut in inner_slices(
            log, strategy="global_time", settings=RankingSettings(), zone=ANGELES
        )
    } == {ANGELES}


def test_the_page_says_whose_days_they_are() -> None:
    assert Header("plays", "abc", "2024-03-06T08:00:00").known_before == "2024-03-06T08:00:00 UTC"
    local = Header("plays", "abc", "2024-03-06T08:00:00", ANGELES)
    assert (
        local.known_before
        == "2024-03-06T08:00:00 UTC, the start of 2024-03-06 in America/Los_Angeles"
    )
