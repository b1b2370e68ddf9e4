"""Trials read from logs of exposures and outcomes, whose truth is known: from files to decisions.

    python -m benchmarks.experiment_logs                 # 30 trials of each world
    python -m benchmarks.experiment_logs --trials 5

Users come over four weeks (some worlds: active ones first, or at midnight), are seen again as often
as they buy, and buy for amounts with a heavy tail, with and without an effect. Every night's files
end where the night began, so users whose windows are not over wait. In some worlds a filter or
another arm takes users away. Each trial goes through the functions behind `ntg experiments`:
reading, health, self-tests, readouts, gates. Nothing is written beside the printed table.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, NamedTuple

import numpy as np
import polars as pl
import typer

from benchmarks.harness import Goal, command_line, report
from ntg_assets.configuration.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.configuration.settings import Settings, load_settings
from ntg_assets.experiments.alone import conclude_logs
from ntg_assets.sources.sources import Place

START, DAYS, WINDOW, SEED = datetime(2026, 3, 1), 28, 7, 20260105
USERS, PLANNED, TRIALS = 1_200, 900, 30
PER_DAY = 0.25  # purchases of a typical user
HALF = 0.5
Random = np.random.Generator


class World(NamedTuple):
    """What differs between the worlds.

    Attributes:
        zone: Of the service.
        ratio: Size of the control by that of the treatment.
        are_days: Whether exposures are days instead of times.
        comes: How users come: evenly, the active ones first, or half of them at midnight.
        crossing: Share of typical users who see the other arm, by the arm that they saw first.
        times: What the treatment makes of an amount.
        filtered: Share of the treatment's users, those who spend most, that a filter drops.
        nights: Days after the start on which the trial is read.
    """

    zone: str = "UTC"
    ratio: int = 1
    are_days: bool = False
    comes: str = "evenly"
    crossing: tuple[float, float] = (0.0, 0.0)
    times: float = 1.0
    filtered: float = 0.0
    nights: tuple[int, ...] = (DAYS + 14,)


WORLDS: dict[str, World] = {
    "active users first, days of New York": World(
        "America/New_York", are_days=True, comes="active first"
    ),
    "at midnight in Tokyo, 9:1": World("Asia/Tokyo", 9, comes="at midnight"),
    "some see both arms": World(crossing=(0.006, 0.006)),
    "some of the treatment see the control": World(crossing=(0.0, 0.03)),
    "a filter drops 4% of the treatment": World(filtered=0.04),
    "read every second night": World(nights=tuple(range(14, DAYS + 15, 2))),
    "half as much again": World("America/New_York", times=1.5),
}
TRUE = {"half as much again"}


def run(trials: Annotated[int, typer.Option(help="Trials of each world.")] = TRIALS) -> None:
    """Decide made trials of every world, and print what became of them."""
    settings = load_settings()
    figures, goals = {}, []
    for name, world in WORLDS.items():
        found = [_decisions(settings, world, seed) for seed in range(trials)]
        ever = Counter(outcome for nights in found for outcome in set(nights))
        figures[name] = {outcome: ever[outcome] for outcome in ("rollout", "rollback", "iterate")}
        wrong = ever["rollback"] if name in TRUE else ever["rollout"]
        # 5% and three errors of so many trials: a count beyond it is not chance
        most = 0 if name in TRUE else trials * 0.05 + 3 * (trials * 0.05 * 0.95) ** 0.5
        goals.append(Goal(f"wrong on any night: {name}", wrong, round(most, 1), "at_most"))
    report("trials from logs", figures=figures, goals=goals, folder=None)


def _decisions(settings: Settings, world: World, seed: int) -> list[str]:
    """Decide one trial on each of its nights."""
    rng = np.random.default_rng([SEED, seed])
    seen, did = made_logs(world, rng)
    return [_decided(settings, world, seen, did, night=night) for night in world.nights]


def _decided(
    settings: Settings, world: World, seen: pl.DataFrame, did: pl.DataFrame, *, night: int
) -> str:
    now = START + timedelta(days=night)
    with TemporaryDirectory() as folder:
        home = Path(folder)
        shown = seen.filter(pl.col("exposed_at") < now)
        if world.are_days:
            shown = shown.with_columns(pl.col("exposed_at").dt.date())
        shown.write_csv(home / "seen.csv")
        did.filter(pl.col("happened_at") < now).write_csv(home / "did.csv")
        programme = ExperimentsSettings(definitions=[definition(world)])
        zoned = settings.ingest.model_copy(update={"zone": world.zone})
        own = settings.model_copy(update={"experiments": programme, "ingest": zoned})
        tables = conclude_logs(own, place=Place(home), now=now).tables
    return str(tables["decisions"]["decision"][0])


def made_logs(world: World, rng: Random, users: int = USERS) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Make exposures (user, arm, time) and outcomes (user, time, amount) of one trial."""
    is_treated = rng.random(users) < 1 / (1 + world.ratio)
    rates = rng.gamma(0.8, 1 / 0.8, users) * PER_DAY
    starts = _starts(world, rates, rng)
    whose = np.repeat(np.arange(users), rng.poisson(rates * (DAYS + 28)))
    days = rng.uniform(-14, DAYS + 14, len(whose))
    wealth = rng.normal(0, 0.6, users)
    amounts = np.exp(1 + wealth[whose] + rng.normal(0, 0.8, len(whose)))
    amounts[is_treated[whose] & (days >= starts[whose])] *= world.times
    spent = np.bincount(whose, weights=amounts * (days >= starts[whose]), minlength=users)
    kept = ~is_treated | (spent <= np.quantile(spent[is_treated], 1 - world.filtered))
    did = _log(whose, days, "happened_at", value=amounts.round(2))
    return _exposures(world, rng, is_treated, rates, starts, kept), did


