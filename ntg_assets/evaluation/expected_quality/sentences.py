"""How good tonight's scores are expected to be, in one sentence."""

from collections.abc import Iterator
from typing import NamedTuple

import polars as pl

NAMES = {"auc": "AUC", "log_loss": "log loss", "ece": "calibration error"}
NOMINAL = 0.9  # of the truths, at least, lie inside
SMALL = 0.05  # chance of so few inside, were `NOMINAL` true, below which it is not


class Held(NamedTuple):
    """How earlier expectations held.

    Attributes:
        n_inside: Truths inside their interval.
        n_judged: Truths known.
        is_borne_out: Whether that is compatible with nine in ten.
    """

    n_inside: int
    n_judged: int
    is_borne_out: bool


def held(quality: pl.DataFrame) -> Held:
    """Count the truths inside.

    Args:
        quality: `expected_quality`.
    """
    from scipy.stats import binom  # takes half a second to import

    judged = quality["is_inside"].drop_nulls()
    n_inside = int(judged.sum())
    return Held(n_inside, len(judged), bool(binom.cdf(n_inside, len(judged), NOMINAL) >= SMALL))


def describe_quality(quality: pl.DataFrame) -> str:
    """Say what is expected of tonight's scores and how earlier expectations held; empty without a
    measure that is defined.
    """
    tonight = quality.filter("is_tonight").drop_nulls("expected")
    if tonight.is_empty():
        return ""
    count = held(quality)
    past = (
        f"at past origins the truth lay inside in {count.n_inside} of {count.n_judged} cases"
        if count.n_judged
        else "no earlier truth is known yet"
    )
    return (
        f"tonight's churn scores are expected to reach {', '.join(_measures(tonight))}; the truth"
        f" is known on {tonight['closes_on'][0]}; {past}"
    )


def _measures(tonight: pl.DataFrame) -> Iterator[str]:
    """Write each measure that is defined with its interval."""
    rows = {row["metric"]: row for row in tonight.iter_rows(named=True)}
    for metric, name in NAMES.items():
        if row := rows.get(metric):
            yield f"{name} {row['expected']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
    if row := rows.get("captured_share"):
        yield (
            f"{row['expected']:.0%} ({row['low']:.0%} to {row['high']:.0%}) of what leavers take"
            " in the radar's first tenth"
        )
