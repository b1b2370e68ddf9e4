"""The two arms of a vector, under any of the names that people give them."""

from typing import Any

import numpy as np

from ntg_assets.statistics import library as st

Inputs = dict[str, Any]
ARM_ALIASES = {
    "n": "size count users units nobs trials n_units sample_size n_users visitors total_n sessions",
    "mean": "avg average xbar m m_mean mu",
    "var": "variance s2 sample_variance",
    "sd": "std stddev std_dev s sigma standard_deviation stdev",
    "sum": "total sum_x main_sum",
    "sum_squares": "sum_sq sumsq sum_of_squares ss sum_x2 main_sum_squares",
    "successes": "x conversions events hits converted count_success success k successes_count",
    "values": "data sample samples_values y outcomes observations post_values",
    "p": "rate share proportion conversion_rate cr",
    "clusters": "cluster cluster_id cluster_ids groups",
    "covariate": "pre x_pre pre_period covariates pre_values",
    "numerator": "num numerators",
    "denominator": "den denom denominators",
}
CONTROL = ("control", "a", "baseline", "ctrl", "c", "arm_a", "group_a", "group0", "old", "placebo")
TREATMENT = (
    "treatment",
    "b",
    "variant",
    "test",
    "t",
    "arm_b",
    "group_b",
    "treat",
    "new",
    "variation",
)


def lookup_of(aliases: dict[str, str]) -> dict[str, str]:
    """Index every name by the one that answers use."""
    return {
        name: canonical
        for canonical, others in aliases.items()
        for name in (canonical, *others.split())
    }


_ARM = lookup_of(ARM_ALIASES)


def canonical(name: str, lookup: dict[str, str]) -> str:
    """Return the one name of a field."""
    return lookup.get(name, lookup.get(name.lower(), name))


def read_arm(given: Inputs | list[float]) -> Inputs:
    """Give the fields of one arm one name each; a bare list is its values."""
    if not isinstance(given, dict):
        if len(given) == 2 and all(isinstance(one, int) for one in given):  # noqa: PLR2004
            return {"successes": given[0], "n": given[1]}
        return {"values": given}
    if "m_sum" in given:
        return dict(given)
    return _without_two_sizes(
        {name: (canonical(name, _ARM), value) for name, value in given.items()}
    )


def _without_two_sizes(fields: dict[str, tuple[str, Any]]) -> Inputs:
    """Take a count beside a number of observations for successes, as statsmodels has it."""
    named = [field for field, _ in fields.values()]
    is_count = named.count("n") > 1 and "count" in fields and "successes" not in named
    if is_count:
        fields = fields | {"count": ("successes", fields["count"][1])}
    return dict(fields.values())


def parts_of(raw: Inputs) -> list[Inputs]:
    """Find arms that are written apart from each other."""
    listed = raw.get("arms") or raw.get("groups") or raw.get("variations")
    if isinstance(listed, dict):
        listed = list(listed.values())
    if isinstance(listed, list) and len(listed) > 1:
        return [read_arm(one) for one in listed]
    lower = {name.lower(): value for name, value in raw.items()}
    for one in CONTROL:
        for other in TREATMENT:
            pair = [lower.get(one), lower.get(other)]
            if all(isinstance(value, (dict, list)) for value in pair):
                return [read_arm(value) for value in pair if value is not None]
    return []


_ENDS = [
    (("2", "1"), "number"),  # group 1 minus group 2, as R and textbooks have it
    (("_2", "_1"), "number"),
    (("_a", "_b"), "letter"),
    (("_c", "_t"), "letter"),
    (("_control", "_treatment"), "word"),
    (("_ctrl", "_treat"), "word"),
    (("0", "1"), "number"),
    (("_0", "_1"), "number"),
    (("_x", "_y"), "letter"),
]


def flat_arms(raw: Inputs) -> list[Inputs]:
    """Find arms whose fields stand side by side, told apart by an ending or a beginning."""
    for ends, _ in _ENDS:
        arms = [_with_end(raw, end, prefix=False) for end in ends]
        if all(arms) and arms[0].keys() == arms[1].keys():
            return arms
    for names in ((one, other) for one in CONTROL for other in TREATMENT):
        arms = [_with_end(raw, f"{name}_", prefix=True) for name in names]
        if all(arms) and arms[0].keys() == arms[1].keys():
            return arms
    return []


