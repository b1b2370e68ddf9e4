"""Answers about several shares at once: equal shares, traffic, arms by their own names."""

from math import sqrt
from typing import Any

import numpy as np

from benchmarks.vectors.arms import Inputs
from benchmarks.vectors.readers import Vector, answers
from ntg_assets.statistics import library as st


def _several(vector: Vector) -> tuple[list[float], list[int]] | None:
    given = vector.raw
    hits = next(
        (given[name] for name in ("successes", "x", "counts", "conversions") if name in given), None
    )
    n = next((given[name] for name in ("nobs", "n", "trials", "totals") if name in given), None)
    if isinstance(hits, list) and isinstance(n, list) and len(hits) == len(n):
        return hits, n
    return None


@answers(lambda vector: _several(vector) is not None, "chisq several k-sample sample", rank=5)
def answer_equal_shares(vector: Vector) -> Inputs:
    """Whether several shares are one."""
    hits, n = _several(vector) or ([], [])
    successes, nobs = np.array(hits, dtype=float), np.array(n, dtype=float)
    common = successes.sum() / nobs.sum()
    chisq = float((((successes - nobs * common) ** 2) / (nobs * common * (1 - common))).sum())
    counts = [st.Count(float(one), int(size)) for one, size in zip(successes, nobs, strict=True)]
    p = st.equal_shares_p(counts)
    return {"chisq": chisq, "statistic": chisq, "df": len(nobs) - 1, "p": p}


@answers(
    lambda vector: vector.has("observed") and _is_list(vector.given["observed"]), "srm ratio", 6
)
def answer_mismatch(vector: Vector) -> Inputs:
    """Whether units fell on the arms as the weights say."""
    observed = _listed(vector.given["observed"])
    weights = _listed(
        vector.given.get("weights") or vector.raw.get("expected") or [1] * len(observed)
    )
    expected = [sum(observed) * weight / sum(weights) for weight in weights]
    chisq = sum(
        (found - wanted) ** 2 / wanted for found, wanted in zip(observed, expected, strict=True)
    )
    p = st.sample_ratio_p([int(one) for one in observed], weights)
    alarm = vector.raw.get("threshold", vector.given.get("alpha", 0.001))
    return {"chisq": chisq, "statistic": chisq, "df": len(observed) - 1, "p": p} | {
        "srm": p < alarm,
        "mismatch": p < alarm,
        "is_srm": p < alarm,
    }


def _is_list(given: Any) -> bool:
    return isinstance(given, (list, dict)) and len(given) > 1


def _listed(given: Any) -> list[float]:
    return list(given.values()) if isinstance(given, dict) else list(given)


def _tables(vector: Vector) -> dict[str, Any]:
    """Find arms by their own names: pairs of successes and units, or units and several counts."""
    pairs = {
        name: value
        for name, value in vector.raw.items()
        if isinstance(value, list) and len(value) == 2 and value[0] <= value[1]  # noqa: PLR2004
    }
    counts = {
        name: value
        for name, value in vector.raw.items()
        if isinstance(value, dict) and "n" in value and _rounds(value)
    }
    return pairs if len(pairs) > 1 and "control" in pairs else counts if len(counts) > 1 else {}


def _rounds(arm: dict[str, Any]) -> list[str]:
    known = ("n", "mean", "var", "sd", "sum", "sum_squares", "successes", "name", "p", "q", "x")
    return [
        name
        for name, value in arm.items()
        if name not in known and isinstance(value, int) and 0 <= value <= arm["n"]
    ]


@answers(lambda vector: bool(_tables(vector)), "realdata prop z", rank=6)
def answer_named_shares(vector: Vector) -> Inputs:
    """Every arm against the control (or the first), for every count that they have."""
    arms = _tables(vector)
    if all(isinstance(one, list) for one in arms.values()):
        control = st.Count(*arms["control"])
        return {
            name: pooled_z(control, st.Count(*arm))
            for name, arm in arms.items()
            if name != "control"
        }
    one, other = list(arms.values())[:2]
    counts = {
        name: [st.Count(arm[name], arm["n"]) for arm in (one, other)] for name in _rounds(one)
    }
    rates = {name: [count.share for count in pair] for name, pair in counts.items()}
    return {"rates": rates} | {name: pooled_z(*pair) for name, pair in counts.items()}


def pooled_z(control: st.Count, treatment: st.Count) -> Inputs:
    """Compare two shares by the z-test with their common variance."""
    share = (control.successes + treatment.successes) / (control.n + treatment.n)
    if share in {0, 1}:
        return {"z": 0.0, "p": 1.0}
    found = st.compare_proportions(control, treatment, pooled=True)
    common = sqrt(share * (1 - share) * (1 / control.n + 1 / treatment.n))
    return {"z": found.difference / common, "p": found.p, "ci": [found.low, found.high]}
