"""Who left and comes back, against planted truth: how many were said and seen, and the log loss
beside that of the planted hazard and of the base rate.
"""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl

from benchmarks.contract_night import (
    CHURN,
    SETTINGS,
    Sources,
    read_sources,
    returns_of,
    user_days_of,
)
from ntg_assets.statistics.probability_metrics import auc, log_loss
from ntg_assets.storage.run import run
from ntg_assets.subscriptions.winback.away import BASE_RATE, columns_for
from ntg_assets.subscriptions.winback.hazard import fit_returns, return_probability
from ntg_assets.subscriptions.winback.learning import (
    chosen_model,
    closed,
)
from ntg_assets.synthetic.contract_rules import ContractRules
from ntg_assets.synthetic.contract_world import write_contract_world

DAYS = {"horizon_days": CHURN.horizon_days, "win_back_days": SETTINGS.win_back_days}


def return_figures(sources: Sources, truth: pl.DataFrame, rules: ContractRules) -> dict[str, Any]:
    """Forecast everybody who had left at each cut, and hold it against what was planted."""
    parts = [_at(sources, cut, rules) for cut in rules.cuts]
    rows = pl.concat(part for part, _ in parts).join(truth, on=["user_id", "cut"], how="inner")
    came = rows["returned"].cast(pl.Float64).to_numpy()
    sides = {name: rows[name].to_numpy() for name in ("told", "base_rate", "return_probability")}
    return {
        "people": rows.height,
        "planted_people": truth.height,
        "seen": int(came.sum()),
        "told": float(sides["told"].sum()),
        "planted": float(sides["return_probability"].sum()),
        "models": [model for _, model in parts],
        "log_loss": {
            name: float(log_loss(np.clip(side, 1e-9, 1 - 1e-9), came).mean())
            for name, side in sides.items()
        },
        "auc": {
            name: float(auc(side, came, np.ones((1, len(came))))[0]) for name, side in sides.items()
        },
    }


def other_returns(n_users: int, seed: int) -> dict[str, Any]:
    """The same in a world in which those come back more whose payment failed."""
    rules = ContractRules(
        n_users=n_users, seed=seed, return_share_failed=0.7, failure_rate=(0.05, 0.3)
    )
    with TemporaryDirectory() as folder:
        write_contract_world(Path(folder), rules)
        truth = pl.read_parquet(Path(folder) / "truth" / "returns.parquet")
        return return_figures(read_sources(Path(folder)), truth, rules)


def _at(sources: Sources, cut: int, rules: ContractRules) -> tuple[pl.DataFrame, str]:
    day = rules.start_on + timedelta(days=cut)
    active = run(user_days_of(sources.events.filter(pl.col("event_on") < day)))
    rows, learned, scores = returns_of(sources.terms, active, day)
    past = closed(rows, day, horizon_days=CHURN.horizon_days)
    now = rows.filter(pl.col("snapshot_on") == day)
    base = fit_returns(
        past, columns_for(BASE_RATE, past), regularisation=SETTINGS.regularisation, **DAYS
    )
    told = scores.select("user_id", told="return_probability")
    rate = pl.Series(return_probability(now, base, **DAYS))
    sides = now.select("user_id", cut=pl.lit(cut, pl.Int64), base_rate=rate)
    return sides.join(told, on="user_id"), chosen_model(learned.forecasts)