def _with_end(raw: Inputs, end: str, *, prefix: bool) -> Inputs:
    fields: dict[str, tuple[str, Any]] = {}
    for name, value in raw.items():
        matches = name.startswith(end) if prefix else name.endswith(end)
        bare = name[len(end) :] if prefix else name[: -len(end)]
        field = canonical(bare, _ARM) if matches else ""
        if field in ARM_ALIASES:
            fields[bare] = field, value
    return _without_two_sizes(fields)


def sample_of(arm: Inputs) -> st.Sample:  # noqa: PLR0911  # one way of writing an arm each
    """Read one arm as a mean, however its moments are written down."""
    if "m_sum" in arm:
        return st.adjusted_samples([ratio_of(arm)], use_covariate=False)[0]
    if "values" in arm:
        values = [np.nan if one is None else one for one in arm["values"]]
        return st.sample_from_values(np.asarray(values, dtype=float))
    if "successes" in arm:
        return st.sample_from_share(arm["successes"], arm["n"])
    if "sum_squares" in arm:
        return st.sample_from_sums(arm["n"], arm["sum"], arm["sum_squares"])
    if "p" in arm and "mean" not in arm:
        return st.sample_from_share(arm["p"] * arm["n"], arm["n"])
    mean = arm["mean"] if "mean" in arm else arm["sum"] / arm["n"]
    if "se" in arm:
        return st.Sample(arm["n"], mean, arm["se"] ** 2 * arm["n"])
    return st.Sample(arm["n"], mean, arm["var"] if "var" in arm else arm["sd"] ** 2)


arm_of = sample_of


def count_of(arm: Inputs) -> st.Count:
    """Read one arm as a count of successes."""
    if "values" in arm:
        return st.Count(float(sum(arm["values"])), len(arm["values"]))
    hits = arm["successes"] if "successes" in arm else arm["p"] * arm["n"]
    return st.Count(hits, arm["n"])


def ratio_of(given: Inputs) -> st.Moments:
    """Read the sums of a ratio (m / d), with those of its pre-period
    (mpre / dpre) where they are given.
    """
    n = int(given["n"])
    names = {"value": "m", "denominator": "d", "covariate": "mpre", "covariate_denominator": "dpre"}
    products = {
        ("value", "value"): "m_ss",
        ("value", "denominator"): "m_d",
        ("value", "covariate"): "m_mpre",
        ("value", "covariate_denominator"): "m_dpre",
        ("denominator", "denominator"): "d_ss",
        ("denominator", "covariate"): "mpre_d",
        ("denominator", "covariate_denominator"): "d_dpre",
        ("covariate", "covariate"): "mpre_ss",
        ("covariate", "covariate_denominator"): "mpre_dpre",
        ("covariate_denominator", "covariate_denominator"): "dpre_ss",
    }
    known = {"d_sum": n, "dpre_sum": n, "mpre_sum": 0} | given
    sums = {name: float(known[f"{short}_sum"]) for name, short in names.items()}
    return st.Moments(
        n,
        {name: total / n for name, total in sums.items()},
        {
            pair: (
                (given[key] - sums[pair[0]] * sums[pair[1]] / n) / (n - 1) if key in given else 0.0
            )
            for pair, key in products.items()
        },
    )


def told(found: st.Difference) -> Inputs:
    """Spell out a difference under the names that vectors use."""
    return {
        "effect": found.difference,
        "ci": [found.low, found.high],
        "ci_lower": found.low,
        "ci_upper": found.high,
        "se": found.standard_error,
        "p": found.p,
        "statistic": found.difference / found.standard_error,
        "df": found.degrees_of_freedom,
        "rel_effect": found.relative,
        "rel_log_ci": [found.relative_low, found.relative_high],
        "rel_ci": [found.relative_low, found.relative_high],
    }


def arm_field(name: str) -> str | None:
    """Return the one name of a field of an arm, written in the plural or not; None: it is none."""
    for written in (name, name.removesuffix("s"), name.removesuffix("es")):
        field = canonical(written, _ARM)
        if field in ARM_ALIASES:
            return field
    return None
