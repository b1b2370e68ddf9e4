"""How the hazard of a contract goes on beyond the horizon: renewal by renewal.

The log odds of an end in later periods are a line in today's, which fades (`landmark`). Billing
periods of which too few later ends were seen (yearly plans) follow the shifted beta-geometric law
of their own cohorts instead.

Source: Fader and Hardie 2007, "How to project customer retention" (the shifted beta-geometric).
"""

from typing import Any

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.statistics.glm import sigmoid
from ntg_assets.subscriptions.hazard.competing_risks import piece_hazards
from ntg_assets.subscriptions.hazard.features import Seen
from ntg_assets.subscriptions.hazard.learning_rows import at_risk, thinned
from ntg_assets.subscriptions.hazard.pieces import Clock, Pieces
from ntg_assets.subscriptions.hazard.walk_forward import logit
from ntg_assets.subscriptions.survival.beta_geometric import fit_beta_geometric
from ntg_assets.subscriptions.survival.contract_lifetimes import contract_lifetimes, day_number
from ntg_assets.subscriptions.survival.landmark import (
    COEFFICIENTS,
    MIN_FAR_ENDS,
    Far,
    Landmark,
    far_periods,
    fit_landmark,
)

MAX_ROWS = 60_000  # snapshots of the fit; five numbers need no more
LANDMARK, COHORT = METHODS = ("landmark", "shifted_beta_geometric")
PERSISTENCE_TYPES: dict[str, Any] = {
    "period_months": pl.Int64,
    "period_days": pl.Int64,
    "method": pl.String,
    "intercept": pl.Float64,
    "score": pl.Float64,
    "log_lag": pl.Float64,
    "score_by_log_lag": pl.Float64,
    "log_tenure": pl.Float64,
    "score_mean": pl.Float64,
    "longest_lag": pl.Int64,
    "longest_tenure": pl.Int64,
    "alpha": pl.Float64,
    "beta": pl.Float64,
    "n_periods": pl.Int64,
    "n_ended": pl.Int64,
}


def fit_persistence(
    rows: pl.DataFrame, terms: pl.DataFrame, hazards: pl.DataFrame, *, sleeper_days: int
) -> pl.DataFrame:
    """Learn how contracts go on.

    Args:
        rows: `contract_snapshots` with attributes and signals, those of the cutoff among them.
        terms: `known_terms`.
        hazards: `contract_hazards`.
        sleeper_days: After how many days without an event somebody sleeps.

    Returns:
        `contract_persistence`, by billing period.
    """
    cutoff_on = rows["snapshot_on"].max()
    past = thinned(at_risk(rows).filter(pl.col("snapshot_on") < cutoff_on), MAX_ROWS)
    cutoff = day_number(cutoff_on)  # type: ignore[arg-type]  # a date
    far, lives = far_periods(past, cutoff=cutoff), contract_lifetimes(terms, cutoff=cutoff)
    score = present_score(past, hazards, sleeper_days=sleeper_days) if past.height else np.empty(0)
    mean = float(score.mean()) if len(score) else 0.0
    landmark = fit_landmark(far, score - mean)
    periods = terms.select("period_months", "period_days").unique().sort(pl.all())
    tables = [
        _of_period(months, days, past, far, lives, landmark=landmark, mean=mean)
        for months, days in periods.rows()
    ]
    return pl.DataFrame(tables, schema=PERSISTENCE_TYPES, orient="row")


def present_score(rows: pl.DataFrame, hazards: pl.DataFrame, *, sleeper_days: int) -> Floats:
    """Log odds of an end in the present period, taken as a whole and as paid for.

    Args:
        rows: `contract_snapshots` with attributes and signals.
        hazards: `contract_hazards`.
        sleeper_days: After how many days without an event somebody sleeps.
    """
    clock = Clock.of(rows)
    number = np.maximum(clock.period, 0)
    n = rows.height
    length = np.maximum(clock.renewal(number + 1) - clock.renewal(number), 1)
    whole = Pieces(
        np.arange(n),
        np.zeros(n, dtype=np.int64),
        number,
        np.ones(n, dtype=bool),
        np.ones(n),
        length,
        np.ones((n, 3), dtype=bool),
        np.zeros(n, dtype=np.int64),
        clock.at,
    )
    return logit(piece_hazards(Seen(rows, whole, sleeper_days), hazards).sum(axis=1))


def far_hazards(
    persistence: pl.DataFrame, rows: pl.DataFrame, score: Floats, *, n_lags: int
) -> Floats:
    """Chance of an end in each later period, given that it was reached; shape (rows, n_lags).

    Args:
        persistence: `contract_persistence`.
        rows: `contract_snapshots`.
        score: `present_score`.
        n_lags: Periods ahead: the first column is the period after the present one.
    """
    table = rows.select("period_months", "period_days").join(
        persistence, on=["period_months", "period_days"], how="left", maintain_order="left"
    )
    names = (*COEFFICIENTS, "score_mean", "longest_lag", "longest_tenure")
    column = {name: table[name].cast(pl.Float64).to_numpy()[:, None] for name in names}
    lag = np.arange(1, n_lags + 1)[None, :]
    number = np.maximum(Clock.of(rows).period, 0)[:, None] + lag
    log_lag = np.log1p(np.minimum(lag, column["longest_lag"]))
    slope = np.maximum(column["score"] + column["score_by_log_lag"] * log_lag, 0.0)
    line = (
        column["intercept"]
        + slope * (score[:, None] - column["score_mean"])
        + column["log_lag"] * log_lag
        + column["log_tenure"] * np.log1p(np.minimum(number, column["longest_tenure"]))
    )
    alpha, beta = (table[name].to_numpy()[:, None] for name in ("alpha", "beta"))
    by_cohort = alpha / (alpha + beta + number)
    is_landmark = (table["method"] == LANDMARK).to_numpy()[:, None]
    return np.where(is_landmark, sigmoid(np.nan_to_num(line)), np.nan_to_num(by_cohort))


def _of_period(
    months: int,
    days: int,
    past: pl.DataFrame,
    far: Far,
    lives: pl.DataFrame,
    *,
    landmark: Landmark | None,
    mean: float,
) -> tuple[Any, ...]:
    mine = ((past["period_months"] == months) & (past["period_days"] == days)).to_numpy()
    seen = mine[far.row] if len(far.row) else np.zeros(0, dtype=bool)
    n_ended = far.n_ends(seen)
    if landmark is not None and n_ended >= MIN_FAR_ENDS:
        line, *longest = landmark
        counts = far.n_periods(seen), n_ended
        return (months, days, LANDMARK, *line, mean, *longest, None, None, *counts)
    law, counts = _cohort_law(lives, months, days)
    nothing = (None,) * len(COEFFICIENTS)
    return (months, days, COHORT, *nothing, None, None, None, *law, *counts)


def _cohort_law(
    lives: pl.DataFrame, months: int, days: int
) -> tuple[tuple[float, float], tuple[int, int]]:
    """Alpha and beta of the contracts of a billing period that were paid at least once; how many
    they are, and how many of them ended.
    """
    is_mine = (pl.col("period_months") == months) & (pl.col("period_days") == days)
    paid = lives.filter(is_mine, (pl.col("number") >= 0) & (pl.col("periods") > 0))
    ended = paid["ended"].cast(pl.Float64).to_numpy()
    law = fit_beta_geometric(paid["periods"].to_numpy(), ended)
    return law, (paid.height, int(paid["ended"].sum()))
