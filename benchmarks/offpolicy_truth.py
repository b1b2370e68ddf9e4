"""Off-policy estimates where the truth is known: bias, coverage of intervals,
and whether wrong propensities are noticed.

Users come from one large population: each has a taste (one of three), a pace of clicking and a
number of lists. The logged policy fills each place by a softmax of its own; what any other list
would earn per place follows exactly from the planted law of clicks.
"""

from collections.abc import Callable
from datetime import datetime
from math import sqrt
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ntg_assets.configuration.off_policy import OffPolicySettings
from ntg_assets.off_policy.report import Lists, report_off_policy
from ntg_assets.off_policy.slots import divide_slots
from ntg_assets.randomness import random_stream

SEED, N_ITEMS, N_TASTES, PLACES, MEAN_LISTS = 20260101, 30, 3, 3, 6
CUTOFF = datetime(2024, 6, 1)
EARLIER_SHARE = 0.2  # of the exposures: they teach the reward model
Floats = NDArray[np.float64]
Spoil = Callable[[Floats, Floats], Floats]


class Law:
    """The planted world: how the log was made, what is clicked, what each list would earn."""

    def __init__(self) -> None:
        rng = random_stream(SEED, "off-policy law")
        preference = rng.normal(0, 1, (N_TASTES, N_ITEMS))
        self.logged = _softmax(0.8 * preference + rng.normal(0, 0.5, (N_TASTES, N_ITEMS)))
        self.stale = _softmax(0.8 * preference + rng.normal(0, 0.5, (N_TASTES, N_ITEMS)))
        self.quality = 0.25 / (1 + np.exp(-preference))
        self.examination = 0.8 ** np.arange(PLACES)
        self.lists = {  # by taste: the best, the best over all, and one that is a place short
            "blend": np.argsort(-preference, axis=1)[:, :PLACES],
            "popularity": np.tile(np.argsort(-preference.sum(axis=0))[:PLACES], (N_TASTES, 1)),
            "graph": np.argsort(-preference, axis=1)[:, 2 : 2 + PLACES - 1],
        }

    def truth(self, strategy: str) -> float:
        """Clicks per place; paces are 1 on average and independent of everything."""
        shown = self.lists[strategy]
        earned = (
            np.take_along_axis(self.quality, shown, axis=1) * self.examination[: shown.shape[1]]
        )
        return float(earned.sum(axis=1).mean()) / PLACES

    @property
    def logged_truth(self) -> float:
        return float((self.logged * self.quality).sum(axis=1).mean() * self.examination.mean())


def draw(
    law: Law, rng: np.random.Generator, *, n_users: int, spoil: Spoil | None = None
) -> tuple[pl.DataFrame, Lists]:
    """Draw users, their lists before and after the cutoff, their clicks;
    `spoil` makes of (true, stale) propensities what is logged.
    """
    taste, pace = rng.integers(0, N_TASTES, n_users), rng.choice([0.4, 1.0, 1.6], n_users)
    user = np.repeat(np.arange(n_users), PLACES * rng.geometric(1 / MEAN_LISTS, n_users))
    place = np.arange(len(user)) % PLACES
    cumulated = np.cumsum(law.logged, axis=1)[taste[user]]
    item = np.minimum((rng.random(len(user))[:, None] > cumulated).sum(axis=1), N_ITEMS - 1)
    chance = law.quality[taste[user], item] * law.examination[place] * pace[user]
    true, stale = law.logged[taste[user], item], law.stale[taste[user], item]
    rows = pl.DataFrame(
        {
            "user_id": user,
            "item_id": item,
            "days_before": (rng.random(len(user)) < EARLIER_SHARE).astype(np.int64),
            "position": place + 1,
            "propensity": true if spoil is None else spoil(true, stale),
            "reward": (rng.random(len(user)) < chance).astype(np.float64),
        }
    )
    return rows.with_columns(shown_at=pl.lit(CUTOFF) - pl.duration(days="days_before")).drop(
        "days_before"
    ), _lists(law, taste)


