"""The verdict on the present code and configuration: known, or found now."""

from collections.abc import Callable
from pathlib import Path

import polars as pl

from ntg_assets.configuration.settings import Settings
from ntg_assets.evaluation.leakage.findings import NOT_AUDITED, unaudited
from ntg_assets.evaluation.leakage.rehearsal_settings import rehearsal_settings
from ntg_assets.evaluation.leakage.remaking import find_verdict
from ntg_assets.evaluation.leakage.verdicts import (
    FOLDER,
    fingerprint,
    keep_verdict,
    known_verdict,
)


def remade(settings: Settings, *, workspace: Path, tell: Callable[[str], object]) -> pl.DataFrame:
    """Return the verdict on this code and configuration; find it where none is known.

    Args:
        settings: The configuration of the run.
        workspace: Where verdicts of other fingerprints than the shipped ones are kept.
        tell: Where to say that it is found now.

    Returns:
        Rows of `leakage_audit`.
    """
    rehearsed = rehearsal_settings(settings)
    name = fingerprint(rehearsed)
    if (verdict_before := known_verdict(name, workspace=workspace)) is not None:
        return verdict_before
    if not settings.gate.remaking:
        return unaudited(f"{NOT_AUDITED}: gate.remaking is off, and no verdict on {name} is known")
    tell(f"leakage_audit: no verdict on {name} is known: it is found now, once")
    verdict = find_verdict(rehearsed)
    keep_verdict(name, verdict, file=workspace / FOLDER / f"{name}.json")
    return verdict
