"""What a plan says of itself: shares, effects, spreads, units."""

from math import sqrt

from benchmarks.vectors.readers import Vector
from ntg_assets.statistics import library as st


def number_of(vector: Vector, *names: str) -> float | None:
    """Read the first of some fields that is a number."""
    for name in names:
        for fields in (vector.raw, vector.given):
            value = fields.get(name)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                return float(value)
    return None


def shares_of(vector: Vector) -> tuple[float, float] | None:
    """Find two shares, or one and what is added to it or multiplied with it."""
    one = number_of(vector, "p1", "p_control", "control_rate", "p_a", "pA", "baseline")
    other = number_of(vector, "p2", "p_treatment", "treatment_rate", "p_b", "pB", "target")
    if one is None and str(vector.raw.get("metric", "")).startswith(("binom", "prop", "conv")):
        one = number_of(vector, "baseline_variance_or_p", "mean")
    if one is None or not 0 < one < 1:
        return None
    if other is None:
        absolute, relative = number_of(vector, "effect"), number_of(vector, "relative_effect")
        if absolute is None and relative is None:
            return None
        other = one * (1 + relative) if relative is not None else one + (absolute or 0.0)
    return one, other


def sd_of(vector: Vector) -> float:
    """Read a standard deviation; 1 where none is given."""
    variance = number_of(vector, "var", "variance", "baseline_variance_or_p")
    sd = number_of(vector, "sd", "sigma", "std", "stddev", "standard_deviation")
    spread = sd if sd is not None else sqrt(variance) if variance is not None else 1.0
    return spread * sqrt(1 - _explained(vector))


def _explained(vector: Vector) -> float:
    """Read the share of the variance that a covariate explains; 0 where none is named."""
    if vector.has("cluster_size"):
        return 0.0  # a correlation within clusters
    share = number_of(vector, "r2", "r_squared", "explained", "variance_reduction")
    rho = number_of(vector, "rho", "correlation", "r")
    return share if share is not None else 0.0 if rho is None else rho**2


def effect_of(vector: Vector) -> float | None:
    """Read an absolute effect, or a relative one of a mean."""
    found = number_of(vector, "d", "delta", "effect")
    relative, mean = (
        number_of(vector, "relative_effect"),
        number_of(vector, "mean", "baseline", "mu"),
    )
    if found is None and relative is not None and mean is not None:
        return relative * mean
    return found


def h_of(vector: Vector) -> float | None:
    """Read an effect on the arcsine scale."""
    return number_of(vector, "h")


def sizes_of(vector: Vector) -> tuple[float, float] | None:
    """Read the units of both arms."""
    ratio = number_of(vector, "ratio") or 1.0
    n = number_of(vector, "n1", "n_control", "n_a", "n_per_arm", "n_per_group", "n")
    total = number_of(vector, "n_total")
    if n is None and total is not None:
        n = total / (number_of(vector, "n_variations") or (1 + ratio))
    if n is None:
        return None
    other = number_of(vector, "n2", "n_treatment", "n_b")
    return n, n * ratio if other is None else other


def is_one_sample(vector: Vector) -> bool:
    """Whether one sample, or pairs, is meant."""
    return vector.says("one-sample", "paired", "pairs", "onesample")


def is_t(vector: Vector) -> bool:
    """Whether the variance is estimated."""
    return not (vector.says("z", "normal", "ztest", "z-test") or vector.raw.get("use_t") is False)


def share_design(vector: Vector, shares: tuple[float, float], ratio: float) -> st.Design:
    """The pooled score test unless the unpooled one is named."""
    p1, p2 = shares
    common = (p1 + ratio * p2) / (1 + ratio)
    is_unpooled = vector.says("unpooled") or vector.raw.get("pooled") is False
    return st.Design(
        p1 * (1 - p1),
        p2 * (1 - p2),
        ratio=ratio,
        significance=vector.alpha,
        alternative=vector.alternative,
        null_variance=None if is_unpooled or "metric" in vector.raw else common * (1 - common),
        use_t=False,
    )


def design_of(vector: Vector, ratio: float, *, use_t: bool) -> st.Design:
    """Make the design of two means."""
    sd = sd_of(vector)
    other = number_of(vector, "sd2", "sigma2", "sd_treatment") or sd
    return st.Design(
        sd**2,
        other**2,
        ratio=ratio,
        significance=vector.alpha,
        alternative=vector.alternative,
        equal_variances=other == sd,
        use_t=use_t,
    )


def signed(effect: float, design: st.Design) -> float:
    """Take an effect for one in the direction of a one-sided test."""
    if design.alternative == "less":
        return -abs(effect)
    return abs(effect) if design.alternative == "greater" else effect


def has_data(vector: Vector) -> bool:
    """Whether the arms hold data, so that no plan is meant."""
    return any(
        name in arm for arm in vector.arms for name in ("values", "successes", "mean", "m_sum")
    )
