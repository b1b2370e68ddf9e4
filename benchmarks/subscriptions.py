"""Contracts against planted truth: forecasts, money, survival, sleepers; bad input; and the cost.

    python -m benchmarks.subscriptions            # both worlds, and one million contracts
    python -m benchmarks.subscriptions --only worlds

Two worlds are planted: one whose law the model can hold (`logit`), and one whose law no such model
can (`frailty`: propensities that nothing shows, seasons, reminders, ends at once), the latter once
more with a strong season, of which the figures are shown. Each is looked
at from four cutoffs a horizon apart; everything is fitted before the cutoff it is judged at.
"""

import time
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

import numpy as np
import polars as pl
import typer

from benchmarks.contract_night import (
    CHURN,
    SETTINGS,
    Night,
    Sources,
    day_number,
    night_of,
    read_sources,
    returns_of,
    user_days_of,
)
from benchmarks.harness import RESULTS, Goal, command_line, measure_call, report
from benchmarks.subscription_returns import other_returns, return_figures
from ntg_assets.randomness import random_stream
from ntg_assets.statistics.probability_metrics import (
    auc,
    calibration_noise,
    equal_mass_bins,
    expected_calibration_error,
    log_loss,
)
from ntg_assets.storage.run import run
from ntg_assets.subscriptions.hazard.backtest import TOGETHER, contract_backtest
from ntg_assets.subscriptions.hazard.competing_risks import fit_hazards
from ntg_assets.subscriptions.hazard.learning_rows import (
    ACTIVITY_ONLY,
    Features,
    closed,
    columns_for,
    seen_within,
)
from ntg_assets.subscriptions.hazard.walk_forward import forecast, mrr
from ntg_assets.subscriptions.money.waterfall import mrr_by_changes, revenue_waterfall, unreconciled
from ntg_assets.subscriptions.survival.cohorts import life_table
from ntg_assets.subscriptions.survival.contract_lifetimes import contract_lifetimes
from ntg_assets.subscriptions.survival.scores import SLEEPING
from ntg_assets.subscriptions.terms.known_terms import known_terms
from ntg_assets.synthetic.contract_rules import ContractRules
from ntg_assets.synthetic.contract_world import write_contract_world

Law = Literal["logit", "frailty"]
LAWS: tuple[Law, ...] = ("logit", "frailty")
USER_DAYS = "user_days.parquet"
RETURN_WORLDS = (*LAWS, "returns_by_kind")
N_USERS = 40_000
SEASON, STRONG_SEASON = 0.15, 0.5  # summers are worse by this share, winters better
SURVIVAL_WORLDS, SURVIVAL_USERS = 40, 1_500
MANY = 1_000_000
MARGIN = 0.004  # of log loss, by which activity alone is to be beaten in the other world
FULL, ACTIVITY, TRUTH = "hazard", "activity alone", "planted"


def judged(sources: Sources, truth: pl.DataFrame, rules: ContractRules) -> pl.DataFrame:
    """Forecast every contract of every cut with the hazard and with activity alone."""
    parts = []
    for cut in rules.cuts:
        day = rules.start_on + timedelta(days=cut)
        made = night_of(sources, day)
        now = made.rows.filter(pl.col("snapshot_on") == day, pl.col("known_end_on").is_null()).sort(
            "subscription_id"
        )
        scores = made.scores.select("subscription_id", hazard="end_probability", state="state")
        rows = now.select("subscription_id").with_columns(
            activity=pl.Series(_by_activity(made, now, day)), mrr_minor=mrr(now)
        )
        known = truth.filter(pl.col("cut") == cut)
        parts.append(
            rows.join(scores, on="subscription_id").join(known, on="subscription_id", how="inner")
        )
    return pl.concat(parts)


def _by_activity(made: Night, now: pl.DataFrame, day: date) -> np.ndarray:
    past = closed(made.rows, day, horizon_days=CHURN.horizon_days)
    seen = seen_within(past, horizon_days=CHURN.horizon_days, sleeper_days=SETTINGS.sleeper_days)
    names = columns_for(ACTIVITY_ONLY, past, Features.of(SETTINGS))
    hazards = fit_hazards(seen, names, regularisation=SETTINGS.regularisation)
    present = seen_within(now, horizon_days=CHURN.horizon_days, sleeper_days=SETTINGS.sleeper_days)
    return forecast(present, hazards).total


