"""Hold the statistics against outside test vectors: any file of them, by their kind.

    python -m benchmarks.experiment_vectors                  # the vectors of this repository
    python -m benchmarks.experiment_vectors others.json      # others of the same kinds

A vector is `{"id", "kind", "inputs", "expected", "tol"}`; `tol` is absolute, or "rel 1e-6". Each is
computed by the public functions of `ntg_assets.statistics.library` from its inputs alone. What is
not within its tolerance is printed, and the exit code is 1 unless every miss has its reason in
`OTHER_CONVENTION`.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from math import isclose, isinf, isnan
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks import vector_designs, vector_effects  # noqa: F401  # they register their answers
from benchmarks.harness import ROOT, command_line, console
from benchmarks.vector_readers import ANSWERS, NotComputedError
from ntg_assets.errors import NtgError

BUNDLED = ROOT / "ntg_assets_tests" / "golden" / "experiment_vectors.json"
OTHER_CONVENTION = {
    "eppo-preferential-bonferroni": (
        "one primary metric keeps the whole error rate and the others share a false discovery rate,"
        " instead of a share of the error rate per metric"
    ),
    "eppo-hybrid-alpha": (
        "success spends the whole error rate over planned looks and harm is watched by a confidence"
        " sequence, instead of half the error rate while running and half at the end"
    ),
    "asos-peeking": (
        "the data set is not here; `test_experiments_error_rates.py` measures the same two facts on"
        " data whose truth is known: peeking inflates, a confidence sequence does not"
    ),
    "gpower-binom": (
        "its figure is that of power 0.85, though its inputs say 0.8; the test of this vector"
        " shows why"
    ),
    "gb-ratio-cuped": (
        "our slope has the least error within the arms; the peer's costs it 1.2% of interval, so"
        " ours lies just inside"
    ),
    "gb-seq-ratio-cuped": "the 1.2% of gb-ratio-cuped, times the sequence's factor",
}
# tests of their own ask these
IN_WORDS = frozenset(
    {"ttest.nulls", "aggregation.numeric", "dataset.tea_tasting", "decision", "health"}
)
FEWEST_DIGITS = 4  # figures printed with so many decimals are also met when they are printed alike


@dataclass(frozen=True)
class Verdict:
    """How one vector came out: `met`, `reason` (another convention),
    `words` (a rule in words, which a test asks) or `off`.
    """

    name: str
    kind: str
    outcome: str
    detail: str = ""


def judge(vector: dict[str, Any]) -> Verdict:
    """Compute one vector and hold it against what it expects."""
    name, kind = vector["id"], vector["kind"]
    if kind in IN_WORDS:
        return Verdict(name, kind, "words")
    try:
        found = ANSWERS[kind](vector["inputs"]) if kind in ANSWERS else None
    except NotComputedError as reason:
        return _off(name, kind, str(reason))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return _off(
            name, kind, f"inputs that this kind is not known with ({type(error).__name__}: {error})"
        )
    except NtgError as refused:
        is_met = isinstance(vector["expected"], str) and "error" in vector["expected"]
        return Verdict(
            name, kind, "met" if is_met else "off", "" if is_met else f"refused: {refused}"
        )
    if kind not in ANSWERS:
        return _off(name, kind, "a kind that is not known here")
    misses = list(_misses(found, vector["expected"], tolerance=vector.get("tol")))
    return _off(name, kind, "; ".join(misses)) if misses else Verdict(name, kind, "met")


def _off(name: str, kind: str, detail: str) -> Verdict:
    return Verdict(
        name,
        kind,
        "reason" if name in OTHER_CONVENTION else "off",
        OTHER_CONVENTION.get(name, detail),
    )


def _misses(
    found: Any, expected: Any, *, tolerance: float | str | None, where: str = "", digits: int = 0
) -> Iterator[str]:
    """Name every number that is further off than the tolerance;
    what is expected but was not computed is a miss.
    """
    if isinstance(expected, dict):
        for key, value in expected.items():
            part = found.get(key, _UNKNOWN) if isinstance(found, dict) else _UNKNOWN
            yield from _misses(
                part, value, tolerance=tolerance, where=f"{where}.{key}" if where else str(key)
            )
    elif isinstance(expected, list):
        values = (
            found
            if isinstance(found, (list, tuple)) and len(found) == len(expected)
            else [_UNKNOWN] * len(expected)
        )
        for place, (one, value) in enumerate(zip(values, expected, strict=True)):
            # a list is printed with as many decimals throughout
            most = max((_digits(other) for other in expected), default=0)
            yield from _misses(
                one, value, tolerance=tolerance, where=f"{where}[{place}]", digits=most
            )
    elif not _is_close(found, expected, tolerance=tolerance, digits=max(digits, _digits(expected))):
        yield f"{where or 'value'}: {found} instead of {expected}"


_UNKNOWN = "not computed"


def _digits(value: Any) -> int:
    """Count the decimals with which a figure is printed."""
    text = repr(value)
    return (
        len(text.split(".")[1])
        if isinstance(value, float) and "." in text and "e" not in text
        else 0
    )


def _is_close(found: Any, expected: Any, *, tolerance: float | str | None, digits: int) -> bool:
    if isinstance(expected, str) and expected.lstrip("+-") in {"inf", "nan"}:
        expected = float(expected)
    if isinstance(expected, (str, bool)) or not isinstance(found, (int, float)):
        return bool(found == expected)
    if isinf(expected) or isnan(expected):
        return isnan(found) if isnan(expected) else found == expected
    if digits >= FEWEST_DIGITS and round(found, digits) == expected:
        return True
    if isinstance(tolerance, str):
        return isclose(found, expected, rel_tol=float(tolerance.split()[-1]))
    return abs(found - expected) <= (
        1e-9 if tolerance is None else max(tolerance, abs(expected) * 1e-12)
    )


def run(
    file: Annotated[
        Path, typer.Argument(help="Vectors (JSON).", exists=True, dir_okay=False)
    ] = BUNDLED,
) -> None:
    """Compute every vector and print what is off."""
    verdicts = [judge(vector) for vector in json.loads(file.read_text(encoding="utf-8"))["vectors"]]
    for verdict in verdicts:
        if verdict.outcome in {"off", "reason"}:
            console.print(
                f"{verdict.outcome:<7}{verdict.name} ({verdict.kind}): {verdict.detail}",
                highlight=False,
                soft_wrap=True,
            )
    console.print(summary(verdicts), highlight=False)
    sys.exit(1 if any(verdict.outcome == "off" for verdict in verdicts) else 0)


def summary(verdicts: list[Verdict]) -> str:
    """Count the outcomes in words."""
    n = {
        outcome: sum(verdict.outcome == outcome for verdict in verdicts)
        for outcome in ("met", "words", "reason", "off")
    }
    return (
        f"{len(verdicts)} vectors: {n['met']} within their tolerances, {n['words']} rules in words"
        f" (asked by tests of their own), {n['reason']} of another convention, {n['off']} off"
    )


if __name__ == "__main__":
    command_line(run)
