"""The tables from which the evidence of each experiment is read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property, partial
from typing import Any

import polars as pl

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import ArmTraffic, Evidence
from ntg_assets.experiments.data.level import A_A, level_of
from ntg_assets.experiments.data.logs.log_content import log_content
from ntg_assets.experiments.data.logs.log_files import log_file_of
from ntg_assets.experiments.data.tail import LARGEST, tail_of
from ntg_assets.experiments.data.value_terms import UNPRICED, ValueTerms
from ntg_assets.statistics.bayes import Belief
from ntg_assets.statistics.designs.units import Contrast, contrast_of
from ntg_assets.statistics.moments import sums_of
from ntg_assets.statistics.over_time.trends import WHOLE, Cohort, Trend, cohort_of, trend_of
from ntg_assets.statistics.quantiles import order_statistics_of
from ntg_assets.statistics.skewness import shape_of

NOT_TABLES = frozenset({"prior", "value"})  # the same for all experiments


@dataclass(frozen=True)
class EvidenceTables:
    """The tables from which everything about the experiments is derived
    (see their contracts), and what past ones found.
    """

    arm_traffic: pl.DataFrame
    metric_sums: pl.DataFrame
    metric_quantiles: pl.DataFrame
    prior: Belief | None = None
    daily_sums: pl.DataFrame | None = None
    value: ValueTerms = UNPRICED
    experiment_sources: pl.DataFrame | None = None
    log_contents: pl.DataFrame | None = None
    metric_shapes: pl.DataFrame | None = None
    self_tests: pl.DataFrame | None = None
    metric_contrasts: pl.DataFrame | None = None
    traffic_by_day: pl.DataFrame | None = None
    missing_pasts: pl.DataFrame | None = None

    def known(self, definitions: Sequence[ExperimentSettings]) -> list[ExperimentSettings]:
        """Leave out the experiments whose logs could not be read: every other one has a row of
        traffic per arm.
        """
        return [
            experiment
            for experiment in definitions
            if (experiment.id,) in self._by_experiment["arm_traffic"]
        ]

    def of(self, experiment: ExperimentSettings) -> Evidence:
        """Pick out what belongs to one experiment."""
        traffic = {row["arm"]: row for row in self._rows("arm_traffic", experiment)}
        names = [field.name for field in fields(ArmTraffic)]
        arms = [arm.name for arm in experiment.arms if arm.name in traffic]
        return Evidence(
            traffic={name: _arm_traffic(traffic[name], names) for name in arms},
            **self._of_metrics(experiment),
            contrasts=self._contrasts(experiment, Comparison.BETWEEN_USERS),
            contrasts_to_date=self._contrasts(experiment, Comparison.TO_DATE),
            **self._of_days(experiment),
            logs=[log_content(row) for row in self._rows("log_contents", experiment)],
            prior=self.prior,
            value=self.value,
            files=tuple(log_file_of(row) for row in self._rows("experiment_sources", experiment)),
        )

    def _of_metrics(self, experiment: ExperimentSettings) -> dict[str, Any]:
        """Read what is known of each metric, by its name first."""
        rows = partial(self._rows, experiment=experiment)
        return {
            "sums": {
                (row["comparison"], row["metric"], row["arm"], row["segment"]): sums_of(row)
                for row in rows("metric_sums")
            },
            "quantiles": _by_arm(rows("metric_quantiles"), order_statistics_of),
            "shapes": _by_arm(rows("metric_shapes"), shape_of),
            "levels": {
                row["metric"]: level_of(row) for row in rows("self_tests") if row["test"] == A_A
            },
            "tails": {
                row["test"].removeprefix(LARGEST): tail_of(row)
                for row in rows("self_tests")
                if row["test"].startswith(LARGEST)
            },
            "without_past": {row["metric"]: row["n_units"] for row in rows("missing_pasts")},
        }

    def _contrasts(
        self, experiment: ExperimentSettings, comparison: Comparison
    ) -> dict[tuple[str, str, str], Contrast]:
        return {
            (row["metric"], row["arm"], row["segment"]): contrast_of(row)
            for row in self._rows("metric_contrasts", experiment)
            if row["comparison"] == comparison
        }

    def _of_days(self, experiment: ExperimentSettings) -> dict[str, Any]:
        """Read how the primary metric lies on the days since the exposure, what early and late
        units did, and how many came on each day.
        """
        # older publications know no cohorts
        rows = [
            row
            for row in self._rows("daily_sums", experiment)
            if "cohort" in row and row.get("cohort_kind") not in {"week", "day"}
        ]
        by_day = {
            (row["exposed_on"], row["arm"]): row["n_units"]
            for row in self._rows("traffic_by_day", experiment)
        }
        return {"trends": _trends(rows), "cohorts": _cohorts(rows), "by_day": by_day}

    def _rows(self, table: str, experiment: ExperimentSettings) -> list[dict[str, Any]]:
        return self._by_experiment[table].get((experiment.id,), pl.DataFrame()).to_dicts()

    @cached_property
    def _by_experiment(self) -> dict[str, dict[tuple[Any, ...], pl.DataFrame]]:
        """Divide each table once, however many experiments there are."""
        tables = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in NOT_TABLES
        }
        return {
            name: {} if table is None else table.partition_by("experiment", as_dict=True)
            for name, table in tables.items()
        }


def _arm_traffic(row: Mapping[str, Any], names: Sequence[str]) -> ArmTraffic:
    """Read one row of `arm_traffic`; what only logs tell may be missing."""
    counts: dict[str, Any] = {name: row.get(name) for name in names}
    return ArmTraffic(**counts)


def _by_arm(
    rows: Sequence[dict[str, Any]], read: Callable[[dict[str, Any]], Any]
) -> dict[tuple[str, str], Any]:
    return {(row["metric"], row["arm"]): read(row) for row in rows}


def _trends(rows: Sequence[Mapping[str, Any]]) -> dict[str, Trend]:
    """Read how the values of each arm lie on the days since the exposure."""
    days = [row for row in rows if row["day"] is not None]
    return {
        row["arm"]: trend_of(row, **_first_days([day for day in days if day["arm"] == row["arm"]]))
        for row in rows
        if row["day"] is None and row["cohort"] == WHOLE
    }


def _cohorts(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Cohort]]:
    """Read what early and late units of each arm did, as wholes."""
    cohorts: dict[str, dict[str, Cohort]] = {}
    for row in rows:
        if row["day"] is None and row["cohort"] != WHOLE:
            cohorts.setdefault(row["arm"], {})[row["cohort"]] = cohort_of(row)
    return cohorts


def _first_days(days: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "n_active": sum(row["n_active"] for row in days),
        "first_days": {row["day"]: row["n_first"] for row in days if row["n_first"]},
    }
