"""Experiments whose units come in clusters or strata, with covariates of their own, or with metrics
that share the error rate: what the configuration says is what readouts, self-tests and health do.
"""

import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from ntg_assets.configuration.settings import load_settings
from ntg_assets.errors import NotEnoughDataError, SourceError
from ntg_assets.experiments.alone import Concluded, conclude_aggregates, conclude_units
from ntg_assets.experiments.data.evidence_tables import EvidenceTables
from ntg_assets.experiments.data.units.aggregates import sums_of_aggregates, traffic_of_aggregates
from ntg_assets.experiments.data.units.unit_columns import strata_of
from ntg_assets.experiments.decision.receipts import replay
from ntg_assets.experiments.health import aa_tests
from ntg_assets.experiments.readout.comparisons import compare_arms
from ntg_assets.statistics import library as st
from ntg_assets.statistics.designs.contrasts import contrast_units
from ntg_assets.statistics.designs.units import Units
from ntg_assets_tests.trials import trial

SETTINGS = load_settings()
SHOPS, SIZE = 24, 20


@pytest.fixture(autouse=True)
def _few_repetitions(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Re-assign less often where no test looks at the self-tests."""
    if "self_tests" not in request.node.name:
        monkeypatch.setattr(aa_tests, "REPETITIONS", 40)
        monkeypatch.setattr(aa_tests, "FEWER_REPETITIONS", 40)


def shops(*, seed: int = 3, lift: float = 0.0, **columns: Any) -> pl.DataFrame:
    """Make units in shops, each of one arm, that have half of their variance in common."""
    rng = np.random.default_rng(seed)
    shop = np.repeat(np.arange(SHOPS), SIZE)
    arm = np.where(shop % 2 == 1, "b", "a")
    known = {
        "unit_id": [f"u{place:05}" for place in range(SHOPS * SIZE)],
        "arm": arm,
        "shop": shop,
        "size": shop % 3,
        "age": rng.normal(0, 1, SHOPS * SIZE),
    }
    value = 20 + rng.normal(0, 1, SHOPS)[shop] + rng.normal(0, 1, len(shop)) + lift * (arm == "b")
    return pl.DataFrame(known | {"revenue": value} | columns)


def concluded(rows: pl.DataFrame, **changes: Any) -> Concluded:
    return conclude_units(trial(planned_units=100, **changes), rows, SETTINGS)


def readout(found: Concluded, metric: str = "revenue") -> dict[str, Any]:
    rows = found.tables["readouts"].filter(
        pl.col("metric") == metric, pl.col("comparison") == "between users"
    )
    return dict(rows.row(0, named=True))


def arms_of(rows: pl.DataFrame, column: str) -> list[Any]:
    return [rows.filter(pl.col("arm") == arm)[column].to_numpy() for arm in "ab"]


def test_clusters_vary_and_not_their_units() -> None:
    rows = shops()
    found = readout(concluded(rows, cluster_id="shop"))
    expected = st.compare_clusters(
        *(
            st.clustered(y, k)
            for y, k in zip(arms_of(rows, "revenue"), arms_of(rows, "shop"), strict=True)
        )
    )
    assert found["difference"] == pytest.approx(expected.difference)
    assert found["standard_error"] == pytest.approx(expected.standard_error)
    assert found["p"] == pytest.approx(expected.p)
    assert found["method"] == f"mean over {SHOPS} clusters of shop (jackknife)"
    singly = readout(concluded(rows))
    assert found["standard_error"] > 2.5 * singly["standard_error"]


def test_a_receipt_holds_the_contrasts_and_replays() -> None:
    made = concluded(shops(lift=3), cluster_id="shop").tables
    receipt = json.loads(made["decisions"]["receipt"][0])
    assert receipt["inputs"]["experiment"]["cluster_id"] == "shop"
    contrast = receipt["inputs"]["evidence"]["contrasts"][0]
    assert (contrast["n_control"], contrast["n_treatment"]) == (SHOPS / 2, SHOPS / 2)
    assert replay(receipt)["in_force"] == made["decisions"]["decision"][0] == "rollout"


def test_self_tests_give_whole_clusters_their_arms_again() -> None:
    tested = concluded(shops(), cluster_id="shop").tables["self_tests"]
    (row,) = tested.to_dicts()
    assert row["test"] == "A/A"
    assert row["found_share"] < 0.08
    # units read singly fail by far: the same shops, shuffled whole
    rng, rows = np.random.default_rng(1), shops()
    hits = 0
    for _ in range(100):
        arm = rng.permutation(np.arange(SHOPS) % 2)[rows["shop"].to_numpy()]
        parts = [rows["revenue"].to_numpy()[arm == one] for one in (0, 1)]
        hits += st.compare_means(*(st.sample_from_values(y) for y in parts)).p < 0.05
    assert hits > 30


def test_sample_ratio_and_balance_ask_the_clusters() -> None:
    past = 5 + np.random.default_rng(8).normal(0, 3, SHOPS)[np.repeat(np.arange(SHOPS), SIZE)]
    found = concluded(shops(revenue_before=past), cluster_id="shop").tables["health_checks"]
    checks = {row["check"]: row for row in found.to_dicts()}
    assert checks["sample_ratio"]["sentence"].startswith("clusters per arm 12 : 12 fit")
    assert checks["pre_period_balance:b"]["verdict"] == "healthy"
    singly = concluded(shops(revenue_before=past)).tables["health_checks"]
    assert "sick" in singly.filter(pl.col("check") == "pre_period_balance:b")["verdict"].to_list()


def test_aggregates_by_cluster_say_what_the_units_say() -> None:
    rows = shops()
    per_shop = rows.group_by("arm", "shop").agg(
        metric=pl.lit("revenue"),
        n=pl.len(),
        mean=pl.col("revenue").mean(),
        variance=pl.col("revenue").var(),
    )
    one = trial(planned_units=100, cluster_id="shop")
    found = readout(conclude_aggregates(one, per_shop, SETTINGS))
    expected = readout(concluded(rows, cluster_id="shop"))
    for name in ("difference", "standard_error", "p", "method"):
        assert found[name] == (
            expected[name] if name == "method" else pytest.approx(expected[name])
        )


def test_strata_take_out_what_they_explain_in_units_and_aggregates() -> None:
    rng = np.random.default_rng(5)
    rows = shops().with_columns(
        part=pl.Series(["young", "old"] * 240),
        revenue=pl.Series(rng.normal(20, 1, 480) + 8.0 * (np.arange(480) % 2)),
        arm=pl.Series(rng.permutation(["a", "b"] * 240)),
    )
    found = readout(concluded(rows, strata="part"))
    samples = [
        {
            part: st.sample_from_values(
                rows.filter(pl.col("arm") == arm, pl.col("part") == part)["revenue"].to_numpy()
            )
            for part in ("young", "old")
        }
        for arm in "ab"
    ]
    expected = st.compare_within_strata(*samples)
    assert found["p"] == pytest.approx(expected.p)
    assert found["variance_removed_share"] == pytest.approx(1 - 1 / (1 + 4.0**2), abs=0.02)
    assert found["method"] == "mean post-stratified, 2 strata of part"
    cells = rows.group_by("arm", "part").agg(
        metric=pl.lit("revenue"),
        n=pl.len(),
        mean=pl.col("revenue").mean(),
        variance=pl.col("revenue").var(),
    )
    again = readout(conclude_aggregates(trial(planned_units=100, strata="part"), cells, SETTINGS))
    assert again["p"] == pytest.approx(expected.p)


def test_a_stratum_too_small_for_an_arm_is_merged_and_told() -> None:
    part = ["x"] * 238 + ["y"] * 240 + ["rare", "other"]
    found = readout(concluded(shops(part=part), strata="part"))
    assert found["method"] == "mean post-stratified, 2 strata of part, 2 small ones together"


def test_strata_are_merged_by_their_size_and_not_by_how_their_own_units_fell() -> None:
    uneven, even, large = [0, 0, 0, 0, 0, 1], [0, 1] * 3, [0, 1] * 4
    parts = ["uneven"] * 6 + ["even"] * 6 + ["large"] * 8
    codes, told = strata_of(
        trial(strata="part"),
        pl.DataFrame({"design part": parts}),
        np.array(uneven + even + large),
        2,
    )
    assert codes is not None
    assert codes.tolist() == [0] * (6 + 6) + [1] * 8
    assert told == ", 2 small ones together"


@pytest.mark.slow
def test_many_small_strata_keep_the_level_of_their_test() -> None:
    rng, claimed, repetitions = np.random.default_rng(5), 0, 300
    effects = rng.normal(0, 3, 80)
    for _ in range(repetitions):
        arms, strata = rng.integers(0, 2, 600), rng.integers(0, 80, 600)
        rows = pl.DataFrame({"design part": strata})
        codes, _ = strata_of(trial(strata="part"), rows, arms, 2)
        values = effects[strata] + rng.normal(0, 1, 600)
        claimed += contrast_units(Units(values, arms, strata=codes))[0].at(0.95).p < 0.05
    # merged by how their units fell they claimed 13%
    assert claimed / repetitions < 0.05 + 3 * (0.05 * 0.95 / repetitions) ** 0.5


@pytest.mark.parametrize(("shift", "verdict"), [(0.0, "healthy"), (0.5, "sick")])
def test_a_covariate_that_the_treatment_changed_makes_no_claim(shift: float, verdict: str) -> None:
    rows = shops().with_columns(visits=pl.col("age") + shift * (pl.col("arm") == "b"))
    metrics = [{"name": "revenue", "covariates": ["visits"]}]
    made = concluded(rows, metrics=metrics, guardrails=[]).tables
    checks = {row["check"]: row for row in made["health_checks"].to_dicts()}
    arms = [rows.filter(pl.col("arm") == arm)["visits"].to_numpy() for arm in "ab"]
    expected = st.compare_with_one_variance(*(st.sample_from_values(one) for one in arms)).p
    found = checks["covariate_balance:visits:b"]
    assert found["value"] == pytest.approx(expected)
    assert found["verdict"] == verdict
    claim = made["readouts"]["verdict"][0]
    assert claim.startswith("no claim (sick): the covariate visits") == (verdict == "sick")


def test_the_balance_of_a_covariate_asks_the_clusters() -> None:
    of_shop = np.random.default_rng(8).normal(0, 3, SHOPS)[np.repeat(np.arange(SHOPS), SIZE)]
    metrics = [{"name": "revenue", "covariates": ["rent"]}]
    found = concluded(
        shops(rent=of_shop), metrics=metrics, guardrails=[], cluster_id="shop"
    ).tables["health_checks"]
    (row,) = found.filter(pl.col("check") == "covariate_balance:rent:b").to_dicts()
    shop = np.repeat(np.arange(SHOPS), SIZE)
    arms = [st.clustered(of_shop[shop % 2 == arm], shop[shop % 2 == arm]) for arm in (0, 1)]
    assert row["value"] == pytest.approx(st.compare_clusters(*arms).p)
    assert row["verdict"] == "healthy"  # singly they differ by far more than chance


@pytest.mark.slow
def test_covariates_of_the_unit_table_narrow_the_interval_and_missing_ones_are_counted() -> None:
    rng = np.random.default_rng(2)
    x, z = rng.normal(0, 1, (2, 480))
    rows = shops().with_columns(
        revenue=pl.Series(20 + 2 * x + z + rng.normal(0, 1, 480)),
        x=pl.Series(x),
        z=pl.Series(z),
        arm=pl.Series(["a", "b"] * 240),
    )
    metric = {"name": "revenue", "kind": "revenue", "covariates": ["x", "z"]}
    found = readout(concluded(rows, metrics=[metric]))
    both = [
        np.column_stack(pair) for pair in zip(arms_of(rows, "x"), arms_of(rows, "z"), strict=True)
    ]
    (expected,) = st.compare_with_covariates(arms_of(rows, "revenue"), both)
    assert found["difference"] == pytest.approx(expected.difference)
    assert found["p"] == pytest.approx(expected.p)
    assert found["method"] == "mean by regression (HC2), 2 covariates"
    assert found["variance_removed_share"] == pytest.approx(5 / 6, abs=0.04)
    gaps = rows.with_columns(x=pl.when(pl.col("unit_id") < "u00010").then(None).otherwise("x"))
    told = readout(concluded(gaps, metrics=[metric]))["method"]
    assert told == "mean by regression (HC2), 3 covariates, 10 units without x"


def test_the_jackknife_without_slopes_is_that_of_compare_clusters() -> None:
    rng = np.random.default_rng(4)
    cluster = np.repeat(np.arange(14), rng.integers(2, 15, 14))
    arm = (cluster % 2).astype(np.int64)
    y = rng.normal(0, 1, 14)[cluster] + rng.normal(0, 1, len(cluster))
    (found,) = contrast_units(Units(y, arm, clusters=cluster))
    expected = st.compare_clusters(
        *(st.clustered(y[arm == one], cluster[arm == one]) for one in (0, 1))
    )
    assert found.standard_error == pytest.approx(expected.standard_error)
    assert found.degrees_of_freedom == pytest.approx(expected.degrees_of_freedom)
    # leaving each cluster out by hand, with a covariate
    x = rng.normal(0, 1, len(cluster))
    (slope,) = contrast_units(Units(y, arm, covariates=x[:, None], clusters=cluster))
    design = np.column_stack([arm == 0, arm == 1, x]).astype(float)
    fits = [
        np.linalg.lstsq(design[cluster != one], y[cluster != one], rcond=None)[0]
        for one in range(14)
    ]
    moved = np.array([fit[1] - fit[0] for fit in fits]) - slope.difference
    assert slope.standard_error**2 == pytest.approx((moved**2).sum() * 6 / 7)


def test_metrics_share_the_error_rate_by_their_weights() -> None:
    metrics = [{"name": name, "kind": "revenue"} for name in ("revenue", "orders", "tips")]
    rows = shops(orders=shops(seed=4)["revenue"], tips=shops(seed=5)["revenue"])
    weights = {"revenue": 3, "orders": 1, "tips": 1}
    found = concluded(rows, metrics=metrics, alpha_weights=weights)
    plain = concluded(rows, metrics=metrics)
    for name, share in (("revenue", 0.03), ("orders", 0.01), ("tips", 0.01)):
        row, before = readout(found, name), readout(plain, name)
        assert row["significance"] == pytest.approx(share)
        assert row["p"] == before["p"]
        assert row["p_adjusted"] == row["p"]
        width = row["difference_high"] - row["difference_low"]
        reach = st.compare_means(
            *(st.sample_from_values(y) for y in arms_of(rows, name)), confidence=1 - share
        )
        assert width == pytest.approx(reach.high - reach.low, rel=1e-6)
    assert readout(found, "tips")["adjustment"] == "share of the error rate"
    assert readout(plain, "tips")["adjustment"] == "benjamini-hochberg"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"alpha_weights": {"revenue": 1, "nothing": 1}}, "alpha_weights names 'nothing'"),
        ({"alpha_weights": {"revenue": 0}}, "gives 'revenue' nothing"),
        (
            {"cluster_id": "shop", "metrics": [{"name": "revenue", "kind": "quantile"}]},
            "ranks of units say nothing about clusters of 'shop'",
        ),
    ],
)
def test_a_design_that_cannot_be_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        trial(planned_units=100, **changes)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: rows.drop("shop"), "no column 'shop', which trial names as cluster_id"),
        (
            lambda rows: rows.with_columns(arm=pl.Series(["a", "b"] * 240)),
            r"24 of 24 clusters stand in several arms \(first: shop 0\)",
        ),
        (
            lambda rows: rows.with_columns(shop=pl.when(pl.col("shop") > 0).then(pl.col("shop"))),
            "20 of 480 rows have no shop, the cluster",
        ),
    ],
)
def test_a_table_that_does_not_hold_the_design_is_refused(change: Any, told: str) -> None:
    with pytest.raises(SourceError, match=told):
        concluded(change(shops()), cluster_id="shop")


def test_where_nothing_is_known_by_clusters_nothing_is_read_singly() -> None:
    plain = trial(planned_units=100)
    cells = pl.DataFrame(
        [{"arm": arm, "metric": "revenue", "n": 50, "mean": 1.0, "variance": 1.0} for arm in "ab"]
    )
    sums = sums_of_aggregates(plain, cells)
    none = pl.DataFrame(schema={"experiment": pl.String})
    known = EvidenceTables(traffic_of_aggregates(plain, cells), sums, none).of(plain)
    one = trial(planned_units=100, cluster_id="shop")
    with pytest.raises(NotEnoughDataError, match="nothing is known here by shop"):
        compare_arms(one, known, metric=one.metrics[0])


@pytest.mark.parametrize("n_covariates", [0, 2])
def test_clusters_keep_their_level(n_covariates: int) -> None:
    rng = np.random.default_rng(11)
    hits = 0
    for _ in range(400):
        cluster = np.repeat(np.arange(30), rng.integers(2, 20, 30))
        arm = rng.permutation(np.arange(30) % 2)[cluster]
        x = rng.normal(size=(30, n_covariates))[cluster]
        y = rng.normal(0, 1, 30)[cluster] + rng.normal(0, 1, len(cluster)) + x.sum(axis=1)
        covariates = x if n_covariates else None
        (found,) = contrast_units(Units(y, arm, covariates=covariates, clusters=cluster))
        hits += found.at(0.95).p < 0.05
    assert 4 <= hits <= 36  # 20 expected, three and a half standard deviations of chance
