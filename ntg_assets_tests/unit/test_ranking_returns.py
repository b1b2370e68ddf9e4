from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.contracts import IdTypes, check_frame
from ntg_assets.interactions.interactions import code_interactions
from ntg_assets.ranking import contracts
from ntg_assets.ranking.learning.examples import Examples
from ntg_assets.ranking.learning.repeat_pairs import fit_pairs
from ntg_assets.ranking.learning.repeat_weights import (
    ReturnWeights,
    fit_returns,
    return_rows,
    with_returns,
)
from ntg_assets.ranking.scoring.popularity import (
    MICROSECONDS_PER_DAY,
    decay,
    fitting_half_lives,
    half_life_in_words,
    item_popularity,
    microseconds,
    with_half_lives,
)
from ntg_assets.ranking.scoring.repeat_consumption import return_parts
from ntg_assets.ranking.scoring.return_form import ReturnForm, return_form, return_probability
from ntg_assets.ranking.scoring.sources import RETURN_DEFAULTS, RETURN_PAIRS, RETURN_PARTS
from ntg_assets_tests.ranking_world import RANKING, World, make_world

NOW = datetime(2024, 4, 10)
DAY = timedelta(days=1)
ALLOW = RANKING.model_copy(update={"recommend_consumed": "allow"})


def log_of(*rows: tuple[int, int, datetime]) -> pl.DataFrame:
    return pl.DataFrame(
        rows,
        schema={"user_id": pl.Int64(), "item_id": pl.Int64(), "event_at": pl.Datetime("us")},
        orient="row",
    )


def rhythms(n_users: int = 80, n_days: int = 100) -> pl.DataFrame:
    """Users who take one item every third day, and others once or twice, long ago."""
    rng = np.random.default_rng(3)
    rows = []
    for user in range(n_users):
        staple = user % 10
        rows += [(user, staple, NOW - DAY * int(day)) for day in range(1 + user % 3, n_days, 3)]
        rows += [
            (user, 10 + int(item), NOW - DAY * int(rng.integers(40, n_days)))
            for item in rng.choice(30, 8, replace=False)
        ]
    return log_of(*rows)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(rhythms(), NOW, ranking=ALLOW)


def test_parts_are_those_of_the_formulas() -> None:
    log = log_of(
        (1, 7, NOW - 10 * DAY), (1, 7, NOW - 4 * DAY), (1, 8, NOW - 3 * DAY), (2, 8, NOW - 2 * DAY)
    )
    model = make_world(rhythms(), NOW, ranking=ALLOW).model
    block = code_interactions(log, items=model.items)
    found = return_parts(block, model)
    row = next(
        row
        for row in range(len(found.user))
        if (found.user[row], model.items[int(found.item[row])]) == (0, 7)
    )
    window = model.return_window / 86_400_000_000
    medium = 0.5 ** (10 / (3 * window)) + 0.5 ** (4 / (3 * window))
    visits = 0.5 ** (1 / 6) + 0.5 ** (2 / 6)
    names = list(RETURN_DEFAULTS)[1:]
    assert found.parts[row, names.index("return_medium")] == pytest.approx(
        np.log(1 + medium / 0.02)
    )
    assert found.parts[row, names.index("return_visits_few")] == pytest.approx(
        np.log(1 + visits / 0.02)
    )
    # user 1 took the item before last and the first, of three events
    places = 0.5 ** (1 / 2) + 0.5 ** (2 / 2)
    assert found.parts[row, names.index("return_events_few")] == pytest.approx(
        np.log(1 + places / 0.02)
    )
    patience = 3 * window
    assert found.parts[row, names.index("return_staying")] == pytest.approx(
        -2 * np.log((10 + patience) / (6 + patience))
    )


