"""An offline replay: what users took up by themselves, held against the list of every arm."""

import json
from dataclasses import fields
from pathlib import Path

import polars as pl
import pytest

from ntg_assets.configuration.experiments.arms import ArmSettings, OverrideSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.configuration.experiments.sources import ReplaySource
from ntg_assets.contracts import IdTypes, check_frame, contract_of
from ntg_assets.errors import ContractError, NotEnoughDataError
from ntg_assets.experiments import results
from ntg_assets.experiments.checks import decisions_without_readout, receipts_that_disagree
from ntg_assets.experiments.data import summed_tables, tables
from ntg_assets.experiments.data.evidence_tables import EvidenceTables
from ntg_assets.experiments.decision.trace import trace
from ntg_assets.optional_sources.validation import VERDICTS
from ntg_assets.storage.connection import connect
from ntg_assets.storage.run import run
from ntg_assets_tests.logs import events

PROGRAMME = ExperimentsSettings(
    definitions=[
        ExperimentSettings(
            id="lists",
            hypothesis="The blend matches more than popularity.",
            owner="science",
            arms=[
                ArmSettings(name="control", strategy="popularity"),
                ArmSettings(name="blend", strategy="blend"),
            ],
            primary_metric="matched_items",
            source=ReplaySource(list_length=2),
        )
    ]
)
NO_SOURCES, NO_EFFECTS = (
    pl.DataFrame(schema=VERDICTS),
    pl.DataFrame(schema={"experiment": pl.String}),
)
VAL = events((1, 90, "2026-01-01T10:00"), (1, 91, "2026-01-01T11:00"), (1, 90, "2026-01-02T10:00"))
TEST = events(
    (1, 11, "2026-02-01T10:00"),
    (1, 12, "2026-02-01T11:00"),
    (1, 13, "2026-02-03T10:00"),
    (1, 11, "2026-02-03T11:00"),
)


def lists(n_users: int = 3) -> pl.DataFrame:
    """Popularity shows 10, 11, 12 to everyone, the blend 11, 12, 13;
    only the first two are looked at.
    """
    rows = [
        (strategy, user, rank, item, 1.0 / rank)
        for strategy, items in (("popularity", (10, 11, 12)), ("blend", (11, 12, 13)))
        for user in range(1, n_users + 1)
        for rank, item in enumerate(items, start=1)
    ]
    return pl.DataFrame(
        rows, schema=["strategy", "user_id", "rank", "item_id", "score"], orient="row"
    )


def radar(strategy_lists: pl.DataFrame) -> pl.DataFrame:
    """Rank users by id: the larger the id, the more revenue at risk."""
    users = strategy_lists.select("user_id").unique().sort("user_id")
    return users.with_row_index("revenue_at_risk").with_columns(
        pl.col("revenue_at_risk").cast(pl.Float64)
    )


