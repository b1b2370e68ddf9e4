"""The question of the first page, answered in one sentence: does this recommendation strategy
increase long-term revenue?

Only an experiment that is marked as a test of a recommendation strategy, was observed, and is read
on money over a stated horizon can say yes or no. A replay shows whether lists match what people
chose, a simulation what was planted, a conversion what somebody assumed: none of them is an answer,
and each is named as what it is.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from ntg_assets.configuration.experiments.comparisons import Comparison

QUESTION = "Does this recommendation strategy increase long-term revenue?"
STRATEGY = "recommendation_strategy"
MOST_NAMED = 3
OUTCOME_WORDS = {"rollout": "roll out", "rollback": "roll back", "iterate": "iterate"}


def answer_mission(
    decisions: pl.DataFrame, readouts: pl.DataFrame, *, broken: Sequence[str] = ()
) -> str:
    """Answer with what the experiments allow, or say what is missing for an answer, by name.

    Args:
        decisions: `experiments.decisions`.
        readouts: `experiments.readouts`.
        broken: Experiments that could not be read out.
    """
    made = decisions.sort("experiment").to_dicts()
    observed = [row for row in made if row["source"] == "observed"]
    if not made:
        return f"Not known: {_unread(broken) or 'no experiment is configured'}."
    if not observed:
        others = "; ".join(
            f"{row['experiment']} ({row['source']}): {row['rule_decision']}" for row in made
        )
        return (
            "Not known: no experiment with observed exposures has been read. What there is says"
            f" less: {others}."
        )
    tests = [row for row in observed if row["tests"] == STRATEGY]
    if answering := [row for row in tests if row["money_unit"] is not None]:
        return _answer(_with_readouts(answering, readouts))
    reasons = [*_missing(made, tests=tests, observed=observed), _unread(broken)]
    return f"Not known: {'; '.join(filter(None, reasons))}."


def _unread(broken: Sequence[str]) -> str:
    return f"{', '.join(broken)} could not be read out" if broken else ""


def _with_readouts(
    answering: Sequence[dict[str, Any]], readouts: pl.DataFrame
) -> list[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Pair each decision with the readout of its arm on the primary metric."""
    primary = readouts.filter(
        pl.col("role") == "primary", pl.col("comparison") == Comparison.BETWEEN_USERS
    )
    readout_of = {(row["experiment"], row["arm"]): row for row in primary.iter_rows(named=True)}
    return [(row, readout_of.get((row["experiment"], row["arm"]))) for row in answering]


def _missing(
    made: Sequence[dict[str, Any]],
    *,
    tests: Sequence[dict[str, Any]],
    observed: Sequence[dict[str, Any]],
) -> Iterator[str]:
    if not tests:
        yield (
            "no observed experiment is marked as a test of a recommendation strategy (`tests:"
            " recommendation_strategy`)"
        )
    named = list(tests) or list(observed)
    for row in named[:MOST_NAMED]:
        role = "" if row["tests"] == STRATEGY else ", which tests something else,"
        yield f"{row['experiment']}{role} {row['not_money'] or 'is on money'}"
    if len(named) > MOST_NAMED:
        yield f"and {len(named) - MOST_NAMED} more"
    yield from (
        f"{row['experiment']} tests one, but is {row['source']}"
        for row in made
        if row["tests"] == STRATEGY and row["source"] != "observed"
    )


def _answer(rows: Sequence[tuple[dict[str, Any], dict[str, Any] | None]]) -> str:
    said = {_finding(readout) for _, readout in rows}
    head = (
        {"higher": "Yes, where it was tried", "lower": "No", "open": "Not shown"}[next(iter(said))]
        if len(said) == 1
        else None
    )
    return (
        f"{head or 'Not shown for all that was tried'}:"
        f" {'; '.join(_sentence(row, readout) for row, readout in rows)}."
    )


def _finding(readout: dict[str, Any] | None) -> str:
    if readout is None or not readout["is_valid"]:
        return "open"
    if readout["difference_low"] > 0:
        return "higher"
    return "lower" if readout["difference_high"] < 0 else "open"


def _sentence(decision: dict[str, Any], readout: dict[str, Any] | None) -> str:
    if readout is None or not readout["is_valid"]:
        return f"{decision['experiment']}: {(readout or {}).get('verdict') or 'no claim'}"
    change, low, high = (readout[f"difference{end}"] for end in ("", "_low", "_high"))
    n_units = readout["n_control"] + readout["n_treatment"]
    return (
        f"{decision['experiment']}: {decision['arm']} changes revenue by {change:+.3g}"
        f" {decision['money_unit']} per {decision['unit']} over {decision['horizon_days']} days"
        f" ({low:+.3g} to {high:+.3g}), measured on {readout['metric']} with {n_units:,}"
        f" {decision['unit']}s; the decision is to {OUTCOME_WORDS[decision['decision']]}"
    )
