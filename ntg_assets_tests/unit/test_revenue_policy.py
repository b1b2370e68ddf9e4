"""The policy forbids contacts for stated reasons,
and what is logged of the draw is enough to measure the programme.
"""

from datetime import date
from pathlib import Path
from typing import get_args

import numpy as np
import polars as pl
import pytest
import yaml

from ntg_assets.configuration.revenue import RadarSettings, StrategySettings
from ntg_assets.configuration.settings import load_settings
from ntg_assets.contracts import IdTypes, check_frame, contract_of
from ntg_assets.revenue.contacts.assignments import intervention_assignments
from ntg_assets.revenue.contacts.lists.contact_holds import Hold, hold_contacts
from ntg_assets.revenue.contacts.lists.user_lists import UserLists
from ntg_assets.revenue.contacts.policy import intervention_exclusions
from ntg_assets.revenue.contacts.strategies import intervention_targets
from ntg_assets_tests.unit.test_revenue_radar import MAXIMUM_RISK, policy, radar_of

TONIGHT = date(2024, 3, 31)
RADAR = radar_of((1, 0.5, 50.0), (2, 0.5, 40.0), (3, 0.5, 30.0), (4, 0.5, 20.0))


def contacts(*rows: tuple[str, str]) -> pl.DataFrame:
    made = [(user, date.fromisoformat(on)) for user, on in rows]
    return pl.DataFrame(
        made, schema={"listed_id": pl.String, "contacted_on": pl.Date}, orient="row"
    )


def opted_out(*users: str) -> pl.DataFrame:
    return pl.DataFrame({"listed_id": users})


def excluded(lists: UserLists, **changes: object) -> dict[object, str]:
    found = intervention_exclusions(
        RADAR, settings=policy(MAXIMUM_RISK, **changes), lists=lists, as_of=TONIGHT
    )
    check_frame(found, contract_of("intervention_exclusions"), ids=IdTypes("integer", "integer"))
    return dict(found.filter("is_deciding").select("user_id", "exclusion").rows())


def test_a_cap_counts_the_days_before_tonight_and_not_tonight_itself() -> None:
    log = contacts(
        ("1", "2024-03-01"), ("2", "2024-02-29"), ("3", "2024-03-31"), ("9", "2024-03-30")
    )
    assert excluded(UserLists(contacts=log), contact_window_days=30) == {1: "contacted_recently"}
    assert excluded(UserLists(contacts=log), contact_window_days=31) == dict.fromkeys(
        (1, 2), "contacted_recently"
    )
    assert excluded(UserLists(contacts=log), contact_window_days=31, max_contacts=2) == {}


def test_every_reason_is_kept_and_the_first_decides() -> None:
    left_out = pl.DataFrame({"listed_id": ["1", "2"], "detail": ["staff", "open complaint"]})
    lists = UserLists(opted_out("1"), left_out, contacts(("1", "2024-03-30")))
    settings = policy(MAXIMUM_RISK)
    found = intervention_exclusions(RADAR, settings=settings, lists=lists, as_of=TONIGHT)
    assert found.filter(pl.col("user_id") == 1)["exclusion"].to_list() == [
        "opted_out",
        "excluded",
        "contacted_recently",
    ]
    targets = intervention_targets(RADAR, settings=settings, exclusions=found)
    assert targets.select("user_id", "exclusion", "exclusion_detail").rows()[:3] == [
        (1, "opted_out", "on the opt-out list"),
        (2, "excluded", "open complaint"),
        (3, "none", None),
    ]


def test_whoever_a_list_names_in_any_spelling_is_not_contacted() -> None:
    lists = UserLists(
        opted_out("1.0", "3\u200b"), pl.DataFrame({"listed_id": ["'004"], "detail": ["staff"]})
    )
    found = intervention_exclusions(
        RADAR, settings=policy(MAXIMUM_RISK), lists=lists, as_of=TONIGHT
    )
    assert found.select("user_id", "exclusion", "detail").rows() == [
        (1, "opted_out", "on the opt-out list"),  # 1.0 is 1 by the rule of the log
        (3, "opted_out", "on the opt-out list (written as '3\u200b')"),
        (4, "excluded", "staff (written as ''004')"),
    ]


def test_contacts_count_together_however_they_are_written() -> None:
    log = contacts(
        ("1", "2024-03-29"), ("01", "2024-03-29"), ("1\u00a0", "2024-03-28"), ("2", "2024-03-30")
    )
    assert excluded(UserLists(contacts=log), max_contacts=3) == {1: "contacted_recently"}
    assert excluded(UserLists(contacts=log), max_contacts=4) == {}