def world_figures(
    law: Law, *, n_users: int, seed: int, season_swing: float = SEASON
) -> tuple[dict[str, Any], pl.DataFrame]:
    """Judge one world."""
    rules = ContractRules(n_users=n_users, law=law, seed=seed, season_swing=season_swing)
    with TemporaryDirectory() as folder:
        write_contract_world(Path(folder), rules)
        sources = read_sources(Path(folder))
        truth = pl.read_parquet(Path(folder) / "truth" / "contracts.parquet")
        returns = pl.read_parquet(Path(folder) / "truth" / "returns.parquet")
    rows = judged(sources, truth, rules)
    ended = rows["ended"].cast(pl.Float64).to_numpy()
    told = {FULL: "hazard", ACTIVITY: "activity"} | (
        {TRUTH: "end_probability"} if law == "logit" else {}
    )
    figures = {name: _of(rows[column].to_numpy(), ended) for name, column in told.items()}
    # whoever pays and does not watch, as the tables say it; what is planted shows itself late
    asleep = (rows["state"] == SLEEPING).to_numpy()
    chance = rows["hazard"].to_numpy()
    planted = rows["end_probability"].to_numpy() if law == "logit" else ended
    last = rules.start_on + timedelta(days=rules.n_days)
    made = night_of(sources, last)
    table = run(revenue_waterfall(made.known, cutoff_on=last))
    changes = mrr_by_changes(made.known, cutoff_on=last)
    return {
        "contracts": rows.height,
        "ended": int(ended.sum()),
        "of": figures,
        "mrr_at_risk_over_lost": _ratio(rows),
        "mrr_by_cut": {str(cut): _ratio(rows.filter(pl.col("cut") == cut)) for cut in rules.cuts},
        "mrr_at_past_origins": _past_ratios(made),
        "sleepers": int(asleep.sum()),
        "sleepers_told": float(chance[asleep].mean()),
        "sleepers_truth": float(planted[asleep].mean()),
        "waterfall_months": table.height,
        "waterfall_broken": unreconciled(table, changes).height,
        "scored_that_had_ended": _scored_that_had_ended(made),
        "returns": return_figures(sources, returns, rules),
    }, rows


def _ratio(rows: pl.DataFrame) -> float:
    """Monthly revenue at risk over what was lost."""
    revenue = rows["mrr_minor"].to_numpy() * ~rows["is_trial"].to_numpy()
    return float(rows["hazard"].to_numpy() @ revenue / (rows["ended"].to_numpy() @ revenue))


def _past_ratios(made: Night) -> list[float]:
    """Monthly revenue at risk over what was lost at past origins of the last night: the range that
    people are shown.
    """
    table = contract_backtest(made.forecasts).filter(
        pl.col("model") == "full", pl.col("origin") != TOGETHER, pl.col("currency") == "EUR"
    )
    return table.sort("origin")["mrr_ratio"].drop_nulls().to_list()


def _of(chance: np.ndarray, ended: np.ndarray) -> dict[str, float]:
    bins = equal_mass_bins(chance, 10)
    noise = calibration_noise(chance, bins, samples=200, rng=random_stream(1, "noise"))[1]
    return {
        "log_loss": float(log_loss(chance, ended).mean()),
        "auc": float(auc(chance, ended, np.ones((1, len(ended))))[0]),
        "ece": float(expected_calibration_error(chance, ended[None, :], bins)[0]),
        "ece_noise_95": noise,
    }


def _scored_that_had_ended(made: Night) -> int:
    ended = made.known.filter(pl.col("contract_end_on") <= made.scores["cutoff_on"].max())
    return made.scores.join(ended, on=["subscription_id", "contract_started_on"], how="semi").height