def _starts(world: World, rates: np.ndarray, rng: Random) -> np.ndarray:
    starts = DAYS * rng.random(len(rates))
    if world.comes == "active first":
        return np.asarray(DAYS * (starts / DAYS) ** (1 + 1.5 * rates))
    if world.comes == "at midnight":
        return np.where(rng.random(len(rates)) < HALF, np.floor(starts) + 0.02, starts)
    return starts


def _exposures(
    world: World,
    rng: Random,
    is_treated: np.ndarray,
    rates: np.ndarray,
    starts: np.ndarray,
    kept: np.ndarray,
) -> pl.DataFrame:
    """See users at their start, and again as often as they buy; some in the other arm."""
    users = np.flatnonzero(kept)
    again = np.repeat(users, rng.poisson(5 * rates[users]))
    chance = np.array(world.crossing)[is_treated.astype(int)] * rates / PER_DAY
    crossed = np.flatnonzero(kept & (rng.random(len(rates)) < chance))
    whose = np.concatenate([users, again, crossed])
    later = rng.exponential(5, len(again) + len(crossed))
    days = starts[whose] + np.concatenate([np.zeros(len(users)), later])
    treated = is_treated[whose]
    treated[len(users) + len(again) :] ^= True
    return _log(whose, days, "exposed_at", arm=np.where(treated, "b", "a"))


def _log(whose: np.ndarray, days: np.ndarray, at: str, **columns: Any) -> pl.DataFrame:
    times = [START + timedelta(days=float(day)) for day in days]
    return pl.DataFrame({"user_id": [f"u{user}" for user in whose], at: times, **columns}).sort(at)


def definition(world: World) -> ExperimentSettings:
    """Define the trial: revenue decides, a share guards, and kinds of metrics stand beside."""
    return ExperimentSettings.model_validate(
        {
            "id": "trial",
            "hypothesis": "A made trial.",
            "owner": "benchmarks",
            "arms": [{"name": "a", "weight": world.ratio}, {"name": "b"}],
            "source": {
                "kind": "log",
                "exposures": {"files": ["seen.csv"]},
                "outcomes": {"files": ["did.csv"], "value": "value"},
                "window_days": WINDOW,
                "pre_period_days": WINDOW,
            },
            "metrics": list(_metrics()),
            "primary_metric": "revenue",
            "guardrails": [{"metric": "bought", "margin": 0.05}],
            "planned_units": PLANNED,
            "planned_looks": [0.5, 1.0],
            "minimum_units_per_arm": 20,
            "minimum_days": 7,
        }
    )


def _metrics() -> Iterator[dict[str, Any]]:
    yield {"name": "revenue", "kind": "revenue"}
    yield {"name": "bought", "kind": "proportion", "measure": "any"}
    yield {"name": "order_value", "kind": "ratio", "measure": "value", "denominator": "events"}
    yield {"name": "back", "kind": "retention", "measure": "any", "from_day": 2}


if __name__ == "__main__":
    command_line(run)