def test_one_reason_to_withhold_keeps_everyone_from_being_contacted_and_logged() -> None:
    holds = hold_contacts(
        [Hold("radar.opt_out_file", "cannot be read", "radar.opt_out_file: gone.csv: no such file")]
    )
    settings = policy(
        MAXIMUM_RISK, StrategySettings(name="other", objective="random"), holdout_share=0.5
    )
    found = intervention_exclusions(RADAR, settings=settings, holds=holds, as_of=TONIGHT)
    check_frame(found, contract_of("intervention_exclusions"), ids=IdTypes("integer", "integer"))
    assert dict(found.filter("is_deciding").select("user_id", "exclusion").rows()) == dict.fromkeys(
        (1, 2, 3, 4), "withheld"
    )
    assert set(found.filter(pl.col("exclusion") == "withheld")["detail"]) == {
        "radar.opt_out_file: gone.csv: no such file"
    }
    # either of the two is enough
    for exclusions in (found, intervention_exclusions(RADAR, settings=settings, as_of=TONIGHT)):
        targets = intervention_targets(RADAR, settings=settings, exclusions=exclusions, holds=holds)
        check_frame(targets, contract_of("intervention_targets"), ids=IdTypes("integer", "integer"))
        assert targets.is_empty()
        assert intervention_assignments(targets, assigned_on=TONIGHT, holdout_share=0.5).is_empty()
    assert intervention_targets(RADAR, settings=settings, exclusions=found).is_empty()
    assert intervention_targets(RADAR, settings=settings, holds=hold_contacts([])).height > 0


def test_the_log_holds_both_arms_and_nobody_whom_the_policy_forbids() -> None:
    settings = policy(MAXIMUM_RISK, holdout_share=0.5, capacity=2)
    exclusions = intervention_exclusions(
        RADAR, settings=settings, lists=UserLists(opted_out("1")), as_of=TONIGHT
    )
    targets = intervention_targets(RADAR, settings=settings, exclusions=exclusions)
    log = intervention_assignments(targets, assigned_on=TONIGHT, holdout_share=0.5)
    check_frame(log, contract_of("intervention_assignments"), ids=IdTypes("integer", "integer"))
    assert 1 not in log["user_id"].to_list()
    assert (log["arm"] == "contact").to_list() == (log["action"] == "contact").to_list()
    assert log["propensity"].unique().to_list() == [0.5]
    assert log["assigned_on"].unique().to_list() == [TONIGHT]


@pytest.mark.parametrize("objective", ["revenue_at_risk", "expected_profit"])
def test_being_on_a_list_does_not_depend_on_the_own_draw(objective: str) -> None:
    """Whoever is listed as held out would have been contacted under another draw,
    and the other way round.
    """
    rng = np.random.default_rng(5)
    radar = radar_of(
        *((user, float(rng.uniform(0.2, 0.9)), float(rng.uniform(5, 100))) for user in range(1, 61))
    )
    strategy = StrategySettings.model_validate(
        {"name": "s", "objective": objective, "contact_cost": 0.3, "budget": 3.0}
    )
    base = RadarSettings(strategies=[strategy], holdout_share=0.3, capacity=15)
    held_out: set[object] = set(range(1, 61, 3))
    listed = on_list(radar, base, held_out)
    assert held_out & listed
    for user in sorted(listed, key=str):
        assert user in on_list(radar, base, held_out ^ {user})


def on_list(radar: pl.DataFrame, settings: RadarSettings, held_out: set[object]) -> set[object]:
    rows = [(user, "holdout", "drawn", True) for user in sorted(held_out, key=str)]
    schema = {
        "user_id": pl.Int64,
        "exclusion": pl.String,
        "detail": pl.String,
        "is_deciding": pl.Boolean,
    }
    targets = intervention_targets(
        radar, settings=settings, exclusions=pl.DataFrame(rows, schema=schema, orient="row")
    )
    return set(targets.filter(pl.col("exclusion").is_in(["none", "holdout"]))["user_id"])


def test_exploration_draws_other_users_every_night() -> None:
    radar = radar_of(*((user, 0.5, 10.0) for user in range(1, 41)))
    settings = policy(StrategySettings(name="exploration", objective="random"), capacity=10)
    first, second = (
        set(intervention_targets(radar, settings=settings, as_of=date(2024, 3, day))["user_id"])
        for day in (1, 2)
    )
    assert first != second


def test_the_documented_radar_is_a_valid_one_and_shows_every_objective() -> None:
    page = (Path(__file__).parents[2] / "docs" / "radar.md").read_text(encoding="utf-8")
    told = RadarSettings.model_validate(
        yaml.safe_load(page.split("```yaml")[1].split("```")[0])["radar"]
    )
    known = get_args(StrategySettings.model_fields["objective"].annotation)
    assert {strategy.objective for strategy in told.strategies} == set(known)
    assert {
        strategy.objective
        for strategy in load_settings("configs/dev.yaml", environment={}).radar.strategies
    } == set(known)
