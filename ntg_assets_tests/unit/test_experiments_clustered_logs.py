"""Clusters, strata and covariates from the exposure log: the same numbers as from a unit table."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.configuration.settings import load_settings
from ntg_assets.errors import SourceError
from ntg_assets.experiments.alone import conclude_logs, conclude_units
from ntg_assets.experiments.health import aa_tests
from ntg_assets.sources.sources import Place
from ntg_assets_tests.trials import Concluded, conclude, trial, write

START = datetime(2026, 1, 5)
SHOPS, EACH = 24, 12
SETTINGS = load_settings()


@pytest.fixture(autouse=True)
def _few_repetitions(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Re-assign less often where no test looks at the self-tests."""
    if "self_tests" not in request.node.name:
        monkeypatch.setattr(aa_tests, "REPETITIONS", 40)
        monkeypatch.setattr(aa_tests, "FEWER_REPETITIONS", 40)


COLUMNS = "user_id,arm,exposed_at,shop,country,age"
Row = tuple[Any, ...]


def rows(*, effect: float = 0.0) -> tuple[list[Row], list[Row]]:
    """Make units of shops that differ as much as their customers do; every second shop is in b."""
    rng = np.random.default_rng(3)
    seen: list[Row] = []
    did: list[Row] = [("other", START + timedelta(days=60), "buy", 0)]
    for shop in range(SHOPS):
        level = rng.normal(0, 2)
        for customer in range(EACH):
            unit, arm = shop * EACH + customer, "ab"[shop % 2]
            at = START + timedelta(days=customer, minutes=shop)
            age = round(float(rng.normal(40, 9)), 1)
            country = "de" if shop % 4 < 2 else "at"  # half of each arm
            seen.append((unit, arm, at, f"shop {shop}", country, age))
            paid = 20 + level + 0.1 * age + rng.normal(0, 2) + effect * (arm == "b")
            did.append((unit, at + timedelta(days=2), "buy", round(paid, 3)))
    return seen, did


def concluded(
    home: Path, one: ExperimentSettings, logs: tuple[list[Row], list[Row]] | None = None
) -> Concluded:
    seen, did = logs or rows()
    write(home / "seen.csv", COLUMNS, seen)
    write(home / "did.csv", "user_id,happened_at,kind,value", did)
    return conclude(one, home)


def of_unit_table(one: ExperimentSettings) -> pl.DataFrame:
    seen, did = rows()
    names = ["unit_id", "arm", "at", "shop", "country", "age"]
    table = pl.DataFrame(seen, orient="row", schema=names)
    values = {unit: value for unit, _, _, value in did[1:]}
    table = table.with_columns(revenue=pl.col("unit_id").replace_strict(values))
    return conclude_units(one, table, SETTINGS).tables["readouts"]


METRIC = {"name": "revenue", "kind": "revenue", "event_types": ["buy"]}
DESIGNS: dict[str, dict[str, Any]] = {
    "clusters": {"cluster_id": "shop"},
    "clusters and strata": {"cluster_id": "shop", "strata": "country"},
    "strata": {"strata": "country"},
    "a covariate": {"metrics": [METRIC | {"covariates": ["age"]}]},
}


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS)
def test_a_log_leads_to_the_numbers_of_the_unit_table(tmp_path: Path, design: str) -> None:
    one = trial(planned_units=SHOPS * EACH, **DESIGNS[design])
    logged = concluded(tmp_path, one).readouts["revenue"]
    expected = of_unit_table(one).row(0, named=True)
    assert logged["method"] == expected["method"]
    for name in ("difference", "standard_error", "difference_low", "p"):
        assert logged[name] == pytest.approx(expected[name], rel=1e-9)


@pytest.mark.slow
def test_shops_are_asked_not_their_customers(tmp_path: Path) -> None:
    one = trial(planned_units=SHOPS * EACH, cluster_id="shop")
    by_shop = concluded(tmp_path, one)
    singly = concluded(tmp_path, trial(planned_units=SHOPS * EACH))
    errors = [found.readouts["revenue"]["standard_error"] for found in (by_shop, singly)]
    assert errors[0] > 2 * errors[1]
    assert by_shop.checks["sample_ratio"]["sentence"].startswith("clusters per arm 12 : 12 fit")
    assert by_shop.checks["one_arm_per_cluster"]["verdict"] == "healthy"
    assert by_shop.days.is_empty()  # days of units say nothing of clusters
    assert not {"novelty:b", "outcomes_before_exposure"} & by_shop.checks.keys()


@pytest.mark.slow
def test_a_shop_in_several_arms_is_in_none_and_is_counted(tmp_path: Path) -> None:
    seen, did = rows()
    unit, _, *rest = seen[0]
    seen[0] = (unit, "b", *rest)  # one customer of a shop of arm a
    one = trial(planned_units=(SHOPS - 1) * EACH, cluster_id="shop")
    found = concluded(tmp_path, one, (seen, did))
    told = found.checks["one_arm_per_cluster"]
    assert told["verdict"] == "sick"
    assert told["sentence"].startswith("1 of 13 clusters of an arm have units in another")
    assert found.readouts["revenue"]["n_control"] == (SHOPS / 2 - 1) * EACH
    assert found.readouts["revenue"]["n_treatment"] == SHOPS / 2 * EACH
    assert found.decision["decision"] == "iterate"


@pytest.mark.slow
def test_harm_to_date_is_that_of_the_clusters(tmp_path: Path) -> None:
    """Units that came in since the look count for harm, by their clusters too."""
    one = trial(
        planned_units=SHOPS * 6,
        cluster_id="shop",
        metrics=[METRIC, {"name": "orders", "measure": "events"}],
        primary_metric="orders",
        guardrails=[{"metric": "revenue", "margin": 1}],
    )
    seen, did = rows(effect=-10)
    write(tmp_path / "seen.csv", COLUMNS, seen)
    did += [(unit, at + timedelta(days=1), "look", 0) for unit, _, at, *_ in seen[::5]]
    write(tmp_path / "did.csv", "user_id,happened_at,kind,value", did)
    alone = {"experiments": ExperimentsSettings(definitions=[one])}
    settings = SETTINGS.model_copy(update=alone)
    tables = conclude_logs(settings, place=Place(tmp_path), now=datetime(2026, 12, 31)).tables
    to_date = tables["readouts"].filter(comparison="to date").row(0, named=True)
    assert (to_date["n_control"], to_date["n_treatment"]) == (SHOPS / 2 * EACH, SHOPS / 2 * EACH)
    assert "24 clusters of shop (jackknife), confidence sequence" in to_date["method"]
    tested = tables["self_tests"].filter(metric="revenue", test="A/A")
    assert tested["n_units"].item() == SHOPS * 6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({3: ""}, "1 of 288 rows have no shop, the cluster"),
        ({0: 1}, r"1 of 287 units stand in several clusters \(first: 1\)"),
        ({5: "old"}, r"'age' holds no number in 1 of 288 rows \(first: 'old'\)"),
    ],
)
def test_a_design_that_the_log_does_not_hold_is_refused(
    tmp_path: Path, change: dict[int, Any], message: str
) -> None:
    seen, did = rows()
    last = list(seen[-1])
    for place, value in change.items():
        last[place] = value
    one = trial(planned_units=10, cluster_id="shop", metrics=[METRIC | {"covariates": ["age"]}])
    with pytest.raises(SourceError, match=message):
        concluded(tmp_path, one, ([*seen[:-1], tuple(last)], did))


def test_a_column_that_the_log_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="household"):
        concluded(tmp_path, trial(planned_units=10, cluster_id="household"))
