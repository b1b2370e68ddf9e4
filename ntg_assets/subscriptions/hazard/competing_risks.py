"""The hazard of contracts: in each piece of the horizon a contract goes on, or ends in one of three
ways.

Discrete-time competing risks: in a piece, the odds of each kind of end against going on are
log-linear, so the probabilities are those of a multinomial logit. Each kind is fitted on the pieces
that ended so and on those that went on (Begg and Gray), standardised and L2-penalised, with the
sandwich covariance that knows that pieces of a contract go together. A trial may end unconverted, a
paid period by cancelling or by a payment that failed.

Source: Allison 1982, "Discrete-time methods for the analysis of event histories"; Begg and Gray
1984, "Calculation of polychotomous logistic regression parameters using individualized
regressions"; Tutz and Schmid 2016, "Modeling discrete time-to-event data", chapter 8 (competing
risks).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ntg_assets.arrays import Flags, Floats
from ntg_assets.churn.learning.design import standardise
from ntg_assets.churn.learning.logistic import LogisticFit, fit_logistic
from ntg_assets.kept_calls import keep_calls
from ntg_assets.statistics.glm import Z_95
from ntg_assets.statistics.one_thread import one_thread
from ntg_assets.subscriptions.hazard.design import group_of, matrix_of
from ntg_assets.subscriptions.hazard.features import Seen
from ntg_assets.subscriptions.hazard.pieces import KIND_CODES, Pieces
from ntg_assets.subscriptions.terms.contracts import KINDS

BASELINE = "baseline"
HAZARD_TYPES: dict[str, Any] = {
    "kind": pl.String,
    "position": pl.Int64,
    "feature": pl.String,
    "feature_group": pl.String,
    "mean": pl.Float64,
    "scale": pl.Float64,
    "coefficient": pl.Float64,
    "standard_error": pl.Float64,
    "coefficient_low": pl.Float64,
    "coefficient_high": pl.Float64,
    "odds_ratio_per_sd": pl.Float64,
    "method": pl.String,
    "n_rows": pl.Int64,
    "n_ended": pl.Int64,
}
NEVER = "never"  # the method of a kind that was never seen: its hazard is zero
SMALLEST_LOG_ODDS = -30.0


@dataclass(frozen=True)
class Ends:
    """Chances of a contract's ends within the horizon, one entry per row.

    Attributes:
        by_kind: Chance of each of `KINDS`, shape (rows, 3).
    """

    by_kind: Floats

    @property
    def total(self) -> Floats:
        """Chance that the contract ends, whatever the way."""
        return self.by_kind.sum(axis=1)


@keep_calls
def fit_hazards(seen: Seen, names: Sequence[str], *, regularisation: float) -> pl.DataFrame:
    """Fit every kind of end.

    Args:
        seen: Rows whose window has closed, and their pieces with outcomes.
        names: Columns.
        regularisation: C, the inverse strength of the penalty.

    Returns:
        `contract_hazards`: by kind the intercept and one coefficient per column.
    """
    is_reached = seen.pieces.outcome >= 0
    pieces = seen.pieces.only(is_reached)
    matrix = matrix_of(Seen(seen.rows, pieces, seen.sleeper_days), names)
    clusters = seen.rows["contract_place"].to_numpy()[pieces.row]
    order = np.argsort(clusters, kind="stable")
    matrix, clusters = matrix[order], clusters[order]
    outcome, is_trial = pieces.outcome[order], (pieces.number < 0)[order]
    tables = []
    with one_thread():  # the order of sums in a threaded product is not fixed
        for kind in KINDS:
            code = KIND_CODES[kind]
            chosen = possible(kind, is_trial) & ((outcome == 0) | (outcome == code))
            tables.append(
                _fit_kind(
                    kind,
                    matrix[chosen],
                    (outcome[chosen] == code).astype(np.float64),
                    clusters[chosen],
                    names,
                    regularisation=regularisation,
                )
            )
    return pl.concat(tables)


def possible(kind: str, is_trial: Flags) -> Flags:
    """In which pieces a kind of end can happen."""
    return is_trial if kind == "not_converted" else ~is_trial


def _fit_kind(
    kind: str,
    matrix: Floats,
    ended: Floats,
    clusters: np.ndarray,
    names: Sequence[str],
    *,
    regularisation: float,
) -> pl.DataFrame:
    n_ended = int(ended.sum())
    if not len(ended) or (not n_ended and kind == "not_converted"):
        return fit_table(kind, _never(len(names)), names, n_rows=len(ended), n_ended=0)
    codes = np.unique(clusters, return_inverse=True)[1]
    fit = fit_logistic(matrix, ended, codes, regularisation=regularisation)
    return fit_table(kind, fit, names, n_rows=len(ended), n_ended=n_ended)


def _never(n_features: int) -> LogisticFit:
    nothing = np.zeros(n_features)
    coefficients = np.concatenate([[SMALLEST_LOG_ODDS], nothing])
    covariance = np.zeros((n_features + 1, n_features + 1))
    return LogisticFit(coefficients, covariance, nothing, np.ones(n_features), NEVER)


def fit_table(  # each is a column of it
    kind: str,
    fit: LogisticFit,
    names: Sequence[str],
    *,
    n_rows: int,
    n_ended: int,
    group: Callable[[str], str] = group_of,
) -> pl.DataFrame:
    """Write a fit as rows of `contract_hazards` (or `return_hazards`), the intercept first.

    Args:
        kind: What happens.
        fit: Intercept and coefficients, standardised.
        names: Columns, in the order of the coefficients.
        n_rows: Pieces of the fit.
        n_ended: Of them, those in which it happened.
        group: What a column is named as in a reason.
    """
    error = np.sqrt(np.maximum(np.diag(fit.covariance), 0.0))
    height = len(names) + 1  # a single value for all rows would be a query each
    return pl.DataFrame(
        {
            "kind": [kind] * height,
            "position": np.arange(height),
            "feature": ["intercept", *names],
            "feature_group": [BASELINE, *(group(name) for name in names)],
            "mean": np.concatenate([[0.0], fit.mean]),
            "scale": np.concatenate([[1.0], fit.scale]),
            "coefficient": fit.coefficients,
            "standard_error": error,
            "coefficient_low": fit.coefficients - Z_95 * error,
            "coefficient_high": fit.coefficients + Z_95 * error,
            "odds_ratio_per_sd": np.exp(fit.coefficients),
            "method": [fit.method] * height,
            "n_rows": np.full(height, n_rows),
            "n_ended": np.full(height, n_ended),
        },
        schema=HAZARD_TYPES,
    )


def piece_hazards(seen: Seen, hazards: pl.DataFrame) -> Floats:
    """Chance of each kind of end in each piece, given that it was reached; shape (pieces, 3)."""
    odds = np.zeros((len(seen.pieces.row), len(KINDS)))
    names = hazards.filter(pl.col("kind") == KINDS[0])["feature"].to_list()[1:]
    matrix = matrix_of(seen, names)
    is_trial = seen.pieces.number < 0
    for column, kind in enumerate(KINDS):
        log_odds = log_odds_of(matrix, hazards, kind)
        odds[:, column] = np.where(possible(kind, is_trial), np.exp(log_odds), 0.0)
    return odds / (1 + odds.sum(axis=1, keepdims=True))


def log_odds_of(matrix: Floats, hazards: pl.DataFrame, kind: str) -> Floats:
    """Log odds of one kind of end against going on, of raw columns.

    Args:
        matrix: Raw columns, shape (pieces, names).
        hazards: `contract_hazards` (or `return_hazards`).
        kind: Which kind of event.
    """
    table = hazards.filter(pl.col("kind") == kind).sort("position")
    scaled = standardise(
        matrix, mean=table["mean"].to_numpy()[1:], scale=table["scale"].to_numpy()[1:]
    )
    coefficients = table["coefficient"].to_numpy()
    log_odds = np.full(len(matrix), coefficients[0])
    for position, coefficient in enumerate(coefficients[1:]):
        log_odds += scaled[:, position] * coefficient
    return np.clip(log_odds, SMALLEST_LOG_ODDS, -SMALLEST_LOG_ODDS)


def ends_within(pieces: Pieces, chances: Floats, *, n_rows: int) -> Ends:
    """Add the pieces of each row up: the chance to reach a piece times that to end in it.

    Args:
        pieces: By row and in order.
        chances: `piece_hazards`.
        n_rows: Rows that were cut.
    """
    by_kind, left = np.zeros((n_rows, len(KINDS))), np.ones(n_rows)
    for lag in range(int(pieces.lag.max()) + 1 if len(pieces.lag) else 0):
        now = pieces.lag == lag
        row = pieces.row[now]
        by_kind[row] += left[row, None] * chances[now]
        left[row] *= 1 - chances[now].sum(axis=1)
    return Ends(by_kind)
