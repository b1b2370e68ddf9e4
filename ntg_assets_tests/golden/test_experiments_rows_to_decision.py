"""The two outside vectors that ask for more than a formula: from rows to a readout,
and from readouts to a decision.
"""

from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments import results
from ntg_assets.experiments.data import summed_tables
from ntg_assets.experiments.data.evidence import ArmTraffic, Evidence
from ntg_assets.experiments.data.evidence_tables import EvidenceTables
from ntg_assets.experiments.decision.receipts import evaluate
from ntg_assets.storage.run import run
from ntg_assets_tests.experiment_sums import sums
from ntg_assets_tests.vectors.register import VECTORS


def definition(**changes: Any) -> ExperimentSettings:
    known = {
        "id": "users",
        "hypothesis": "Treated users order more often.",
        "owner": "science",
        "arms": [{"name": "control"}, {"name": "treatment"}],
        "source": {"kind": "log", "exposures": {"files": ["none.csv"]}},
        "metrics": [{"name": "orders"}, {"name": "revenue", "kind": "revenue"}],
        "primary_metric": "orders",
        "planned_units": 100,
        "minimum_days": 7,
    }
    return ExperimentSettings.model_validate(known | changes)


@pytest.mark.slow
def test_users_of_tea_tasting_come_out_as_published() -> None:
    from tea_tasting import make_users_data  # the library takes seconds to import

    expected = VECTORS["tt-users"]["expected"]
    users = pl.DataFrame(make_users_data(rng=42))
    rows = users.select(
        unit_id=pl.col("user").cast(pl.String),
        arm=pl.when(pl.col("variant") == 1).then(pl.lit("treatment")).otherwise(pl.lit("control")),
        orders=pl.col("orders").cast(pl.Float64),
        revenue=pl.col("revenue").cast(pl.Float64),
    ).unpivot(
        ["orders", "revenue"], index=["unit_id", "arm"], variable_name="metric", value_name="value"
    )
    units = rows.with_columns(
        experiment=pl.lit("users"),
        source=pl.lit("observed"),
        is_assigned=pl.lit(value=True),
        is_in_look=pl.lit(value=True),
        segment=pl.lit("all"),
        denominator=pl.lit(None, dtype=pl.Float64),
        covariate=pl.lit(None, dtype=pl.Float64),
        covariate_denominator=pl.lit(None, dtype=pl.Float64),
    )
    one = definition()
    counts = (
        rows.filter(pl.col("metric") == "orders")
        .group_by("arm")
        .agg(pl.len().cast(pl.Int64).alias("n_exposed"))
    )
    traffic = counts.with_columns(
        experiment=pl.lit("users"),
        weight=1.0,
        n_assigned="n_exposed",
        n_in_several_arms=0,
        n_not_assigned=0,
        first_exposed_at=pl.datetime(2026, 1, 1),
        last_exposed_at=pl.datetime(2026, 1, 29),
    )
    evidence = EvidenceTables(
        traffic,
        run(summed_tables.metric_sums(units, definitions=[one])),
        run(summed_tables.metric_quantiles(units, definitions=[one])),
    )
    found = {row["metric"]: row for row in results.readouts([one], evidence).iter_rows(named=True)}
    for metric in ("orders", "revenue"):
        wanted = expected[f"{metric}_per_user"]
        # sums count millionths
        assert found[metric]["mean_control"] == pytest.approx(wanted["control"], abs=1e-6)
        assert found[metric]["mean_treatment"] == pytest.approx(wanted["treatment"], abs=1e-6)
        assert found[metric]["difference"] == pytest.approx(wanted["effect"], abs=1e-6)
        assert found[metric]["p"] == pytest.approx(wanted["p"], abs=1e-6)
    orders, wanted = found["orders"], expected["orders_per_user"]
    assert (orders["difference_low"], orders["difference_high"]) == pytest.approx(
        tuple(wanted["ci"]), abs=1e-9
    )
    assert (orders["relative_low"], orders["relative_high"]) == pytest.approx(
        tuple(wanted["rel_ci"]), abs=1e-9
    )


@pytest.mark.slow
def test_clear_signals_are_decided_as_the_peer_decides_them() -> None:
    """Winner and no guardrail loser: ship. Any guardrail loser,
    or a losing goal: roll back. Else: look again.

    A guardrail that is neither must here be shown to be harmless; with 20,000 units it is.
    """
    assert (
        "all goals stat-sig winners AND no guardrail stat-sig loser -> ship"
        in VECTORS["gb-decision-clear-signals"]["inputs"]["rules"]
    )
    signal = {"winner": 0.3, "neutral": 0.0, "loser": -0.3}
    one = definition(guardrails=[{"metric": "revenue", "margin": 0.1}])
    decided = {}
    for goal, guardrail in product(signal, signal):
        spread = np.linspace(0, 2, 20_000)
        known = {
            ("between users", metric, arm, "all"): sums(
                spread + (signal[kind] if arm == "treatment" else 0.0)
            )
            for metric, kind in (("orders", goal), ("revenue", guardrail))
            for arm in ("control", "treatment")
        }
        days = [
            ArmTraffic(
                1.0,
                20_000,
                20_000,
                0,
                0,
                *pl.Series(["2026-01-01", "2026-01-29"]).str.to_datetime(),
            )
            for _ in range(2)
        ]
        decided[goal, guardrail] = evaluate(
            one, Evidence(dict(zip(("control", "treatment"), days, strict=True)), known)
        )[2].decision
    assert decided == {
        ("winner", "winner"): "rollout",
        ("winner", "neutral"): "rollout",
        ("winner", "loser"): "rollback",
        ("neutral", "winner"): "iterate",
        ("neutral", "neutral"): "iterate",
        ("neutral", "loser"): "rollback",
        ("loser", "winner"): "rollback",
        ("loser", "neutral"): "rollback",
        ("loser", "loser"): "rollback",
    }