def all_tables(
    strategy_lists: pl.DataFrame, val: pl.DataFrame, test: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    definitions = PROGRAMME.definitions
    made = {"assignments": run(tables.assignments(strategy_lists, programme=PROGRAMME))}
    made["exposures"] = run(
        tables.exposures(made["assignments"], test_events=test, programme=PROGRAMME)
    )
    made["unit_metrics"] = run(
        tables.replay_unit_metrics(
            made["exposures"],
            strategy_lists=strategy_lists,
            revenue_risk_radar=radar(strategy_lists),
            val_events=val,
            test_events=test,
            definitions=definitions,
        )
    )
    made["arm_traffic"] = run(
        tables.arm_traffic(
            made["assignments"], exposures=made["exposures"], definitions=definitions
        )
    )
    made["metric_sums"] = run(
        summed_tables.metric_sums(made["unit_metrics"], definitions=definitions)
    )
    made["metric_quantiles"] = run(
        summed_tables.metric_quantiles(made["unit_metrics"], definitions=definitions)
    )
    evidence = EvidenceTables(made["arm_traffic"], made["metric_sums"], made["metric_quantiles"])
    made["health_checks"] = results.health_checks(definitions, evidence)
    made["readouts"] = results.readouts(definitions, evidence)
    made["segment_effects"] = results.all_segment_effects(definitions, evidence)
    made["experiment_plans"] = results.experiment_plans(definitions, evidence)
    made["decisions"] = results.decisions(definitions, evidence, readouts=made["readouts"])
    made["self_test_units"] = run(
        summed_tables.self_test_units(
            made["unit_metrics"], assignments=made["assignments"], definitions=definitions
        )
    )
    made["self_tests"] = results.self_tests(definitions, made["self_test_units"], seed=1)
    made["decision_gates"] = results.decision_gates(made["decisions"])
    return made


def test_the_list_of_each_arm_is_held_against_what_the_user_took_up() -> None:
    found = all_tables(lists(), VAL, TEST)["unit_metrics"]
    values = {(row["arm"], row["metric"]): row for row in found.iter_rows(named=True)}
    assert set(found["unit_id"]) == {"1"}  # users 2 and 3 did not come back
    assert (
        values["control", "matched_items"]["value"],
        values["blend", "matched_items"]["value"],
    ) == (1.0, 2.0)
    # item 11 came twice
    assert (
        values["control", "matched_value"]["value"],
        values["blend", "matched_value"]["value"],
    ) == (2.0, 3.0)
    assert (
        values["blend", "match_share"]["value"],
        values["blend", "match_share"]["denominator"],
    ) == (2.0, 3.0)
    assert (
        values["control", "active_days"]["value"] == values["blend", "active_days"]["value"] == 2.0
    )
    assert (
        values["control", "matched_items"]["covariate"],
        values["control", "matched_value"]["covariate"],
    ) == (2.0, 3.0)
    assert found.filter("is_assigned")["arm"].n_unique() == 1


@pytest.mark.slow
def test_every_table_keeps_its_contract_whatever_the_id_type() -> None:
    as_text = [
        frame.with_columns(pl.col("user_id", "item_id").cast(pl.String))
        for frame in (lists(), VAL, TEST)
    ]
    for given, ids in (
        ((lists(), VAL, TEST), IdTypes("integer", "integer")),
        (tuple(as_text), IdTypes()),
    ):
        for name, rows in all_tables(*given).items():
            check_frame(rows, contract_of(name), ids=ids)


def test_nobody_coming_back_is_an_answer_too() -> None:
    made = all_tables(lists(), VAL, TEST.clear())
    assert made["decisions"]["decision"].to_list() == ["iterate"]
    assert made["decisions"]["reason"].to_list() == ["health:sick"]
    for name, rows in made.items():
        check_frame(rows, contract_of(name), ids=IdTypes("integer", "integer"))


def test_the_order_of_the_rows_changes_nothing() -> None:
    shuffled = [frame.sample(fraction=1, shuffle=True, seed=1) for frame in (lists(), VAL, TEST)]
    again = all_tables(*shuffled)
    for name, rows in all_tables(lists(), VAL, TEST).items():
        assert rows.sort(rows.columns[:4]).equals(again[name].sort(rows.columns[:4])), name


def test_a_decision_without_its_readout_cannot_be_made() -> None:
    made = all_tables(lists(), VAL, TEST)
    evidence = EvidenceTables(made["arm_traffic"], made["metric_sums"], made["metric_quantiles"])
    made["readouts"] = made["readouts"].clear()
    made["decisions"] = results.decisions(
        PROGRAMME.definitions, evidence, readouts=made["readouts"]
    )
    assert made["decisions"].is_empty()
    stored = results.StoredResults(
        **{one.name: made.get(one.name, NO_EFFECTS) for one in fields(results.StoredResults)}
    )
    (reason,) = results.experiment_problems(PROGRAMME, NO_SOURCES, evidence, stored, seed=1).filter(
        step="decisions"
    )["reason"]
    assert "which is not among the 0 stored ones" in reason


def test_an_action_without_a_valid_readout_breaks_the_contract() -> None:
    forged = all_tables(lists(), VAL, TEST)["decisions"].with_columns(
        decision=pl.lit("rollout"), rule_decision=pl.lit("rollout")
    )
    with pytest.raises(ContractError, match="no_action_without_a_valid_readout"):
        check_frame(forged, contract_of("decisions"))


def test_the_checks_find_a_forged_decision_and_a_lost_readout() -> None:
    made = all_tables(lists(), VAL, TEST)
    assert decisions_without_readout(made["decisions"], made["readouts"]).is_empty()
    assert decisions_without_readout(made["decisions"], made["readouts"].clear()).height == 1
    assert receipts_that_disagree(made["decisions"]) == {}
    forged = made["decisions"].with_columns(decision=pl.lit("rollout"))
    assert receipts_that_disagree(forged) == {
        "lists": "the receipt leads to iterate, the table says rollout"
    }


def test_the_receipt_holds_every_gate_and_the_health() -> None:
    made = all_tables(lists(), VAL, TEST)
    receipt = json.loads(made["decisions"]["receipt"].item())
    assert made["decision_gates"].height == len(receipt["decision"]["gates"])
    assert [check["check"] for check in receipt["health"]] == made["health_checks"][
        "check"
    ].to_list()


def test_users_fall_into_quartiles_of_revenue_at_risk() -> None:
    comes_back = events(*((user, 11, "2026-02-01") for user in range(1, 9)))
    found = (
        all_tables(lists(8), VAL, comes_back)["unit_metrics"].select("unit_id", "segment").unique()
    )
    assert {unit: segment[-1] for unit, segment in found.iter_rows()} == {
        str(user): str((user + 1) // 2) for user in range(1, 9)
    }


def test_a_departure_from_the_rule_needs_an_owner_and_a_reason_and_is_recorded() -> None:
    made = all_tables(lists(), VAL, TEST)
    unsigned = made["decisions"].with_columns(decision=pl.lit("rollback"))
    with pytest.raises(ContractError, match="no_departure_from_the_rule_without_owner_and_reason"):
        check_frame(unsigned, contract_of("decisions"))
    signed = OverrideSettings(
        decision="rollback", owner="head of product", reason="A licence of the treatment has ended."
    )
    one = PROGRAMME.definitions[0].model_copy(update={"override": signed})
    evidence = EvidenceTables(made["arm_traffic"], made["metric_sums"], made["metric_quantiles"])
    found = check_frame(
        results.decisions([one], evidence, readouts=made["readouts"]), contract_of("decisions")
    )
    assert found.select("decision", "rule_decision", "override_owner").row(0) == (
        "rollback",
        "iterate",
        "head of product",
    )
    assert receipts_that_disagree(found) == {}


def test_a_decision_is_traced_back_to_the_files() -> None:
    made = all_tables(lists(), VAL, TEST)
    with connect() as connection:
        connection.execute("create schema experiments; create schema ingest")
        for name in ("decisions", "readouts", "unit_metrics"):
            connection.register("incoming", made[name])
            connection.execute(f"create table experiments.{name} as select * from incoming")
        connection.execute(
            "create table ingest.load_ledger as select 'ratings.csv' as file_name, repeat('a', 64)"
            " as sha256"
        )
        found = trace(connection, "lists", home=Path())
        assert [step.table for step in found.steps] == [
            "experiments.decisions",
            "experiments.readouts",
            "experiments.unit_metrics",
            "ingest.load_ledger",
        ]
        assert found.files == (("ratings.csv", "a" * 64),)
        assert found.inputs_sha256 == made["decisions"]["inputs_sha256"].item()
        with pytest.raises(NotEnoughDataError, match="no decision of experiment 'other'"):
            trace(connection, "other", home=Path())
