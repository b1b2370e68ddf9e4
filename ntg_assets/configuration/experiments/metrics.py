"""What is measured per unit, and how arms are compared on it."""

from typing import Literal

from pydantic import Field, model_validator

from ntg_assets.configuration.section import Section
from ntg_assets.statistics.two_samples import Better

MetricKind = Literal["mean", "proportion", "ratio", "retention", "revenue", "quantile"]
Measure = Literal["value", "events", "active_days", "any"]
ONE_OR_NONE: tuple[MetricKind, ...] = ("proportion", "retention")
# the mean of differences is not the difference of ratios or quantiles
UNPAIRED: tuple[MetricKind, ...] = ("ratio", "quantile")


class MetricSettings(Section):
    """One metric of a readout."""

    name: str = Field(min_length=1)
    kind: MetricKind = "mean"
    """`proportion` and `retention` hold 0 or 1 per unit; `ratio` divides two sums;
    `quantile` compares one quantile of the units.
    """
    measure: Measure = "value"
    """What is counted in a log: the sum of values, events, active days,
    or whether there was `any` event.
    """
    denominator: Measure | None = None
    """What a `ratio` divides by."""
    event_types: list[str] = Field(default_factory=list)
    """Kinds of event that count; empty: all."""
    from_day: int = Field(default=0, ge=0)
    """Only events at least so many days after the exposure count (for `retention`)."""
    quantile: float = Field(default=0.9, gt=0, lt=1)
    """Which quantile a `quantile` metric compares."""
    winsorise_at: float | None = Field(default=None, gt=0.5, lt=1)
    """Values above this quantile of all arms together count as that quantile,
    so that a few huge ones do not decide.
    """
    lowest: float | None = None
    """Smallest value that can be true; values below are unusable, and health says so. None: 0 for
    `revenue`, else no limit. Where refunds may exceed what a unit paid, give a number below
    zero."""
    better: Better = "more"
    """Whether more of it is better, or less (complaints, refunds,
    time to load). Success, margins, harm and profit are judged that way.
    """
    use_covariate: bool = True
    """Whether the pre-period value narrows the interval (CUPED) where the source has one."""

    @property
    def smallest(self) -> float | None:
        """Smallest value that can be true: negative revenue has to be expected before it is
        believed.
        """
        return 0.0 if self.lowest is None and self.kind == "revenue" else self.lowest

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is: a difference times it is an improvement."""
        return 1 if self.better == "more" else -1

    @property
    def has_pairs(self) -> bool:
        """Whether a user under one arm can be subtracted from the same user under another."""
        return self.kind not in UNPAIRED

    @model_validator(mode="after")
    def _is_consistent(self) -> "MetricSettings":
        if (self.kind == "ratio") != (self.denominator is not None):
            msg = f"metric {self.name}: a ratio needs a denominator, and only a ratio has one"
            raise ValueError(msg)
        if self.kind in ONE_OR_NONE and self.measure != "any":
            msg = f"metric {self.name}: a {self.kind} needs measure 'any', found {self.measure!r}"
            raise ValueError(msg)
        if self.winsorise_at is not None and self.kind not in {"mean", "revenue"}:
            msg = f"metric {self.name}: only a mean or revenue can be winsorised, not a {self.kind}"
            raise ValueError(msg)
        return self