def test_events_of_one_instant_share_their_mean_place(world: World) -> None:
    # two baskets of two: 7 and 8 lie at places 0 and 1, so at 1/2 each; 9 and 10 at 5/2
    items = {7: NOW - DAY, 8: NOW - DAY, 9: NOW - 2 * DAY, 1: NOW - 2 * DAY}
    block = code_interactions(
        log_of(*((1, item, at) for item, at in items.items())), items=world.model.items
    )
    found = return_parts(block, world.model)
    many = found.parts[:, list(RETURN_DEFAULTS)[1:].index("return_events_many")]
    of_item = {
        world.model.items[int(item)]: part for item, part in zip(found.item, many, strict=True)
    }
    assert of_item[7] == of_item[8] == pytest.approx(np.log(1 + 0.5 ** (0.5 / 8) / 0.02))
    assert of_item[9] == of_item[1] == pytest.approx(np.log(1 + 0.5 ** (2.5 / 8) / 0.02))


def test_a_time_after_the_cutoff_says_no_more_than_the_cutoff(world: World) -> None:
    now, later = (
        return_parts(
            code_interactions(
                log_of((1, 7, NOW - 10 * DAY), (1, 7, last)), items=world.model.items
            ),
            world.model,
        ).parts
        for last in (NOW, NOW + 5 * DAY)
    )
    assert now.tolist() == later.tolist()


def test_probability_is_odds_of_powers() -> None:
    parts = np.log(np.array([[2.0, 3.0]]))
    odds = 0.5 * 2.0**2 * 3.0**1
    assert return_probability(
        parts, ReturnForm.of_parts(np.array([0.5, 2.0, 1.0]))
    ) == pytest.approx([odds / (1 + odds)])


def test_users_are_shown_what_they_keep_coming_back_to(world: World) -> None:
    first = world.tables["recommendations"].filter(pl.col("rank") == 1).sort("user_id")
    assert np.mean((first["item_id"] == first["user_id"] % 10).to_numpy()) > 0.9
    assert world.tables["ranking_weights"].filter(pl.col("kind") == "return").height == len(
        RETURN_DEFAULTS
    )
    check_frame(
        world.tables["ranking_weights"], contracts.RankingWeights, ids=IdTypes("integer", "integer")
    )


@pytest.mark.slow
def test_the_fit_recovers_planted_weights() -> None:
    rng = np.random.default_rng(1)
    n, n_parts = 60_000, len(RETURN_DEFAULTS) - 1
    parts = rng.normal(size=(n, n_parts))
    true = np.concatenate(([0.3], np.linspace(0.0, 1.0, n_parts)))
    taken = rng.random(n) < return_probability(parts, ReturnForm.of_parts(true))
    user = np.repeat(np.arange(n // 30), 30)
    n_users = n // 30
    examples = Examples(
        user,
        np.zeros((n, 1)),
        parts,
        taken,
        np.ones(n, np.bool_),
        np.ones(n_users, np.int64),
        np.zeros(n_users, np.int64),
    )
    assert fit_returns(examples).weights == pytest.approx(true, abs=0.06)


def test_without_a_case_the_default_weights_stand() -> None:
    none = np.empty((0, len(RETURN_DEFAULTS) - 1))
    empty = np.empty(0, np.int64)
    examples = Examples(
        empty, np.empty((0, 1)), none, empty.astype(bool), empty.astype(bool), empty, empty
    )
    assert fit_returns(examples).weights.tolist() == list(RETURN_DEFAULTS.values())


def test_the_feature_is_relative_to_the_users_best(world: World) -> None:
    examples = world.examples
    told = with_returns(examples, return_form({}), position=0)
    best = np.zeros(examples.n_users)
    np.maximum.at(best, examples.user, told.features[:, 0])
    assert set(np.round(best, 12)) <= {0.0, 1.0}
    assert (told.features[np.isnan(examples.returns[:, 0]), 0] == 0).all()


def test_windows_count_users_who_came_back() -> None:
    # the last tenth of eleven events starts with the last one but one: the return window is four
    # days
    log = log_of(
        *[(user, 1, NOW - 20 * DAY) for user in range(9)],
        (0, 1, NOW - 4 * DAY),
        (9, 2, NOW - 1 * DAY),
    )
    table = item_popularity(code_interactions(log), now=NOW, half_life_days=[7.0])
    row = table.filter(pl.col("item_id") == 1).row(0, named=True)
    assert (
        row["return_window_days"],
        row["n_window_users"],
        row["n_earlier_users"],
        row["n_earlier_returned"],
    ) == (4, 1, 9, 1)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (2.0, [15 / 1440, 0.125, 1.0]),
        (700.0, [1.0, 7.0, 30.0, 90.0, 365.0]),
        (7000.0, [7.0, 30.0, 90.0, 365.0, 3650.0]),
    ],
)
def test_half_lives_follow_the_pace_of_the_log(days: float, expected: list[float]) -> None:
    at = (np.linspace(0, days, 1001) * 86_400_000_000).astype(np.int64)
    assert {round(days, 6) for days in expected} <= {
        round(days, 6) for days in fitting_half_lives(at)
    }
    assert max(fitting_half_lives(at)) <= 2 * days