def survival_figures(*, worlds: int, n_users: int) -> dict[str, Any]:
    """Say how often the interval of the retention holds the planted one.

    Worlds of one plan and one state of mind, so that the planted retention is known in closed form:
    after n periods the product of (1 - h) (1 - f) over them.
    """
    inside = [held for seed in range(worlds) for held in _held(_plain(n_users, seed))]
    return {"points": len(inside), "inside": float(np.mean(inside))}


def _plain(n_users: int, seed: int) -> ContractRules:
    base = ContractRules(n_users=n_users)
    return base.model_copy(
        update={
            "seed": seed,
            "plans": base.plans[:1],
            "trial_share": 0.0,
            "return_share": 0.0,
            "first_states": (0.0, 1.0, 0.0),
            "next_states": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
            "support_rate": 0.0,
            "bad_card_share": 0.0,
            "price_rise_on_day": None,
        }
    )


def _held(rules: ContractRules) -> list[bool]:
    with TemporaryDirectory() as folder:
        write_contract_world(Path(folder), rules)
        terms = read_sources(Path(folder)).terms
    day = rules.start_on + timedelta(days=rules.n_days)
    known = known_terms(terms, cutoff_on=day, longest_gap_days=1)
    table = life_table(contract_lifetimes(known, cutoff=day_number(day))).head(12)
    number = np.arange(12)
    log_odds = (
        rules.base_log_odds
        + rules.plans[0].log_odds
        + rules.state_log_odds[1]
        + rules.tenure * np.log1p(number)
    )
    leaves = 1 / (1 + np.exp(-log_odds))
    lost = rules.failure_rate[0] * rules.lost_share
    # whose payment at a renewal is lost ends a week after it: in the period that it begins
    stays = (1 - leaves) * np.where(number > 0, 1 - lost, 1.0)
    planted = np.cumprod(stays)
    low, high = table["retention_low"].to_numpy(), table["retention_high"].to_numpy()
    return ((low <= planted) & (planted <= high)).tolist()


def cost_figures(n_users: int) -> dict[str, Any]:
    """Measure one night over many contracts in a process of its own: without the making of the
    world, and of the active days of users, which the graph makes anyhow.
    """
    base = ContractRules(n_users=n_users, n_days=730, events_per_active_day=1.0)
    rules = base.model_copy(update={"active_rates": (0.12, 0.03, 0.0)})
    last = rules.start_on + timedelta(days=rules.n_days)
    with TemporaryDirectory() as folder:
        counts = write_contract_world(Path(folder), rules)
        measure_call("benchmarks.subscriptions:keep_user_days", folder=folder)
        cost, told = measure_call(
            "benchmarks.subscriptions:night_figures", folder=folder, day=str(last)
        )
    return {
        "events": counts["events"],
        **told,
        "peak_mb": cost.peak_mb,
        "process_cpu_s": cost.cpu_s,
    }


def keep_user_days(folder: str) -> int:
    """Make the active days of users, as the features do, and keep them beside the world."""
    events = pl.scan_parquet(Path(folder) / "events.parquet").with_columns(
        event_on=pl.col("event_at").dt.date(), weight=pl.lit(1.0), value=pl.lit(1.0)
    )
    active = run(user_days_of(events.collect()))
    active.write_parquet(Path(folder) / USER_DAYS)
    return active.height


def night_figures(folder: str, day: str) -> dict[str, Any]:
    """Make one night of a written world, and say what of its time was what."""
    began, began_cpu = time.perf_counter(), time.process_time()
    sources = read_sources(Path(folder), only_signals=True)
    read_cpu = time.process_time() - began_cpu
    active, at = pl.read_parquet(Path(folder) / USER_DAYS), date.fromisoformat(day)
    made = night_of(sources, at, user_days=active)
    night_cpu = time.process_time() - began_cpu
    returns = returns_of(sources.terms, active, at, known=made.known)
    return {
        "left": returns[2].height,
        "of_it_returns_s": time.process_time() - began_cpu - night_cpu,
        "contracts": int(made.known["contract_place"].n_unique()),
        "running": made.scores.height,
        "cpu_s": time.process_time() - began_cpu,
        "of_it_reading_s": read_cpu,
        "wall_s": time.perf_counter() - began,
    }


