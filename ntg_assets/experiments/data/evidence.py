"""What is known about one experiment before anything is tested: the traffic of its arms and the
exact sums of its metrics.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from math import ceil

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.level import Level
from ntg_assets.experiments.data.logs.log_content import LogContent
from ntg_assets.experiments.data.logs.log_files import LogFile
from ntg_assets.experiments.data.tail import Tail
from ntg_assets.experiments.data.value_terms import UNPRICED, ValueTerms
from ntg_assets.statistics.bayes import Belief
from ntg_assets.statistics.designs.units import Contrast
from ntg_assets.statistics.moments import NOTHING, Sums, total
from ntg_assets.statistics.over_time.trends import Cohort, Trend
from ntg_assets.statistics.quantiles import OrderStatistics
from ntg_assets.statistics.skewness import Shape

SECONDS_PER_DAY = 86_400
ALL_TREATMENTS = "all treatments"


def before(metric: str) -> str:
    """Name the contrast of what a metric's units did before."""
    return f"{metric}, before"


def known_before(column: str) -> str:
    """Name the contrast of a covariate of the units' own."""
    return f"{column}, covariate"


@dataclass(frozen=True)
class ArmTraffic:
    """What went through one arm: rows of exposures,
    in which a unit that saw several arms is in each of them, and units, each once.
    """

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
    n_units: int | None = None
    """Units that saw this arm first; None where nobody counted them apart
    (then every row is a unit), as the next two.
    """
    n_units_in_several_arms: int | None = None
    """Of these, units that saw another arm as well."""
    n_units_not_assigned: int | None = None
    """Of these, units that saw any arm without being given it."""
    n_clusters: int | None = None
    """Clusters, where they were randomised as a whole."""
    n_clusters_in_several_arms: int | None = None
    """Of these, clusters whose units saw another arm as well; None: such are refused."""

    @property
    def units(self) -> int:
        """Units that belong to this arm and to no other, so that arms add up."""
        return self.n_exposed if self.n_units is None else self.n_units

    @property
    def units_in_several_arms(self) -> int:
        return (
            self.n_in_several_arms
            if self.n_units_in_several_arms is None
            else self.n_units_in_several_arms
        )

    @property
    def units_not_assigned(self) -> int:
        return (
            self.n_not_assigned if self.n_units_not_assigned is None else self.n_units_not_assigned
        )


@dataclass(frozen=True)
class Evidence:
    """Everything that the statistics and the decision of one experiment rest on."""

    traffic: Mapping[str, ArmTraffic]
    sums: Mapping[tuple[str, str, str, str], Sums]
    """By comparison, metric, arm, segment."""
    quantiles: Mapping[tuple[str, str], OrderStatistics] = field(default_factory=dict)
    """By metric and arm, for quantile metrics."""

    trends: Mapping[str, Trend] = field(default_factory=dict)
    """By arm: how the primary metric lies on the days since the exposure."""

    cohorts: Mapping[str, Mapping[str, Cohort]] = field(default_factory=dict)
    """By arm and cohort (early, late): the primary metric of the units that were exposed then."""

    logs: Sequence[LogContent] = ()
    """What the logs hold, by type of event; nothing in a replay, and where nobody counted them."""

    prior: Belief | None = None
    """Relative effects of past experiments, when there are enough of them."""

    value: ValueTerms = UNPRICED
    """The unit of value, in which profit is told."""

    files: tuple[LogFile, ...] = ()
    """The log files that everything was read from."""

    shapes: Mapping[tuple[str, str], Shape] = field(default_factory=dict)
    """By metric and arm, where arms of unequal size make the skewness of values matter."""

    contrasts: Mapping[tuple[str, str, str], Contrast] = field(default_factory=dict)
    """By metric, treatment and segment ("": everybody), where units came in clusters or strata, or
    with covariates of their own.
    """

    contrasts_to_date: Mapping[tuple[str, str, str], Contrast] = field(default_factory=dict)
    """The same of everything that has come in; none where no unit came in since the look."""

    levels: Mapping[str, Level] = field(default_factory=dict)
    """By metric: how often its own test claims an effect among re-assignments of its units."""

    tails: Mapping[str, Tail] = field(default_factory=dict)
    """By treatment: how the largest values of the primary metric lie beside its others."""

    without_past: Mapping[str, int] = field(default_factory=dict)
    """By metric of a unit table: units whose value before is missing, which count at its mean."""

    by_day: Mapping[tuple[date, str], int] = field(default_factory=dict)
    """By day and arm: units that saw their first arm then."""

    @property
    def arms_in_logs(self) -> list[ArmTraffic]:
        """Arms whose units were looked for in the logs; none where nobody was exposed."""
        arms = [arm for arm in self.traffic.values() if arm.n_known is not None]
        return arms if any(arm.n_exposed for arm in arms) else []

    def sums_for(self, comparison: str, metric: str, arm: str) -> Sums:
        """Add up the segments of one arm.

        Args:
            comparison: A `Comparison`.
            metric: Its name.
            arm: Its name.
        """
        return self._totals.get((comparison, metric, arm), NOTHING)

    def to_date(self) -> "Evidence":
        """Add what came in since the last look: for harm, which may be seen at any time."""
        merged: dict[tuple[str, str, str, str], Sums] = {}
        for (comparison, *rest), sums in sorted(self.sums.items()):
            key = (
                Comparison.BETWEEN_USERS if comparison == Comparison.SINCE_THE_LOOK else comparison,
                rest[0],
                rest[1],
                rest[2],
            )
            merged[key] = total([merged[key], sums]) if key in merged else sums
        return replace(self, sums=merged, contrasts=self.contrasts_to_date or self.contrasts)

    @cached_property
    def _totals(self) -> dict[tuple[str, str, str], Sums]:
        parts: dict[tuple[str, str, str], list[Sums]] = {}
        for (comparison, metric, arm, _), sums in self.sums.items():
            parts.setdefault((comparison, metric, arm), []).append(sums)
        return {key: total(sums) for key, sums in parts.items()}

    @property
    def segments(self) -> list[str]:
        """The parts of the population, in order."""
        between_users = Comparison.BETWEEN_USERS
        return sorted({segment for kind, _, _, segment in self.sums if kind == between_users})

    def within(self, segment: str) -> "Evidence":
        """Keep one segment; quantiles are known for everyone together only."""
        return replace(
            self,
            sums={key: value for key, value in self.sums.items() if key[3] == segment},
            quantiles={},
            contrasts={
                (metric, arm, ""): value
                for (metric, arm, part), value in self.contrasts.items()
                if part == segment
            },
        )

    @property
    def n_exposed(self) -> int:
        """Units that were exposed, each once however many arms it saw."""
        return sum(arm.units for arm in self.traffic.values())

    @property
    def days(self) -> int:
        """Length of the time in which units were exposed, in days rounded up; 0 when nobody was."""
        starts = [arm.first_exposed_at for arm in self.traffic.values() if arm.first_exposed_at]
        ends = [arm.last_exposed_at for arm in self.traffic.values() if arm.last_exposed_at]
        return (
            max(1, ceil((max(ends) - min(starts)).total_seconds() / SECONDS_PER_DAY))
            if starts and ends
            else 0
        )


def traffic_per_day(experiment: ExperimentSettings, evidence: Evidence) -> float:
    """Return the new units a day; a cohort that was given its arms at once comes again only when
    its window is over.
    """
    days = (
        max(evidence.days, experiment.window_days) if experiment.assigned_at_once else evidence.days
    )
    return evidence.n_exposed / days if days else 0.0
