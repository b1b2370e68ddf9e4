"""The effective configuration: `configs/base.yaml`, then an overlay, then `NTG_...` variables.

This is the only module that reads the environment. Everything else is given its own section.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from ntg_assets.churn.settings import ChurnSettings
from ntg_assets.errors import ConfigurationError
from ntg_assets.evaluation.settings import GateSettings
from ntg_assets.events.settings import IngestSettings
from ntg_assets.experiments.settings import ExperimentsSettings
from ntg_assets.features.settings import FeatureSettings
from ntg_assets.off_policy.settings import OffPolicySettings
from ntg_assets.ranking.settings import RankingSettings
from ntg_assets.revenue.settings import RadarSettings, ValueSettings
from ntg_assets.section import Section
from ntg_assets.splits.settings import SplitSettings
from ntg_assets.taste.settings import TasteSettings

HOME_VARIABLE = "NTG_HOME"
CONFIG_VARIABLE = "NTG_CONFIG"
RESERVED_VARIABLES = frozenset({HOME_VARIABLE, CONFIG_VARIABLE})
DEFAULT_OVERLAY = "configs/dev.yaml"
DEPLOYMENT_SECTIONS = frozenset({"workspace", "engine", "schedule"})  # where and when, not what is computed


class EngineSettings(Section):
    """Limits of the embedded engine."""

    memory_limit: str = Field(default="4GB", pattern=r"^\d+(\.\d+)?\s?[KMGT]i?B$")
    threads: int | None = Field(default=None, ge=1)
    """Worker threads; null: all cores. No result depends on it."""
    minimum_free_disk_gb: float = Field(default=1.0, ge=0)
    """A run does not start with less free disk than this or three times the warehouse, whichever is more."""


class ScheduleSettings(Section):
    """When the nightly run starts."""

    cron: str = Field(default="0 3 * * *", pattern=r"^\S+( \S+){4}$")
    timezone: str = "UTC"
    enabled: bool = True
    watch_landing: bool = False
    """Whether the arrival of a new source file starts a run."""
    late_after_hours: float = Field(default=26.0, gt=0)
    """The UI calls a table of the ingest, live and published stages late when it was last made longer ago than this."""


class Settings(Section):
    """Everything that can be configured."""

    workspace: str = "."
    """Folder of everything that NTG writes, relative to the project folder."""
    seed: int = Field(default=20260101, ge=0)
    """The one seed; each use derives its own stream from it."""
    engine: EngineSettings = EngineSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    ingest: IngestSettings
    split: SplitSettings = SplitSettings()
    features: FeatureSettings = FeatureSettings()
    taste: TasteSettings = TasteSettings()
    ranking: RankingSettings = RankingSettings()
    churn: ChurnSettings = ChurnSettings()
    value: ValueSettings = ValueSettings()
    radar: RadarSettings
    experiments: ExperimentsSettings = ExperimentsSettings()
    off_policy: OffPolicySettings = OffPolicySettings()
    gate: GateSettings = GateSettings()

    @model_validator(mode="after")
    def _money_has_a_source(self) -> "Settings":
        is_money = self.value.unit != "index" and self.value.basis == "event_value"
        if is_money and self.ingest.events.value is None:
            msg = (
                f"value.unit is {self.value.unit} and value.basis event_value, but ingest.events.value names no column, so every event "
                "would be worth 1. Name the column with the amounts, set a price_per_active_day with basis active_days, or unit: index"
            )
            raise ValueError(msg)
        return self

    @property
    def off_policy_list_length(self) -> int:
        """Places of each list that the off-policy estimates look at."""
        return self.off_policy.list_length or self.ranking.top_k

    @property
    def fingerprint(self) -> str:
        """First 12 hex digits of the SHA-256 of everything that can change a result."""
        content = self.model_dump(mode="json", exclude=set(DEPLOYMENT_SECTIONS))
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


class Paths(BaseModel):
    """Where things lie. All generated folders are below the workspace."""

    home: Path
    workspace: Path

    @property
    def data(self) -> Path:
        return self.workspace / "data"

    @property
    def warehouse(self) -> Path:
        return self.data / "warehouse" / "warehouse.duckdb"

    @property
    def scratch(self) -> Path:
        return self.data / "scratch"

    @property
    def dagster_home(self) -> Path:
        return self.data / "dagster"

    @property
    def published_store(self) -> Path:
        return self.data / "published" / "ntg.duckdb"

    @property
    def manifest(self) -> Path:
        return self.workspace / "outputs" / "manifest.json"


def project_home() -> Path:
    """Return the folder that holds `configs/`: `NTG_HOME`, else the working directory."""
    return Path(os.environ.get(HOME_VARIABLE, ".")).resolve()


def project_paths(settings: Settings, *, home: Path | None = None) -> Paths:
    """Place the workspace of `settings` below the project folder."""
    root = home or project_home()
    return Paths(home=root, workspace=(root / settings.workspace).resolve())


def load_settings(
    overlay: str | Path | None = None,
    *,
    home: Path | None = None,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Merge base, overlay, environment and overrides into one checked configuration.

    Args:
        overlay: YAML file laid over `configs/base.yaml`; none: `NTG_CONFIG`, else `configs/dev.yaml`.
        home: Folder that holds `configs/`; none: see `project_home`.
        environment: Variables to read `NTG_SECTION__KEY` from; none: the process's own.
        overrides: Dotted keys with values, laid on top of everything (`{"ranking.top_k": 10}`).

    Raises:
        ConfigurationError: a file is missing or no YAML, a key is unknown, a value is out of range.
    """
    root = home or project_home()
    variables = os.environ if environment is None else environment
    overlay_path = root / (overlay or variables.get(CONFIG_VARIABLE) or DEFAULT_OVERLAY)
    merged = _merge(_read_yaml(root / "configs" / "base.yaml"), _read_yaml(overlay_path))
    merged = _merge(merged, _environment_tree(variables))
    for dotted, value in (overrides or {}).items():
        merged = _merge(merged, _nest(dotted.split("."), value))
    return validate_settings(merged)


