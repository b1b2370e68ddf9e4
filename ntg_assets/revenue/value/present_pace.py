"""What an active user is worth at their pace: a run rate whose half-life is learned on the log.

    E[value of the next horizon | active] = level x sum of value x 0.5^(age / half-life)

The half-life is one churn horizon (`present_pace`: what somebody brings now), or the one that
foretells best (`learned_pace`). It and the level are learned at earlier cutoffs whose window had
closed, on whoever was active in it: the level is what they brought over the sum of their paces, the
half-life has the smallest Poisson deviance. Two numbers per log and no regression, so who brings
much keeps their rank; how much of that is luck is asked of the past (`value_shapes`).
"""

from datetime import date, timedelta

import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.revenue.value.worth import capped_days, counted_days
from ntg_assets.sql import Source, query
from ntg_assets.storage.run import run

HALF_LIVES = (0.5, 1.0, 2.0, 4.0, 8.0)  # in churn horizons
MOST_WINDOWS = 3  # the newest closed ones
MOST_LEARNED_FROM = 20_000  # users; every k-th by id beyond


def present_paces(
    users: pl.Series,
    user_days: Source,
    capped: pl.DataFrame,
    *,
    start_on: date,
    cutoff_on: date,
    churn: ChurnSettings,
    value: ValueSettings,
) -> dict[str, Floats]:
    """Foresee what each user brings over the next horizon if active, at their pace.

    Args:
        users: Whom, in order; shape (n,).
        user_days: One row per (user, active day); days from the cutoff on are not looked at.
        capped: `capped_days` at the cutoff.
        start_on: First day of the log.
        cutoff_on: The day.
        churn: Horizon.
        value: Basis of value.

    Returns:
        `present_pace` (a half-life of one horizon) and `learned_pace`, each in the unit of value,
            shape (n,); nothing where no window has closed in which anybody brought anything.
    """
    evidence = _evidence(
        users, user_days, start_on=start_on, cutoff_on=cutoff_on, churn=churn, value=value
    )
    levels = pace_levels(evidence)
    if levels.is_empty():
        return {}
    usual = levels.sort((pl.col("half_life_days") - churn.horizon_days).abs())
    chosen = {"present_pace": usual.row(0, named=True), "learned_pace": levels.row(0, named=True)}
    half_lives = sorted({row["half_life_days"] for row in chosen.values()})
    days = counted_days(user_days, capped)
    rows = _paces(users, days, half_lives, cutoff_on=cutoff_on, until_on=cutoff_on, value=value)
    return {name: row["level"] * _of(users, rows, row) for name, row in chosen.items()}


def pace_levels(evidence: pl.DataFrame) -> pl.DataFrame:
    """Level of each half-life, the one of the smallest Poisson deviance first.

    Args:
        evidence: By half-life: `pace` and `seen` of users who were active in a closed window.

    Returns:
        `half_life_days`, `level` (value seen per unit of pace); no rows where nobody brought
            anything.
    """
    return (
        evidence.filter(pl.col("pace") > 0)
        .group_by("half_life_days")
        .agg(
            pl.col("pace").sum(),
            pl.col("seen").sum(),
            fit=(pl.col("seen") * pl.col("pace").log()).sum(),
        )
        .filter(pl.col("seen") > 0)
        .with_columns(level=pl.col("seen") / pl.col("pace"))
        .with_columns(likelihood=pl.col("fit") + pl.col("seen") * pl.col("level").log())
        .sort("likelihood", "half_life_days", descending=[True, False])
        .select("half_life_days", "level")
    )


def _of(users: pl.Series, rows: pl.DataFrame, chosen: dict[str, float]) -> Floats:
    mine = rows.filter(pl.col("half_life_days") == chosen["half_life_days"])
    placed = users.to_frame("user_id").join(mine, on="user_id", how="left", maintain_order="left")
    return placed["pace"].fill_null(0.0).to_numpy()


def _evidence(
    users: pl.Series,
    user_days: Source,
    *,
    start_on: date,
    cutoff_on: date,
    churn: ChurnSettings,
    value: ValueSettings,
) -> pl.DataFrame:
    """Pace and what followed of whoever was active in one of the newest closed windows."""
    asked = users.sort().gather_every(max(-(-len(users) // MOST_LEARNED_FROM), 1))
    half_lives = [share * churn.horizon_days for share in HALF_LIVES]
    windows = [
        _paces(
            asked.head(0),
            user_days,
            half_lives,
            cutoff_on=cutoff_on,
            until_on=cutoff_on,
            value=value,
        )
    ]
    for number in range(MOST_WINDOWS):
        until_on = cutoff_on - timedelta(days=number * churn.horizon_days)
        from_on = until_on - timedelta(days=churn.horizon_days)
        if from_on <= start_on:
            break
        days = _as_counted(user_days, until_on, value=value)
        rows = _paces(asked, days, half_lives, cutoff_on=from_on, until_on=until_on, value=value)
        windows.append(rows.filter(pl.col("n_days_after") > 0))
    return pl.concat(windows)


def _as_counted(user_days: Source, known_on: date, *, value: ValueSettings) -> Source:
    """Amounts as they count by what was known on a day."""
    if value.basis != "event_value":
        return user_days
    return counted_days(user_days, run(capped_days(user_days, cutoff_on=known_on, settings=value)))


def _paces(
    users: pl.Series,
    days: Source,
    half_lives: list[float],
    *,
    cutoff_on: date,
    until_on: date,
    value: ValueSettings,
) -> pl.DataFrame:
    tables = {
        "user_days": days,
        "users": users.to_frame("user_id"),
        "half_lives": pl.DataFrame(
            {"half_life_days": half_lives}, schema={"half_life_days": pl.Float64}
        ),
    }
    rows = run(
        query("revenue.value", "present_pace", tables, cutoff_on=cutoff_on, until_on=until_on)
    ).sort("user_id", "half_life_days")
    pace, seen = (
        (pl.col("decayed_value"), pl.col("value_after"))
        if value.basis == "event_value"
        else (pl.col("decayed_days") * value.day_price, pl.col("n_days_after") * value.day_price)
    )
    return rows.with_columns(pace=pace.clip(0.0), seen=seen.cast(pl.Float64).clip(0.0))
