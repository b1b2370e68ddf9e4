"""Whom a contact could be about where people have contracts, and who is on no list."""

from datetime import date, datetime

import polars as pl
import pytest

from ntg_assets.attributes.reading import no_attributes
from ntg_assets.configuration.inputs.attributes import ConsentSettings
from ntg_assets.configuration.inputs.subscriptions import ConversionSettings
from ntg_assets.configuration.revenue import RadarSettings
from ntg_assets.revenue.contacts.checks import leavers_on_the_wrong_list
from ntg_assets.revenue.contacts.contact_candidates import (
    NO_FORECAST,
    NO_RETURN_FORECAST,
    contact_candidates,
)
from ntg_assets.revenue.contacts.contact_rules import (
    came_back,
    contact_rules,
    contract_rules,
    latest_instant,
)
from ntg_assets.revenue.contacts.lists.contact_holds import contract_holds
from ntg_assets.revenue.contacts.policy import intervention_exclusions
from ntg_assets.revenue.contacts.strategies import intervention_targets
from ntg_assets.revenue.contacts.strategy_comparison import strategy_comparison
from ntg_assets.subscriptions.money.values import VALUE_TYPES
from ntg_assets.subscriptions.survival.scores import SCORE_TYPES
from ntg_assets.subscriptions.winback.scores import SCORE_TYPES as RETURN_TYPES
from ntg_assets_tests.contract_worlds import term, terms

NO_SCORES = pl.DataFrame(schema=SCORE_TYPES | {"user_id": pl.Int64})
NO_RETURNS = pl.DataFrame(schema=RETURN_TYPES | {"user_id": pl.Int64})
NO_VALUES = pl.DataFrame(schema=VALUE_TYPES | {"user_id": pl.Int64})
ON = date(2024, 3, 1)
AT = datetime(2024, 3, 1)


def radar(*users: int, unit: str = "index") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "user_id": users,
            "rank": range(1, len(users) + 1),
            "churn_probability": 0.9,
            "ltv_at_stake": 10.0,
            "revenue_at_risk": 9.0,
            "is_at_risk_population": True,
            "unit": unit,
            "reason_1": "silent for 40 days: raises the risk",
        }
    )


