"""Who may have come on days that the log does not hold is on no list that goes by silence."""

from datetime import date, timedelta

import polars as pl

from ntg_assets.churn.log_holes import HOLES_SCHEMA
from ntg_assets.churn.population.thin_weeks import ThinWeeks
from ntg_assets.revenue.contacts.contact_candidates import CANDIDATE_TYPES, CONTRACT, LEFT, SILENCE
from ntg_assets.revenue.contacts.hidden_silence import describe_hidden, leave_out_hidden

CUTOFF_ON = date(2024, 6, 1)


def holes(*spans: tuple[int, int]) -> pl.DataFrame:
    """Holes by how many days before the cutoff they begin and end."""
    rows = [
        (CUTOFF_ON - timedelta(days=first), CUTOFF_ON - timedelta(days=end), first - end, 0.0, 9.0)
        for first, end in spans
    ]
    return pl.DataFrame(rows, schema=HOLES_SCHEMA, orient="row")


def candidate(user: int, basis: str = SILENCE, *, is_sleeper: bool = False) -> dict[str, object]:
    amounts = {"churn_probability": 0.5, "ltv_at_stake": 10.0, "revenue_at_risk": 5.0 + user}
    flags = {"is_at_risk_population": True, "is_sleeper": is_sleeper, "unit": "eur"}
    return dict.fromkeys(CANDIDATE_TYPES) | {"user_id": user, "basis": basis} | amounts | flags


def thin_weeks(first: int, end: int, *, of_usual: float) -> ThinWeeks:
    """Weeks by how many days before the cutoff they begin and end."""
    days = [CUTOFF_ON - timedelta(days=ago) for ago in (first, end)]
    return ThinWeeks(days[0], days[1], 100 * of_usual, 100.0)


def left_out(
    log_holes: pl.DataFrame,
    *people: tuple[dict[str, object], int | None],
    thin: ThinWeeks | None = None,
) -> pl.DataFrame:
    types = CANDIDATE_TYPES | {"user_id": pl.Int64}
    rows = pl.DataFrame([row for row, _ in people], schema=types)
    recency = pl.DataFrame(
        {"user_id": rows["user_id"], "recency_days": [days for _, days in people]},
        schema_overrides={"recency_days": pl.Int64},
    )
    return leave_out_hidden(rows, recency, log_holes, thin, cutoff_on=CUTOFF_ON)


def test_who_was_last_seen_before_the_hole_is_left_out_and_who_was_seen_since_is_not() -> None:
    """A hole of 12 days ended ten days ago; somebody was last seen 23 days ago, the day before."""
    made = left_out(holes((22, 10)), (candidate(1), 23), (candidate(2), 10), (candidate(3), 1))
    assert made["is_at_risk_population"].to_list() == [False, True, True]
    assert made["left_out"].to_list() == [
        "the log does not hold 12 of the 22 days since they were last seen",
        None,
        None,
    ]


def test_who_has_been_silent_for_longer_than_the_hole_is_silent() -> None:
    """Twelve days of 24 are half of them, and of 23 more."""
    made = left_out(holes((22, 10)), (candidate(1), 25), (candidate(2), 24))
    assert made["is_at_risk_population"].to_list() == [True, False]


def test_several_holes_add_up() -> None:
    """Ten of 19 days in two holes; of the second one alone six of 13."""
    made = left_out(holes((19, 15), (13, 7)), (candidate(1), 20), (candidate(2), 14))
    assert made["left_out"].to_list() == [
        "the log does not hold 10 of the 19 days since they were last seen",
        None,
    ]


def test_days_that_hold_little_count_as_what_they_lack() -> None:
    """Two weeks that hold a quarter of what is usual ended three days ago: of a silence of 17 days
    they hide 10.5, of one of 20 as many, more than half, and of one of 21 no more than half.
    """
    weeks = thin_weeks(17, 3, of_usual=0.25)
    people = (candidate(1), 18), (candidate(2), 21), (candidate(3), 22), (candidate(4), 4)
    made = left_out(holes(), *people, thin=weeks)
    assert made["is_at_risk_population"].to_list() == [False, False, True, True]
    assert made["left_out"].to_list() == [
        "the log holds little of what is usual on 14 of the 17 days since they were seen",
        "the log holds little of what is usual on 14 of the 20 days since they were seen",
        None,
        None,
    ]
    assert "user 2" in describe_hidden(made)


def test_half_of_what_is_usual_hides_no_silence_by_itself_but_with_a_hole() -> None:
    """Of 16 days 14 hold half: 7 are no more than half. With two days of a hole they are 9."""
    weeks = thin_weeks(16, 2, of_usual=0.5)
    assert left_out(holes(), (candidate(1), 17), thin=weeks)["left_out"].to_list() == [None]
    both = left_out(holes((2, 0)), (candidate(1), 17), thin=weeks)
    assert both["left_out"].to_list() == [
        "the log holds little of what is usual on 16 of the 16 days since they were seen"
    ]


def test_only_what_goes_by_silence_stops() -> None:
    """A contract's end and a win-back do not hang on it; that somebody does not watch does."""
    made = left_out(
        holes((22, 10)),
        (candidate(1, CONTRACT), 23),
        (candidate(2, CONTRACT, is_sleeper=True), 23),
        (candidate(3, LEFT), 23),
        (candidate(4, CONTRACT, is_sleeper=True), None),  # never seen
    )
    assert made["is_at_risk_population"].to_list() == [True, False, True, True]


def test_how_many_are_left_out_is_said_with_the_first() -> None:
    people = (candidate(1), 23), (candidate(2), 24), (candidate(3), 1)
    sentence = describe_hidden(left_out(holes((22, 10)), *people))
    assert sentence.startswith("2 users are on no list tonight")
    assert "user 2, the log does not hold 12 of the 23 days" in sentence
    assert describe_hidden(left_out(holes(), *people)) == ""


def test_without_a_hole_nothing_is_touched() -> None:
    people = (candidate(1), 23), (candidate(2, LEFT), None)
    assert left_out(holes(), *people)["is_at_risk_population"].to_list() == [True, True]