def test_an_event_counts_half_after_each_half_life_and_the_future_counts_as_now() -> None:
    now = 100 * MICROSECONDS_PER_DAY
    at = now + np.array([0, -7, -14, 30]) * MICROSECONDS_PER_DAY
    assert decay(at, now=now, half_life_days=7.0).tolist() == [1.0, 0.5, 0.25, 1.0]


def test_configured_half_lives_stay() -> None:
    settings = RankingSettings(popularity_half_life_days=[3.0])
    assert with_half_lives(settings, np.array([0, microseconds(NOW)])) is settings


def test_half_lives_are_told_in_fitting_units() -> None:
    assert [half_life_in_words(days) for days in (5 / 1440, 0.125, 1, 365.0)] == [
        "5 minutes",
        "3 hours",
        "1 days",
        "365 days",
    ]


def planted_pair(n: int = 24_000) -> tuple[np.ndarray, np.ndarray]:
    """Cases whose first two parts say less together than each by itself."""
    rng = np.random.default_rng(2)
    parts = rng.normal(size=(n, len(RETURN_PARTS)))
    log_odds = -1 + 0.5 * parts[:, 0] + 0.5 * parts[:, 1] - 0.8 * parts[:, 0] * parts[:, 1]
    return parts, (rng.random(n) < 1 / (1 + np.exp(-log_odds))).astype(float)


@pytest.mark.slow
def test_what_two_parts_say_together_is_found_beside_what_each_says() -> None:
    parts, taken = planted_pair()
    powers = np.zeros(len(RETURN_PARTS))
    powers[:2] = 0.5
    alone = ReturnForm.of_parts(np.concatenate(([np.exp(-1)], powers)))
    form = fit_pairs(parts, taken, alone)
    weight = dict(zip(RETURN_PAIRS, form.pairs, strict=True))
    first = f"{RETURN_PARTS[0]} x {RETURN_PARTS[1]}"
    # pulled to 0 by `PAIR_RIDGE`, and places end at two deviations
    assert -0.85 < weight.pop(first) < -0.6
    assert np.abs(list(weight.values())).max() < 0.1
    assert form.weights[1:].tolist() == powers.tolist()


def test_few_cases_hardly_say_what_two_parts_say_together() -> None:
    parts, taken = planted_pair(n=100)
    alone = ReturnForm.of_parts(np.array([np.exp(-1), *np.zeros(len(RETURN_PARTS))]))
    assert np.abs(fit_pairs(parts, taken, alone).pairs).max() < 0.08


def test_the_published_form_gives_the_bits_of_the_learned_one_to_everybody_alone(
    world: World,
) -> None:
    parts, taken = planted_pair(n=3_000)
    form = fit_pairs(parts, taken, ReturnForm.of_parts(np.array([0.2, *np.ones(12) / 10])))
    rows = return_rows(ReturnWeights(form, form.weights, form.weights))
    assert rows.filter(pl.col("kind") == "return_pair").height == 12 + 12 + 12 * 13 / 2
    read = return_form(dict(rows.select("feature", "weight").iter_rows()))
    together = return_probability(parts, read)
    assert together.tolist() == return_probability(parts, form).tolist()
    assert [return_probability(parts[[row]], read)[0] for row in range(9)] == together[:9].tolist()
    assert form.pairs.any()
    learned = dict(world.tables["ranking_weights"].select("feature", "weight").iter_rows())
    assert world.model.returns.pairs.tolist() == [learned.get(pair, 0.0) for pair in RETURN_PAIRS]


def test_weights_that_nothing_taught_name_no_pairs() -> None:
    assert return_rows(None)["kind"].unique().to_list() == ["return"]
