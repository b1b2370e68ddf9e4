"""A verdict belongs to code, modelling configuration and libraries, not to a night: it is found
once and kept by their fingerprint. Those of the shipped configurations come with the code.
"""

import hashlib
import json
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

import polars as pl

from ntg_assets.configuration.settings import Settings
from ntg_assets.evaluation.leakage.findings import AUDIT_TYPES
from ntg_assets.modules import ROOT
from ntg_assets.storage.files import write_text

SHIPPED = Path(__file__).with_name("verdicts.json")
FOLDER = Path("data") / "leakage"  # below the workspace
DIGITS = 16
# by the import contract nothing that is audited reads these
OUTSIDE = (
    "api.py",
    "cli/",
    "definitions.py",
    "evaluation/boosting.py",
    "evaluation/leakage/plants/",
    "evaluation/ranking/",
    "experiments/",
    "off_policy/",
    "optional_sources/",
    "publish/",
    "serving/",
    "synthetic/",
)
SECTIONS = {
    "seed",
    "split",
    "features",
    "taste",
    "ranking",
    "churn",
    "subscriptions",
    "value",
    "radar",
}
LIBRARIES = ("duckdb", "numba", "numpy", "polars", "pyarrow", "scikit-learn", "scipy")


def fingerprint(settings: Settings) -> str:
    """Name code, modelling configuration and libraries.

    Args:
        settings: The configuration, as `rehearsal_settings` gives it.
    """
    parts = [
        code_fingerprint(),
        settings.model_dump(mode="json", include=SECTIONS),
        [*sys.version_info[:2], *(metadata.version(name) for name in LIBRARIES)],
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:DIGITS]


@cache
def code_fingerprint() -> str:
    """Hash every module, query and learned table that the audited assets may reach."""
    digest = hashlib.sha256()
    kinds = ("*.py", "*.sql", "*.csv")
    for file in sorted(path for kind in kinds for path in ROOT.rglob(kind)):
        name = file.relative_to(ROOT).as_posix()
        if not name.startswith(OUTSIDE):
            digest.update(f"{name}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def known_verdict(name: str, *, workspace: Path) -> pl.DataFrame | None:
    """Find the verdict on a fingerprint: shipped with the code, or found here before."""
    for file in (SHIPPED, workspace / FOLDER / f"{name}.json"):
        if file.exists() and name in (kept := json.loads(file.read_text(encoding="utf-8"))):
            return pl.DataFrame(kept[name], schema=AUDIT_TYPES, orient="row")
    return None


def keep_verdict(name: str, verdict: pl.DataFrame, *, file: Path) -> None:
    """Keep a verdict in a file, beside those of other fingerprints there."""
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text(file, as_json({**kept, name: [list(row) for row in verdict.iter_rows()]}))


def as_json(verdicts: dict[str, list[list[object]]]) -> str:
    """Write verdicts so that a difference between two versions can be read."""
    parts = [
        f"{json.dumps(name)}: [\n" + ",\n".join(f"  {json.dumps(row)}" for row in rows) + "\n]"
        for name, rows in sorted(verdicts.items())
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"
