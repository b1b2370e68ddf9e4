"""A real log with true propensities: the sample of the Open Bandit Dataset that the wheel of `obp`
holds.

Two policies showed fashion items in three places at the same time: one at random, one by Thompson
sampling. So what one would have earned, by the other's log, can be held against what it did earn.
Nothing of the logs is kept here: `pip download --no-deps --dest data/obp obp==0.4.1` fetches them.
Source: Saito, Aihara, Matsutani and Narita 2021, Open Bandit Dataset and Pipeline
(https://arxiv.org/abs/2008.07146).
"""

from io import BytesIO
from math import sqrt
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import polars as pl
import yaml

from ntg_assets.errors import SourceError
from ntg_assets.off_policy import estimators as est
from ntg_assets.off_policy.slots import Match

CAMPAIGNS = ("all", "men", "women")
# README of obp 0.4.1
PUBLISHED_RELATIVE_VALUE, PUBLISHED_SEED, PUBLISHED_DRAWS = 1.198126, 12345, 100_000
FILE = "obp/dataset/obd/{policy}/{campaign}/{campaign}.csv"
COLUMNS = ["item_id", "position", "click", "propensity_score"]


def open_bandit(wheel: Path) -> dict[str, Any]:
    """By campaign: what the random policy would have earned by the log of the other one,
    beside what it did earn; and a published figure.

    Nobody is named in these logs, so each row is a user of its own.
    """
    if not wheel.is_file():
        raise SourceError(
            f"{wheel} does not exist. `pip download --no-deps --dest data/obp obp==0.4.1`"
            " fetches it."
        )
    with ZipFile(wheel) as held:
        return {campaign: _campaign(held, campaign) for campaign in CAMPAIGNS} | {
            "published_example": _published_example(held)
        }


def _campaign(held: ZipFile, campaign: str) -> dict[str, Any]:
    uniform, thompson = (_read(held, policy, campaign) for policy in ("random", "bts"))
    log = est.Logged(np.arange(thompson.height), thompson["click"].cast(pl.Float64).to_numpy())
    weight = uniform["propensity_score"][0] / thompson["propensity_score"].to_numpy()
    ones = np.ones(thompson.height)
    match = Match(weight=weight, filled=ones, forecast=None, supported=ones)
    earned, own = (
        est.inverse_propensity(log, match),
        est.on_policy(est.Logged(np.arange(uniform.height), uniform["click"].to_numpy() * 1.0)),
    )
    normalised, mean = est.self_normalised(log, match), est.mean_weight(log, match)
    if normalised is None:
        raise SourceError(f"{campaign}: no weight is above 0.")
    low, high = mean.low or 0.0, mean.high or 0.0
    clicked = weight * log.reward
    return {
        "random_itself": own.interval()._asdict(),
        "random_by_ips": earned.interval()._asdict(),
        "random_by_snips": normalised.interval()._asdict(),
        "thompson_itself": float(log.reward.mean()),
        "gap_in_errors_ips": _gap(earned, own),
        "gap_in_errors_snips": _gap(normalised, own),
        # of the paper: mean(w r), and sum(w r) / sum(w)
        "published_formula_ips": float(np.mean(clicked)),
        "published_formula_snips": float(clicked.sum() / weight.sum()),
        "mean_weight": mean.value,
        "mean_weight_holds": float(low <= 1 <= high),
        "effective_rows": est.effective_size(weight),
    }


def _published_example(held: ZipFile) -> dict[str, float]:
    """Repeat the example of obp's README: clicks of Thompson sampling by the random log,
    relative to the random policy's own.

    The evaluated policy's probabilities are theirs: the first three of 80 draws from the production
    priors, 100,000 times, by their seed.
    """
    prior = yaml.safe_load(held.read("obp/policy/conf/prior_bts.yaml"))["all"]
    drawn = np.random.RandomState(PUBLISHED_SEED).beta(
        prior["alpha"], prior["beta"], size=(PUBLISHED_DRAWS, len(prior["alpha"]))
    )
    first = np.argsort(drawn, axis=1)[:, ::-1][:, :3]
    chance = (
        np.stack([np.bincount(place, minlength=drawn.shape[1]) for place in first.T], axis=1)
        / PUBLISHED_DRAWS
    )
    rows = _read(held, "random", "all")
    log = est.Logged(np.arange(rows.height), rows["click"].cast(pl.Float64).to_numpy())
    weight = (
        chance[rows["item_id"].to_numpy(), rows["position"].to_numpy() - 1]
        / rows["propensity_score"].to_numpy()
    )
    ones = np.ones(rows.height)
    estimated = est.inverse_propensity(
        log, Match(weight=weight, filled=ones, forecast=None, supported=ones)
    )
    return {
        "relative_value": estimated.value / est.on_policy(log).value,
        "published": PUBLISHED_RELATIVE_VALUE,
    }


def _read(held: ZipFile, policy: str, campaign: str) -> pl.DataFrame:
    return pl.read_csv(
        BytesIO(held.read(FILE.format(policy=policy, campaign=campaign))), columns=COLUMNS
    )


def _gap(one: est.Estimate, other: est.Estimate) -> float:
    """Difference of two independent estimates in its standard errors."""
    return abs(one.value - other.value) / sqrt(
        float((one.influence**2).sum() + (other.influence**2).sum())
    )
