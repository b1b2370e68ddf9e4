"""What an experiment is: its arms, its metrics, the rule of its decision."""

from pydantic import Field, model_validator

from ntg_assets.section import Section


class ArmSettings(Section):
    """One arm of an experiment."""

    name: str = Field(min_length=1)
    strategy: str = Field(min_length=1)
    """Ranking strategy whose lists the arm's users get."""
    weight: float = Field(default=1.0, gt=0)
    """Share of the traffic, relative to the other arms."""


class GuardrailSettings(Section):
    """A metric that must not get worse by more than a margin."""

    metric: str = Field(min_length=1)
    margin: float = Field(gt=0)
    """Largest harmless drop, as an absolute difference to the control."""


class ExperimentSettings(Section):
    """One experiment; its first arm is the control."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    hypothesis: str = Field(min_length=10)
    owner: str = Field(min_length=1)
    salt: str | None = None
    """Salt of the bucketing; null: the id."""
    arms: list[ArmSettings] = Field(min_length=2)
    primary_metric: str = "matched_value"
    guardrails: list[GuardrailSettings] = Field(default_factory=list)
    significance: float = Field(default=0.05, gt=0, lt=0.5)
    """Two-sided error rate of the primary test."""
    minimum_units_per_arm: int = Field(default=100, ge=2)
    """Below this no claim is made in either direction."""
    value_per_unit: float = Field(default=1.0, gt=0)
    """What one unit of the primary metric is worth, in the unit of value."""
    cost_per_unit: float = Field(default=0.0, ge=0)
    """Running cost of the treatment per user over the horizon, in the unit of value."""

    @model_validator(mode="after")
    def _arms_are_distinct(self) -> "ExperimentSettings":
        names = [arm.name for arm in self.arms]
        if len(set(names)) < len(names):
            msg = f"experiment {self.id}: two arms have one name"
            raise ValueError(msg)
        return self
