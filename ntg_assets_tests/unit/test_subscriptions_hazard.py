"""The hazard of contracts: pieces of the horizon, kinds of end, and what a planted world says."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntg_assets.randomness import random_stream
from ntg_assets.revenue.contacts.contact_rules import contract_rules
from ntg_assets.storage.run import run
from ntg_assets.subscriptions.hazard.competing_risks import ends_within, piece_hazards
from ntg_assets.subscriptions.hazard.learning_rows import FULL, STRUCTURE_ONLY, seen_within
from ntg_assets.subscriptions.hazard.pieces import KIND_CODES, Pieces, cut
from ntg_assets.subscriptions.hazard.snapshots import contract_states
from ntg_assets.subscriptions.hazard.walk_forward import chosen_model
from ntg_assets.subscriptions.survival.beta_geometric import fit_beta_geometric
from ntg_assets.subscriptions.terms.known_terms import known_terms
from ntg_assets_tests.contract_worlds import FEW, cutoff, night, term, terms

DAY = date(2024, 3, 11)
START = date(2024, 1, 31)  # renews on 29 February, 31 March, 30 April


def states(*rows: dict[str, object], on: date = DAY) -> pl.DataFrame:
    known = known_terms(terms(*rows), cutoff_on=date(2025, 1, 1), longest_gap_days=1)
    return run(contract_states(known, [on], steps=[1]))


def pieces(*rows: dict[str, object], horizon: int = 28, on: date = DAY) -> Pieces:
    return cut(states(*rows, on=on), horizon_days=horizon)


def test_the_horizon_is_cut_at_renewals_of_the_last_day_of_the_month() -> None:
    found = pieces(term(1, "a", START))
    assert found.stop.tolist() == [  # the renewal, then the last day of the window
        (date(2024, 3, 31) - date(1970, 1, 1)).days,
        (DAY + timedelta(days=27) - date(1970, 1, 1)).days,
    ]
    assert found.number.tolist() == [1, 2]
    assert found.covers_renewal.tolist() == [True, False]
    assert found.share.tolist() == [21 / 31, 7 / 30]  # 11 to 31 March, 1 to 7 April


@pytest.mark.parametrize(
    ("end", "outcomes"),
    [
        (None, [0, 0]),
        (date(2024, 3, 31), [KIND_CODES["cancelled"], -1]),
        (date(2024, 4, 1), [0, KIND_CODES["cancelled"]]),
        (date(2024, 4, 7), [0, KIND_CODES["cancelled"]]),
        (date(2024, 4, 8), [0, 0]),  # the first day after the window
    ],
    ids=["runs", "renewal", "day-after", "last-day", "beyond"],
)
def test_a_contract_ends_in_one_piece_at_most(end: date | None, outcomes: list[int]) -> None:
    assert pieces(term(1, "a", START, end)).outcome.tolist() == outcomes


def test_a_trial_is_the_piece_before_the_first_paid_one() -> None:
    found = pieces(term(1, "a", date(2024, 3, 1), trial_end_on=date(2024, 3, 15)))
    assert found.number.tolist() == [-1, 0]
    assert found.period.tolist() == [14, 31]


def test_who_renews_every_day_is_looked_at_in_steps_of_a_week() -> None:
    found = pieces(term(1, "a", date(2024, 3, 1), period_months=0, period_days=1))
    assert found.period.tolist() == [7] * 5
    assert sum(found.share) == 28 / 7


def test_an_announced_term_keeps_a_contract_from_looking_like_its_end() -> None:
    change = date(2024, 3, 20)
    old = term(1, "a", START, change, end_known_on=date(2024, 3, 1))
    new = term(1, "a", change, known_on=date(2024, 3, 1), price_minor=1299)
    assert states(old)["known_end_on"].to_list() == [change]
    assert states(old, new)["known_end_on"].to_list() == [None]
    assert states(old, new)["price_minor"].to_list() == [999]


def test_a_price_is_compared_with_the_one_before_it_in_its_own_currency() -> None:
    rows = terms(
        term(1, "a", date(2024, 1, 1), date(2024, 2, 1), price_minor=500),
        term(1, "a", date(2024, 2, 1), date(2024, 3, 1), price_minor=700),
        term(1, "a", date(2024, 3, 1), price_minor=800, currency="USD"),
        term(1, "b", date(2024, 4, 1), price_minor=900, currency="USD"),
    )
    known = known_terms(rows, cutoff_on=date(2025, 1, 1), longest_gap_days=1)
    assert known["price_before_minor"].to_list() == [None, 500, None, None]


def test_a_term_that_is_announced_for_after_the_cutoff_keeps_its_contract_open() -> None:
    """A price rises on 1 March, which was said on 1 February; looked at from 15 February."""
    rows = terms(
        term(1, "a", date(2024, 1, 1), date(2024, 3, 1), end_known_on=date(2024, 2, 1)),
        term(1, "a", date(2024, 3, 1), known_on=date(2024, 2, 1), price_minor=1299),
        term(2, "b", date(2024, 3, 1), known_on=date(2024, 2, 1)),  # signed, and begins later
    )
    known = known_terms(rows, cutoff_on=date(2024, 2, 15), longest_gap_days=1)
    assert known["contract_end_on"].to_list() == [None, None, None]
    state = run(contract_states(known, [date(2024, 2, 15)], steps=[1]))
    columns = ["subscription_id", "price_minor", "known_end_on", "contract_end_on"]
    assert state.select(columns).rows() == [("a", 999, None, None)]
    assert contract_rules(known, on=date(2024, 2, 15), longest_gap_days=1).is_empty()


def test_a_contract_whose_next_term_is_announced_runs_on_the_days_between() -> None:
    ended = term(1, "a", date(2024, 1, 1), date(2024, 3, 11), end_known_on=date(2024, 2, 1))
    announced, unforeseen = (
        term(1, "a", date(2024, 3, 12), known_on=day)
        for day in (date(2024, 2, 1), date(2024, 3, 12))
    )
    found = states(ended, announced, on=date(2024, 3, 11))
    assert found.select("known_end_on", "contract_end_on").rows() == [(None, None)]
    assert states(ended, unforeseen, on=date(2024, 3, 11)).is_empty()


def test_an_interrupted_contract_is_two() -> None:
    rows = term(1, "a", START, date(2024, 3, 1)), term(1, "a", date(2024, 3, 5))
    found = states(*rows)
    assert found["contract_started_on"].to_list() == [date(2024, 3, 5)]
    assert found["n_contracts_before"].to_list() == [1]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_chances_of_pieces_add_up_to_those_of_the_horizon(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = pieces(
        *(
            term(k, str(k), DAY - timedelta(days=int(rng.integers(1, 400))), period_months=0,
                 period_days=int(rng.integers(7, 40)))
            for k in range(4)
        )
    )  # fmt: skip
    chances = rng.dirichlet(np.ones(4), size=len(found.row))[:, :3]
    ends = ends_within(found, chances, n_rows=4)
    for row in range(4):
        stays = 1 - chances[found.row == row].sum(axis=1)
        assert np.isclose(ends.total[row], 1 - np.prod(stays))


def test_structure_alone_is_used_where_looking_at_people_did_not_help() -> None:
    rng = random_stream(1, "no gain")
    ended = rng.random(4_000) < 0.1
    side = {
        "origin_on": DAY,
        "contract_place": np.arange(4_000),
        "ended": ended,
        "end_logit": np.full(4_000, np.log(0.1 / 0.9)),
    }
    structure = pl.DataFrame(side).with_columns(model=pl.lit(STRUCTURE_ONLY))
    noise = structure.with_columns(
        pl.col("end_logit") + pl.Series(rng.normal(0, 0.8, 4_000)), model=pl.lit(FULL)
    )
    sure = structure.with_columns(
        end_logit=pl.Series(np.where(ended, 0.0, -3.0)), model=pl.lit(FULL)
    )
    assert chosen_model(pl.concat([structure, noise])) == STRUCTURE_ONLY
    assert chosen_model(pl.concat([structure, sure])) == FULL
    assert chosen_model(pl.concat([structure, sure]).clear()) == STRUCTURE_ONLY


def test_the_shifted_beta_geometric_law_is_found_again() -> None:
    """Fader and Hardie 2007: their high-end customers over seven years, .668 and 3.806."""
    left = [1000, 869, 743, 653, 593, 551, 517, 491]
    ended = [(t, 1.0) for t in range(1, 8) for _ in range(left[t - 1] - left[t])]
    rows = [*ended, *[(7, 0.0)] * left[7]]
    periods, is_end = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    alpha, beta = fit_beta_geometric(periods, is_end)
    assert (round(alpha, 2), round(beta, 2)) == (0.67, 3.81)


def test_nobody_who_never_ended_makes_a_certain_law() -> None:
    alpha, beta = fit_beta_geometric(np.array([4, 4]), np.zeros(2))
    assert alpha / (alpha + beta) == 0.5 / 9


@pytest.mark.slow
def test_scores_of_a_planted_world_are_chances_that_hang_together() -> None:
    scores = night().scores
    open_ = scores.filter(pl.col("state") != "ending")
    kinds = [f"{kind}_probability" for kind in KIND_CODES]
    total = open_.select(pl.sum_horizontal(kinds))[:, 0]
    assert np.allclose(total, open_["end_probability"], atol=1e-12)
    stays = open_.select("stays_3_periods", "stays_6_periods", "stays_12_periods").to_numpy()
    assert (np.diff(stays, axis=1) <= 0).all()
    trial = open_.filter(pl.col("state") == "trial")
    assert trial.height > 3
    assert (trial["not_converted_probability"] > 0).all()
    assert (open_.filter(pl.col("state") != "trial")["not_converted_probability"] == 0).all()
    ending = scores.filter(pl.col("state") == "ending")
    until = cutoff() + timedelta(days=28)
    expected = (ending["known_end_on"] < until).cast(pl.Float64)
    assert (ending["end_probability"] == expected).all()


def test_what_the_model_looks_at_moves_it() -> None:
    """Breaking the payment features of a row moves its chance of a failed payment."""
    made = night()
    now = made.rows.filter(pl.col("snapshot_on") == cutoff(), pl.col("known_end_on").is_null())
    unpaid = now.with_columns(n_failed_90d=pl.lit(2), is_unpaid=pl.lit(value=True))

    def chance(rows: pl.DataFrame) -> float:
        seen = seen_within(rows, horizon_days=28, sleeper_days=FEW.sleeper_days)
        chances = piece_hazards(seen, made.model.hazards)
        return float(ends_within(seen.pieces, chances, n_rows=rows.height).by_kind[:, 1].mean())

    assert chance(unpaid) > 1.5 * chance(now)
