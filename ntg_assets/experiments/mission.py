"""The question of the first page, answered in one sentence: does this recommendation strategy increase long-term revenue?"""

from collections.abc import Sequence
from typing import Any

import polars as pl

QUESTION = "Does this recommendation strategy increase long-term revenue?"


def answer_mission(decisions: pl.DataFrame, readouts: pl.DataFrame, *, unit: str, broken: Sequence[str] = ()) -> str:
    """Answer with what the experiments allow, and say on what kind of evidence.

    Only observed experiments can say yes or no. A replay shows whether lists match what people chose, a simulation what was planted;
    neither is an answer, and both are named as what they are.

    Args:
        decisions: `experiments.decisions`.
        readouts: `experiments.readouts`.
        unit: Unit of value, as configured.
        broken: Experiments that could not be read out.
    """
    rested = decisions.join(readouts.drop("experiment", "arm", "source"), on="readout_key", how="left").sort("experiment")
    observed = [row for row in rested.iter_rows(named=True) if row["source"] == "observed"]
    if observed:
        return _answer(observed, unit=unit)
    others = [f"{row['experiment']} ({row['source']}): {row['rule_decision']}" for row in rested.iter_rows(named=True)]
    if not others:
        missing = f"{', '.join(broken)} could not be read out" if broken else "no experiment is configured"
        return f"Not known: {missing}."
    return f"Not known: no experiment with observed exposures has been read. What there is says less: {'; '.join(others)}."


def _answer(rows: Sequence[dict[str, Any]], *, unit: str) -> str:
    said = [_sentence(row, unit=unit) for row in rows]
    outcomes = {row["rule_decision"] for row in rows}
    head = (
        "Yes, where it was tried" if outcomes == {"rollout"} else "No" if outcomes == {"rollback"} else "Not shown for all that was tried"
    )
    return f"{head}: {'; '.join(said)}."


def _sentence(row: dict[str, Any], *, unit: str) -> str:
    if not row["is_valid"] or row["revenue_lift_per_unit"] is None:
        return f"{row['experiment']}: no claim ({row['verdict'] or row['reason']})"
    lift, low, high = (row[f"revenue_lift_per_unit{end}"] for end in ("", "_low", "_high"))
    return (
        f"{row['experiment']}: {row['arm']} changes revenue by {lift:+.3g} {unit} per user ({low:+.3g} to {high:+.3g}), "
        f"measured on {row['metric']} with {row['n_control'] + row['n_treatment']:,} users"
    )
