"""Which keys of the configuration are modelling values, that one run may change,
and between which limits.

A modelling value says how something is learned from the same evidence. What is read, who may be
contacted, what counts as evidence, what a release must show and what money is worth are decisions
of a deployment: they stand in its configuration file, where they are reviewed. Every key stands in
exactly one of the two tables; a test fails for a new one until somebody has decided.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType, NoneType
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ntg_assets.configuration.modelling_key import ModellingKey
from ntg_assets.configuration.section import field_docs
from ntg_assets.configuration.settings import Settings
from ntg_assets.errors import ConfigurationError


class ConfigurationKey(NamedTuple):
    """A key of the configuration that holds a value: the dotted name, and its field."""

    name: str
    section: type[BaseModel]
    field: str

    @property
    def info(self) -> FieldInfo:
        """What the field takes."""
        return self.section.model_fields[self.field]


SHOWN = 60  # characters of a refused value in a sentence

MODELLING_KEYS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "features.recent_days": (1, 730),
        "taste.neighbours_per_item": (1, 500),
        "taste.min_item_support": (1, 1_000),
        "taste.min_shared_users": (1, 1_000),
        "taste.max_items_per_user": (2, 5_000),
        "taste.shrinkage": (0, 1_000),
        "taste.sequence_window": (1, 10),
        "taste.linear_max_items": (0, 20_000),
        "taste.linear_min_item_support": (1, 1_000),
        "taste.linear_max_items_per_user": (2, 20_000),
        "taste.linear_neighbours_per_item": (1, 1_000),
        "taste.linear_regularisation": (0.01, 1_000),
        "taste.n_axes": (1, 64),
        "taste.items_per_axis": (1, 10_000),
        "taste.embedding_dimensions": (0, 512),
        "taste.embedding_max_items": (1, 20_000),
        "taste.embedding_regularisation": (0, 10_000),
        "taste.embedding_min_item_support": (1, 1_000),
        "taste.transition_dimensions": (0, 512),
        "taste.transition_max_items": (1, 20_000),
        "taste.transition_min_item_support": (1, 1_000),
        "taste.transition_regularisation": (0.01, 1_000),
        "ranking.top_k": (1, 200),
        "ranking.candidates_per_source": (1, 2_000),
        "ranking.profile_half_life_items": (0.1, 10_000),
        "ranking.long_profile_half_life_items": (0.1, 10_000),
        "ranking.whole_profile_half_life_items": (0.1, 100_000),
        "ranking.profile_items": (1, 20_000),
        "ranking.popularity_half_life_days": (0.001, 3_650),
        "ranking.consumed_half_life_days": (0.001, 3_650),
        "ranking.inner_label_share": (0.01, 0.4),
        "ranking.inner_slices": (1, 8),
        "ranking.inner_label_users": (0, 100_000),
        "ranking.inner_users": (10, 100_000),
        "ranking.contender_rank": (1, 1_000),
        "ranking.weight_shrinkage": (0.001, 1_000),
        "ranking.default_list_relevance_weight": (0, 1),
        "churn.step_days": (1, 365),
        "churn.max_snapshots": (1, 2_000),
        "churn.max_fit_rows": (100, 10_000_000),
        "churn.warm_up_days": (0, 3_650),
        "churn.min_tenure_days": (0, 365),
        "churn.regularisation": (0.0001, 1_000),
        "subscriptions.max_fit_rows": (100, 10_000_000),
        "subscriptions.regularisation": (0.0001, 1_000),
        "value.regularisation": (0.0001, 1_000),
    }
)

DEPLOYMENT_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "workspace": "says where results lie",
        "seed": "is fixed: of several seeds one could pick the result",
        "engine": "says what the machine bears",
        "schedule": "says when runs start",
        "landing": "says what is fetched, and from where",
        "ingest": "says which files are read and which rows are believed",
        "split": "says what is held out as evidence",
        "ranking.recommend_consumed": "says what may be shown",
        "ranking.evaluation_k": "says how the lists are judged",
        "ranking.rules": "says what may be shown",
        "ranking.prior_leave_out": "says which logs are believed",
        "ranking.dislikes": "says how events are read",
        "churn.horizon_days": "says what leaving means",
        "churn.at_risk_days": "says who can be on a list",
        "churn.calibration_bins": "says how the score is judged",
        "churn.walk_forward_origins": "says how the score is judged",
        "subscriptions.signals": "says what the model may see",
        "subscriptions.attributes": "says what the model may see",
        "subscriptions.sleeper_days": "says who can be on a list",
        "subscriptions.win_back_days": "says who can be on a list",
        "subscriptions.margin": "says what money is worth",
        "subscriptions.conversion": "says what money is worth",
        "subscriptions.acquisition_cost": "says what money is worth",
        "subscriptions.acquisition_channel": "says what money is worth",
        "value.unit": "says what money is worth",
        "value.basis": "says what money is worth",
        "value.price_per_active_day": "says what money is worth",
        "value.horizon_days": "says what money is worth",
        "value.annual_discount": "says what money is worth",
        "radar": "says who may be contacted, and who is held out",
        "experiments": "says what is tested, and by which rule it is decided",
        "off_policy": "says which log is read, and how much evidence a claim needs",
        "gate": "says what a release must show",
        "publish": "says what is kept, and which jump a person must see",
    }
)


def modelling_keys() -> list[ModellingKey]:
    """The keys that one run may set, in the order of the table."""
    configurable = {key.name: key for key in configuration_keys()}
    return [_described(configurable[name], limits) for name, limits in MODELLING_KEYS.items()]


def validate_overrides(overrides: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the overrides of one run when all of them are modelling values within their limits.

    Args:
        overrides: Dotted keys with values (`{"ranking.top_k": 10}`).

    Raises:
        ConfigurationError: a key is not a modelling value, or its value lies outside the limits;
            all of them are told, and what may be set.
    """
    may_set = {key.name: key for key in modelling_keys()}
    problems = [
        problem for name, value in overrides.items() if (problem := _problem(name, value, may_set))
    ]
    if problems:
        raise ConfigurationError(
            f"overrides of one run: {'; '.join(problems)}. One run may set: {', '.join(may_set)}."
        )
    return overrides