def contracts(*rows: tuple[int, str, str, str, float | None]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Scores and values of contracts: user, contract, state, currency, chance; 10.00 at stake."""
    if not rows:
        return NO_SCORES, NO_VALUES
    scores = pl.DataFrame(
        [
            {"user_id": user, "subscription_id": name, "state": state, "currency": code,
             "end_probability": chance, "reason_1": f"{name}: raises the risk"}
            for user, name, state, code, chance in rows
        ],
        schema_overrides={"end_probability": pl.Float64},
    )  # fmt: skip
    values = scores.select("subscription_id", "currency").with_columns(
        value_if_kept_minor=pl.lit(1200), value_if_ended_minor=pl.lit(200)
    )
    return (
        pl.concat([NO_SCORES, scores], how="diagonal"),
        pl.concat([NO_VALUES, values], how="diagonal_relaxed"),
    )


def candidates(
    seen: pl.DataFrame,
    *rows: tuple[int, str, str, str, float | None],
    unit: str = "eur",
    conversion: ConversionSettings | None = None,
    left: pl.DataFrame | None = None,
) -> dict[int, dict[str, object]]:
    before = seen.select("user_id", churn_probability_before=pl.lit(0.5))
    returns = NO_RETURNS if left is None else left
    found = contact_candidates(
        seen, before, *contracts(*rows), returns, unit=unit, conversion=conversion
    )
    return {row["user_id"]: row for row in found.iter_rows(named=True)}


def test_without_contracts_everything_is_as_the_radar_says() -> None:
    seen = radar(3, 1, 2)
    before = seen.select("user_id", churn_probability_before=pl.lit(0.5))
    found = contact_candidates(
        seen, before, NO_SCORES, NO_VALUES, NO_RETURNS, unit="index", conversion=None
    )
    assert found["user_id"].to_list() == [1, 2, 3]
    same = ["user_id", "churn_probability", "ltv_at_stake", "revenue_at_risk", "unit", "reason_1"]
    assert found.select(same).equals(seen.sort("user_id").select(same))


def test_a_subscriber_is_lost_by_the_contract_and_not_by_silence() -> None:
    found = candidates(radar(1, 2, unit="eur"), (1, "a", "watching", "EUR", 0.1))
    assert found[1]["basis"] == "contract"
    assert (found[1]["churn_probability"], found[1]["ltv_at_stake"]) == (0.1, 10.0)
    assert found[1]["revenue_at_risk"] == 0.1 * 10.0
    assert found[1]["churn_probability_before"] is None
    assert (found[2]["basis"], found[2]["churn_probability"]) == ("silence", 0.9)


def test_several_contracts_of_a_user_add_up() -> None:
    found = candidates(
        radar(1, unit="eur"),
        (1, "a", "watching", "EUR", 0.1),
        (1, "b", "sleeping", "EUR", 0.3),
        (1, "c", "ending", "EUR", 1.0),
    )
    assert found[1]["ltv_at_stake"] == 20.0
    assert found[1]["churn_probability"] == pytest.approx((0.1 * 10 + 0.3 * 10) / 20)
    assert found[1]["reason_1"] == "b: raises the risk"
    assert found[1]["is_sleeper"] is False


def test_what_cannot_be_compared_is_on_no_list_and_says_why() -> None:
    rows = [
        (1, "a", "watching", "EUR", 0.1),
        (2, "b", "watching", "EUR", 0.1),
        (3, "c", "watching", "USD", 0.1),
        (4, "d", "watching", "EUR", None),
    ]
    found = candidates(radar(9), *rows, unit="index")
    assert [found[user]["is_at_risk_population"] for user in (1, 2, 3, 4, 9)] == [
        True, True, False, False, False,
    ]  # fmt: skip
    assert found[3]["left_out"] == "pays in USD, and no rate brings that to eur"
    assert found[4]["left_out"] == NO_FORECAST
    assert "set value.unit: eur" in str(found[9]["left_out"])
    rates = ConversionSettings(currency="EUR", rates={"USD": 0.5}, rates_of="2024-01-01")
    assert candidates(radar(9), *rows, unit="index", conversion=rates)[3]["ltv_at_stake"] == 5.0


def test_whose_contract_ended_or_will_end_is_ruled_out() -> None:
    rows = terms(
        term(1, "a", date(2024, 1, 1), date(2024, 3, 1)),  # the first day without it is today
        term(2, "b", date(2024, 1, 1), date(2024, 3, 2)),
        term(3, "c", date(2024, 1, 1)),
        term(4, "d", date(2024, 1, 1), date(2024, 2, 1)),
        term(4, "d2", date(2024, 2, 20)),  # came back
        term(5, "e", date(2024, 1, 1), date(2024, 3, 15)),
        term(5, "e", date(2024, 3, 15), price_minor=1299),  # a change, no end
        term(6, "f", date(2024, 4, 1)),  # has not begun
    )
    found = contract_rules(rows, on=ON, longest_gap_days=1)
    assert found.rows() == [
        (1, "contract_ended", "the contract ended on 2024-03-01"),
        (2, "contract_ending", "the contract ends on 2024-03-02"),
    ]


def test_a_contract_that_begins_today_runs_and_one_that_ends_today_does_not() -> None:
    rows = terms(term(1, "a", ON, date(2024, 4, 1)), term(2, "b", date(2024, 1, 1), ON))
    assert contract_rules(rows, on=ON, longest_gap_days=1).rows() == [
        (1, "contract_ending", "the contract ends on 2024-04-01"),
        (2, "contract_ended", "the contract ended on 2024-03-01"),
    ]
    assert came_back(rows, on=ON).rows() == [
        (1, "came_back", "has a contract again, from 2024-03-01")
    ]


def test_a_contract_goes_on_over_gaps_that_are_no_interruption_and_over_no_longer_ones() -> None:
    """Today is 1 March: one term ends before it, one after it; both are followed two days later."""
    rows = terms(
        term(1, "a", date(2024, 1, 1), date(2024, 2, 29)),
        term(1, "a", date(2024, 3, 2)),
        term(2, "b", date(2024, 1, 1), date(2024, 3, 10)),
        term(2, "b", date(2024, 3, 12)),
    )
    assert contract_rules(rows, on=ON, longest_gap_days=2).is_empty()
    assert contract_rules(rows, on=ON, longest_gap_days=1).rows() == [
        (1, "contract_ended", "the contract ended on 2024-02-29"),
        (2, "contract_ending", "the contract ends on 2024-03-10"),
    ]


def test_rules_keep_people_off_every_list() -> None:
    told = no_attributes().vstack(
        pl.DataFrame(
            [("user", "3", "ok", "yes", None, None, 0), ("user", "4", "ok", "no", None, None, 1)],
            schema=no_attributes().schema,
            orient="row",
        )
    )
    seen = radar(1, 3, 4)
    rules = contact_rules(
        seen.with_columns(basis=pl.lit("silence")),
        terms(term(1, "a", date(2024, 1, 1), date(2024, 2, 1))),
        told,
        consent=ConsentSettings(attribute="ok"),
        at=AT,
        on=ON,
        longest_gap_days=1,
    )
    settings = RadarSettings.model_validate(
        {
            "capacity": 10,
            "holdout_share": 0.0,
            "strategies": [{"name": "all", "objective": "revenue_at_risk"}],
        }
    )
    excluded = intervention_exclusions(seen, settings=settings, rules=rules, as_of=ON)
    targets = intervention_targets(seen, settings=settings, exclusions=excluded, as_of=ON)
    contacted = targets.filter(pl.col("action") == "contact")["user_id"].to_list()
    assert contacted == [3]
    assert excluded.filter("is_deciding").sort("user_id").select("user_id", "exclusion").rows() == [
        (1, "no_consent"),
        (4, "no_consent"),
    ]


def test_whoever_a_refused_row_of_contracts_names_is_on_no_list() -> None:
    """It may be the end of the contract: by other rows nobody would know."""
    refused = pl.DataFrame(
        [
            ("subscriptions", 0, "1", "a", "ended_at", "lies before the start"),
            ("subscriptions", 4, "0003", "c", "price", "is negative"),
            ("subscriptions", 2, " 3 ", "c", "started_at", "is no day"),
            ("subscriptions", 3, None, "d", "user", "is empty"),
            ("payments", 9, None, "e", "amount", "is no number"),
        ],
        schema=["source", "place", "listed_id", "subscription_id", "column_name", "reason"],
        orient="row",
    ).with_columns(file_name=pl.lit("terms.csv"))
    rules = contact_rules(
        radar(1, 3, 4).with_columns(basis=pl.lit("silence")),
        terms(term(1, "a", date(2024, 1, 1))),
        no_attributes(),
        consent=None,
        at=AT,
        on=ON,
        longest_gap_days=1,
        refused=refused,
    )
    assert rules.rows() == [
        (
            1,
            "contract_refused",
            "row 1 of terms.csv cannot be believed (ended_at lies before the start)",
        ),
        (3, "contract_refused", "row 3 of terms.csv cannot be believed (started_at is no day)"),
    ]


def left(*rows: tuple[int, str, float | None]) -> pl.DataFrame:
    """People who left: user, currency, chance to return; 12.00 if back and 2.00 if away."""
    told = pl.DataFrame(
        [
            {"user_id": user, "currency": code, "return_probability": chance,
             "reason_1": "left 40 days ago (cancelled)"}
            for user, code, chance in rows
        ],
        schema_overrides={"return_probability": pl.Float64},
    ).with_columns(value_if_back_minor=pl.lit(1200), value_if_away_minor=pl.lit(200))  # fmt: skip
    return pl.concat([NO_RETURNS, told], how="diagonal_relaxed")


def test_who_left_is_lost_while_they_stay_away_whatever_the_radar_says() -> None:
    found = candidates(
        radar(1, 2, unit="eur"),
        (5, "a", "watching", "EUR", 0.1),
        left=left((1, "EUR", 0.2), (3, "USD", 0.2), (4, "EUR", None)),
    )
    assert (found[1]["basis"], found[2]["basis"]) == ("left", "silence")
    assert (found[1]["churn_probability"], found[1]["ltv_at_stake"]) == (1 - 0.2, 12.0 - 2.0)
    assert found[1]["revenue_at_risk"] == (1 - 0.2) * 10.0
    assert [found[user]["is_at_risk_population"] for user in (1, 3, 4)] == [True, False, False]
    assert found[3]["left_out"] == "pays in USD, and no rate brings that to eur"
    assert found[4]["left_out"] == NO_RETURN_FORECAST


def test_a_service_that_everybody_left_has_people_to_win_back() -> None:
    found = candidates(radar(1, unit="eur"), left=left((1, "EUR", 0.2)))
    assert (found[1]["basis"], found[1]["unit"], found[1]["is_at_risk_population"]) == (
        "left", "eur", True,
    )  # fmt: skip


def test_who_left_is_asked_for_by_a_win_back_alone_unless_they_are_back() -> None:
    people = [(1, "EUR", 0.2), (3, "EUR", 0.1), (4, "EUR", 0.4)]
    before = radar(2).select("user_id", churn_probability_before=pl.lit(0.5))
    seen = contact_candidates(
        radar(1, 2, unit="eur"), before, NO_SCORES, NO_VALUES, left(*people),
        unit="eur", conversion=None,
    )  # fmt: skip
    signed = terms(
        *(term(user, f"old{user}", date(2023, 1, 1), date(2024, 1, 1)) for user, _, _ in people),
        term(4, "new", date(2024, 3, 20)),  # is not known at the cutoff, and stands in the source
    )
    rules = contact_rules(
        seen, signed, no_attributes(), consent=None, at=AT, on=ON, longest_gap_days=1
    )
    assert rules.rows() == [(4, "came_back", "has a contract again, from 2024-03-20")]
    settings = RadarSettings.model_validate(
        {
            "capacity": 10,
            "holdout_share": 0.0,
            "strategies": [
                {"name": "risk", "objective": "revenue_at_risk"},
                {"name": "back", "objective": "win_back", "save_rate": 0.5, "contact_cost": 0.1,
                 "offer_cost": 1.0},
            ],
        }
    )  # fmt: skip
    excluded = intervention_exclusions(seen, settings=settings, rules=rules, as_of=ON)
    targets = intervention_targets(seen, settings=settings, exclusions=excluded, as_of=ON)
    rows = targets.filter(pl.col("action") == "contact").select(
        "strategy", "user_id", "expected_saved_value", "expected_cost"
    )
    # a contact brings half of the chance to return on top, and who returns anyway takes the offer
    assert rows.select("strategy", "user_id").rows() == [("risk", 2), ("back", 1), ("back", 3)]
    assert rows["expected_saved_value"].to_list()[1:] == pytest.approx([0.5 * 0.2 * 10, 0.5 * 1.0])
    assert rows["expected_cost"].to_list()[1:] == pytest.approx(
        [0.1 + 1.0 * (0.5 * 0.2 + 0.2), 0.1 + 1.0 * (0.5 * 0.1 + 0.1)]
    )
    assert leavers_on_the_wrong_list(targets, seen, win_back=["back"]).is_empty()
    assert leavers_on_the_wrong_list(targets, seen, win_back=[])["user_id"].to_list() == [4, 1, 3]
    compared = strategy_comparison(targets, seen, settings=settings)
    back = compared.filter(pl.col("strategy") == "back").row(0, named=True)
    assert back["break_even_save_rate"] == pytest.approx(
        (2 * 0.1 + 1.0 * 0.3) / (0.2 * 10 + 0.1 * 10 - 1.0 * 0.3)
    )
    assert back["profit_at_double_save_rate"] == pytest.approx(
        2 * (0.5 * 0.2 * 10 + 0.5) - (2 * 0.1 + 2 * 0.5 * 0.3 + 0.3)
    )


def test_sleepers_are_asked_for_only_by_a_strategy_that_says_so() -> None:
    seen = radar(1, 2).with_columns(is_sleeper=pl.Series([True, False]))
    settings = RadarSettings.model_validate(
        {
            "capacity": 10,
            "holdout_share": 0.0,
            "strategies": [
                {"name": "awake", "objective": "revenue_at_risk"},
                {"name": "waking", "objective": "revenue_at_risk", "sleepers": True},
            ],
        }
    )
    targets = intervention_targets(seen, settings=settings, as_of=ON)
    assert targets.select("strategy", "user_id").rows() == [
        ("awake", 2), ("waking", 1), ("waking", 2),
    ]  # fmt: skip


def test_contracts_that_cannot_be_read_hold_every_list_back() -> None:
    row = {"source": "ingest.subscriptions", "is_usable": False, "sentence": "no file"}
    assert [hold.source for hold in contract_holds(pl.DataFrame([row]))] == ["ingest.subscriptions"]
    assert list(contract_holds(pl.DataFrame([{**row, "is_usable": True}]))) == []


def test_consent_that_was_taken_back_after_the_log_ended_counts_tonight() -> None:
    facts = pl.DataFrame(
        [("user", "1", "ok", "no", None, datetime(2024, 5, 1), 0)],
        schema=no_attributes().schema,
        orient="row",
    )
    assert latest_instant(facts, AT) > datetime(2024, 5, 1)
    assert latest_instant(no_attributes(), AT) == AT
