"""What a kind of metric is: which sums it needs, what may be configured for it, how arms are
compared on it, how it is planned, and which questions about its health make sense.

A kind is added by adding a file to this folder with one subclass of `MetricKind`: configuration,
SQL, readouts, plans and health ask the class, and none of them knows a kind by its name.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, NamedTuple, Protocol

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.designs.units import Contrast
from ntg_assets.statistics.moments import Moments
from ntg_assets.statistics.quantiles import OrderStatistics
from ntg_assets.statistics.samples import Sample, adjusted_samples, has_past
from ntg_assets.statistics.skewness import Shape
from ntg_assets.statistics.two_samples import Difference

KINDS: dict[str, "MetricKind"] = {}
Unit = Literal["count", "share", "money"]
ALL_CHECKS = frozenset({"counted_events", "complete_values", "no_huge_outlier", "known_past"})


class Arm(NamedTuple):
    """What is known of one metric in one arm; the kind says which of it has to be."""

    moments: Moments | None = None
    ranks: OrderStatistics | None = None
    shape: Shape | None = None
    contrast: Contrast | None = None


class Terms(NamedTuple):
    """How a comparison is asked for.

    Attributes:
        confidence: Of the interval.
        use_covariate: Whether the time before the exposure narrows it, where it is known.
        quantile: Which quantile, for kinds that compare one.
    """

    confidence: float = 0.95
    use_covariate: bool = True
    quantile: float = 0.9


@dataclass(frozen=True)
class Compared:
    """The arms of one metric, control first, and each treatment's difference to the control.

    Attributes:
        samples: One per arm, control first.
        differences: One per treatment.
        method: The test in words.
        removed_share: Share of the squared error that the covariate removed; None where there is no
            covariate.
    """

    samples: Sequence[Sample]
    differences: Sequence[Difference]
    method: str
    removed_share: float | None = None


class Configured(Protocol):
    """What a kind asks of the settings of a metric."""

    @property
    def measure(self) -> str: ...
    @property
    def denominator(self) -> str | None: ...
    @property
    def is_winsorised(self) -> bool: ...
    @property
    def unit(self) -> Unit | None: ...


class MetricKind(ABC):
    """One kind of metric.

    Attributes:
        name: How the configuration calls it.
        unit: What its values are, unless the configuration says otherwise; None: it depends on what
            is measured.
        measures: What may be counted for it; None: anything.
        needs_denominator: Whether it divides by a second sum.
        has_pairs: Whether a unit under one arm can be subtracted from the same unit under another.
        has_segments: Whether it can be read within a part of the units.
        is_daily: Whether the days of a unit add up to its value.
        may_be_cut: Whether its values may be winsorised.
        has_covariate: Whether the time before the exposure can narrow its interval.
        reads_ranks: Whether it rests on ranks instead of sums.
        reads_shape: Whether the skewness of its values decides how it is compared.
        lowest: Smallest value that can be true; None: no limit.
        checks: Questions about its health that make sense.
    """

    name: ClassVar[str]
    unit: ClassVar[Unit | None] = None
    measures: ClassVar[tuple[str, ...] | None] = None
    needs_denominator: ClassVar[bool] = False
    has_pairs: ClassVar[bool] = True
    has_segments: ClassVar[bool] = True
    is_daily: ClassVar[bool] = True
    may_be_cut: ClassVar[bool] = False
    has_covariate: ClassVar[bool] = True
    reads_ranks: ClassVar[bool] = False
    reads_shape: ClassVar[bool] = False
    lowest: ClassVar[float | None] = None
    checks: ClassVar[frozenset[str]] = ALL_CHECKS

    def __init_subclass__(cls) -> None:
        """Register the kind under its name."""
        super().__init_subclass__()
        if "name" in cls.__dict__:
            if cls.name in KINDS:
                raise TypeError(f"two kinds of metric are called {cls.name!r}.")
            KINDS[cls.name] = cls()

    def problems(self, metric: Configured) -> Iterator[str]:
        """Say what of a configuration makes no sense for this kind."""
        if self.needs_denominator != (metric.denominator is not None):
            yield (
                "needs a denominator"
                if self.needs_denominator
                else "has no denominator: only a ratio divides"
            )
        if self.measures is not None and metric.measure not in self.measures:
            yield (
                f"needs measure {' or '.join(map(repr, self.measures))}, found {metric.measure!r}"
            )
        if metric.is_winsorised and not self.may_be_cut:
            cut = ", ".join(sorted(name for name, kind in KINDS.items() if kind.may_be_cut))
            yield f"cannot be winsorised; {cut} can"
        if metric.unit is not None and self.unit is not None and metric.unit != self.unit:
            yield f"is a {self.unit}, not a {metric.unit}"

    @abstractmethod
    def compare(self, arms: Sequence[Arm], terms: Terms) -> Compared:
        """Compare every treatment with the control, which comes first.

        Raises:
            NotEnoughDataError: an arm has too few units, or no unit differs from another.
        """

    def baseline(self, control: Arm, terms: Terms) -> tuple[Sample, float]:
        """Return the control as a plan sees it, and the share of its variance that the time before
        the exposure explains.

        Raises:
            NotEnoughDataError: the control tells nothing.
        """
        moments = moments_in([control])
        plain = adjusted_samples(moments, use_covariate=False)[0]
        adjusted = adjusted_samples(moments, use_covariate=terms.use_covariate)[0]
        before, after = plain.variance, adjusted.variance
        explained = 1 - after / before if before > 0 else 0.0
        return plain, min(explained, 1 - 1e-12)


def moments_in(arms: Sequence[Arm]) -> list[Moments]:
    """Take the moments out of arms that all have them.

    Raises:
        NotEnoughDataError: an arm has no units with a value.
    """
    moments = [arm.moments for arm in arms if arm.moments is not None]
    if len(moments) < len(arms):
        raise NotEnoughDataError(
            f"only {len(moments)} of {len(arms)} arms have units with a value."
        )
    return moments


def compare_designed(arms: Sequence[Arm], terms: Terms) -> Compared:
    """Compare every treatment with the control by its contrast, whatever the kind of metric.

    Raises:
        NotEnoughDataError: a treatment has none.
    """
    contrasts = [arm.contrast for arm in arms[1:] if arm.contrast is not None]
    if len(contrasts) < len(arms) - 1:
        raise NotEnoughDataError(
            f"only {len(contrasts)} of {len(arms) - 1} treatments can be compared by clusters,"
            " strata or covariates."
        )
    pairs = [contrast.samples for contrast in contrasts]
    shares = [
        contrast.removed_share for contrast in contrasts if contrast.removed_share is not None
    ]
    return Compared(
        [pairs[0][0], *(treatment for _, treatment in pairs)],
        [contrast.at(terms.confidence) for contrast in contrasts],
        contrasts[0].method,
        min(shares) if shares else None,
    )


def narrows(arms: Sequence[Moments], terms: Terms) -> bool:
    """Whether the time before the exposure is asked for and can narrow the intervals."""
    return terms.use_covariate and tells_anything(arms)


def tells_anything(arms: Sequence[Moments]) -> bool:
    """Whether the time before the exposure can narrow the intervals: it is known in every arm,
    and units differ in it.
    """
    return has_past(arms) and any(arm.covariance["covariate", "covariate"] > 0 for arm in arms)


def with_covariate(compared: Compared, moments: Sequence[Moments]) -> Compared:
    """Say how much of the squared error the covariate took out."""
    before = sum(arm.squared_error for arm in adjusted_samples(moments, use_covariate=False))
    after = sum(arm.squared_error for arm in compared.samples)
    return replace(compared, removed_share=1 - after / before if before > 0 else 0.0)
