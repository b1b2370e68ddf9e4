"""One gate of the rule of decisions, and what a decision can be."""

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["rollout", "rollback", "iterate"]
GateVerdict = Literal["pass", "rollback", "iterate"]


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
