"""The gate shuts on a broken invariant and on evidence of harm,
warns where evidence is thin, and opens otherwise.
"""

from typing import Any

import dagster as dg
import polars as pl
import pytest

from ntg_assets.configuration.gate import GateSettings
from ntg_assets.errors import LeakageError
from ntg_assets.evaluation.gate.checks import gate_is_open, nothing_from_the_future
from ntg_assets.evaluation.gate.release_gate import Evidence, release_gate
from ntg_assets.splits.live_entry import require_open

SETTINGS = GateSettings(minimum_users=300, harm_margin=0.01, implausible_auc=0.98)
MANY, FEW = 5000, 20


def split_report(look_ahead: float = 0.0) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "part": ["train", "val", "test"],
            "look_ahead_share": [0.0, look_ahead, 0.0],
            "n_known_users": [900, 500, 400],
        }
    )


def audit(n_violations: int = 0) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "table_name": ["train_events"],
            "rule": ["no event at or after the cutoff"],
            "n_violations": [n_violations],
        }
    )


def ranking(low: float = 0.01, high: float = 0.03, n_users: int = MANY) -> pl.DataFrame:
    middle = (low + high) / 2
    row = {
        "split": "test",
        "strategy": "blend",
        "metric": "ndcg",
        "k": 10,
        "slice": "all",
        "n_users": n_users,
    }
    return pl.DataFrame(
        [{**row, "mean": 0.2, "difference": middle, "difference_low": low, "difference_high": high}]
    )