def goals_of(figures: dict[str, Any]) -> list[Goal]:
    """What must show."""
    family, other = figures["logit"], figures["frailty"]
    excess = family["of"][FULL]["log_loss"] - family["of"][TRUTH]["log_loss"]
    gain = other["of"][ACTIVITY]["log_loss"] - other["of"][FULL]["log_loss"]
    goals = [
        Goal("log loss above the planted hazard's, the family's world", excess, 0.005, "at_most"),
        Goal("log loss below activity alone, the other world", gain, MARGIN, "at_least"),
    ]
    for law, found in (("family's", family), ("other", other)):
        off = abs(found["mrr_at_risk_over_lost"] - 1)
        sleepers = abs(found["sleepers_told"] / found["sleepers_truth"] - 1)
        goals += [
            Goal(f"monthly revenue at risk off what was lost, {law} world", off, 0.1, "at_most"),
            Goal(f"sleepers' mean chance off the truth, {law} world", sleepers, 0.2, "at_most"),
            *(
                Goal(f"{what}, {law} world", found[figure], 0, "at_most")
                for what, figure in (
                    ("months that do not add up", "waterfall_broken"),
                    ("ended contracts forecast", "scored_that_had_ended"),
                )
            ),
        ]
    goals += [goal for world in RETURN_WORLDS for goal in _return_goals(world, figures)]
    error = family["of"][FULL]["ece"] - family["of"][FULL]["ece_noise_95"]
    goals.append(Goal("calibration error beyond its noise, family's world", error, 0.0, "at_most"))
    if "survival" in figures:
        inside = figures["survival"]["inside"]
        goals.append(Goal("planted retention inside its 95% interval", inside, 0.93, "at_least"))
    if "cost" in figures:
        cost = figures["cost"]
        goals += [
            Goal("CPU s of a night over a million contracts", cost["cpu_s"], 60, "at_most"),
            Goal("MB of it at most", cost["peak_mb"], 4_000, "at_most"),
        ]
    return goals


def _return_goals(world: str, figures: dict[str, Any]) -> list[Goal]:
    """Who comes back: as many as were said to, and nearly as well as the planted hazard says."""
    back = figures[world] if world == "returns_by_kind" else figures[world]["returns"]
    losses, off = back["log_loss"], abs(back["told"] / back["seen"] - 1)
    return [
        Goal(f"people who came back off those expected, {world}", off, 0.1, "at_most"),
        Goal(
            f"log loss of returns above the planted hazard's, {world}",
            losses["told"] - losses["return_probability"],
            0.005,
            "at_most",
        ),
        Goal(
            f"log loss of returns below the base rate's, {world}",
            losses["base_rate"] - losses["told"],
            0.0,
            "at_least",
        ),
    ]


def main(
    only: Annotated[str | None, typer.Option(help="worlds, returns, survival or cost")] = None,
    users: Annotated[int, typer.Option(help="Users of each world")] = N_USERS,
    many: Annotated[int, typer.Option(help="Users of the world whose cost is measured")] = MANY,
) -> None:
    """Measure; whole runs are written to `benchmarks/results/subscriptions.json`."""
    figures: dict[str, Any] = {}
    if only in {None, "worlds"}:
        for law in LAWS:
            figures[law] = world_figures(law, n_users=users, seed=1)[0]
        # no year of history holds such a season yet: the figure is shown, and no goal stands on it
        figures["strong_season"] = world_figures(
            "frailty", n_users=users, seed=1, season_swing=STRONG_SEASON
        )[0]
    if only in {None, "worlds", "returns"}:
        figures["returns_by_kind"] = other_returns(users, seed=1)
    if only in {None, "survival"}:
        figures["survival"] = survival_figures(worlds=SURVIVAL_WORLDS, n_users=SURVIVAL_USERS)
    if only in {None, "cost"}:
        figures["cost"] = cost_figures(many)
    goals = goals_of(figures) if {"logit", "frailty"} <= set(figures) else []
    report("subscriptions", figures=figures, goals=goals, folder=RESULTS if goals else None)


if __name__ == "__main__":
    command_line(main)
