"""What is measured per unit, and how arms are compared on it."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from ntg_assets.configuration.section import Section
from ntg_assets.statistics.metric_kinds import KINDS, MetricKind
from ntg_assets.statistics.metric_kinds.kind import Unit
from ntg_assets.statistics.two_samples import Better

Measure = Literal["value", "events", "active_days", "any"]


def _known_kind(name: str) -> str:
    if name not in KINDS:
        msg = f"no kind of metric is called {name!r}; known: {', '.join(sorted(KINDS))}"
        raise ValueError(msg)
    return name


KindName = Annotated[
    str, AfterValidator(_known_kind), WithJsonSchema({"enum": sorted(KINDS), "type": "string"})
]


class MetricSettings(Section):
    """One metric of a readout."""

    name: str = Field(min_length=1)
    kind: KindName = "mean"
    """How arms are compared: a class of `statistics/metric_kinds/`. `proportion` and `retention`
    hold 0 or 1 per unit; `ratio` divides two sums; `quantile` compares one quantile of the units.
    """
    measure: Measure = "value"
    """What is counted in a log: the sum of values, events, active days,
    or whether there was `any` event (what a `proportion` counts where nothing is said).
    """
    denominator: Measure | None = None
    """What a `ratio` divides by."""
    event_types: list[str] = Field(default_factory=list)
    """Kinds of event that count; empty: all."""
    min_value: float | None = None
    """Only events of at least this value count; None: any."""
    max_value: float | None = None
    """Only events of at most this value count; None: any."""
    categories: list[str] = Field(default_factory=list)
    """Only events with items of these categories count; empty: all. Only the interaction log knows
    items."""
    from_day: int = Field(default=0, ge=0)
    """Only events at least so many days after the exposure count (for `retention`)."""
    window_days: int | None = Field(default=None, ge=1)
    """Only events in the first so many days from the exposure on count; None: the whole window of
    the source. The time before the exposure is read as long as ever."""
    quantile: float = Field(default=0.9, gt=0, lt=1)
    """Which quantile a `quantile` metric compares."""
    winsorise_at: float | None = Field(default=None, gt=0.5, lt=1)
    """Values above this quantile of all arms together count as that quantile,
    so that a few huge ones do not decide.
    """
    winsorise_below: float | None = Field(default=None, gt=0, lt=0.5)
    """Values below this quantile of all arms together count as that quantile (large refunds)."""
    lowest: float | None = None
    """Smallest value that can be true; values below are unusable, and health says so. None: 0 for
    `revenue`, else no limit. Where refunds may exceed what a unit paid, give a number below
    zero."""
    better: Better = "more"
    """Whether more of it is better, or less (complaints, refunds,
    time to load). Success, margins, harm and profit are judged that way.
    """
    unit: Unit | None = None
    """What its values are: a `count`, a `share` or `money`; None: as the kind says."""
    currency: str | None = Field(default=None, min_length=1)
    """Currency of a metric of money; None: that of `value.unit`."""
    minimum_events: int = Field(default=0, ge=0)
    """Units of each arm that must have a value other than zero before anything is claimed."""
    margin: float | None = Field(default=None, gt=0)
    """Largest harmless worsening where this metric guards an experiment, as an absolute
    difference."""
    relative_margin: float | None = Field(default=None, gt=0, lt=1)
    """The same as a share of the control's mean; one of the two."""
    covariates: list[str] = Field(default_factory=list)
    """Columns of the exposure log or of the unit table with numbers known before the experiment,
    all of which narrow the interval together (beside the time before, or `<metric>_before`).
    """
    use_covariate: bool = True
    """Whether the pre-period value narrows the interval (CUPED) where the source has one."""

    @property
    def how(self) -> MetricKind:
        """The class that knows what its kind means."""
        return KINDS[self.kind]

    @property
    def smallest(self) -> float | None:
        """Smallest value that can be true: negative revenue has to be expected before it is
        believed.
        """
        return self.how.lowest if self.lowest is None else self.lowest

    @property
    def is_winsorised(self) -> bool:
        return self.winsorise_at is not None or self.winsorise_below is not None

    @property
    def is_narrowed(self) -> bool:
        """Whether its interval may rest on what units did before."""
        return self.use_covariate and self.how.has_covariate

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is: a difference times it is an improvement."""
        return 1 if self.better == "more" else -1

    @property
    def has_pairs(self) -> bool:
        """Whether a user under one arm can be subtracted from the same user under another."""
        return self.how.has_pairs

    @property
    def is_money(self) -> bool:
        """Whether its values are amounts that were paid."""
        return (self.unit or self.how.unit) == "money" and self.measure == "value"

    @model_validator(mode="before")
    @classmethod
    def _count_what_its_kind_counts(cls, metric: Any) -> Any:  # whatever YAML holds
        """A kind that counts one thing only need not be told what."""
        if not isinstance(metric, dict) or "measure" in metric:
            return metric
        kind = KINDS.get(str(metric.get("kind")))
        return metric | {"measure": kind.measures[0]} if kind and kind.measures else metric

    @model_validator(mode="after")
    def _is_consistent(self) -> "MetricSettings":
        problems = [
            *(f"a {self.kind} {problem}" for problem in self.how.problems(self)),
            *self._odd(),
        ]
        if problems:
            msg = f"metric {self.name}: {problems[0]}"
            raise ValueError(msg)
        return self

    def _odd(self) -> list[str]:
        """Name settings that cannot hold together, whatever the kind."""
        least, most = self.min_value, self.max_value
        odd = {
            f"min_value {least} is above max_value {most}": least is not None
            and most is not None
            and least > most,
            "margin and relative_margin are both given; one says how much worse is harmless": (
                self.margin is not None and self.relative_margin is not None
            ),
            f"its window ends on day {self.window_days}, before it begins (from_day"
            f" {self.from_day})": self.window_days is not None
            and self.window_days <= self.from_day,
            "a currency needs a metric of money (unit: money, or kind: revenue)": (
                self.currency is not None and not self.is_money
            ),
            "amounts of money need measure 'value'": self.unit == "money"
            and self.measure != "value",
        }
        return [message for message, is_wrong in odd.items() if is_wrong]