def validate_settings(tree: Mapping[str, Any]) -> Settings:
    """Check a merged configuration; every problem is told in one message, unknown keys with the nearest known one."""
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        problems = [_explain(problem) for problem in error.errors()]
        raise ConfigurationError("configuration: " + "; ".join(problems)) from None


def _read_yaml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ConfigurationError(f"configuration file {path} does not exist. Give one with --config or {CONFIG_VARIABLE}.")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"configuration file {path} is not valid YAML: {' '.join(str(error).split())}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigurationError(f"configuration file {path} must hold keys and values, found a {type(content).__name__}.")
    return content


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one tree over another; lists and values are replaced whole, mappings key by key."""
    merged = dict(below)
    for key, value in above.items():
        known = merged.get(key)
        merged[key] = _merge(known, value) if isinstance(known, Mapping) and isinstance(value, Mapping) else value
    return merged


def _nest(path: list[str], value: Any) -> dict[str, Any]:
    return {path[0]: _nest(path[1:], value) if len(path) > 1 else value}


def _environment_tree(variables: Mapping[str, str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name in sorted(variables):
        if name.startswith("NTG_") and name not in RESERVED_VARIABLES:
            path = name.removeprefix("NTG_").lower().split("__")
            tree = _merge(tree, _nest(path, yaml.safe_load(variables[name])))
    return tree


def _explain(problem: Any) -> str:
    location = [str(part) for part in problem["loc"]]
    where = ".".join(location)
    if problem["type"] != "extra_forbidden":
        text = problem["msg"].removeprefix("Value error, ")
        is_leaf = not isinstance(problem["input"], Mapping)
        return f"{where}: {text}" + (f" (found {problem['input']!r})" if is_leaf else "")
    known = _known_keys(location[:-1])
    nearest = get_close_matches(location[-1], known, n=1, cutoff=0.5)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"known keys here: {', '.join(known)}"
    return f"unknown key {where!r}; {hint}"


def _known_keys(location: list[str]) -> list[str]:
    model: Any = Settings
    for part in location:
        if part.isdigit():
            continue
        model = _section_of(model.model_fields[part].annotation)
    return sorted(model.model_fields)


def _section_of(annotation: Any) -> Any:
    """Find the section class inside an annotation such as `X | None` or `list[X]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section_of(part)) is not None), None)


def use_configuration(overlay: str | Path | None) -> None:
    """Make an overlay the configuration of this process and of all it starts."""
    if overlay is not None:
        os.environ[CONFIG_VARIABLE] = str(Path(overlay).resolve())


def use_home(home: Path) -> None:
    """Make a folder the project folder of this process and of all it starts."""
    os.environ[HOME_VARIABLE] = str(home)
