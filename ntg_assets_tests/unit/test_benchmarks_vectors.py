"""Outside vectors by their fields: the bundled ones, others of the same kinds and of new ones, and
what a miss looks like.
"""

import json
from typing import Any, Literal

import numpy as np
import pytest
import scipy

from benchmarks.experiment_vectors import BUNDLED, MORE, evaluate, summary

ARMS = {"a": {"n": 50, "mean": 1.0, "var": 2.0}, "b": {"n": 70, "mean": 1.5, "var": 3.0}}
P = [0.001, 0.01, 0.02, 0.2, 0.6]


def welch(alternative: Literal["two-sided", "less", "greater"]) -> dict[str, Any]:
    found = scipy.stats.ttest_ind_from_stats(
        1.5, 3**0.5, 70, 1.0, 2**0.5, 50, equal_var=False, alternative=alternative
    )
    return {"effect": 0.5, "p": float(found.pvalue), "statistic": float(found.statistic)}


OTHERS: list[dict[str, Any]] = [
    {
        "kind": "ttest.one_sided",
        "inputs": ARMS | {"alternative": "less"},
        "expected": welch("less"),
        "tol": 1e-9,
    },
    {"kind": "ttest.absolute", "inputs": ARMS, "expected": welch("two-sided"), "tol": 1e-9},
    {
        "kind": "srm",
        "inputs": {"observed": [900, 2_100], "weights": [3, 7]},
        "expected": {"chisq": 0.0, "p": 1.0},
        "tol": 1e-9,
    },
    {
        "kind": "multiplicity.hochberg",
        "inputs": {"p": P},
        "expected": [0.005, 0.04, 0.06, 0.4, 0.6],
        "tol": 1e-12,
    },
    {
        "kind": "multiplicity.by",
        "inputs": {"p": P},
        "expected": list(scipy.stats.false_discovery_control(P, method="by")),
        "tol": 1e-12,
    },
    {
        "kind": "group_sequential",
        "inputs": {"K": 3, "alpha": 0.05, "two_sided": True},
        "expected": {"C_P": 2.289, "C_B": 2.004},
        "tol": 1e-3,
    },
    {
        "kind": "power",
        "inputs": {"call": "d=0.5,n=30,one.sample,two.sided", "alpha": 0.05},
        "expected": 0.7539647157,
        "tol": 1e-6,
    },
    {
        "kind": "dunnett.critical",
        "inputs": {"alpha": 0.01, "rho": 0.5, "k": 2},
        "expected": 2.794,
        "tol": 5e-4,
    },
    {
        "kind": "proportion.diff_ci",
        "inputs": {"x1": 7, "n1": 34, "x2": 1, "n2": 34, "method": "Newcombe"},
        "expected": [0.0189, 0.3404],
        "tol": 1e-4,
    },
    {
        "kind": "noninferiority.power",
        "inputs": {"low": 0.5, "n": 100, "p_alt": 0.65, "alpha": 0.05},
        "expected": float(scipy.stats.binom.sf(scipy.stats.binom.isf(0.05, 100, 0.5), 100, 0.65)),
        "tol": 1e-9,
    },
]


@pytest.mark.slow
def test_no_bundled_vector_is_off_without_a_reason() -> None:
    verdicts = [
        evaluate(vector) for vector in json.loads(BUNDLED.read_text(encoding="utf-8"))["vectors"]
    ]
    assert [one for one in verdicts if one.outcome == "off"] == []
    assert summary(verdicts).startswith("52 vectors: 43 within their tolerances")


@pytest.mark.parametrize("vector", OTHERS, ids=lambda vector: vector["kind"])
def test_other_vectors_of_the_same_kinds_are_computed_from_their_inputs(
    vector: dict[str, Any],
) -> None:
    assert evaluate({"id": "other"} | vector).detail == ""


def test_quantiles_come_from_values_too() -> None:
    values = {
        arm: {"values": list(np.random.default_rng(seed).lognormal(0, 1, 500))}
        for arm, seed in (("control", 1), ("treatment", 2))
    }
    expected = {
        "effect": float(
            np.quantile(values["treatment"]["values"], 0.5)
            - np.quantile(values["control"]["values"], 0.5)
        )
    }
    assert (
        evaluate(
            {
                "id": "other",
                "kind": "quantile.order_stat",
                "inputs": {"nu": 0.5} | values,
                "expected": expected,
                "tol": 0.02,
            }
        ).outcome
        == "met"
    )