def _lists(law: Law, taste: NDArray[np.int64]) -> Lists:
    parts = []
    for name, shown in law.lists.items():
        n_users, length = len(taste), shown.shape[1]
        user, rank = (
            np.repeat(np.arange(n_users), length),
            np.tile(np.arange(1, length + 1), n_users),
        )
        parts.append(
            pl.DataFrame(
                {"user_id": user, "rank": rank, "item_id": shown[taste].ravel()}
            ).with_columns(strategy=pl.lit(name))
        )
    nobody = pl.DataFrame(schema={"rank": pl.Int64, "item_id": pl.Int64})
    return Lists(
        pl.concat(parts),
        nobody,
        pl.DataFrame({"user_id": np.arange(len(taste))}),
        pl.DataFrame({"item_id": np.arange(N_ITEMS)}),
    )


def repeat(
    law: Law, *, n_users: int, repetitions: int, use: str, spoil: Spoil | None = None
) -> pl.DataFrame:
    """Estimate every strategy again and again; rows of `off_policy_report` with `repetition`."""
    rng, found = random_stream(SEED, f"off-policy {use}"), []
    for repetition in range(repetitions):
        rows, lists = draw(law, rng, n_users=n_users, spoil=spoil)
        slots = divide_slots(rows, cutoff_at=CUTOFF, list_length=PLACES)
        report, _ = report_off_policy(
            slots, lists, settings=OffPolicySettings(), list_length=PLACES, minimum_users=1
        )
        found.append(report.with_columns(repetition=pl.lit(repetition)))
    return pl.concat(found)


def coverage(law: Law, estimates: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Bias in Monte Carlo errors and in percent, and how often intervals hold the truth,
    by estimator and strategy.
    """
    truths = {"logged": law.logged_truth} | {name: law.truth(name) for name in law.lists}
    told: dict[str, dict[str, Any]] = {}
    for (strategy, estimator), rows in estimates.sort("strategy", "estimator").group_by(
        "strategy", "estimator", maintain_order=True
    ):
        truth, values = truths[str(strategy)], rows["value"].to_numpy()
        difference = truth - truths["logged"]
        told.setdefault(str(estimator), {})[str(strategy)] = {
            "truth": truth,
            "mean": float(values.mean()),
            "bias_in_errors": float(
                (values.mean() - truth) / (values.std(ddof=1) / sqrt(len(values)))
            ),
            "bias_percent": float(100 * (values.mean() / truth - 1)),
            "coverage": _holds(rows, "low", "high", truth),
            "difference_coverage": (
                _holds(rows, "difference_low", "difference_high", difference)
                if strategy != "logged"
                else None
            ),
            "width_percent": float(100 * (rows["high"] - rows["low"]).to_numpy().mean() / truth),
        }
    return told


def alarms(estimates: pl.DataFrame) -> dict[str, float]:
    """Share of repetitions in which the mean weight is off: for each strategy,
    and for any of them.
    """
    rows = estimates.filter(pl.col("estimator") == "ips").with_columns(
        is_off=~pl.col("filled_share").is_between(
            pl.col("mean_weight_low"), pl.col("mean_weight_high")
        )
    )
    each = {
        str(name): float(part["is_off"].to_numpy().mean())
        for (name,), part in rows.sort("strategy").group_by("strategy", maintain_order=True)
    }
    return each | {
        "any": float(
            rows.group_by("repetition").agg(pl.col("is_off").any())["is_off"].to_numpy().mean()
        )
    }


def _holds(rows: pl.DataFrame, low: str, high: str, truth: float) -> float:
    return float(((rows[low] <= truth) & (truth <= rows[high])).to_numpy().mean())


def _softmax(values: Floats) -> Floats:
    raised = np.exp(values)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float64)
