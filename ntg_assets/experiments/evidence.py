"""What is known about one experiment before anything is tested: the traffic of its arms and the exact sums of its metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import cached_property
from math import ceil
from typing import Any

import polars as pl

from ntg_assets.experiments.moments import NOTHING, Sums, sums_of, total
from ntg_assets.experiments.novelty import DaySums, day_sums
from ntg_assets.experiments.profit import Belief
from ntg_assets.experiments.quantiles import OrderStatistics
from ntg_assets.experiments.settings import ExperimentSettings

SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class ArmTraffic:
    """Units of one arm; `n_in_several_arms` and `n_not_assigned` count those who saw what they should not have seen."""

    weight: float
    n_assigned: int
    n_exposed: int
    n_in_several_arms: int
    n_not_assigned: int
    first_exposed_at: datetime | None
    last_exposed_at: datetime | None
    n_known: int | None = None
    """Units that the logs know at all; None in a replay, as the next two."""
    n_just_before: int | None = None
    """Units that did something in the day before their exposure."""
    n_in_time: int | None = None
    """Units whose window was over when the log ended."""


@dataclass(frozen=True)
class Evidence:
    """Everything that the statistics and the decision of one experiment rest on."""

    traffic: Mapping[str, ArmTraffic]
    sums: Mapping[tuple[str, str, str, str], Sums]
    """By comparison, metric, arm, segment."""
    quantiles: Mapping[tuple[str, str], OrderStatistics] = field(default_factory=dict)
    """By metric and arm, for quantile metrics."""

    trends: Mapping[str, DaySums] = field(default_factory=dict)
    """By arm: how the primary metric moves with the days since the exposure."""

    prior: Belief | None = None
    """Relative effects of past experiments, when there are enough of them."""

    def sums_for(self, comparison: str, metric: str, arm: str) -> Sums:
        """Add up the segments of one arm."""
        return self._totals.get((comparison, metric, arm), NOTHING)

    def to_date(self) -> "Evidence":
        """Add what came in since the last look: for harm, which may be seen at any time."""
        merged: dict[tuple[str, str, str, str], Sums] = {}
        for (comparison, *rest), found in sorted(self.sums.items()):
            key = ("between users" if comparison == "since the look" else comparison, rest[0], rest[1], rest[2])
            merged[key] = total([merged[key], found]) if key in merged else found
        return replace(self, sums=merged)

    @cached_property
    def _totals(self) -> dict[tuple[str, str, str], Sums]:
        parts: dict[tuple[str, str, str], list[Sums]] = {}
        for (comparison, metric, arm, _), found in self.sums.items():
            parts.setdefault((comparison, metric, arm), []).append(found)
        return {key: total(found) for key, found in parts.items()}

    @property
    def segments(self) -> list[str]:
        """The parts of the population, in order."""
        return sorted({segment for comparison, _, _, segment in self.sums if comparison == "between users"})

    def within(self, segment: str) -> "Evidence":
        """Keep one segment; quantiles are known for everyone together only."""
        return replace(self, sums={key: found for key, found in self.sums.items() if key[3] == segment}, quantiles={})

    @property
    def n_exposed(self) -> int:
        return sum(arm.n_exposed for arm in self.traffic.values())

    @property
    def days(self) -> int:
        """Length of the time in which units were exposed, in days rounded up; 0 when nobody was."""
        starts = [arm.first_exposed_at for arm in self.traffic.values() if arm.first_exposed_at]
        ends = [arm.last_exposed_at for arm in self.traffic.values() if arm.last_exposed_at]
        return max(1, ceil((max(ends) - min(starts)).total_seconds() / SECONDS_PER_DAY)) if starts and ends else 0


@dataclass(frozen=True)
class EvidenceTables:
    """The tables from which everything about the experiments is derived (see their contracts), and what past ones found."""

    arm_traffic: pl.DataFrame
    metric_sums: pl.DataFrame
    metric_quantiles: pl.DataFrame
    prior: Belief | None = None
    daily_sums: pl.DataFrame | None = None

    def known(self, definitions: Sequence[ExperimentSettings]) -> list[ExperimentSettings]:
        """Leave out the experiments whose logs could not be read: every other one has a row of traffic per arm."""
        return [one for one in definitions if (one.id,) in self._by_experiment["arm_traffic"]]

    def of(self, experiment: ExperimentSettings) -> Evidence:
        """Pick out what belongs to one experiment."""
        traffic = {row["arm"]: row for row in self._rows("arm_traffic", experiment)}
        names = [one.name for one in fields(ArmTraffic)]
        return Evidence(
            traffic={arm.name: _arm_traffic(traffic[arm.name], names) for arm in experiment.arms if arm.name in traffic},
            sums={
                (row["comparison"], row["metric"], row["arm"], row["segment"]): sums_of(row)
                for row in self._rows("metric_sums", experiment)
            },
            quantiles={
                (row["metric"], row["arm"]): OrderStatistics(row["n"], row["value"], row["low"], row["high"])
                for row in self._rows("metric_quantiles", experiment)
            },
            trends={row["arm"]: day_sums(row, n=row["n"]) for row in self._rows("daily_sums", experiment) if row["day"] is None},
            prior=self.prior,
        )

    def _rows(self, table: str, experiment: ExperimentSettings) -> list[dict[str, Any]]:
        return self._by_experiment[table].get((experiment.id,), pl.DataFrame()).to_dicts()

    @cached_property
    def _by_experiment(self) -> dict[str, dict[tuple[Any, ...], pl.DataFrame]]:
        """Divide each table once, however many experiments there are."""
        tables = {
            "arm_traffic": self.arm_traffic,
            "metric_sums": self.metric_sums,
            "metric_quantiles": self.metric_quantiles,
            "daily_sums": self.daily_sums,
        }
        return {name: {} if table is None else table.partition_by("experiment", as_dict=True) for name, table in tables.items()}


def _arm_traffic(row: Mapping[str, Any], names: Sequence[str]) -> ArmTraffic:
    """Read one row of `arm_traffic`; what only logs tell may be missing."""
    known: dict[str, Any] = {name: row.get(name) for name in names}
    return ArmTraffic(**known)