def test_a_miss_says_where_and_by_how_much_and_what_cannot_be_read_is_no_crash() -> None:
    wrong = {
        "id": "other",
        "kind": "srm",
        "inputs": {"observed": [10, 20]},
        "expected": {"p": 0.5},
        "tol": 1e-6,
    }
    assert evaluate(wrong).detail.startswith("p: 0.0678")
    assert evaluate({"id": "other", "kind": "srm", "inputs": {}, "expected": 1}).outcome == "off"
    assert (
        evaluate({"id": "other", "kind": "astrology", "inputs": {}, "expected": 1}).detail
        == "no answer has its fields"
    )


A, B = (
    [float(x) for x in np.random.default_rng(seed).normal(seed, 1 + seed, 40)] for seed in (0, 1)
)


def vectors_of_new_kinds() -> list[dict[str, Any]]:
    """The same questions under other names of kinds, fields and figures."""
    welch = scipy.stats.ttest_ind(B, A, equal_var=False)
    student = scipy.stats.ttest_ind(B, A)
    ci = welch.confidence_interval()
    return [
        {
            "kind": "two_sample",
            "inputs": {"control": A, "treatment": B},
            "expected": {"t": welch.statistic, "p_value": welch.pvalue, "ci": [ci.low, ci.high]},
        },
        {
            "kind": "student_t",
            "inputs": {"group_a": {"data": A}, "group_b": {"data": B}},
            "expected": {"pvalue": student.pvalue},
        },
        {
            "kind": "means",
            "inputs": {"n1": 40, "mean1": 3, "sd1": 2, "n2": 50, "mean2": 2, "sd2": 1},
            "expected": {"difference": 1.0, "std_err": (4 / 40 + 1 / 50) ** 0.5},
        },
        {
            "kind": "allocation_check",
            "inputs": {"counts": {"a": 900, "b": 2_100}, "expected_ratio": [3, 7]},
            "expected": {"chi2": 0.0, "p_value": 1.0},
        },
        {
            "kind": "adjustment",
            "inputs": {"pvalues": P, "method": "Benjamini-Hochberg"},
            "expected": list(scipy.stats.false_discovery_control(P)),
        },
        {
            "kind": "binomial_interval",
            "inputs": {"x": 0, "n": 20, "method": "Clopper-Pearson", "conf_level": 0.9},
            "expected": {"lower": 0.0, "upper": 1 - 0.05 ** (1 / 20)},
        },
        {
            "kind": "risk_difference",
            "inputs": {"x1": 56, "n1": 70, "x2": 48, "n2": 80, "method": "Miettinen-Nurminen"},
            "expected": [0.0528, 0.3382],
            "tol": 6e-5,
        },
        {
            "kind": "gsd",
            "inputs": {"n_looks": 3, "alpha": 0.05, "type": "Pocock"},
            "expected": {"constant": 2.289},
            "tol": 1e-3,
        },
        {
            "kind": "cluster_design",
            "inputs": {"m": 20, "icc": 0.05, "n": 100},
            "expected": {"deff": 1 + 19 * 0.05, "n": 100 * (1 + 19 * 0.05)},
        },
    ]


@pytest.mark.parametrize("vector", vectors_of_new_kinds(), ids=lambda vector: vector["kind"])
def test_a_vector_is_known_by_its_fields_whatever_its_kind_is_called(
    vector: dict[str, Any],
) -> None:
    assert evaluate({"id": "new", "tol": 1e-9} | vector).detail == ""


def test_neither_id_nor_kind_decides_what_is_computed() -> None:
    bundled = json.loads(BUNDLED.read_text(encoding="utf-8"))["vectors"]
    for vector in bundled:
        plain, renamed = (
            evaluate(vector),
            evaluate(vector | {"id": "x", "kind": f"{vector['kind']}.new"}),
        )
        if plain.outcome != "reason":
            assert renamed.outcome == plain.outcome, vector["id"]


def test_a_figure_that_is_wrong_is_off_whoever_computes_it() -> None:
    for vector in vectors_of_new_kinds():
        expected = vector["expected"]
        wrong = (
            {name: _moved(value) for name, value in expected.items()}
            if isinstance(expected, dict)
            else [_moved(value) for value in expected]
        )
        assert evaluate({"id": "new", "tol": 1e-6} | vector | {"expected": wrong}).outcome == "off"


def _moved(value: Any) -> Any:
    return value + 0.01 if isinstance(value, float) else value


@pytest.mark.parametrize(
    "vector", json.loads(MORE.read_text("utf-8"))["vectors"], ids=lambda v: v["id"]
)
def test_kinds_that_scipy_statsmodels_and_formulas_know_are_met(vector: dict[str, Any]) -> None:
    found = evaluate(vector)
    assert (found.outcome, found.detail) == ("met", "")


def test_the_name_of_a_vector_says_nothing() -> None:
    vectors = json.loads(MORE.read_text("utf-8"))["vectors"][::8]
    assert {evaluate(vector | {"id": "case"}).outcome for vector in vectors} == {"met"}
