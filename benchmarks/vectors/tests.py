"""Answers of tests with names: ranks, signs, several groups, tables of counts, survival."""

from typing import Any

import numpy as np

from benchmarks.vectors.arms import Inputs
from benchmarks.vectors.readers import NotComputedError, Vector, answers
from ntg_assets.statistics import library as st


def tested(found: st.Tested) -> Inputs:
    """Spell out a test under the names that vectors use."""
    named = {"statistic": found.statistic, "p": found.p, "value": found.p}
    if found.df is not None:
        named["df"] = found.df
    return named


def _rank_options(vector: Vector) -> dict[str, Any]:
    exact = vector.raw.get("exact")
    if exact is True or vector.says("exact"):
        return {"method": "exact"}
    if exact is False or vector.says("asymptotic", "approximate", "normal"):
        return {"method": "asymptotic"}
    return {}


def is_corrected(vector: Vector, *, default: bool) -> bool:
    """Whether a correction for continuity is asked for."""
    named = ("correction", "correct", "continuity", "use_continuity", "yates")
    given = [vector.raw[name] for name in named if isinstance(vector.raw.get(name), bool)]
    if given:
        return bool(given[0])
    if vector.says("uncorrected"):
        return False
    return default or vector.says("yates", "corrected")


def _values(vector: Vector) -> list[np.ndarray]:
    return [np.asarray(arm["values"], dtype=float) for arm in vector.arms]


@answers(
    lambda vector: vector.arms_have("values"),
    "mann whitney mann-whitney mannwhitney mwu mannwhitneyu wilcoxon rank ranksum rank-sum u-test",
    rank=0,
)
def answer_mann_whitney(vector: Vector) -> Inputs:
    """Ranks of two arms; U of the first arm, as scipy and R write it, and of the second."""
    control, treatment = _values(vector)[:2]
    found = st.mann_whitney(
        control,
        treatment,
        alternative=vector.alternative,
        use_continuity=is_corrected(vector, default=True),
        **_rank_options(vector),
    )
    of_control = len(control) * len(treatment) - found.statistic
    us = {"U": of_control, "U1": of_control, "U2": found.statistic, "W": of_control}
    return (
        tested(found)
        | us
        | {
            "statistic": of_control,
            "U_min": min(of_control, found.statistic),
            "superiority": found.estimate,
            "auc": found.estimate,
        }
    )


def _differences(vector: Vector) -> np.ndarray | None:
    given = next(
        (vector.raw[name] for name in ("differences", "diffs") if name in vector.raw), None
    )
    if isinstance(given, list):
        return np.asarray(given, dtype=float)
    if vector.arms_have("values") and len({len(one) for one in _values(vector)}) == 1:
        control, treatment = _values(vector)[:2]
        return treatment - control
    return None


def _has_differences(vector: Vector) -> bool:
    return _differences(vector) is not None


@answers(_has_differences, "wilcoxon signed signed-rank paired pairs rank", rank=0)
def answer_signed_ranks(vector: Vector) -> Inputs:
    """Signed ranks of pairs."""
    differences = _given_differences(vector)
    found = st.signed_ranks(
        differences,
        alternative=vector.alternative,
        correction=is_corrected(vector, default=False),
        **_rank_options(vector),
    )
    n = int((differences != 0).sum())
    below = n * (n + 1) / 2 - found.statistic
    smaller = min(found.statistic, below)
    is_two_sided = vector.alternative == "two-sided"
    return tested(found) | {
        "statistic": smaller if is_two_sided else found.statistic,
        "W": smaller if is_two_sided else found.statistic,
        "V": found.statistic,
        "W_plus": found.statistic,
        "W_minus": below,
    }


@answers(_has_differences, "sign signs sign-test binomial paired", rank=-1)
def answer_signs(vector: Vector) -> Inputs:
    """Signs of pairs."""
    differences = _given_differences(vector)
    found = st.sign_test(differences, alternative=vector.alternative)
    n = int((differences != 0).sum())
    return tested(found) | {"n": n, "n_positive": found.statistic, "estimate": found.estimate}


@answers(
    lambda vector: "differences" in vector.raw or "diffs" in vector.raw,
    "t ttest t-test paired pairs mean one-sample",
    rank=1,
)
def answer_mean_difference(vector: Vector) -> Inputs:
    """The one-sample t of differences."""
    pairs = st.sample_from_values(_given_differences(vector))
    found = st.compare_pairs(pairs, confidence=vector.confidence)
    t = found.difference / found.standard_error
    p = st.t_p(t, found.degrees_of_freedom, alternative=vector.alternative)
    return {
        "effect": found.difference,
        "ci": [found.low, found.high],
        "se": found.standard_error,
        "statistic": t,
        "df": found.degrees_of_freedom,
        "p": p,
    }


def _given_differences(vector: Vector) -> np.ndarray:
    found = _differences(vector)
    if found is None:
        raise NotComputedError("no differences")
    return found


def groups_of(vector: Vector) -> list[list[float]] | None:
    """Find the values of several groups."""
    listed = vector.raw.get("groups") or vector.raw.get("samples") or vector.raw.get("arms")
    if isinstance(listed, dict):
        listed = list(listed.values())
    if isinstance(listed, list) and len(listed) > 1:
        groups = [one.get("values") if isinstance(one, dict) else one for one in listed]
        if all(isinstance(one, list) and one for one in groups):
            return groups  # type: ignore[return-value]
    values = [arm["values"] for arm in vector.arms if isinstance(arm.get("values"), list)]
    return values if len(values) == len(vector.arms) > 1 else None


