"""The start of a log: the shipped scores beside tuned gradient boosting, BG/NBD and a three-input
logistic, by how many past origins the model could look back on.

    python -m benchmarks.churn --only start

Each log is cut after 2, 3, 4, 6, 8 and 12 churn horizons; every model sees what lay before the cut
and is held against the horizon after it. A peer is behind or ahead by its mean difference in log
loss, in standard errors over users (one row each at a cut).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from benchmarks.churn_model import Scored, scores_and_snapshots, whole_history
from benchmarks.churn_reasons import logs
from benchmarks.harness import Goal
from ntg_assets.arrays import Floats
from ntg_assets.churn.snapshots import History
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.evaluation.churn.challengers.challengers import CHALLENGERS, tuned_sizes
from ntg_assets.evaluation.churn.challengers.origin import NOT_TUNED, Origin
from ntg_assets.statistics.probability_metrics import (
    calibration_noise,
    equal_mass_bins,
    expected_calibration_error,
    log_loss,
)

SEED = 20260101
HORIZONS = (2, 3, 4, 6, 8, 12)
PEERS = ("gradient_boosting", "bg_nbd", "recency_frequency_tenure")
MANY_ORIGINS = 3
FEWEST_ROWS = 100  # labelled rows and outcomes, below which nothing is claimed
N_BINS, SAMPLES = 10, 300
FIRST_ERROR = 0.08


@dataclass(frozen=True)
class Cut:
    """What one cut says.

    Attributes:
        n_origins: Past origins that the model could look back on.
        losses: Log loss of each user by model, `shipped` among them.
        error: Calibration error of the shipped scores.
        noise: 95% point of what a perfect model of this size shows.
    """

    n_origins: int
    losses: dict[str, Floats]
    error: float
    noise: float


def start_part() -> tuple[dict[str, Any], list[Goal]]:
    """Judge every log at its cuts."""
    figures: dict[str, Any] = {}
    goals: list[Goal] = []
    for name, log in logs().items():
        user_days, churn = log()
        row = start_figures(user_days, churn)
        figures[name] = row
        goals += start_goals(name, row)
    return figures, goals


def start_figures(user_days: pl.DataFrame, churn: ChurnSettings) -> dict[str, Any]:
    """Differences of each peer by number of past origins, all cuts of a kind together."""
    cuts = [cut for n in HORIZONS if (cut := evaluate_cut(user_days, churn, n)) is not None]
    found: dict[str, Any] = {}
    for n_origins in range(MANY_ORIGINS + 1):
        of_kind = [cut for cut in cuts if min(cut.n_origins, MANY_ORIGINS) == n_origins]
        if of_kind:
            found[str(n_origins)] = {
                "cuts": len(of_kind),
                "ece_over_noise": [round(cut.error / cut.noise, 3) for cut in of_kind],
                "ece": [round(cut.error, 4) for cut in of_kind],
                **{peer: _behind(of_kind, peer) for peer in PEERS},
            }
    return found


def start_goals(name: str, found: dict[str, Any]) -> list[Goal]:
    """What was asked of the first origins of one log."""
    goals = []
    for n_origins, row in found.items():
        at = f"{name} at {n_origins}{'+' if int(n_origins) == MANY_ORIGINS else ''} past origins"
        goals += [
            Goal(
                f"{at}: log loss against {peer.replace('_', ' ')}, in standard errors",
                -row[peer]["difference"] / row[peer]["standard_error"],
                1.0,
                "at_most",
            )
            for peer in PEERS
        ]
        if int(n_origins) < MANY_ORIGINS:
            goals.append(Goal(f"{at}: ECE", max(row["ece"]), FIRST_ERROR, "at_most"))
    return goals


def evaluate_cut(user_days: pl.DataFrame, churn: ChurnSettings, n_horizons: int) -> Cut | None:
    """Hold one cut against the horizon after it; None where the log is too short or too small."""
    whole = whole_history(user_days)
    horizon = timedelta(days=churn.horizon_days)
    cutoff_on = whole.start_on + n_horizons * horizon
    known = user_days.filter(pl.col("active_on") < cutoff_on)
    if cutoff_on + horizon > whole.complete_until_on or known.is_empty():
        return None
    try:
        made = scores_and_snapshots(known, History(whole.start_on, cutoff_on, cutoff_on), churn)
    except NotEnoughDataError:
        return None
    scores = made.scores.filter("is_at_risk_population").sort("user_id")
    if min(made.labelled.height, scores.height) < FEWEST_ROWS:
        return None
    after = user_days.filter(pl.col("active_on").is_between(cutoff_on, cutoff_on + horizon, "left"))
    stayed = scores["user_id"].is_in(after["user_id"].unique().implode())
    return _compared(made, scores, (~stayed).cast(pl.Float64).to_numpy(), churn, cutoff_on)


def _compared(
    made: Scored, scores: pl.DataFrame, churned: Floats, churn: ChurnSettings, cutoff_on: date
) -> Cut:
    probability = scores["churn_probability"].to_numpy()
    everyone = made.snapshots.filter(pl.col("snapshot_on") == cutoff_on).sort("user_id")
    now = everyone.join(scores.select("user_id"), on="user_id", how="semi").sort("user_id")
    sizes = tuned_sizes(made.labelled, NOT_TUNED, value=ValueSettings(), seed=SEED)
    origin = Origin(
        made.labelled, now, everyone, churn.horizon_days, churn.regularisation, SEED, sizes
    )
    losses = {peer: log_loss(CHALLENGERS[peer](origin), churned) for peer in PEERS}
    bins = equal_mass_bins(probability, N_BINS)
    rng = np.random.default_rng(SEED)
    return Cut(
        made.raw["origin_on"].n_unique(),
        {**losses, "shipped": log_loss(probability, churned)},
        float(expected_calibration_error(probability, churned[None, :], bins)[0]),
        calibration_noise(probability, bins, samples=SAMPLES, rng=rng)[1],
    )


def _behind(cuts: list[Cut], peer: str) -> dict[str, float]:
    """Mean difference of a peer's log loss from the shipped: above 0 the shipped is better."""
    differences = np.concatenate([cut.losses[peer] - cut.losses["shipped"] for cut in cuts])
    error = max(float(differences.std() / np.sqrt(len(differences))), 1e-12)
    return {"difference": float(differences.mean()), "standard_error": error}