def configuration_keys(
    section: type[BaseModel] = Settings, prefix: str = ""
) -> Iterator[ConfigurationKey]:
    """Yield every key of the configuration that holds a value;
    sections are walked through, lists are one key.
    """
    for name, field in section.model_fields.items():
        below = field.annotation
        if isinstance(below, type) and issubclass(below, BaseModel):
            yield from configuration_keys(below, f"{prefix}{name}.")
        else:
            yield ConfigurationKey(f"{prefix}{name}", section, name)


def why_refused(name: str) -> str | None:
    """Say why a key belongs to the deployment; None when nobody has said so."""
    parts = name.split(".")
    return next(
        (
            DEPLOYMENT_KEYS[key]
            for n in range(1, len(parts) + 1)
            if (key := ".".join(parts[:n])) in DEPLOYMENT_KEYS
        ),
        None,
    )


def _problem(name: str, value: object, may_set: Mapping[str, ModellingKey]) -> str | None:
    if name in may_set:
        shown = repr(value)[:SHOWN]
        return (
            None
            if may_set[name].accepts(value)
            else f"{name} must be {may_set[name].told} (found {shown})"
        )
    if why := why_refused(name):
        return f"{name} {why}, so it is set in the configuration file"
    nearest = get_close_matches(name, may_set, n=1)
    return f"{name[:SHOWN]!r} is no key that a run may set" + (
        f"; did you mean {nearest[0]!r}?" if nearest else ""
    )


def _described(key: ConfigurationKey, limits: tuple[float, float]) -> ModellingKey:
    kinds = set(_plain_types(key.info.annotation))
    return ModellingKey(
        name=key.name,
        low=limits[0],
        high=limits[1],
        is_whole=int in kinds,
        is_list=list in kinds,
        is_nullable=NoneType in kinds,
        description=field_docs(key.section).get(key.field, ""),
    )


def _plain_types(annotation: object) -> Iterator[object]:
    """The types an annotation such as `list[Annotated[float, ...]] | None` is made of."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _plain_types(parts[0])
    elif parts:
        yield from [origin, *(plain for part in parts for plain in _plain_types(part))]
    else:
        yield annotation