def has_groups(vector: Vector) -> bool:
    """Whether there are several groups of values."""
    found = groups_of(vector)
    return found is not None and all(
        isinstance(value, (int, float)) for one in found for value in one
    )


@answers(has_groups, "anova f-test oneway one-way f", rank=0)
def answer_anova(vector: Vector) -> Inputs:
    """Several means at once."""
    groups = groups_of(vector) or []
    is_welch = vector.says("welch") or vector.raw.get("equal_var") is False
    found = st.one_way_anova(groups, equal_var=not is_welch)
    within = {} if is_welch else {"df2": sum(map(len, groups)) - len(groups)}
    named = tested(found) | {"F": found.statistic, "f": found.statistic, "df1": found.df}
    return named | within | {"df_between": found.df, "df_within": within.get("df2")}


@answers(has_groups, "kruskal wallis kruskal-wallis h-test", rank=-1)
def answer_kruskal(vector: Vector) -> Inputs:
    """Several distributions at once, by ranks."""
    found = st.kruskal_wallis(groups_of(vector) or [])
    return tested(found) | {"H": found.statistic}


def table_of(vector: Vector) -> list[list[int]] | None:
    """Find a table of counts: as such, or of two arms with successes out of so many."""
    for name in ("table", "contingency", "contingency_table", "matrix", "counts", "observed"):
        found = vector.raw.get(name)
        if isinstance(found, list) and found and all(isinstance(row, list) for row in found):
            return found
    whole = ("successes", "n")
    if vector.arms_have(*whole) and not any(
        isinstance(arm[name], list) for arm in vector.arms for name in whole
    ):
        return [[int(arm["successes"]), int(arm["n"] - arm["successes"])] for arm in vector.arms]
    return None


def _has_table(vector: Vector) -> bool:
    return table_of(vector) is not None


def _is_square(vector: Vector) -> bool:
    return np.shape(table_of(vector) or []) == (2, 2)


@answers(
    lambda vector: _has_table(vector) and not vector.arms,
    "chi chisq chi-square chi-squared chisquare contingency independence g-test likelihood yates",
    rank=1,
)
def answer_chi_squared(vector: Vector) -> Inputs:
    """Chi-squared of a table."""
    found = st.chi_squared(
        table_of(vector) or [],
        correction=is_corrected(vector, default=True),
        by_likelihood=vector.says("g-test", "likelihood", "log-likelihood"),
    )
    return tested(found) | {"chisq": found.statistic, "G": found.statistic}


@answers(
    lambda vector: _has_table(vector) and not vector.arms,
    "fisher exact freeman halton fisher-exact",
    rank=0,
)
def answer_fisher_table(vector: Vector) -> Inputs:
    """Fisher's exact test of a table as it is written."""
    found = st.fisher_table(table_of(vector) or [], alternative=vector.alternative)
    return {"p": found.p, "value": found.p} | (
        {} if found.estimate is None else {"odds_ratio": found.estimate}
    )


@answers(_is_square, "barnard boschloo unconditional", rank=-1)
def answer_barnard(vector: Vector) -> Inputs:
    """The unconditional exact tests: scipy's columns are the arms, those of a table as written."""
    table = np.asarray(table_of(vector))
    counts = table.T if vector.arms else table
    found = st.barnard(
        counts.tolist(),
        alternative=vector.alternative,
        pooled=vector.raw.get("pooled", True),
        by_boschloo=vector.says("boschloo"),
    )
    return tested(found)


def _tables(vector: Vector) -> list[Any] | None:
    for name in ("tables", "strata", "stratified_tables"):
        found = vector.raw.get(name)
        if isinstance(found, list) and found and all(np.shape(one) == (2, 2) for one in found):
            return found
    return None


@answers(
    lambda vector: _tables(vector) is not None,
    "cmh mantel haenszel mantel-haenszel cochran stratified",
    rank=8,
)
def answer_mantel_haenszel(vector: Vector) -> Inputs:
    """Strata of tables."""
    found = st.mantel_haenszel(_tables(vector) or [], correction=is_corrected(vector, default=True))
    ratio = {"odds_ratio": found.estimate, "common_odds_ratio": found.estimate}
    return tested(found) | ratio | {"chisq": found.statistic}


TIMES = ("times", "time", "durations", "duration", "t", "survival")
EVENTS = ("events", "event", "status", "happened", "observed", "d")


def _survival(vector: Vector) -> tuple[list[float], list[int], list[Any]] | None:
    """Find times and events: of all units with their group, or of arms."""
    times, events = (_listed(vector.raw, names) for names in (TIMES, EVENTS))
    groups = _listed(vector.raw, ("group", "groups", "arm", "arms"))
    if times and events and groups:
        return times, events, groups
    parts = [one for one in vector.raw.values() if isinstance(one, dict)]
    found = [(_listed(one, TIMES), _listed(one, EVENTS)) for one in parts]
    if len(found) < 2 or not all(one and other for one, other in found):  # noqa: PLR2004
        return None
    return (
        [time for one, _ in found for time in one],
        [event for _, one in found for event in one],
        [place for place, (one, _) in enumerate(found) for _ in one],
    )


def _listed(raw: Inputs, names: tuple[str, ...]) -> list[Any]:
    return next((raw[name] for name in names if isinstance(raw.get(name), list)), [])


@answers(
    lambda vector: _survival(vector) is not None, "logrank log-rank survival mantel log", rank=9
)
def answer_log_rank(vector: Vector) -> Inputs:
    """Times to an event."""
    found = st.log_rank(*(_survival(vector) or ([], [], [])))
    return tested(found) | {"chisq": found.statistic}
