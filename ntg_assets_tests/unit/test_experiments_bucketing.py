"""Who gets which arm: the same in Python and in SQL, in the right shares,
and stable when the experiment changes.
"""

import polars as pl
import pytest

from ntg_assets.configuration.experiments.arms import ArmSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.experiments.data.bucketing import assign, choose_arm
from ntg_assets.experiments.data.tables import assignments
from ntg_assets.randomness import bucket_of, unit_interval
from ntg_assets.storage.run import run

UNITS = range(20_000)
SIX_SIGMA = 6  # a share further off than this is no accident


def experiment(
    identity: str = "lists", *, weights: tuple[float, ...] = (1.0, 1.0, 1.0), **changes: object
) -> ExperimentSettings:
    arms = [
        ArmSettings(name=f"arm-{n}", strategy="popularity", weight=weight)
        for n, weight in enumerate(weights)
    ]
    known = {
        "id": identity,
        "hypothesis": "One list is as good as another.",
        "owner": "science",
        "arms": arms,
        "primary_metric": "hit",
    }
    return ExperimentSettings.model_validate({**known, **changes})


def arms_of(one: ExperimentSettings) -> dict[int, str]:
    return {unit: choose_arm(unit, one) for unit in UNITS}


def expect_share(n: int, share: float, *, n_all: int) -> None:
    assert abs(n - n_all * share) < SIX_SIGMA * (n_all * share * (1 - share)) ** 0.5


def test_bucket_is_the_first_fifteen_hex_digits_of_the_salted_sha256() -> None:
    assert bucket_of("exp1", "alice") == 157025690021323254
    assert bucket_of("exp1", "alice") / 16**15 == unit_interval("exp1", "alice")


@pytest.mark.parametrize("id_type", [pl.Int64, pl.String])
def test_sql_and_python_assign_alike(id_type: type[pl.DataType]) -> None:
    programme = ExperimentsSettings(
        holdout_share=0.2,
        definitions=[
            experiment("one", layer="page", layer_range=(0.0, 0.6), weights=(1, 2, 3)),
            experiment("two", layer="page", layer_range=(0.6, 1.0), weights=(5, 1)),
        ],
    )
    users = list(range(3_000))
    lists = pl.DataFrame(
        {"strategy": "popularity", "user_id": pl.Series(users).cast(id_type)}
    ).with_columns(rank=1, item_id=1, score=1.0)
    found = {
        (row["experiment"], row["unit_id"]): row
        for row in run(assignments(lists, programme=programme)).iter_rows(named=True)
    }
    for one in programme.definitions:
        for user in users:
            expected = assign(user, one, programme)
            row = found.get((one.id, str(user)))
            assert (row is not None) == expected.is_in_layer
            if row is not None:
                assert (row["bucket"], row["is_holdout"], row["arm"]) == (
                    expected.bucket,
                    expected.is_holdout,
                    expected.arm,
                )


def test_each_arm_gets_its_share() -> None:
    counts = pl.Series(list(arms_of(experiment(weights=(1, 2, 5))).values())).value_counts()
    for arm, n in counts.iter_rows():
        expect_share(n, {"arm-0": 1 / 8, "arm-1": 2 / 8, "arm-2": 5 / 8}[arm], n_all=len(UNITS))


def test_a_heavier_arm_takes_units_and_no_other_unit_moves() -> None:
    before, after = arms_of(experiment(weights=(1, 1, 1))), arms_of(experiment(weights=(1, 2, 1)))
    moved = [unit for unit in UNITS if before[unit] != after[unit]]
    assert {after[unit] for unit in moved} == {"arm-1"}
    # exactly what the arm gains: nothing less is possible
    expect_share(len(moved), 2 / 4 - 1 / 3, n_all=len(UNITS))


def test_arms_of_two_experiments_are_independent_even_when_their_names_are_alike() -> None:
    one, other = arms_of(experiment("lists-1")), arms_of(experiment("lists-2"))
    pairs = (
        pl.DataFrame({"one": list(one.values()), "other": list(other.values())})
        .group_by("one", "other")
        .len()
    )
    assert pairs.height == 9
    for n in pairs["len"]:
        expect_share(n, 1 / 9, n_all=len(UNITS))


def test_experiments_of_one_layer_share_no_unit_and_the_holdout_is_in_none() -> None:
    parts = [
        experiment("one", layer="page", layer_range=(0, 0.5)),
        experiment("two", layer="page", layer_range=(0.5, 1)),
    ]
    programme = ExperimentsSettings(holdout_share=0.1, definitions=parts)
    placed = [[assign(unit, part, programme) for part in parts] for unit in UNITS]
    assert all(sum(found.is_in_layer for found in row) == 1 for row in placed)
    assert all(found.arm is None for row in placed for found in row if found.is_holdout)
    expect_share(sum(row[0].is_holdout for row in placed), 0.1, n_all=len(UNITS))


def test_a_user_without_a_list_of_every_arm_is_not_eligible() -> None:
    arms = [ArmSettings(name="a", strategy="popularity"), ArmSettings(name="b", strategy="blend")]
    one = experiment(arms=arms)
    lists = pl.DataFrame(
        {
            "strategy": ["popularity", "blend", "popularity"],
            "user_id": [1, 1, 2],
            "rank": 1,
            "item_id": 1,
            "score": 1.0,
        }
    )
    assert run(assignments(lists, programme=ExperimentsSettings(definitions=[one])))[
        "unit_id"
    ].to_list() == ["1"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layer_range": (0.5, 0.5)}, "layer_range"),
        ({"primary_metric": "clicks"}, "not measured"),
        ({"primary_metric": "active_days"}, "could never be satisfied"),
        ({"guardrails": [{"metric": "sleep", "margin": 1}]}, "'sleep' is not measured"),
        (
            {"arms": [{"name": "a"}, {"name": "b", "strategy": "blend"}]},
            "names no ranking strategy",
        ),
        ({"arms": [{"name": "a", "strategy": "x"}, {"name": "a", "strategy": "y"}]}, "one name"),
    ],
)
def test_a_definition_that_cannot_work_is_refused_with_its_reason(
    changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        experiment(**changes)  # type: ignore[arg-type]


def test_two_experiments_on_the_same_part_of_a_layer_are_refused() -> None:
    parts = [
        experiment("one", layer="page", layer_range=(0, 0.6)),
        experiment("two", layer="page", layer_range=(0.5, 1)),
    ]
    with pytest.raises(ValueError, match=r"\[0.5, 0.6\) of layer 'page'"):
        ExperimentsSettings(definitions=parts)
