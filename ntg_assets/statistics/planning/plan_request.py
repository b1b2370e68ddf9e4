"""What cannot be planned, and why: figures that make no sense, alone or together."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from ntg_assets.errors import ConfigurationError
from ntg_assets.statistics.moments import MINIMUM_UNITS
from ntg_assets.statistics.two_samples import Better

# of a figure: outside squares, tails and counts lose their digits, and nobody measures so
SMALLEST, LARGEST = 1e-9, 1e15
SMALLEST_SHARE = 1e-6  # of an arm's traffic
# of an effect in standard deviations: above it two figures are not in one unit
MOST_DEVIATIONS = 1e4
FEWEST_IN_AN_ARM = MINIMUM_UNITS + 1  # below an arm's variance is not known
QUESTIONS = ("effect", "margin", "units")


def problems(request: "PlanRequest") -> Iterator[str]:
    """Tell what is wrong with a request, one sentence each; nothing when it can be planned."""
    yield from _of_the_question(request)
    yield from _of_the_metric(request)
    yield from _of_the_traffic(request)
    yield from _of_the_rates(request)


def fewest_units(weights: tuple[float, ...]) -> float:
    """Return the units, all arms together, below which the smallest arm has no variance."""
    return FEWEST_IN_AN_ARM * sum(weights) / min(weights)


def _of_the_question(request: "PlanRequest") -> Iterator[str]:
    questions = [name for name in QUESTIONS if getattr(request, name) is not None]
    if len(questions) != 1:
        yield f"give one of effect, margin and units, found {' and '.join(questions) or 'none'}"
    for name in questions:
        value = getattr(request, name)
        if not 0 < value < LARGEST:
            yield f"{name} must be above zero and below {LARGEST:g}, found {value:g}"


def _of_the_metric(request: "PlanRequest") -> Iterator[str]:
    if not isfinite(request.mean):
        yield f"the mean must be a finite number, found {request.mean:g}"
    if request.sd is None:
        room = request.mean if request.better == "less" else 1 - request.mean  # for an improvement
        yield from _of_a_share(
            request.mean,
            request.effect or 0.0,
            room=room if request.one_sided else max(request.mean, 1 - request.mean),
        )
    else:
        yield from _of_a_mean(request.sd, max(request.effect or 0.0, request.margin or 0.0))


def _of_a_mean(sd: float, wanted: float) -> Iterator[str]:
    if not SMALLEST <= sd < LARGEST:
        yield (
            f"the standard deviation must be above zero (from {SMALLEST:g}) and below {LARGEST:g},"
            f" found {sd:g}"
        )
    elif wanted > MOST_DEVIATIONS * sd:
        yield (
            f"a difference of {wanted:g} is more than {MOST_DEVIATIONS:,.0f} standard deviations;"
            " the figures are not in one unit"
        )


def _of_a_share(share: float, effect: float, *, room: float) -> Iterator[str]:
    if not SMALLEST <= share <= 1 - SMALLEST:
        yield f"without a standard deviation the mean is a share between 0 and 1, found {share:g}"
    elif effect > room:
        yield f"a share of {share:g} cannot move by {effect:g} and stay between 0 and 1"


def _of_the_traffic(request: "PlanRequest") -> Iterator[str]:
    weights = request.weights
    shown = ", ".join(f"{weight:g}" for weight in weights)
    if len(weights) < MINIMUM_UNITS or any(
        not (isfinite(weight) and weight > 0) for weight in weights
    ):
        yield f"at least two arms with weights above zero are needed, found {shown}"
    elif min(weights) < SMALLEST_SHARE * sum(weights):
        yield (
            f"no arm may have less than one in {1 / SMALLEST_SHARE:,.0f} of the traffic, found"
            f" weights {shown}"
        )
    elif request.units is not None and request.units < fewest_units(weights):
        yield f"{request.units:,} units leave fewer than three in an arm"
    if request.units_per_day is not None and not 0 <= request.units_per_day < LARGEST:
        yield (
            f"units per day must be at least zero and below {LARGEST:g}, found"
            f" {request.units_per_day:g}"
        )


def _of_the_rates(request: "PlanRequest") -> Iterator[str]:
    is_rate = SMALLEST <= request.significance < request.power <= 1 - SMALLEST
    if not is_rate or not 0 <= request.explained_share <= 1 - SMALLEST:
        yield (
            "0 <= explained share < 1, 0 < significance < power < 1 are needed, found"
            f" {request.explained_share:g}, {request.significance:g} and {request.power:g}"
        )


@dataclass(frozen=True)
class PlanRequest:
    """What is known and what is asked; exactly one of `effect`, `margin` and `units` is given.

    Attributes:
        mean: Mean of the metric per unit before the experiment; of a share, the share.
        sd: Standard deviation per unit; None for a share of units, whose variance follows from the
        mean.
        weights: Shares of the traffic, control first, relative to each other.
        effect: Smallest absolute difference worth finding.
        margin: Largest harmless drop: show that the treatments are not worse than that
        (non-inferiority).
        units: Units of all arms together, whose smallest detectable effect is asked for.
        units_per_day: New units a day over all arms; None when not known.
        explained_share: Share of the variance that the pre-period explains, which CUPED removes
        (the squared correlation).
        significance: Error rate, both sides and all treatments together.
        power: Probability with which a true effect should be found.
        one_sided: Whether only an improvement is looked for.
        better: Whether more or less of the metric is better; a margin and an improvement lie on
            that side.
    """

    mean: float
    sd: float | None = None
    weights: tuple[float, ...] = (1.0, 1.0)
    effect: float | None = None
    margin: float | None = None
    units: int | None = None
    units_per_day: float | None = None
    explained_share: float = 0.0
    significance: float = 0.05
    power: float = 0.8
    one_sided: bool = False
    better: Better = "more"

    def __post_init__(self) -> None:
        if problem := next(problems(self), None):
            raise ConfigurationError(f"this cannot be planned: {problem}.")

    @property
    def n_treatments(self) -> int:
        return len(self.weights) - 1
