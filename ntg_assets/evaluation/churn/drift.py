"""Whether churn still behaves as it was learned: expected against realised churn,
and the distribution of the scores, origin by origin.
"""

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats

MAX_Z = 3.0  # expected and realised churn this many standard errors apart are no accident
MAX_PSI = 0.25  # the usual border of a shifted population
PSI_BINS = 10
SMALLEST_SHARE = 1e-3  # of an empty bin: keeps the logarithm finite
MIN_PSI_ROWS = 200  # with fewer scores the index is mostly noise
DRIFT_SCHEMA = {
    "evaluation": pl.String,
    "origin_on": pl.Date,
    "expected_churn": pl.Float64,
    "realised_churn": pl.Float64,
    "z": pl.Float64,
    "psi": pl.Float64,
    "is_alarm": pl.Boolean,
    "n_rows": pl.Int64,
}


def churn_drift(forecasts: pl.DataFrame) -> pl.DataFrame:
    """Compare each origin with its own outcomes and with the scores of the origins before it.

    Args:
        forecasts: `churn_forecasts`.

    Returns:
        `churn_drift`, by origin: z of realised against expected churn (outcomes independent given
        the forecasts), population stability index of the scores (null at the first origin and on
        few scores).
    """
    rows: list[tuple[object, ...]] = []
    earlier = np.empty(0)
    in_time = forecasts.sort("origin_on", "user_id")
    for origin, part in in_time.group_by("evaluation", "origin_on", maintain_order=True):
        scores = part["churn_probability"].to_numpy()
        churned = part["is_churned"].cast(pl.Float64).to_numpy()
        rows.append((*origin, *_drift(scores, churned, earlier), part.height))
        earlier = np.concatenate([earlier, scores])
    return pl.DataFrame(rows, schema=DRIFT_SCHEMA, orient="row")


def drift_z(told: Floats, churned: Floats) -> float | None:
    """Realised minus expected churn in standard errors of the sum;
    None where every forecast is certain.
    """
    spread = float(np.sqrt((told * (1 - told)).sum()))
    return float((churned - told).sum()) / spread if spread > 0 else None


def _drift(scores: Floats, churned: Floats, earlier: Floats) -> tuple[object, ...]:
    """Expected and realised churn, z of their difference, stability index, and whether either is
    beyond its border.
    """
    z = drift_z(scores, churned)
    is_enough = min(len(earlier), len(scores)) >= MIN_PSI_ROWS
    psi = stability_index(earlier, scores) if is_enough else None
    is_alarm = (z is not None and abs(z) > MAX_Z) or (psi is not None and psi > MAX_PSI)
    return float(scores.mean()), float(churned.mean()), z, psi, is_alarm


def stability_index(before: Floats, now: Floats) -> float:
    """Population stability index over the deciles of `before`: sum of
    (share now - share before) * ln(share now / share before).
    """
    edges = np.unique(np.quantile(before, np.linspace(0, 1, PSI_BINS + 1)[1:-1]))
    old, new = (_shares_between(edges, scores) for scores in (before, now))
    return float(((new - old) * np.log(new / old)).sum())


def _shares_between(edges: Floats, scores: Floats) -> Floats:
    """Return the share of the scores in each bin, never quite 0."""
    counts = np.bincount(np.searchsorted(edges, scores, side="right"), minlength=len(edges) + 1)
    return np.maximum(counts / len(scores), SMALLEST_SHARE)
