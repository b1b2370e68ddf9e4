"""What must hold before anything of the experiments is published."""

import json

import dagster as dg
import polars as pl

from ntg_assets.errors import NtgError
from ntg_assets.experiments.decision.receipts import replay
from ntg_assets.orchestration.checking import staged_check
from ntg_assets.stages import EXPERIMENTS


def decisions_without_readout(decisions: pl.DataFrame, readouts: pl.DataFrame) -> pl.DataFrame:
    """Return the decisions whose readout does not exist,
    and the actions whose readout allows no claim.
    """
    claims = readouts.select("readout_key", pl.col("is_valid").alias("allows_claim"))
    joined = decisions.join(claims, on="readout_key", how="left")
    acts = pl.col("rule_decision") != "iterate"
    return joined.filter(
        pl.col("allows_claim").is_null() | (acts & ~pl.col("allows_claim"))
    ).select("experiment", "decision", "readout_key")


def receipts_that_disagree(decisions: pl.DataFrame) -> dict[str, str]:
    """Replay every receipt; return the experiments whose receipt leads elsewhere,
    with the reason.
    """
    broken: dict[str, str] = {}
    for experiment, decision, receipt in decisions.select(
        "experiment", "decision", "receipt"
    ).iter_rows():
        try:
            again = replay(json.loads(receipt))["in_force"]
        except NtgError as reason:
            broken[experiment] = str(reason)
            continue
        if again != decision:
            broken[experiment] = f"the receipt leads to {again}, the table says {decision}"
    return broken


def _warning(offenders: pl.DataFrame, sentence: str) -> dg.AssetCheckResult:
    """Warn where there are offenders, and say the sentence only then."""
    return dg.AssetCheckResult(
        passed=offenders.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        description=sentence if offenders.height else None,
        metadata={"offenders": offenders.height},
    )


@staged_check("decisions", stages=(EXPERIMENTS,), blocking=True)
def every_decision_has_a_readout(
    decisions: pl.DataFrame, readouts: pl.DataFrame
) -> dg.AssetCheckResult:
    """No decision exists without a readout, and no action without a valid one."""
    offenders = decisions_without_readout(decisions, readouts)
    return dg.AssetCheckResult(
        passed=offenders.is_empty(),
        metadata={"offenders": offenders.height, "first": str(offenders.head(3).rows())},
    )


@staged_check("decisions", stages=(EXPERIMENTS,), blocking=True)
def every_receipt_replays(decisions: pl.DataFrame) -> dg.AssetCheckResult:
    """Each decision can be derived again from its receipt alone."""
    broken = receipts_that_disagree(decisions)
    sentence = (
        f"{len(broken)} receipts lead elsewhere:"
        f" {'; '.join(f'{name}: {why}' for name, why in list(broken.items())[:3])}"
        if broken
        else None
    )
    return dg.AssetCheckResult(
        passed=not broken, description=sentence, metadata={"offenders": len(broken)}
    )


@staged_check("arm_traffic", stages=(EXPERIMENTS,))
def every_arm_has_units(arm_traffic: pl.DataFrame) -> dg.AssetCheckResult:
    """Arms that nobody was given: a strategy without lists (is its name right?),
    an empty log, or a ramp that has not begun.
    """
    empty = arm_traffic.filter(pl.col("n_assigned") == 0).sort("experiment", "arm")
    named = ", ".join(
        f"{experiment}/{arm}"
        for experiment, arm in empty.select("experiment", "arm").head(5).iter_rows()
    )
    return _warning(empty, f"nobody was given {empty.height} of {arm_traffic.height} arms: {named}")


@staged_check("health_checks", stages=(EXPERIMENTS,))
def experiments_are_healthy(health_checks: pl.DataFrame) -> dg.AssetCheckResult:
    """What must be known before anyone believes an experiment: sick checks,
    which stop claims, and warnings, which stop none.
    """
    order = {"sick": 0, "warning": 1}
    troubles = health_checks.filter(pl.col("verdict").is_in(list(order)))
    shown = troubles.sort(
        pl.col("verdict").replace_strict(order, default=2), "experiment", "position"
    ).head(3)
    named = "; ".join(
        f"{experiment}: {sentence}"
        for experiment, sentence in shown.select("experiment", "sentence").iter_rows()
    )
    n_sick = troubles.filter(pl.col("verdict") == "sick").height
    return _warning(troubles, f"{n_sick} sick, {troubles.height - n_sick} to be known: {named}")


@staged_check("self_tests", stages=(EXPERIMENTS,))
def intervals_keep_their_promise(self_tests: pl.DataFrame) -> dg.AssetCheckResult:
    """Whether A/A tests, coverage and power are as promised on these data;
    few or very skewed units break the promise honestly.
    """
    broken = self_tests.filter(~pl.col("is_kept"))
    first = "".join(broken["sentence"].head(1))
    return _warning(
        broken, f"{broken.height} of {self_tests.height} promises are not kept: {first}"
    )


@staged_check("experiment_problems", stages=(EXPERIMENTS,))
def no_experiment_is_broken(experiment_problems: pl.DataFrame) -> dg.AssetCheckResult:
    """Every configured experiment is read, read out and decided;
    one that is not is left out, and the others are not.
    """
    first = experiment_problems.unique("experiment", keep="first", maintain_order=True)
    sentences = "; ".join(
        f"{experiment} ({step}): {reason}" for experiment, step, reason in first.head(5).iter_rows()
    )
    return dg.AssetCheckResult(
        passed=first.is_empty(),
        description=(
            f"{first.height} experiments are broken: {sentences}"
            if first.height
            else "none is broken"
        ),
        metadata={"offenders": first.height},
    )


@staged_check("unit_id_report", stages=(EXPERIMENTS,))
def units_are_written_as_in_the_outcomes(unit_id_report: pl.DataFrame) -> dg.AssetCheckResult:
    """No unit is written otherwise in the outcomes than in the exposures: what such a unit did does
    not count; a warning.
    """
    near = unit_id_report.filter(pl.col("n_near") > 0)
    sentences = "; ".join(
        f"{row['experiment']}: {row['n_near']:,} of {row['n_units']:,} units are written otherwise"
        f" in the {row['outcomes']} ({row['first_near']}), so nothing that they did counts"
        for row in near.iter_rows(named=True)
    )
    return dg.AssetCheckResult(
        passed=near.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        description=sentences or "all are written alike",
    )
