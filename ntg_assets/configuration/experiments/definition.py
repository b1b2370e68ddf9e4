"""The fields of a definition: what an experiment is, and by which rule it is decided."""

from typing import Literal

from pydantic import Field

from ntg_assets.configuration.experiments.arms import (
    ArmSettings,
    GuardrailSettings,
    OverrideSettings,
    RampStep,
)
from ntg_assets.configuration.experiments.comparisons import Comparison, Deciding
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.sources import (
    Evidence,
    ReplaySource,
    Source,
)
from ntg_assets.configuration.section import Section


class Definition(Section):
    """The fields of one experiment; its first arm is the control."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    hypothesis: str = Field(min_length=10)
    owner: str = Field(min_length=1)
    tests: Literal["recommendation_strategy"] | None = None
    """What is tested, where it bears on the question of the first page;
    null: something else, which never answers it.
    """
    unit: str = Field(default="user", min_length=1)
    """What gets an arm: users, or another unit whose ids the exposure log and the outcome log share
    (household, session).
    """
    eligible_segments: list[str] = Field(default_factory=list)
    """Only exposed units of these segments of the log take part; empty: all."""
    cluster_id: str | None = Field(default=None, min_length=1)
    """Column of the exposure log, of the unit table or of aggregates (one row per cluster) with
    what was randomised as a whole, such as a household or a shop: then clusters vary, not units.
    """
    strata: str | None = Field(default=None, min_length=1)
    """Column of the exposure log, of the unit table or of aggregates with a part of the population
    known before the experiment, within which arms are compared (post-stratification).
    """
    alpha_weights: dict[str, float] = Field(default_factory=dict)
    """How the primary metric and those that decide nothing divide `significance`, by name; each
    claims at its own share. Guardrails take none. Empty: the primary metric has all of it, the
    others bound the share of their false claims (Benjamini-Hochberg).
    """
    salt: str | None = None
    """Salt of the choice between arms; null: the id."""
    layer: str | None = None
    """Experiments in one layer share its units without overlap; null: a layer of its own."""
    layer_range: tuple[float, float] = (0.0, 1.0)
    """Half-open part `[start, end)` of the layer that this experiment takes."""
    ramp: list[RampStep] = Field(default_factory=list)
    """Shares that rise over time; who is in stays in,
    because a higher share only lets more buckets in. Empty: all from the start.
    """
    kept_assignments: str | None = None
    """Earlier `assignments` (Parquet, as published): their units keep their arm whatever the
    weights are now.
    """
    arms: list[ArmSettings] = Field(min_length=2)
    source: Source = Field(default=ReplaySource(), discriminator="kind")
    """Where the evidence comes from."""
    metrics: list[MetricSettings] = Field(default_factory=list)
    """Metrics of the readout, or names of those in the catalogue `experiments.metrics`; empty: all
    that an offline replay measures (whose metrics have their own kinds).
    """
    comparison: Deciding = Comparison.BETWEEN_USERS
    """Which readout decides: users of one arm against users of the other,
    or (replay only) each user under both.
    """
    pool_treatments: bool = False
    """Whether all treatments together are held against the control as well; such a readout informs
    and decides nothing.
    """
    primary_metric: str = "matched_value"
    """Metric that decides; where none is named, outside a replay, the first of `metrics`."""
    guardrails: list[GuardrailSettings] = Field(default_factory=list)
    significance: float = Field(default=0.05, gt=0, lt=0.5)
    """Two-sided error rate of the primary test, over all treatment arms together."""
    power: float = Field(default=0.8, gt=0.5, lt=1)
    """Probability with which a true effect of `minimum_effect` should be found."""
    minimum_effect: float | None = Field(default=None, gt=0)
    """Smallest absolute difference of the primary metric that is worth finding;
    null: the one observed.
    """
    planned_units: int | None = Field(default=None, ge=4)
    """Units of all arms together at which the experiment ends; needed on logs,
    where every night would otherwise be a look.
    """
    planned_looks: list[float] = Field(default=[1.0], min_length=1)
    """Shares of the planned units at which success is judged;
    they share the error rate (Lan-DeMets, O'Brien-Fleming).
    """
    minimum_units_per_arm: int = Field(default=100, ge=2)
    """Below this no claim is made in either direction."""
    minimum_days: int = Field(default=14, ge=1, multiple_of=7)
    """Whole weeks that the exposures of a logged experiment must cover before a claim is made."""
    novelty: Literal["warn", "block"] = "warn"
    """What follows when the effect moves, with the days since the exposure or from early to late
    units: a warning, or no claim.
    """
    largest_values: Literal["warn", "block"] = "block"
    """What follows when an arm lacks most of the largest values that it should have, as after a
    filter that drops its heaviest users: a warning, or no claim.
    """
    override: OverrideSettings | None = None
    """A decision made by a person against the rule; it is recorded beside what the rule says."""
    value_per_unit: float = Field(default=1.0, gt=0)
    """What one unit of the primary metric is worth, in the unit of value (one less of it, where
    less is better). Unless the metric is revenue itself this is an assumption, and is called
    one."""
    cost_per_unit: float = Field(default=0.0, ge=0)
    """Running cost of the treatment per user over the horizon,
    in the unit of value; it grows with the horizon, as the value does.
    """
    one_off_cost_per_unit: float = Field(default=0.0, ge=0)
    """Cost per user that is paid once, however long the effect lasts
    (set-up, a first month free), in the unit of value.
    """
    profit_confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Probability of clearing the hurdle that a rollout needs;
    at one minus this it is a rollback.
    """
    return_hurdle: float = Field(default=0.0, ge=0)
    """Return on the cost that a rollout must exceed (0: break even;
    0.2: a fifth more than the cost).
    """
    rollout_evidence: list[Evidence] = Field(default=["observed"])
    """Evidence that may roll out. A replay shows that lists match what people chose,
    not that showing them earns money.
    """
