"""Plan an experiment from a few figures, or from what a published experiment says about its
control.
"""

from dataclasses import dataclass, replace
from math import sqrt
from typing import Any, get_args

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.errors import ConfigurationError
from ntg_assets.statistics.planning.plan_request import PlanRequest
from ntg_assets.statistics.two_samples import Better


@dataclass(frozen=True)
class Asked:
    """What was given on the command line; None where nothing was."""

    mean: float | None = None
    sd: float | None = None
    effect: float | None = None
    relative_effect: float | None = None
    margin: float | None = None
    units: int | None = None
    days: int | None = None
    units_per_day: float | None = None
    weights: tuple[float, ...] | None = None
    explained_share: float | None = None
    significance: float | None = None
    power: float | None = None
    one_sided: bool = False
    better: str | None = None


def request_of(asked: Asked, *, known: PlanRequest | None = None) -> PlanRequest:
    """Put the request together; what is given on the command line goes before what is known.

    Raises:
        ConfigurationError: something is missing, or two things say the same.
    """
    mean = asked.mean if asked.mean is not None else known.mean if known else None
    if mean is None:
        raise ConfigurationError(
            "a plan needs --mean (and --sd, unless the metric is a share), or the id of a published"
            " experiment."
        )
    question, stated = _question(asked, mean=mean, known=known), _stated(asked)
    if known is None or asked.mean is not None:
        return PlanRequest(mean=mean, sd=asked.sd, one_sided=asked.one_sided, **question, **stated)
    sd = known.sd if asked.sd is None else asked.sd
    return replace(
        known, sd=sd, one_sided=asked.one_sided, **{"effect": None, **question}, **stated
    )


def _stated(asked: Asked) -> dict[str, Any]:
    """What the command line says of the traffic and of the test."""
    options = {
        "units_per_day": asked.units_per_day,
        "weights": asked.weights,
        "explained_share": asked.explained_share,
        "significance": asked.significance,
        "power": asked.power,
        "better": _direction(asked.better),
    }
    return {name: value for name, value in options.items() if value is not None}


def _direction(given: str | None) -> Better | None:
    if given is None or given in get_args(Better):
        return given  # type: ignore[return-value]  # one of the words, as just asked
    raise ConfigurationError(f"--better is more or less, found {given!r}.")


def _question(asked: Asked, *, mean: float, known: PlanRequest | None) -> dict[str, Any]:
    """Find what is asked: an effect, a margin, or a number of units
    (also as days of the traffic).
    """
    units = asked.units if asked.days is None else _units_of_days(asked, asked.days, known)
    named = _questions(asked)
    if len(named) > 1:
        raise ConfigurationError(
            "give one of --mde, --relative-mde, --margin, --units and --days, found"
            f" {' and '.join(named)}."
        )
    if not named and known is not None and known.effect is not None:
        return {"effect": known.effect}
    if not named:
        raise ConfigurationError(
            "say what is asked: --mde or --relative-mde (how many units?), --margin, --units or"
            " --days (which effect?)."
        )
    relative = None if asked.relative_effect is None else asked.relative_effect * mean
    effect = asked.effect if relative is None else relative
    return {"effect": effect, "margin": asked.margin, "units": units}


def _questions(asked: Asked) -> list[str]:
    """Options of the command line that say what is asked."""
    options = {
        "--mde": asked.effect,
        "--relative-mde": asked.relative_effect,
        "--margin": asked.margin,
        "--units": asked.units,
        "--days": asked.days,
    }
    return [name for name, value in options.items() if value is not None]


def _units_of_days(asked: Asked, days: int, known: PlanRequest | None) -> int:
    """Units that come in so many days of the traffic."""
    per_day = asked.units_per_day
    if per_day is None and known is not None:
        per_day = known.units_per_day
    if not per_day:
        raise ConfigurationError("--days needs --per-day, the new units of a day over all arms.")
    return round(days * per_day)


def read_weights(text: str) -> tuple[float, ...]:
    """Read the shares of the arms, control first, as in `2:1:1`.

    Raises:
        ConfigurationError: a part is no number.
    """
    try:
        return tuple(float(part) for part in text.split(":"))
    except ValueError:
        raise ConfigurationError(
            f"--weights are numbers divided by colons, control first, as in 2:1:1; found {text!r}."
        ) from None


def known_from(experiment: str, *, settings: Settings, paths: Paths) -> PlanRequest:
    """Read the baseline of a configured experiment off the published sums of its control.

    Raises:
        ConfigurationError: no such experiment is configured.
        NotEnoughDataError: its control has fewer than two units.
    """
    from ntg_assets.cli.experiments.published_evidence import (  # noqa: PLC0415  # a plan from figures needs none
        evidence_tables,
        open_published,
    )
    from ntg_assets.experiments.readout.baselines import baseline_of  # noqa: PLC0415  # as above

    definition = _definition(experiment, settings)
    with open_published(settings, paths) as store:
        baseline = baseline_of(definition, evidence_tables(store).of(definition))
    return PlanRequest(
        mean=baseline.mean,
        sd=sqrt(baseline.variance),
        effect=definition.minimum_effect or sqrt(baseline.variance) / 10,
        weights=tuple(arm.weight for arm in definition.arms),
        units_per_day=baseline.units_per_day,
        explained_share=baseline.explained_share,
        significance=definition.significance,
        power=definition.power,
        better=definition.metric(definition.primary_metric).better,
    )


def _definition(experiment: str, settings: Settings) -> ExperimentSettings:
    by_id = {definition.id: definition for definition in settings.experiments.definitions}
    if experiment not in by_id:
        raise ConfigurationError(
            f"no experiment {experiment!r} is configured; known:"
            f" {', '.join(sorted(by_id)[:10]) or 'none'}."
        )
    return by_id[experiment]
