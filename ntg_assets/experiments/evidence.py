"""What is known about one experiment before anything is tested: the traffic of its arms and the exact sums of its metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from math import ceil

import polars as pl

from ntg_assets.experiments.moments import Sums, sums_of, total
from ntg_assets.experiments.settings import Comparison, ExperimentSettings

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


@dataclass(frozen=True)
class Evidence:
    """Everything that the statistics and the decision of one experiment rest on."""

    traffic: Mapping[str, ArmTraffic]
    sums: Mapping[tuple[str, str, str, str], Sums]
    """By comparison, metric, arm, segment."""

    def sums_for(self, comparison: Comparison, metric: str, arm: str) -> Sums:
        """Add up the segments of one arm."""
        return total(found for key, found in sorted(self.sums.items()) if key[:3] == (comparison, metric, arm))

    @property
    def n_exposed(self) -> int:
        return sum(arm.n_exposed for arm in self.traffic.values())

    @property
    def days(self) -> int:
        """Length of the time in which units were exposed, in days rounded up; 0 when nobody was."""
        starts = [arm.first_exposed_at for arm in self.traffic.values() if arm.first_exposed_at]
        ends = [arm.last_exposed_at for arm in self.traffic.values() if arm.last_exposed_at]
        return max(1, ceil((max(ends) - min(starts)).total_seconds() / SECONDS_PER_DAY)) if starts and ends else 0


def evidence_of(experiment: ExperimentSettings, *, arm_traffic: pl.DataFrame, metric_sums: pl.DataFrame) -> Evidence:
    """Pick the rows of one experiment out of the tables `arm_traffic` and `metric_sums`."""
    traffic_rows = {row["arm"]: row for row in arm_traffic.filter(pl.col("experiment") == experiment.id).iter_rows(named=True)}
    traffic_fields = [field.name for field in fields(ArmTraffic)]
    sums_rows = metric_sums.filter(pl.col("experiment") == experiment.id).iter_rows(named=True)
    return Evidence(
        traffic={
            arm.name: ArmTraffic(**{name: traffic_rows[arm.name][name] for name in traffic_fields})
            for arm in experiment.arms
            if arm.name in traffic_rows
        },
        sums={(row["comparison"], row["metric"], row["arm"], row["segment"]): sums_of(row) for row in sums_rows},
    )
