"""Hold the statistics against outside test vectors: any file of them, by their fields.

    python -m benchmarks.experiment_vectors                  # the vectors of this repository
    python -m benchmarks.experiment_vectors others.json      # others, of these kinds or new ones

A vector is `{"id", "kind", "inputs", "expected", "tol"}`; `tol` is absolute, or "rel 1e-6". Each is
computed by the public functions of `ntg_assets.statistics.library` from its inputs alone. What is
not within its tolerance is printed, and the exit code is 1 unless every miss has its reason in
`OTHER_CONVENTION`.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isclose, isinf, isnan
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.harness import ROOT, command_line, console
from benchmarks.vectors import (  # noqa: F401  # they register their answers
    beliefs,
    designs,
    effect_sizes,
    effects,
    looks,
    many_shares,
    named,
    plan_rules,
    power,
    rates,
    shares,
    tests,
    units,
)
from benchmarks.vectors.readers import ANSWERS, NotComputedError, read_vector
from ntg_assets.errors import NtgError

GOLDEN = ROOT / "ntg_assets_tests" / "golden"
BUNDLED = GOLDEN / "experiment_vectors.json"
MORE = GOLDEN / "experiment_vectors_more.json"  # of scipy, statsmodels and published formulas
OTHER_CONVENTION = {
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
UNREADABLE = (NotComputedError, KeyError, TypeError, ValueError, AttributeError, IndexError)
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


def evaluate(vector: dict[str, Any]) -> Verdict:
    """Compute one vector and hold it against what it expects."""
    name, kind, expected = vector["id"], str(vector.get("kind", "")), vector["expected"]
    read = read_vector(vector)
    known = sorted(
        (answer for answer in ANSWERS if answer.fits(read)),
        key=lambda answer: answer.weight(read),
        reverse=True,
    )
    if not known:
        # a rule in words: no figure is given from which anything could be computed
        if read.raw and not _numbers(read.raw):
            return Verdict(name, kind, "words")
        return _off(name, kind, "no answer has its fields")
    problems: list[str] = []
    for answer in known:
        try:
            found = _named(answer.function(read), expected)
        except NtgError as refused:
            if isinstance(expected, str) and "error" in expected:
                return Verdict(name, kind, "met")
            problems.append(f"refused: {refused}")
            continue
        except UNREADABLE as bad:
            problems.append(f"inputs that {answer.function.__name__} cannot read ({bad})")
            continue
        misses = list(_misses(found, expected, tolerance=vector.get("tol")))
        if not misses:
            return Verdict(name, kind, "met")
        problems.append("; ".join(misses))
        if not any(_UNKNOWN in miss for miss in misses):
            break  # another answer would be a search for the figures that are expected
    return _off(name, kind, problems[0])


def _numbers(tree: Any) -> bool:
    """Whether there is any number among some inputs."""
    if isinstance(tree, dict):
        return any(_numbers(value) for value in tree.values())
    if isinstance(tree, list):
        return any(_numbers(value) for value in tree)
    return isinstance(tree, (int, float))


EXPECTED_ALIASES = {
    "effect": "difference diff estimate point_estimate delta lift abs_effect absolute",
    "ci": "interval conf_int confidence_interval ci95 ci_95 bounds_ci conf.int credible_interval",
    "ci_lower": "lower low ci_low ci_lo lcl lower_ci lb lo",
    "ci_upper": "upper high ci_high ci_hi ucl upper_ci ub hi",
    "se": "std_err stderr standard_error std_error SE",
    "p": "p_value pvalue p-value pval p.value p_two_sided p_one_sided adjusted_p padj p_adjusted",
    "statistic": (
        "t z t_stat z_stat tstat zstat t_statistic z_statistic stat chisq chi2 X-squared"
        " F f H U W V D Q G S"
    ),
    "d": "cohens_d cohen_d smd effect_size",
    "g": "hedges_g",
    "Q": "q cochran_q heterogeneity",
    "I2": "i2 i_squared I_squared",
    "tau2": "tau_squared tau_sq",
    "r": "correlation coefficient cor",
    "df": "dof degrees_of_freedom parameter",
    "chisq": "chi2 statistic chi_square X2 X-squared",
    "rel_effect": "relative_effect relative rel_diff relative_difference",
    "rel_ci": "relative_ci rel_interval",
    "chance_to_win": "prob_b_beats_a p_better probability_to_beat prob_to_win p_b_gt_a ctw",
    "expected_loss": "loss risk_b",
    "n_per_arm": "n n_per_group n_each sample_size units_per_arm n1",
    "n_total": "total_n N total total_sample_size",
    "power": "pwr achieved_power",
    "bounds": "z_bounds critical_values upper_bounds critical crit boundaries",
    "adjusted": (
        "p_adj padj adjusted_p_values p_adjusted corrected pvals_corrected q_values qvalues q"
    ),
    "rejected": "reject significant",
    "design_effect": "deff",
    "icc": "rho",
    "ratio": "rr risk_ratio relative_risk",
    "odds_ratio": "or oddsratio",
    "variance_reduction": "reduction var_reduction",
    "mde": "minimum_detectable_effect detectable_effect",
}


def _named(found: Any, expected: Any) -> Any:
    """Give what was computed the names under which it is expected; a single figure is what the
    answer calls its value, a pair an interval.
    """
    if not isinstance(found, dict):
        return found
    if isinstance(expected, dict):
        return found | {
            name: found[other]
            for name in expected
            if name not in found
            for other in _other_names(name)
            if other in found
        }
    if isinstance(expected, list):
        names = ("value", "adjusted", "ci") if "value" in found else ("ci", "bounds", "p")
        return next((found[name] for name in names if isinstance(found.get(name), list)), found)
    if isinstance(expected, bool):
        return next((value for value in found.values() if isinstance(value, bool)), found)
    return next((found[name] for name in ("value", "theta", "p") if name in found), found)


def _other_names(name: str) -> list[str]:
    """List the names of one figure, the one that answers use first."""
    found = [
        other
        for canonical, others in EXPECTED_ALIASES.items()
        for other in (canonical, *others.split())
        if name in {canonical, *others.split()}
    ]
    return [one for one in found if one != name]


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


def evaluate_files(files: Sequence[Path]) -> list[Verdict]:
    """Compute every vector of some files."""
    return [
        evaluate(vector)
        for file in files
        for vector in json.loads(file.read_text(encoding="utf-8"))["vectors"]
    ]


def run(
    file: Annotated[
        Path | None, typer.Argument(help="Vectors (JSON).", exists=True, dir_okay=False)
    ] = None,
) -> None:
    """Compute every vector and print what is off."""
    verdicts = evaluate_files([file] if file else [BUNDLED, MORE])
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
