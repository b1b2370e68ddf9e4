"""One gate of the rule of decisions, and what a decision can be."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Outcome = Literal["rollout", "rollback", "iterate"]
GateVerdict = Literal["pass", "rollback", "iterate"]


class GateKind(StrEnum):
    """What a gate asks; the rest of its name says of which metric, or with which answer."""

    HEALTH = "health"
    HARM = "harm"
    GUARDRAIL = "guardrail"
    SUCCESS = "success"
    MONEY = "money"
    EVIDENCE = "evidence"

    def of(self, subject: str) -> str:
        """Name a gate of this kind."""
        return f"{self.value}:{subject}"


@dataclass(frozen=True)
class Gate:
    """One gate of the rule for one arm: the number it looked at, its limit,
    what it said, and why in words.
    """

    gate: str
    arm: str
    value: float | None
    limit: float | None
    verdict: GateVerdict
    sentence: str
    readout_key: str | None = None

    @property
    def kind(self) -> GateKind:
        """What the gate asks."""
        return GateKind(self.gate.partition(":")[0])
