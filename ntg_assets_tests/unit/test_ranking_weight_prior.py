"""What other logs say of the weights, and that no log is judged by what it said itself."""

import numpy as np
import polars as pl
import pytest

from benchmarks.made_tastes import WORLDS, made_log
from benchmarks.ranking import CASES, FAMILIES
from benchmarks.ranking_prior import LOGS
from ntg_assets.configuration.settings import load_settings
from ntg_assets.errors import ConfigurationError
from ntg_assets.ranking.learning import weight_prior as module
from ntg_assets.ranking.learning.weight_prior import (
    GAIN,
    LEAST_DEVIATION,
    WeightPrior,
    prior_table,
    roles_of,
    weight_prior,
)
from ntg_assets.ranking.scoring.sources import TRANSITION, Source

SOURCES = [
    Source("sequence_recent", "graph", 3.0, "sequence"),
    Source("never_heard_of", "graph", 3.0, "taste"),
    *(Source(f"popularity_{days}d", "popularity", days) for days in (1, 7, 30)),
]


def table(*rows: tuple[str, str, float]) -> pl.DataFrame:
    named = [
        {"log": f"{family} log", "family": family, "consumed": "never", "strategy": "per_user"}
        | {"role": role, "value": value}
        for family, role, value in rows
    ]
    return pl.DataFrame(named)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [("a", "sequence_recent", 1.0), ("b", "sequence_recent", 3.0)]
    rows += [("a", "popularity_faster", 4.0), ("a", GAIN, 0.2), ("b", GAIN, 0.4)]
    monkeypatch.setattr(module, "prior_table", lambda: table(*rows))


@pytest.mark.usefixtures("known")
def test_a_weight_is_expected_to_be_the_mean_give_or_take_what_families_differ_by() -> None:
    prior = weight_prior(consumed="never")
    spread = np.sqrt((1**2 + 1**2) / 1 * (1 + 1 / 2))  # of 1 and 3, and of their mean
    assert prior.roles["sequence_recent"] == pytest.approx((2.0, spread))
    assert prior.gain == pytest.approx((0.3, np.sqrt((0.1**2 + 0.1**2) * 1.5)))


@pytest.mark.usefixtures("known")
def test_a_role_that_a_family_lacks_weighs_nothing_there() -> None:
    assert weight_prior(consumed="never").roles["popularity_faster"].mean == 4.0 / 2


def test_a_blend_of_one_popularity_says_nothing_of_how_several_share_its_weight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    several = [("popularity_floor", 1.0), ("popularity_faster", 0.5), (GAIN, 0.1)]
    logs = [table(*((family, *row) for row in several)) for family in ("a", "b")]
    alone = table(("a", "popularity", 2.5), ("a", GAIN, 0.1)).with_columns(
        strategy=pl.lit("global")
    )
    monkeypatch.setattr(module, "prior_table", lambda: pl.concat([*logs, alone]))
    roles = weight_prior(consumed="never").roles
    assert roles["popularity_floor"].mean == 1.0
    assert roles["popularity"].mean == ((1.0 + 0.5 + 2.5) / 2 + (1.0 + 0.5)) / 2


@pytest.mark.usefixtures("known")
def test_what_is_next_has_one_weight_counted_and_learned() -> None:
    both = [SOURCES[0], Source("transition_recent", "latent", 10.0, TRANSITION), *SOURCES[2:]]
    assert roles_of(both, floor=3)[:2] == ["sequence_recent"] * 2
    mean, _ = weight_prior(consumed="never").weights(both, floor=3)
    assert mean[:2] == pytest.approx([2.0 / 2, 2.0 / 2])


@pytest.mark.usefixtures("known")
def test_sources_of_one_role_share_its_weight() -> None:
    mean, deviation = weight_prior(consumed="never").weights(SOURCES, floor=4)
    assert mean.tolist() == [2.0, 0.0, 1.0, 1.0, 0.0]
    assert deviation[[1, 4]].tolist() == [LEAST_DEVIATION] * 2


def test_roles_follow_the_floor() -> None:
    assert roles_of(SOURCES, floor=3)[2:] == [
        "popularity_faster",
        "popularity_floor",
        "popularity_slower",
    ]


@pytest.mark.parametrize(
    ("leave_out", "message"),
    [(["a"], "1 are left"), (["films?"], "'films.' is no family")],
)
@pytest.mark.usefixtures("known")
def test_a_prior_of_one_family_or_without_an_unknown_one_is_refused(
    leave_out: list[str], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        weight_prior(consumed="never", leave_out=leave_out)


@pytest.mark.parametrize("name", [case[0] for case in CASES])
def test_no_bundled_log_is_judged_by_a_prior_that_its_family_taught(name: str) -> None:
    _, events, _, _, ranking, _ = next(case for case in CASES if case[0] == name)
    prior = weight_prior(consumed=ranking.recommend_consumed, leave_out=ranking.prior_leave_out)
    assert FAMILIES[events] not in prior.families
    taught = {log.family for log in LOGS.values() if log.events is events}
    assert not taught & set(prior.families)


def test_a_configuration_of_a_log_that_taught_the_prior_leaves_it_out() -> None:
    ranking = load_settings("configs/complete_journey.yaml").ranking
    prior = weight_prior(consumed="allow", leave_out=ranking.prior_leave_out)
    assert LOGS["complete_journey"].family not in prior.families


def test_the_committed_table_is_of_the_logs_that_it_names_and_of_no_film_ratings() -> None:
    rows = prior_table().select("log", "family").unique()
    assert dict(rows.iter_rows()) == {name: log.family for name, log in LOGS.items()}
    assert not prior_table()["provenance"].str.to_lowercase().str.contains("movielens").any()
    assert (prior_table().filter(pl.col("role") != GAIN)["value"] >= 0).all()
    assert (prior_table()["n_label_users"] >= 300).all()


@pytest.mark.parametrize("consumed", ["never", "allow"])
def test_the_committed_prior_is_personal(consumed: str) -> None:
    prior: WeightPrior = weight_prior(consumed=consumed)
    popular = sum(role.mean for name, role in prior.roles.items() if name.startswith("popularity"))
    assert sum(role.mean for role in prior.roles.values()) > 2 * popular
    assert prior.gain.mean > 0


@pytest.mark.slow
def test_a_made_log_is_the_same_at_every_call_and_keeps_its_laws() -> None:
    log = made_log("games")
    assert log.equals(made_log("games"))
    pairs = log.select("user_id", "item_id").unique().height
    assert 1 - pairs / log.height > WORLDS["games"].again
