"""One night of contracts in memory: from files to every table, at any cutoff, without the graph."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from ntg_assets.billing_days import day_numbers
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.inputs.subscriptions import (
    PaymentSourceSettings,
    SubscriptionSettings,
    SubscriptionSourceSettings,
)
from ntg_assets.contracts import IdTypes
from ntg_assets.sources.sources import Place
from ntg_assets.sql import Query, query
from ntg_assets.storage.run import run
from ntg_assets.subscriptions.hazard import snapshots as looks
from ntg_assets.subscriptions.money.announced_prices import announced_prices
from ntg_assets.subscriptions.money.values import ValueTerms, contract_values
from ntg_assets.subscriptions.survival.learning import learn_contracts
from ntg_assets.subscriptions.survival.model import ContractModel
from ntg_assets.subscriptions.survival.scores import contract_scores
from ntg_assets.subscriptions.terms.known_terms import known_terms
from ntg_assets.subscriptions.terms.payments import read_payments
from ntg_assets.subscriptions.terms.reading import read_subscriptions
from ntg_assets.subscriptions.winback.learning import Learned, learn_returns
from ntg_assets.subscriptions.winback.lifetimes import return_lifetimes
from ntg_assets.subscriptions.winback.return_snapshots import return_snapshots
from ntg_assets.subscriptions.winback.scores import ReturnModel, return_scores

SOURCE = SubscriptionSourceSettings(
    files=["subscriptions.csv"],
    known_from="known_from",
    end_known_from="end_known_from",
    currency="currency",
    trial_ended_at="trial_ended_at",
    end_reason="end_reason",
)
CHURN = ChurnSettings(horizon_days=28)
SETTINGS = SubscriptionSettings(signals={"support": ["support_ticket"]})
TERMS = ValueTerms(horizon_days=365, annual_discount=0.1, margin=0.7)


@dataclass(frozen=True)
class Sources:
    """What a service delivers."""

    terms: pl.DataFrame
    payments: pl.DataFrame
    events: pl.DataFrame


@dataclass(frozen=True)
class Night:
    """The tables of one cutoff."""

    known: pl.DataFrame
    rows: pl.DataFrame
    forecasts: pl.DataFrame
    model: ContractModel
    scores: pl.DataFrame
    values: pl.DataFrame


def read_sources(folder: Path, *, only_signals: bool = False) -> Sources:
    """Read a planted world as a service would deliver it; of the log all events, or only those that
    contracts look at themselves.
    """
    place, ids = Place(folder), IdTypes("integer", "integer")
    read = read_subscriptions(SOURCE, place=place, ids=ids, zone="UTC")
    paid = read_payments(
        PaymentSourceSettings(files=["payments.csv"]),
        SOURCE,
        terms=read.terms,
        place=place,
        zone="UTC",
    )
    log = pl.scan_parquet(folder / "events.parquet")
    wanted = [kind for kinds in SETTINGS.signals.values() for kind in kinds]
    events = log.filter(pl.col("event_type").is_in(wanted)) if only_signals else log
    dated = events.with_columns(
        event_on=pl.col("event_at").dt.date(), weight=pl.lit(1.0), value=pl.lit(1.0)
    )
    return Sources(read.terms, paid.payments, dated.collect())


def night_of(
    sources: Sources,
    cutoff_on: date,
    *,
    churn: ChurnSettings = CHURN,
    settings: SubscriptionSettings = SETTINGS,
    user_days: pl.DataFrame | None = None,
) -> Night:
    """Make every table of a cutoff, in the order of the graph.

    Args:
        sources: What a service delivers.
        cutoff_on: The cutoff.
        churn: Horizon, step, origins.
        settings: Of contracts.
        user_days: Active days before the cutoff, which the graph makes anyhow; None: of the events.
    """
    train = sources.events.filter(pl.col("event_on") < cutoff_on)
    known = known_terms(sources.terms, cutoff_on=cutoff_on, longest_gap_days=1)
    days = looks.snapshot_days(
        known, cutoff_on=cutoff_on, complete_until_on=cutoff_on, settings=churn
    )
    steps = looks.sampling_steps(
        known, days, most=settings.max_fit_rows, horizon_days=churn.horizon_days
    )
    states = run(looks.contract_states(known, days, steps=steps))
    user_days = run(user_days_of(train)) if user_days is None else user_days
    rows = run(looks.contract_snapshots(states, sources.payments, user_days))
    counted = run(looks.contract_signals(states, train, settings=settings))
    rows = looks.with_signals(rows, counted, sorted(settings.signals)).sort(
        "contract_place", "snapshot_on"
    )
    learned = learn_contracts(rows, known, cutoff_on=cutoff_on, churn=churn, settings=settings)
    fitted = learned.as_model(churn=churn, settings=settings)
    now = rows.filter(pl.col("snapshot_on") == cutoff_on)
    scores = contract_scores(now, fitted)
    return Night(
        known,
        rows,
        learned.forecasts,
        fitted,
        scores,
        contract_values(now, scores, fitted, announced=announced_prices(known, now), terms=TERMS),
    )


def returns_of(
    terms: pl.DataFrame,
    user_days: pl.DataFrame,
    cutoff_on: date,
    *,
    known: pl.DataFrame | None = None,
) -> tuple[pl.DataFrame, Learned, pl.DataFrame]:
    """Make every table of people who left: whom is looked at, what is learned, tonight's scores.

    Args:
        terms: `subscription_terms`.
        user_days: Active days of users.
        cutoff_on: The cutoff.
        known: `known_terms` of it, where they are made already.

    Returns:
        `return_snapshots`, what is learned, `return_scores`.
    """
    if known is None:
        known = known_terms(terms, cutoff_on=cutoff_on, longest_gap_days=1)
    days = looks.snapshot_days(
        known, cutoff_on=cutoff_on, complete_until_on=cutoff_on, settings=CHURN
    )
    made = return_snapshots(
        known,
        user_days,
        days,
        win_back_days=SETTINGS.win_back_days,
        most=SETTINGS.max_fit_rows,
    )
    rows = run(made).sort("user_id", "snapshot_on")
    learned = learn_returns(rows, cutoff_on=cutoff_on, churn=CHURN, settings=SETTINGS)
    model = ReturnModel(
        learned.hazards,
        learned.recalibration,
        return_lifetimes(known, cutoff=day_number(cutoff_on)),
        CHURN.horizon_days,
        SETTINGS.win_back_days,
    )
    now = rows.filter(pl.col("snapshot_on") == cutoff_on)
    return rows, learned, return_scores(now, model, terms=TERMS)


def user_days_of(events: pl.DataFrame) -> Query:
    """Active days of users."""
    return query("features", "user_days", {"train_events": events})


def day_number(day: date) -> int:
    """Days since 1970."""
    return int(day_numbers(pl.Series([day]))[0])
