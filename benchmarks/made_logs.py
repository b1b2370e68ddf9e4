"""Three logs unlike the bundled ones, as files with their configuration: purchases with refunds,
a game's sessions, messages.

    python -m benchmarks.made_logs FOLDER
    python -m benchmarks.churn --config FOLDER/purchases.yaml

They differ in what churn hangs on: a constant hazard of leaving and a slow pace; most players gone
within days and bursts by few heavy ones; no value, a weekly rhythm, pauses that end. Nothing of NTG
was chosen on them.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer
import yaml

from benchmarks.harness import command_line
from ntg_assets.randomness import random_stream

SEED = 20260101
START_S = 1_704_067_200  # 2024-01-01
DAY_S = 86_400
REFUNDED = 0.04  # share of the orders
GAME_DAYS, MESSAGE_DAYS = 200, 120
WEEKEND = (5, 6)


def purchases(n_users: int, rng: np.random.Generator) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Orders in dollars over 400 days: Gamma paces, a constant hazard of leaving, 4% refunds."""
    rows = []
    for user in range(n_users):
        joined, stays = rng.uniform(0, 380), rng.exponential(250)
        gaps = rng.gamma(1.5, rng.gamma(2.0, 6.0) / 1.5, 200)
        at = joined + np.concatenate([[0.0], np.cumsum(gaps)])
        at = at[(at < min(400.0, joined + stays)) | (at == joined)]
        amounts = np.round(rng.lognormal(3.2 + rng.normal(0, 0.4), 0.6, len(at)), 2)
        rows += [
            (f"c{user:05d}", int(rng.integers(0, 300)), t, a)
            for t, a in zip(at, amounts, strict=True)
        ]
        back = rng.random(len(at)) < REFUNDED
        rows += [
            (f"c{user:05d}", int(rng.integers(0, 300)), min(t + 2, 399.9), -a)
            for t, a in zip(at[back], amounts[back], strict=True)
        ]
    frame = pl.DataFrame(rows, schema=["customer", "sku", "day", "amount"], orient="row")
    written = pl.from_epoch((START_S + pl.col("day") * DAY_S).cast(pl.Int64)).dt.strftime(
        "%Y-%m-%dT%H:%M:%S"
    )
    columns = {"user_id": "customer", "item_id": "sku", "event_at": "ordered_at", "value": "amount"}
    return frame.select("customer", "sku", written.alias("ordered_at"), "amount"), {
        "ingest": {"events": columns, "duplicates": "keep"},
        "churn": {"horizon_days": 45},
        "value": {"unit": "usd", "basis": "event_value"},
    }


def plays(n_users: int, rng: np.random.Generator) -> tuple[pl.DataFrame, dict[str, Any]]:
    """A game's sessions over 200 days: most leave in days (a falling hazard),
    few heavy players, sessions in bursts.
    """
    rows = []
    for user in range(n_users):
        joined = rng.integers(0, 195)
        stays = int(np.ceil(rng.weibull(0.45) * 12))
        pace, sessions = rng.beta(1.2, 1.6), 1 + rng.pareto(1.8)
        days = joined + np.flatnonzero(rng.random(stays) < pace)
        for day in sorted({int(joined), *(int(d) for d in days)}):
            if day < GAME_DAYS:
                at = day + np.sort(rng.uniform(0.6, 0.95, min(1 + rng.poisson(sessions), 60)))
                rows += [
                    (
                        user,
                        int(rng.integers(0, 40)),
                        int((START_S + t * DAY_S) * 1000),
                        float(rng.integers(60, 3600)),
                    )
                    for t in at
                ]
    frame = pl.DataFrame(rows, schema=["player", "level", "started", "seconds"], orient="row")
    columns = {
        "user_id": "player",
        "item_id": "level",
        "event_at": "started",
        "value": "seconds",
        "timestamp_unit": "milliseconds",
    }
    return frame, {
        "ingest": {"events": columns | {"user_id_type": "integer"}},
        "churn": {"horizon_days": 14},
    }


def messages(n_users: int, rng: np.random.Generator) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Who wrote to whom over 120 days, in epoch seconds, without a value: weekdays,
    and pauses of weeks that end.
    """
    rows = []
    for user in range(n_users):
        joined, stays, pace = rng.integers(0, 90), rng.exponential(120), rng.beta(1.5, 3)
        pause = rng.uniform(20, 110)
        friends = rng.integers(0, n_users, rng.integers(1, 12))
        for day in range(int(joined), int(min(MESSAGE_DAYS, joined + stays)) + 1):
            away = pause < day < pause + rng.uniform(7, 30)
            if day == joined or (
                not away and rng.random() < pace * (0.5 if day % 7 in WEEKEND else 1.0)
            ):
                at = START_S + int((min(day, MESSAGE_DAYS - 1) + rng.uniform(0.3, 0.9)) * DAY_S)
                rows += [
                    (user, int(rng.choice(friends)), at + 60 * k) for k in range(1 + rng.poisson(3))
                ]
    frame = pl.DataFrame(rows, schema=["sender", "receiver", "sent"], orient="row")
    columns = {
        "user_id": "sender",
        "item_id": "receiver",
        "event_at": "sent",
        "timestamp_unit": "seconds",
    }
    return frame, {"ingest": {"events": columns}, "churn": {"horizon_days": 10}}


LOGS: Mapping[str, Callable[[int, np.random.Generator], tuple[pl.DataFrame, dict[str, Any]]]] = {
    "purchases": purchases,
    "plays": plays,
    "messages": messages,
}


def write_log(name: str, folder: Path, *, n_users: int) -> Path:
    """Write one log as CSV with its configuration; returns the configuration's path."""
    frame, settings = LOGS[name](n_users, random_stream(SEED, f"made log {name}"))
    folder.mkdir(parents=True, exist_ok=True)
    frame.write_csv(folder / f"{name}.csv")
    ingest = settings["ingest"]
    ingest["events"]["files"] = [str((folder / f"{name}.csv").resolve())]
    ingest |= {"source_name": f"made {name}", "source_folders": [str(folder.resolve())]}
    path = folder / f"{name}.yaml"
    path.write_text(
        yaml.safe_dump({"workspace": f"data/workspaces/made_{name}", **settings}), encoding="utf-8"
    )
    return path


def main(
    folder: Annotated[Path, typer.Argument(help="Where the files go; made when missing.")],
    users: Annotated[int, typer.Option(help="Users of each log.", min=1)] = 3000,
) -> None:
    """Write the logs."""
    for name in LOGS:
        typer.echo(f"{write_log(name, folder, n_users=users)}")


if __name__ == "__main__":
    command_line(main)
