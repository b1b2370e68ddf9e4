"""The effective configuration: the defaults of the package (`base.yaml` beside this file), then an
overlay, then `NTG_...` variables.

This is the only module that reads the environment. Everything else is given its own section.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from functools import reduce
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.configuration.experiments.settings import ExperimentsSettings
from ntg_assets.configuration.features import FeatureSettings
from ntg_assets.configuration.gate import GateSettings
from ntg_assets.configuration.inputs.events import IngestSettings
from ntg_assets.configuration.inputs.landing import LandingSettings
from ntg_assets.configuration.inputs.subscriptions import SubscriptionSettings
from ntg_assets.configuration.off_policy import OffPolicySettings
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.problems import describe_problem
from ntg_assets.configuration.publish import PublishSettings
from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.configuration.revenue import INDEX, RadarSettings, ValueSettings
from ntg_assets.configuration.schedule import ScheduleSettings
from ntg_assets.configuration.section import Section
from ntg_assets.configuration.splits import SplitSettings
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.configuration.tree import key_of, merge, nest, read_tree, read_value
from ntg_assets.errors import ConfigurationError

HOME_VARIABLE = "NTG_HOME"
CONFIG_VARIABLE = "NTG_CONFIG"
RESERVED_VARIABLES = frozenset({HOME_VARIABLE, CONFIG_VARIABLE})
BASE = Path(__file__).with_name("base.yaml")  # what holds everywhere
# of the project folder: the first that is there; `ntg init` writes the second
DEFAULT_OVERLAYS = DEFAULT_OVERLAY, WRITTEN_OVERLAY = "configs/dev.yaml", "ntg.yaml"
# what a run needs and `ntg experiments` does not: keys without a default, not read there
NEVER_READ: dict[str, Any] = {
    "ingest": {"events": {"files": ["(no interaction log)"], "value": "value"}},
}
# where and when, not what is computed
DEPLOYMENT_SECTIONS = frozenset({"workspace", "engine", "schedule", "publish"})


class Settings(Section):
    """Everything that can be configured."""

    workspace: str = "."
    """Folder of everything that NTG writes, relative to the project folder."""
    seed: int = Field(default=20260101, ge=0)
    """The one seed; each use derives its own stream from it."""
    engine: EngineSettings = EngineSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    landing: LandingSettings = LandingSettings()
    ingest: IngestSettings
    split: SplitSettings = SplitSettings()
    features: FeatureSettings = FeatureSettings()
    taste: TasteSettings = TasteSettings()
    ranking: RankingSettings = RankingSettings()
    churn: ChurnSettings = ChurnSettings()
    subscriptions: SubscriptionSettings = SubscriptionSettings()
    value: ValueSettings = ValueSettings()
    radar: RadarSettings
    experiments: ExperimentsSettings = ExperimentsSettings()
    off_policy: OffPolicySettings = OffPolicySettings()
    gate: GateSettings = GateSettings()
    publish: PublishSettings = PublishSettings()

    @model_validator(mode="after")
    def _lists_are_long_enough(self) -> "Settings":
        longest = max(self.ranking.top_k, *self.ranking.evaluation_k)
        if self.off_policy_list_length > longest:
            raise ValueError(
                f"off_policy.list_length is {self.off_policy_list_length}, but the lists of the"
                f" strategies are {longest} long (the largest of ranking.top_k and"
                " ranking.evaluation_k)"
            )
        return self

    @model_validator(mode="after")
    def _attributes_exist(self) -> "Settings":
        of_users, learned = self.ingest.attributes.names_of("user"), self.subscriptions
        wanted = {*learned.attributes, learned.acquisition_cost, learned.acquisition_channel}
        if missing := sorted(name for name in wanted if name and name not in of_users):
            raise ValueError(
                f"subscriptions names the attribute {missing[0]!r}, which no source of users in"
                " ingest.attributes.sources has"
            )
        if missing := sorted({*self.radar.handover.attributes} - of_users):
            raise ValueError(
                f"radar.handover passes the attribute {missing[0]!r} through, which no source of"
                " users in ingest.attributes.sources has"
            )
        return self

    @model_validator(mode="after")
    def _money_has_a_source(self) -> "Settings":
        is_money = self.value.unit != INDEX and self.value.basis == "event_value"
        if is_money and self.ingest.events.value is None:
            raise ValueError(
                f"value.unit is {self.value.unit} and value.basis event_value, but"
                " ingest.events.value names no column, so every event would be worth 1. Name the"
                " column with the amounts, set a price_per_active_day with basis active_days, or"
                " unit: index"
            )
        return self

    @model_validator(mode="after")
    def _rules_have_their_categories(self) -> "Settings":
        rules, items = self.ranking.rules, self.ingest.items
        by_category = rules.diversity is not None and rules.diversity.by == "categories"
        needs_categories = rules.categories or rules.every_category_at_most or by_category
        if needs_categories and (items is None or items.categories is None):
            raise ValueError(
                "ranking.rules: rules speak of categories, and the source has none. Name"
                " `ingest.items` with its `categories` column, or drop these rules"
            )
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


def project_home() -> Path:
    """Return the project folder, which names of files are relative to: `NTG_HOME`, else the
    working directory.
    """
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
    for_run: bool = True,
) -> Settings:
    """Merge base, overlay, environment and overrides into one checked configuration.

    Args:
        overlay: YAML file laid over the defaults; none: `NTG_CONFIG`, else `configs/dev.yaml` or
            `ntg.yaml` of the project folder.
        home: Project folder; none: see `project_home`.
        environment: Variables to read `NTG_SECTION__KEY` from; none: the process's own.
        overrides: Dotted keys with values, laid on top of everything (`{"ranking.top_k": 10}`).
        for_run: Whether a run of the graph could follow; without one, what only a run reads (the
            interaction log) may be left out.

    Raises:
        ConfigurationError: a file is missing or no YAML, a key is unknown, a value is out of range.
    """
    root = home or project_home()
    variables = os.environ if environment is None else environment
    overlay_path = _overlay_of(root, overlay or variables.get(CONFIG_VARIABLE))
    if not overlay_path.is_file():
        raise ConfigurationError(
            f"configuration file {overlay_path} does not exist. Give one with --config or"
            f" {CONFIG_VARIABLE}."
        )
    keys = {
        name: key
        for name in sorted(variables)
        if name not in RESERVED_VARIABLES and (key := key_of(name))
    }
    layers = [
        {} if for_run else NEVER_READ,
        read_tree(BASE),
        read_tree(overlay_path),
        *(nest(key, read_value(name, variables[name])) for name, key in keys.items()),
    ]
    layers += [nest(dotted, value) for dotted, value in (overrides or {}).items()]
    return validate_settings(reduce(merge, layers), variables=keys)


def _overlay_of(root: Path, named: str | Path | None) -> Path:
    """The overlay that is meant."""
    if named:
        return root / named
    for default in DEFAULT_OVERLAYS:
        if (root / default).is_file():
            return root / default
    raise ConfigurationError(
        f"{root} holds neither {' nor '.join(DEFAULT_OVERLAYS)}: describe your files with `ntg init"
        f" FILE...`, name a configuration with --config or {CONFIG_VARIABLE}, or the project folder"
        f" with {HOME_VARIABLE}."
    )


def validate_settings(
    tree: Mapping[str, Any], *, variables: Mapping[str, str] | None = None
) -> Settings:
    """Check a merged configuration; every problem is told in one message,
    unknown keys with the nearest known one.

    Args:
        tree: Keys and values.
        variables: Which variable of the environment set which dotted key, so that a problem names
            where it comes from.
    """
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        problems = [
            describe_problem(problem, root=Settings, variables=variables or {})
            for problem in error.errors()
        ]
        raise ConfigurationError("configuration: " + "; ".join(problems)) from None


def use_configuration(overlay: str | Path | None) -> None:
    """Make an overlay the configuration of this process and of all it starts."""
    if overlay is not None:
        os.environ[CONFIG_VARIABLE] = str(Path(overlay).resolve())


def use_home(home: Path) -> None:
    """Make a folder the project folder of this process and of all it starts."""
    os.environ[HOME_VARIABLE] = str(home)
