"""What a receipt rests on, read without the machinery that decides."""

from collections.abc import Mapping
from typing import Any

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NtgError
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.data.evidence_json import evidence_from_json


class ReplayMismatchError(NtgError):
    """A receipt does not lead to the decision that it records."""


def inputs_of(receipt: Mapping[str, Any]) -> tuple[ExperimentSettings, Evidence]:
    """Read the definition and the evidence out of a receipt.

    Raises:
        ReplayMismatchError: they cannot be read.
    """
    try:
        inputs = receipt["inputs"]
        return ExperimentSettings.model_validate(inputs["experiment"]), evidence_from_json(
            inputs["evidence"]
        )
    except (KeyError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ReplayMismatchError(
            f"the receipt is damaged: its inputs cannot be read ({type(error).__name__}: {reason})."
        ) from None