def calibration(
    *,
    auc: float | None = 0.85,
    loss: float = 0.3,
    base_loss: float = 0.6,
    ece: float = 0.01,
    n_users: int = MANY,
    n_churned: int = 900,
) -> pl.DataFrame:
    figures = {
        "auc": auc,
        "log_loss": loss,
        "log_loss_of_base_rate": base_loss,
        "ece": ece,
        "ece_noise_95": 0.02,
    }
    common = {
        "evaluation": "walk_forward",
        "segment": "all",
        "bin": 0,
        "n_users": n_users,
        "n_rows": MANY,
        "n_churned": n_churned,
    }
    rows = [
        {
            **common,
            "metric": metric,
            "value": value,
            "low": None if value is None else value - 0.05,
            "high": None if value is None else value + 0.05,
        }
        for metric, value in figures.items()
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def radar(
    low: float = 0.3, high: float = 0.5, n_users: int = MANY, n_losing: int = 900
) -> pl.DataFrame:
    key = {
        "evaluation": "walk_forward",
        "loss": "left",
        "ranking": "radar",
        "depth_share": 0.1,
        "n_users": n_users,
        "n_losing": n_losing,
    }
    captured = {
        "captured_share": (low + high) / 2,
        "captured_share_low": low,
        "captured_share_high": high,
        "oracle_captured_share": 0.8,
    }
    return pl.DataFrame([{**key, **captured}])


def value(
    low: float = 0.9, high: float = 1.1, n_users: int = MANY, note: str | None = None
) -> pl.DataFrame:
    key = {"kind": "value", "segment": "all", "bin": 0, "n_origins": 3, "n_users": n_users}
    spans = [
        {**key, "n_days": 30, "ratio": 5.0, "ratio_low": 4.0, "ratio_high": 6.0, "note": note},
        {**key, "n_days": 120, "ratio": (low + high) / 2, "ratio_low": low, "ratio_high": high}
        | {"note": note},
    ]
    return pl.DataFrame(spans, schema_overrides={"note": pl.String})


def verdicts(strategy: str = "global_time", **tables: pl.DataFrame) -> dict[str, str]:
    evidence = {
        "split_report": split_report(),
        "leakage_audit": audit(),
        "ranking_report": ranking(),
        "churn_calibration": calibration(),
        "radar_backtest": radar(),
        "value_horizons": value(),
        **tables,
    }
    gate = release_gate(Evidence(**evidence), settings=SETTINGS, strategy=strategy)
    return dict(zip(gate["rule"], gate["verdict"], strict=True))


def test_good_evidence_passes_every_rule() -> None:
    assert set(verdicts().values()) == {"pass"}


@pytest.mark.parametrize(
    ("rule", "tables"),
    [
        ("the split is chronological", {"split_report": split_report(0.2)}),
        ("nothing from the future is stored", {"leakage_audit": audit(3)}),
        ("the ranking does no harm", {"ranking_report": ranking(-0.05, -0.02)}),
        (
            "the churn score is not too good to be true",
            {"churn_calibration": calibration(auc=0.99)},
        ),
        (
            "the churn score is no worse than the base rate",
            {"churn_calibration": calibration(loss=0.9)},
        ),
        ("the radar points at what is lost", {"radar_backtest": radar(0.01, 0.05)}),
    ],
)
def test_broken_invariant_or_evidence_of_harm_blocks(rule: str, tables: dict[str, Any]) -> None:
    found = verdicts(**tables)
    assert found[rule] == "block"
    assert [name for name, verdict in found.items() if verdict == "block"] == [rule]


@pytest.mark.parametrize("n_churned", [0, MANY])
def test_outcomes_that_are_all_alike_prove_no_harm(n_churned: int) -> None:
    certain = calibration(auc=None, loss=0.3, base_loss=0.0, n_churned=n_churned)
    assert (
        verdicts(churn_calibration=certain)["the churn score is no worse than the base rate"]
        == "warn"
    )


@pytest.mark.parametrize(
    ("rule", "few", "enough"),
    [
        (
            "the ranking does no harm",
            {"ranking_report": ranking(-0.05, -0.02, 29)},
            {"ranking_report": ranking(-0.05, -0.02, 30)},
        ),
        (
            "the churn score is no worse than the base rate",
            {"churn_calibration": calibration(loss=0.9, n_churned=29)},
            {"churn_calibration": calibration(loss=0.9, n_churned=MANY - 30)},
        ),
        (
            "the radar points at what is lost",
            {"radar_backtest": radar(0, 0, n_losing=29)},
            {"radar_backtest": radar(0, 0, n_losing=30)},
        ),
    ],
)
def test_what_looks_like_harm_on_a_handful_is_luck(
    rule: str, few: dict[str, Any], enough: dict[str, Any]
) -> None:
    assert (verdicts(**few)[rule], verdicts(**enough)[rule]) == ("warn", "block")


def test_the_radar_is_judged_by_the_evaluation_with_most_leavers_among_those_with_most_users() -> (
    None
):
    both = pl.concat([radar(0.0, 0.0, n_losing=31), radar(0.3, 0.5, n_losing=400)])
    assert verdicts(radar_backtest=both)["the radar points at what is lost"] == "pass"


def test_harm_within_the_margin_or_not_shown_does_not_block() -> None:
    assert verdicts(ranking_report=ranking(-0.05, -0.009))["the ranking does no harm"] == "pass"
    assert verdicts(ranking_report=ranking(-0.05, 0.02))["the ranking does no harm"] == "pass"


def test_no_margin_is_nought_and_not_less() -> None:
    settings = SETTINGS.model_copy(update={"harm_margin": 0.0})
    gate = release_gate(
        Evidence(split_report(), audit(), ranking(), calibration(), radar()),
        settings=settings,
        strategy="global_time",
    )
    shown = gate.filter(pl.col("rule") == "the ranking does no harm")["threshold"].to_list()
    assert str(shown) == "[0.0]"


def test_thin_evidence_warns_and_names_the_number_of_users() -> None:
    evidence = Evidence(
        split_report(), audit(), ranking(n_users=FEW), calibration(n_users=FEW), radar(n_users=FEW)
    )
    gate = release_gate(evidence, settings=SETTINGS, strategy="global_time")
    thin = gate.filter(pl.col("verdict") == "warn")
    assert thin["rule"].to_list() == [
        "the ranking does no harm",
        "the churn score is no worse than the base rate",
        "the radar points at what is lost",
    ]
    assert all("20 of the 300 users" in told for told in thin["evidence"])


def test_no_evidence_at_all_warns() -> None:
    found = verdicts(
        ranking_report=ranking().clear(),
        churn_calibration=calibration(auc=None),
        radar_backtest=radar().clear(),
    )
    assert found["the ranking does no harm"] == "warn"
    assert found["the churn score is not too good to be true"] == "warn"
    assert found["the radar points at what is lost"] == "warn"


def test_perfect_auc_on_a_handful_of_leavers_is_luck() -> None:
    assert (
        verdicts(churn_calibration=calibration(auc=1.0, n_churned=29))[
            "the churn score is not too good to be true"
        ]
        == "pass"
    )
    assert (
        verdicts(churn_calibration=calibration(auc=1.0, n_churned=30))[
            "the churn score is not too good to be true"
        ]
        == "block"
    )


def test_look_ahead_of_a_per_user_split_is_a_reservation() -> None:
    assert (
        verdicts("per_user", split_report=split_report(0.2))["the split is chronological"] == "warn"
    )


def test_miscalibration_warns() -> None:
    assert (
        verdicts(churn_calibration=calibration(ece=0.05))["the churn score is calibrated"] == "warn"
    )


def test_closed_gate_keeps_the_live_stage_out() -> None:
    evidence = Evidence(split_report(), audit(3), ranking(), calibration(), radar())
    gate = release_gate(evidence, settings=SETTINGS, strategy="global_time")
    with pytest.raises(
        LeakageError,
        match="the release gate is closed, nothing live is made: nothing from the future is stored",
    ):
        require_open(gate)
    require_open(
        release_gate(
            Evidence(split_report(), audit(), ranking(), calibration(), radar()),
            settings=SETTINGS,
            strategy="global_time",
        )
    )


def test_the_checks_of_the_graph_stop_a_run_at_a_shut_gate_and_at_a_leak() -> None:
    for n_violations, is_open in ((0, True), (2, False)):
        gate = release_gate(
            Evidence(split_report(), audit(n_violations), ranking(), calibration(), radar()),
            settings=SETTINGS,
            strategy="global_time",
        )
        for verdict in (
            gate_is_open[0](gate),
            nothing_from_the_future[0](audit(n_violations)),
        ):
            assert isinstance(verdict, dg.AssetCheckResult)
            assert verdict.passed is is_open
        assert all(
            spec.blocking
            for check in (*gate_is_open, *nothing_from_the_future)
            for spec in check.check_specs
        )


@pytest.mark.parametrize(
    ("table", "verdict"),
    [
        (value(), "pass"),
        (value(2.1, 2.5), "block"),  # the whole interval above the factor of 2
        (value(1.9, 2.5), "warn"),  # surely off by 1.41, and perhaps by 2
        (value(0.4, 1.4), "warn"),  # right within a factor of 2, or not: nobody knows
        (value(1.45, 1.6), "warn"),
        (value(0.75, 1.35), "pass"),
        (value(0.3, 0.45), "block"),
        (value(2.1, 2.5, n_users=20), "warn"),  # too few to prove harm
        (value(n_users=100), "warn"),
        (value(note="extrapolation"), "warn"),
        (value().clear(), "warn"),
    ],
)
def test_value_blocks_when_it_is_proven_off_at_the_longest_span(
    table: pl.DataFrame, verdict: str
) -> None:
    assert verdicts(value_horizons=table)["lifetime value adds up to what was seen"] == verdict
