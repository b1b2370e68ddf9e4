"""Which churn model is shipped: the default, unless past origins of the same log show that another
is better.

At past origins every candidate was fitted on what was known then (`churn_walk_forward`). Another
than the default is taken where its mean gain in log loss, over all forecasts whose window has
closed, exceeds `STANDARD_ERRORS` standard errors and the newest origin gained too; where several
pass, the one with the largest mean gain. The standard error is the larger of that with users as
clusters and, from two origins on, that between origins. With no closed origin there is no evidence
and the default stands.

Measured at cuts of nine logs and of draws of 300 to 1,500 users: at one standard error the gate
cost .0040 of log loss with one past origin and gained .0001 to .0003 with more; at two it took
another model once, and gained .012 there.
"""

from collections.abc import Mapping
from datetime import date
from itertools import pairwise

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.learning.candidates import CANDIDATES, DEFAULT

STANDARD_ERRORS = 2.0
SELECTION_SCHEMA = {
    "model": pl.String,
    "origin_on": pl.Date,
    "log_loss": pl.Float64,
    "gain": pl.Float64,
    "n_rows": pl.Int64,
    "mean_gain": pl.Float64,
    "standard_error": pl.Float64,
    "n_origins": pl.Int64,
    "is_default": pl.Boolean,
    "is_shipped": pl.Boolean,
}


# mean gain of a model, its standard error, the gain at the newest origin
Evaluation = tuple[float | None, float | None, float]
_DECIDED = ("mean_gain", "standard_error", "n_origins", "is_default", "is_shipped")
_JUDGED = ("model", "origin_on", "log_loss", "gain", "n_rows")


def churn_model_selection(forecasts: pl.DataFrame, *, cutoff_on: date) -> pl.DataFrame:
    """Judge every candidate at each past origin and decide for the cutoff.

    Args:
        forecasts: `churn_walk_forward`; only origins whose window had ended by the cutoff are
            looked at.
        cutoff_on: The day the decision is for.

    Returns:
        `churn_model_selection`, by model and origin, the cutoff last; all rows of the shipped model
            say so.
    """
    closed = with_losses(forecasts.filter(pl.col("window_end_on") <= cutoff_on))
    origins = closed["origin_on"].unique().sort().to_list()
    judged = {model: _evaluate(closed.filter(pl.col("model") == model)) for model in CANDIDATES}
    shipped = _best_of(judged)
    decided = pl.DataFrame(
        [
            (model, mean, error, len(origins), model == DEFAULT, model == shipped)
            for model, (mean, error, _) in judged.items()
        ],
        schema={name: SELECTION_SCHEMA[name] for name in ("model", *_DECIDED)},
        orient="row",
    )
    rows = pl.concat([_by_origin(closed), _at_cutoff(cutoff_on)])
    return rows.join(decided, on="model").select(SELECTION_SCHEMA.keys()).sort("model", "origin_on")


def _best_of(judged: Mapping[str, Evaluation]) -> str:
    """The model that surely gained most and gained at the newest origin; else the default."""
    passed = {
        model: float(mean)
        for model, (mean, error, newest) in judged.items()
        if mean is not None and error is not None and newest > 0 and mean > STANDARD_ERRORS * error
    }
    return max(passed, key=lambda model: passed[model]) if passed else DEFAULT


def shipped_model(selection: pl.DataFrame) -> str:
    """Name of the model that was decided on."""
    return str(selection.filter("is_shipped")["model"][0])


def forecasts_of(forecasts: pl.DataFrame, model: str) -> pl.DataFrame:
    """Keep what one model said at past origins."""
    return forecasts.filter(pl.col("model") == model).drop("model")


def selection_in_words(selection: pl.DataFrame) -> str:
    """One sentence: what is shipped and on what evidence; empty without a decision."""
    if selection.is_empty():
        return ""
    shipped, row = shipped_model(selection), selection.filter("is_shipped").row(-1, named=True)
    n_origins = row["n_origins"]
    if not n_origins:
        return f"{shipped} is shipped by rule: no past origin has closed that could judge it"
    if row["is_default"]:
        return (
            f"{shipped} is shipped: no other model was better by {STANDARD_ERRORS:g} standard"
            f" errors over {n_origins} past origins and better at the newest of them"
        )
    return (
        f"{shipped} is shipped in place of {DEFAULT}: its log loss at {n_origins} past origins was"
        f" lower by {row['mean_gain']:.4f} (standard error {row['standard_error']:.4f})"
    )


def with_losses(forecasts: pl.DataFrame) -> pl.DataFrame:
    """Add each forecast's log loss, and by how much it is below that of the default."""
    logit = pl.col("churn_logit")
    churned = pl.col("is_churned").cast(pl.Float64)
    softplus = logit.clip(lower_bound=0.0) + (1 + (-logit.abs()).exp()).log()
    keys = ["origin_on", "user_id"]
    losses = forecasts.with_columns(loss=softplus - churned * logit)
    default = losses.filter(pl.col("model") == DEFAULT).select(*keys, default_loss="loss")
    return losses.join(default, on=keys, how="left", maintain_order="left").with_columns(
        gain=pl.col("default_loss") - pl.col("loss")
    )


def _evaluate(mine: pl.DataFrame) -> Evaluation:
    """Mean gain of one model, its standard error, and the gain at the newest origin."""
    if mine.is_empty():
        return None, None, 0.0
    ordered = mine.sort("user_id", "origin_on")
    gain, users = ordered["gain"].to_numpy(), ordered["user_id"].rank("dense").to_numpy()
    grouped = ordered.group_by("origin_on", maintain_order=True)  # else sums differ by a last bit
    by_origin = grouped.agg(pl.col("gain").mean()).sort("origin_on")["gain"]
    error = max(_clustered_error(gain, users), _error_between(by_origin.to_numpy()))
    return float(gain.mean()), error, float(by_origin[-1])


def _clustered_error(gain: Floats, users: np.ndarray) -> float:
    """Standard error of the mean with users as clusters, whose rows lie together."""
    edges = np.flatnonzero(np.diff(users, prepend=users[0] - 1, append=users[-1] + 1))
    centred = gain - gain.mean()
    sums = np.array([centred[first:last].sum() for first, last in pairwise(edges)])
    n_users = len(sums)
    return float(np.sqrt((sums**2).sum() * n_users / max(n_users - 1, 1)) / len(gain))


def _error_between(gains: Floats) -> float:
    if len(gains) < 2:  # noqa: PLR2004  # a spread needs two
        return 0.0
    return float(gains.std(ddof=1) / np.sqrt(len(gains)))


def _by_origin(closed: pl.DataFrame) -> pl.DataFrame:
    ordered = closed.sort("model", "origin_on", "user_id")
    judged = ordered.group_by("model", "origin_on", maintain_order=True).agg(
        log_loss=pl.col("loss").mean(), gain=pl.col("gain").mean(), n_rows=pl.len().cast(pl.Int64)
    )
    return judged.select(pl.col(name).cast(SELECTION_SCHEMA[name]) for name in _JUDGED)


def _at_cutoff(cutoff_on: date) -> pl.DataFrame:
    nothing = (cutoff_on, None, None, 0)
    return pl.DataFrame(
        [(model, *nothing) for model in CANDIDATES],
        schema={name: SELECTION_SCHEMA[name] for name in _JUDGED},
        orient="row",
    )
