"""Money of contracts: the waterfall to the cent, the identity of value, life tables, cash."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.contract_night import day_number
from ntg_assets.configuration.inputs.subscriptions import ConversionSettings
from ntg_assets.storage.run import run
from ntg_assets.subscriptions.money.acquisition import acquisition, trial_funnel
from ntg_assets.subscriptions.money.cash import cash
from ntg_assets.subscriptions.money.waterfall import (
    converted,
    mrr_by_changes,
    priced,
    revenue_waterfall,
    unreconciled,
)
from ntg_assets.subscriptions.survival.cohorts import contract_cohorts, life_table
from ntg_assets.subscriptions.terms.known_terms import known_terms
from ntg_assets.subscriptions.terms.payments import PAYMENT_TYPES
from ntg_assets_tests.contract_worlds import cutoff, night, term, terms, world

END = date(2024, 7, 1)


def known(*rows: dict[str, object]) -> pl.DataFrame:
    return known_terms(terms(*rows), cutoff_on=END, longest_gap_days=1)


def waterfall(rows: pl.DataFrame) -> pl.DataFrame:
    return run(revenue_waterfall(rows, cutoff_on=END)).sort("currency", "month_on")


def month(rows: pl.DataFrame, number: int) -> dict[str, int]:
    one = rows.filter(pl.col("month_on") == date(2024, number, 1)).to_dicts()[0]
    return {name: value for name, value in one.items() if name.endswith("_minor") and value}


def test_each_movement_has_its_month() -> None:
    table = waterfall(
        known(
            term(1, "a", date(2024, 1, 10), date(2024, 3, 10)),
            term(1, "a2", date(2024, 5, 20)),  # comes back
            term(2, "b", date(2024, 1, 20), date(2024, 4, 2)),
            term(2, "b", date(2024, 4, 2), price_minor=1499),  # pays more
            term(3, "c", date(2024, 2, 5), date(2024, 6, 9)),
            term(3, "c", date(2024, 6, 9), price_minor=599),  # pays less
        )
    )
    assert month(table, 1) == {"new_minor": 2 * 999, "end_minor": 2 * 999}
    assert month(table, 2) == {"start_minor": 1998, "new_minor": 999, "end_minor": 2997}
    assert month(table, 3) == {"start_minor": 2997, "churned_minor": -999, "end_minor": 1998}
    assert month(table, 4) == {"start_minor": 1998, "expansion_minor": 500, "end_minor": 2498}
    assert month(table, 5) == {"start_minor": 2498, "reactivated_minor": 999, "end_minor": 3497}
    assert month(table, 6) == {"start_minor": 3497, "contraction_minor": -400, "end_minor": 3097}


def test_a_trial_pays_nothing_until_it_is_over() -> None:
    table = waterfall(
        known(
            term(1, "a", date(2024, 1, 25), trial_end_on=date(2024, 2, 8)),
            term(2, "b", date(2024, 1, 25), date(2024, 2, 8), trial_end_on=date(2024, 2, 8)),
        )
    )
    assert table["month_on"].to_list()[0] == date(2024, 2, 1)
    assert month(table, 2) == {"new_minor": 999, "end_minor": 999}


def test_currencies_are_never_added_but_by_stated_rates() -> None:
    table = waterfall(
        known(term(1, "a", date(2024, 1, 5)), term(2, "b", date(2024, 1, 5), currency="USD"))
    )
    assert (
        table.filter(pl.col("month_on") == date(2024, 2, 1))["start_minor"].to_list() == [999] * 2
    )
    rates = ConversionSettings(currency="EUR", rates={"USD": 0.9}, rates_of="2024-06-01")
    both = converted(table, rates)
    assert month(both, 2)["start_minor"] == 999 + round(999 * 0.9)
    assert both["currency"].unique().to_list() == ["EUR at rates of 2024-06-01"]
    assert converted(table, None).is_empty()


def test_a_total_leaves_out_what_has_no_rate_and_says_so() -> None:
    table = waterfall(
        known(
            term(1, "a", date(2024, 1, 5)),
            term(2, "b", date(2024, 1, 5), currency="JPY", price_minor=1200),
            term(3, "c", date(2024, 1, 5), currency="GBP"),
        )
    )
    rates = ConversionSettings.model_validate(
        {"currency": "eur", "rates": {"jpy": 0.0061}, "rates_of": "2024-06-01"}
    )
    total = converted(table, rates)
    # 1,200 yen at 0.0061 are 7.32 euros
    assert month(total, 2) == {"start_minor": 999 + 732, "end_minor": 999 + 732}
    assert total["currency"].unique().to_list() == ["EUR at rates of 2024-06-01, without GBP"]
    assert total.filter(pl.col("month_on") == date(2024, 2, 1))["n_start"].item() == 2


contracts = st.lists(
    st.tuples(
        st.integers(1, 6), st.integers(0, 170), st.integers(0, 90), st.integers(0, 2_000),
        st.sampled_from([(1, 0), (12, 0), (0, 7)]), st.integers(0, 20), st.booleans(),
    ),
    min_size=1,
    max_size=25,
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(contracts)
def test_the_waterfall_of_any_contracts_adds_up(drawn: list[tuple[int, ...]]) -> None:
    first = date(2024, 1, 3)
    rows = [
        term(
            user,
            f"s{place}",
            first + timedelta(days=start),
            first + timedelta(days=start + length) if ends else None,
            price_minor=price,
            period_months=period[0],  # type: ignore[index]  # a pair
            period_days=period[1],  # type: ignore[index]  # a pair
            trial_end_on=first + timedelta(days=start + trial) if trial else None,
        )
        for place, (user, start, length, price, period, trial, ends) in enumerate(drawn)
    ]
    made = known(*rows)
    assert unreconciled(waterfall(made), mrr_by_changes(made, cutoff_on=END)).is_empty()


def test_a_cent_that_is_missing_is_found() -> None:
    made = known(term(1, "a", date(2024, 1, 5)), term(2, "b", date(2024, 3, 5)))
    table, changes = waterfall(made), mrr_by_changes(made, cutoff_on=END)
    assert unreconciled(table, changes).is_empty()
    for name in ("start_minor", "new_minor", "end_minor"):
        wrong = table.with_columns(
            pl.when(pl.col("month_on") == date(2024, 3, 1))
            .then(pl.col(name) + 1)
            .otherwise(name)
            .alias(name)
        )
        assert date(2024, 3, 1) in unreconciled(wrong, changes)["month_on"].to_list()


def test_values_add_up_per_contract_and_nothing_of_known_ends_is_at_risk() -> None:
    values = night().values
    whole = values["ltv_minor"] + values["value_at_risk_minor"]
    assert (whole == values["value_if_kept_minor"]).all()
    assert (values["value_if_ended_minor"] <= values["value_if_kept_minor"]).all()
    ending = values.filter(pl.col("state") == "ending")
    assert ending.height > 3
    assert ending.select("mrr_at_risk_minor", "value_at_risk_minor").to_numpy().sum() == 0
    open_ = values.filter(pl.col("state") != "ending")
    at_risk = open_["end_probability"] * (
        open_["value_if_kept_minor"] - open_["value_if_ended_minor"]
    )
    assert (open_["value_at_risk_minor"] - at_risk).abs().max() <= 1  # type: ignore[operator]  # a number


def test_life_tables_are_those_of_kaplan_and_meier() -> None:
    from statsmodels.duration.survfunc import SurvfuncRight  # seconds to import

    rng = np.random.default_rng(3)
    periods, ended = rng.integers(1, 9, 400), rng.random(400) < 0.5
    table = life_table(
        pl.DataFrame({"periods": periods, "ended": ended}).with_columns(
            contract_end_kind=pl.when("ended").then(pl.lit("cancelled"))
        )
    )
    judge = SurvfuncRight(periods, ended.astype(int))
    own = table.filter(pl.col("n_ended") > 0)
    assert own["period"].to_list() == judge.surv_times.tolist()
    assert np.allclose(own["retention"], judge.surv_prob)
    low, high = own["retention_low"].to_numpy(), own["retention_high"].to_numpy()
    spread = judge.surv_prob_se / (judge.surv_prob * np.abs(np.log(judge.surv_prob)))
    inside = judge.surv_prob < 1
    assert np.allclose(low[inside], (judge.surv_prob ** np.exp(1.959964 * spread))[inside])
    assert np.allclose(high[inside], (judge.surv_prob ** np.exp(-1.959964 * spread))[inside])


def test_a_contract_in_the_middle_of_a_period_says_nothing_of_it() -> None:
    rows = [term(k, str(k), date(2024, 1, 1), date(2024, 3, 1)) for k in range(30)]
    runs = [term(k, str(k), date(2024, 1, 15)) for k in range(30, 60)]  # five periods and a half
    table = contract_cohorts(known(*rows, *runs), cutoff=day_number(END)).filter(
        pl.col("dimension") == "all"
    )
    assert table["n_at_risk"].to_list() == [60, 60, 30, 30, 30]
    assert table["n_ended"].to_list() == [0, 30, 0, 0, 0]
    assert table["retention"].to_list() == [1.0, *[0.5] * 4]


def test_what_came_in_is_what_was_paid_or_else_the_price_of_each_period() -> None:
    made = known(
        term(1, "a", date(2024, 1, 31), trial_end_on=date(2024, 2, 7)),
        term(2, "b", date(2024, 5, 1), date(2024, 6, 1)),
    )
    billed = cash(made, world().payments.clear(), cutoff_on=END)
    days = billed.filter(pl.col("user_id") == 1)["paid_on"].to_list()
    assert days == [date(2024, number, 7) for number in (2, 3, 4, 5, 6)]
    assert billed.filter(pl.col("user_id") == 2)["paid_on"].to_list() == [date(2024, 5, 1)]
    given_back = pl.DataFrame(
        {
            "subscription_id": ["a", "a", "a", "b"],
            "place": [0, 1, 2, 3],
            "happened_on": [date(2024, 2, 7), date(2024, 3, 7), date(2024, 3, 9), END],
            "status": ["paid", "failed", "refunded", "paid"],
            "amount_minor": [999, 999, 500, 999],
        },
        schema_overrides=world().payments.schema,
    ).with_columns(due_on="happened_on", currency=pl.lit(None, pl.String))
    paid = cash(made, given_back.select(world().payments.columns), cutoff_on=END)
    assert paid["amount_minor"].to_list() == [999, -500]


def test_what_users_cost_stands_beside_what_they_bring() -> None:
    users = pl.DataFrame(
        {
            "user_id": [1, 2, 3],
            "started_on": [date(2024, 1, 5)] * 3,
            "currency": ["EUR"] * 3,
            "channel": ["ads", "ads", None],
            "acquisition_cost": ["15.00", None, "1"],
        }
    )
    came = pl.DataFrame(
        {
            "user_id": [1, 1, 2],
            "currency": ["EUR"] * 3,
            "paid_on": [date(2024, 1, 5), date(2024, 2, 5), date(2024, 1, 5)],
            "amount_minor": [999, 999, 999],
        }
    )
    values = pl.DataFrame({"user_id": [1], "currency": ["EUR"], "ltv_minor": [3000]})
    table = acquisition(users, came, values, margin=0.8)
    ads = table.filter(pl.col("channel") == "ads").to_dicts()[0]
    assert (ads["n_users"], ads["n_with_cost"], ads["cost_minor"]) == (2, 1, 1500)
    assert ads["ltv_to_cost"] == pytest.approx((1998 * 0.8 + 3000) / 1500)
    assert ads["payback_months"] == 2  # 999 x .8 < 1500 <= 1998 x .8
    assert table.filter(pl.col("channel") == "unknown")["payback_months"].to_list() == [None]


def test_trials_are_open_converted_or_lost() -> None:
    trial = {"trial_end_on": date(2024, 6, 15)}
    table = trial_funnel(
        known(
            term(1, "a", date(2024, 6, 1), **trial),
            term(2, "b", date(2024, 6, 1), date(2024, 6, 15), end_kind="not_converted", **trial),
            term(3, "c", date(2024, 6, 20), trial_end_on=date(2024, 7, 4)),
        ),
        cutoff_on=END,
    )
    counts = table.select("n_trials", "n_open", "n_converted", "n_not_converted").row(0)
    assert counts == (3, 1, 1, 1)
    assert table["converted_share"][0] == 0.5


def test_the_waterfall_ends_with_what_the_running_contracts_bring() -> None:
    """But for those whose first day without is the cutoff: they ran on the day before."""
    made, day = night(), cutoff()
    revenue = run(revenue_waterfall(made.known, cutoff_on=day))
    last = revenue.sort("month_on").group_by("currency").agg(pl.col("end_minor").last())
    ends = priced(made.known).filter(
        pl.col("ended_on") == day, pl.col("paid_from_on") < day, pl.col("next_known_on").is_null()
    )
    runs = pl.concat(
        [made.scores.select("currency", "mrr_minor"), ends.select("currency", "mrr_minor")]
    )
    both = last.join(runs.group_by("currency").agg(pl.col("mrr_minor").sum()), on="currency")
    assert both.height == 2
    assert both["end_minor"].to_list() == both["mrr_minor"].to_list()


def test_an_end_that_is_written_as_the_last_day_is_no_churn_between_months() -> None:
    """Terms of calendar months whose ends are written as 23:59 of the last day, then an end."""
    rows = known(
        term(1, "a", date(2024, 1, 1), date(2024, 1, 31)),
        term(1, "a", date(2024, 2, 1), date(2024, 2, 29), price_minor=1299),
        term(1, "a", date(2024, 3, 1), date(2024, 3, 31), price_minor=1299),
    )
    # 9.99 in January; 3.00 more from February (no one left); all of it gone with March
    made = waterfall(rows)
    assert month(made, 1) == {"new_minor": 999, "end_minor": 999}
    assert month(made, 2) == {"start_minor": 999, "expansion_minor": 300, "end_minor": 1299}
    assert month(made, 3) == {"start_minor": 1299, "churned_minor": -1299}
    assert unreconciled(made, mrr_by_changes(rows, cutoff_on=END)).is_empty()


def test_payments_without_any_amount_leave_the_price_of_each_period() -> None:
    rows = known(term(1, "a", date(2024, 1, 31), date(2024, 4, 15)))
    row = ("a", 0, date(2024, 1, 31), date(2024, 1, 31), "paid", None, "EUR")
    nameless = pl.DataFrame([row], schema=PAYMENT_TYPES, orient="row")
    came = cash(rows, nameless, cutoff_on=END)
    # billed on the 31st: 31 January, 29 February (a leap year), 31 March
    assert came["paid_on"].to_list() == [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)]
    assert came["amount_minor"].sum() == 3 * 999


def test_a_period_that_begins_between_two_terms_of_a_contract_is_billed() -> None:
    rows = terms(
        term(1, "a", date(2024, 2, 15), date(2024, 3, 14)), term(1, "a", date(2024, 3, 17), END)
    )
    for gap, paid in ((3, [15, 15, 15, 15, 15]), (2, [15, 17, 17, 17, 17])):
        chained = known_terms(rows, cutoff_on=END, longest_gap_days=gap)
        came = cash(chained, world().payments.clear(), cutoff_on=END)
        # February to June: as one contract it renews on the 15th, as two on the 17th from March
        assert [day.day for day in came["paid_on"].to_list()] == paid


def test_contracts_that_all_begin_later_have_no_months_yet() -> None:
    rows = known(term(1, "a", date(2024, 8, 1), known_on=date(2024, 6, 1)))
    assert rows.height == 1
    assert waterfall(rows).is_empty()
    assert unreconciled(waterfall(rows), mrr_by_changes(rows, cutoff_on=END)).is_empty()
    assert contract_cohorts(rows, cutoff=day_number(END)).is_empty()
