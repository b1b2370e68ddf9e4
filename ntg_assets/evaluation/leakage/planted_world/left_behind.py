"""What other nights left behind in the workspace of the planted world: draws of contacts and what
the CRM did of them, segments, publications, which of them was current.

A later night may have left files, too: a list that was taken back, an older night that is run
again. Nothing of them may reach what is made for a cutoff before them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from ntg_assets.configuration.paths import Paths
from ntg_assets.evaluation.features.drift import FILES
from ntg_assets.evaluation.leakage.planted_world.types import INTEGER_IDS, types_of
from ntg_assets.history.currents import Change, append_change
from ntg_assets.history.days import ASSIGNMENT_DAYS, SEGMENT_DAYS, TAKEN_DAYS, append_days
from ntg_assets.local_days import day_of, first_instant
from ntg_assets.randomness import random_stream
from ntg_assets.revenue.radar.segments import DIMENSIONS

# nights, as days after TRAIN ends; lists from that very day on were taken back but for the last
DRAWN, TAKEN, SEGMENTED, PUBLISHED = (-9, -2, 0, 5), (-9, -2, 5), (-7, 7), (-7, 0, 5, 9)
N_DRAWN = 30
N_PUBLISHED = 250  # enough for an index of stability


@dataclass(frozen=True)
class LeftBehind:
    """Files of other nights.

    Attributes:
        zone: Time zone of the days.
        draws: As `intervention_assignments`, of several nights.
        taken: As `contacts_taken`.
        segments: As `radar_segments`, of several nights.
        publications: By cutoff, the features that were published, by entity.
    """

    zone: str
    draws: pl.DataFrame
    taken: pl.DataFrame
    segments: pl.DataFrame
    publications: dict[date, dict[str, pl.DataFrame]]

    def write(self, workspace: Path) -> None:
        """Leave the files in a workspace, as runs leave them there."""
        paths = Paths(home=workspace, workspace=workspace)
        for kept, rows in (
            (ASSIGNMENT_DAYS, self.draws),
            (TAKEN_DAYS, self.taken),
            (SEGMENT_DAYS, self.segments),
        ):
            for (day,), of_day in rows.group_by(kept.day_column, maintain_order=True):
                assert isinstance(day, date)  # noqa: S101  # a column of dates
                append_days(paths.history, kept, of_day, published_for=day, ids=INTEGER_IDS)
        for day, features in self.publications.items():
            self._publish(paths, day, features)
        if not paths.current.is_symlink():
            paths.current.symlink_to(f"generations/night-{max(self.publications).isoformat()}")

    def _publish(self, paths: Paths, day: date, features: dict[str, pl.DataFrame]) -> None:
        name = f"night-{day.isoformat()}"
        for entity, rows in features.items():
            file = paths.generations / name / FILES[entity]
            file.parent.mkdir(parents=True, exist_ok=True)
            rows.write_parquet(file)
        as_of = first_instant(day, self.zone).isoformat()
        published = Change(
            at=datetime.fromisoformat(as_of), action="published", generation=name, as_of=as_of
        )
        append_change(paths.history, published)
        first, last = min(self.publications), max(self.publications)
        if first < day < last and self.is_taken_back(day):
            back = published.model_copy(
                update={
                    "action": "rolled back",
                    "generation": f"night-{first.isoformat()}",
                    "as_of": first_instant(first, self.zone).isoformat(),
                    "before": name,
                    "draws": [ASSIGNMENT_DAYS.file_name(day)],
                }
            )
            append_change(paths.history, back)

    def is_taken_back(self, day: date) -> bool:
        """Whether a list of this day was drawn, and its publication taken back."""
        return day in self.draws["assigned_on"]

    def changed(self, is_changed: Callable[[pl.Expr], pl.Expr], use: str) -> "LeftBehind":
        """Return other files of the nights that a condition on their day chooses."""
        rng = random_stream(5, use)
        people = {"user_id": pl.col("user_id") % (2 * N_DRAWN) + 1}
        return replace(
            self,
            draws=_other(self.draws, is_changed(pl.col("assigned_on")), people),
            taken=_other(self.taken, is_changed(pl.col("assigned_on")), people),
            segments=_other(
                self.segments,
                is_changed(pl.col("as_of_on")),
                {
                    "n_users": pl.col("n_users") * 3,
                    "revenue_at_risk": pl.col("revenue_at_risk") * 5,
                },
            ),
            publications={
                day: _features(rng) if pl.select(is_changed(pl.lit(day))).item() else features
                for day, features in self.publications.items()
            },
        )


def left_behind(train_on: date, zone: str) -> LeftBehind:
    """Make what nights around the end of TRAIN left behind."""
    rng = random_stream(6, "left behind")
    nights = [train_on + timedelta(days=day) for day in DRAWN]
    return LeftBehind(
        zone,
        pl.concat([_draws(rng, night) for night in nights]),
        pl.concat([_taken(rng, train_on + timedelta(days=day)) for day in TAKEN]),
        pl.concat([_segments(train_on + timedelta(days=day)) for day in SEGMENTED]),
        {train_on + timedelta(days=day): _features(rng) for day in PUBLISHED},
    )


def later_nights(left: LeftBehind, begins_at: datetime) -> LeftBehind:
    """Let the nights after an instant leave something else: after its day, since a list of that
    very day that was taken back is to be counted.
    """
    day = day_of(begins_at, left.zone)
    return left.changed(lambda night: night > day, "later nights")


def earlier_nights(left: LeftBehind, until: datetime) -> LeftBehind:
    """Let the nights up to an instant leave something else."""
    day = day_of(until, left.zone)
    return left.changed(lambda night: night <= day, "earlier nights")


def _other(rows: pl.DataFrame, chosen: pl.Expr, values: dict[str, pl.Expr]) -> pl.DataFrame:
    """Exchange values in the chosen rows, and leave out every third of these."""
    marked = rows.with_columns(is_other=chosen)
    lost = pl.col("is_other") & (pl.int_range(pl.len()) % 3 == 0)
    exchanged = {
        name: pl.when("is_other").then(value).otherwise(name) for name, value in values.items()
    }
    return marked.filter(~lost).with_columns(**exchanged).drop("is_other")


def _people(rng: np.random.Generator) -> list[int]:
    return sorted((rng.permutation(2 * N_DRAWN)[:N_DRAWN] + 1).tolist())


def _draws(rng: np.random.Generator, night: date) -> pl.DataFrame:
    people = _people(rng)
    return pl.DataFrame(
        {
            "user_id": people,
            "strategy": "radar_top",
            "action": ["contact" if user % 5 else "no_contact" for user in people],
            "arm": ["contact" if user % 5 else "holdout" for user in people],
            "propensity": 0.8,
            "assigned_on": night,
            "rank": range(1, N_DRAWN + 1),
            "churn_probability": 0.5,
            "revenue_at_risk": 1.0,
            "unit": "index",
        }
    )


def _taken(rng: np.random.Generator, night: date) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "user_id": _people(rng),
            "assigned_on": night,
            "status": "sent",
            "arm": "contact",
            "file_name": "sent.csv",
            "sha256": "0" * 64,
        }
    )


def _segments(night: date) -> pl.DataFrame:
    names = [(dimension, name) for dimension, all_ in DIMENSIONS.items() for name in all_]
    rows = pl.DataFrame(
        {
            "as_of_on": night,
            "dimension": [dimension for dimension, _ in names],
            "segment": [name for _, name in names],
            "n_users": range(5, 5 + len(names)),
            "n_at_risk_users": 3,
            "value_at_stake": 9.0,
            "revenue_at_risk": [float(number) for number in range(1, 1 + len(names))],
            "mean_churn_probability": 0.4,
            "revenue_at_risk_share": 0.5,
            "unit": "index",
        }
    )
    types = types_of("radar_segments")
    missing = [
        pl.lit(None, dtype).alias(name) for name, dtype in types.items() if name not in rows.columns
    ]
    return rows.with_columns(missing).select(
        pl.col(name).cast(dtype) for name, dtype in types.items()
    )


def _features(rng: np.random.Generator) -> dict[str, pl.DataFrame]:
    return {
        entity: pl.DataFrame(
            {
                name: rng.lognormal(1.0, 1.0, N_PUBLISHED)
                for name, dtype in types_of(f"{entity}_features").items()
                if dtype == pl.Float64
            }
        )
        for entity in FILES
    }
