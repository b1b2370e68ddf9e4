"""The parts of a definition: arms, the steps of a ramp, guardrails,
and a person's decision against the rule.
"""

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from ntg_assets.configuration.section import Section


class ArmSettings(Section):
    """One arm of an experiment."""

    name: str = Field(min_length=1)
    strategy: str | None = None
    """Ranking strategy whose lists the arm's users get; needed by an offline replay."""
    weight: float = Field(default=1.0, gt=0)
    """Share of the traffic, relative to the other arms."""


class RampStep(Section):
    """From this day on, so much of the experiment's part of its layer takes part."""

    from_on: date
    share: float = Field(gt=0, le=1)


class OverrideSettings(Section):
    """A named person's decision against the rule."""

    decision: Literal["rollout", "rollback", "iterate"]
    owner: str = Field(min_length=2)
    """Who answers for it."""
    reason: str = Field(min_length=15)
    """Why, in a sentence."""


class GuardrailSettings(Section):
    """A metric that must not get worse by more than a margin."""

    metric: str = Field(min_length=1)
    margin: float | None = Field(default=None, gt=0)
    """Largest harmless worsening, as an absolute difference to the control: a drop,
    or a rise where less is better. None: `relative_margin`, or what the metric itself says.
    """
    relative_margin: float | None = Field(default=None, gt=0, lt=1)
    """The same as a share of the control's mean (0.02: two per cent worse is harmless)."""

    @model_validator(mode="after")
    def _has_one_margin(self) -> "GuardrailSettings":
        if self.margin is not None and self.relative_margin is not None:
            msg = f"guardrail {self.metric}: give margin or relative_margin, not both"
            raise ValueError(msg)
        return self
