"""How much each way of foreseeing value counts, on the evidence of earlier cuts of the same log,
and how far it was off there.

Statistic. At each past cutoff a way is judged at the longest span that has closed, of all users and
by decile of its forecast: *misplaced* = sum over the deciles of |told - seen|, over all seen, mean
over the cutoffs, spans weighed by their length; and by its radar: *missed* = what leavers had been
worth that P (V - R) by this way alone does not hold at the top, of what P times that worth holds.
Its error is the former + `MISSED_COUNTS` of the latter: a sum may be right while who is worth most
is not known. Weights go as 1 / error^(4 n / (n + 2)) with n cutoffs: nearly a choice where many say
that one way is clearly better, an average where few do (averages of forecasts that err differently
err less: Bates and Granger 1969, "The combination of forecasts"). What could not be judged counts
as if it had misplaced `UNJUDGED` of the money, and held of the loss what such ways typically hold.
Each way is first corrected by its own ratios,

    ln(seen / told) = a + b log2(periods) + noise,   a ~ N(0, 0.1^2),  b ~ N(0, 0.05^2)

a ridge regression over the cutoffs, so that a log that fades or grows carries its trend on by the
doubling, and one cutoff proves little. Cutoffs overlap: two of them count as one.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.revenue.value.value_candidates import CANDIDATES

N_DECILES = 10
DEPTHS = (0.05, 0.1, 0.2)  # of the radar, at which captured loss is counted
MOST_MISPLACED = 2.0  # more is not told apart: one bad cutoff must not decide everything
# A share of the attainable loss that a radar missed counts as three of the money misplaced: on a
# fifth of the Complete Journey the captured share rose from .71 (0) over .83 (1) to .92 (3), the
# misplaced one from .072 to .085; more moved neither.
MISSED_COUNTS = 3.0
# What stands for the captured share where no earlier cut knew a probability: what the ways held on
# the Complete Journey, CDNOW and MovieLens at cuts that did.
TYPICALLY_CAPTURED = {"present_pace": 0.95, "learned_pace": 0.9}
ELSE_CAPTURED = 0.75
LEAST_MISPLACED = 0.03  # below this it is luck
UNJUDGED = 0.35  # misplaced share that stands for a way no earlier cut could judge
SHARPNESS, HALF_SHARP = 4.0, 2.0  # the power with many cutoffs, and how many give half of it
LEVEL_SD, TREND_SD = 0.1, 0.05  # of ln(seen / told), and of its change per doubling of the span
LEAST_NOISE = 0.1  # of ln(seen / told) from cutoff to cutoff: seasons move it by as much
OVERLAP = 2.0  # past cutoffs that count as one
EVIDENCE_SCHEMA = {
    "origin_on": pl.Date,
    "closes_on": pl.Date,
    "n_periods": pl.Int64,
    "n_days": pl.Int64,
    "candidate": pl.String,
    "told_value": pl.Float64,
    "seen_value": pl.Float64,
    "misplaced_share": pl.Float64,
    "captured_loss": pl.Float64,
    "attainable_loss": pl.Float64,
    "n_users": pl.Int64,
}


def value_evidence(past: pl.DataFrame) -> pl.DataFrame:
    """Judge every way at every past cutoff and span.

    Args:
        past: `past_values`.

    Returns:
        One row per (cutoff, span, way): columns of `EVIDENCE_SCHEMA`. Nothing seen: no row.
    """
    rows = []
    ordered = past.sort("origin_on", "n_periods", "user_id")
    spans = ordered.group_by("origin_on", "n_periods", maintain_order=True)
    for _, users in spans:
        seen = users["seen_value"].to_numpy()
        if seen.sum() <= 0:
            continue
        first = users.row(0, named=True)
        for name in CANDIDATES:
            if users[f"told_{name}"].null_count():
                continue
            told = users[f"told_{name}"].to_numpy()
            rows.append(
                (
                    *(first[key] for key in ("origin_on", "closes_on", "n_periods", "n_days")),
                    name,
                    float(told.sum()),
                    float(seen.sum()),
                    misplaced_share(told, seen),
                    *captured_loss(users, name),
                    users.height,
                )
            )
    return pl.DataFrame(rows, schema=EVIDENCE_SCHEMA, orient="row")


def misplaced_share(told: Floats, seen: Floats) -> float:
    """Sum over the deciles of the forecast of |told - seen|, over all that was seen."""
    order = np.argsort(told, kind="stable")
    gaps = [abs(told[part].sum() - seen[part].sum()) for part in np.array_split(order, N_DECILES)]
    return float(sum(gaps) / seen.sum())


def captured_loss(users: pl.DataFrame, name: str) -> tuple[float | None, float | None]:
    """What leavers had been worth, as far as the first of a radar made of one way held it, and a
    radar of the same probabilities that knew that worth exactly; mean over `DEPTHS`.

    Args:
        users: Rows of `past_values` of one cutoff and span.
        name: The way.

    Returns:
        Captured and attainable; None where no probability was known.
    """
    asked = users.filter("is_at_risk", pl.col("churn_probability").is_not_null())
    if asked.is_empty():
        return None, None
    chance, worth = (asked[key].to_numpy() for key in ("churn_probability", "recent_value"))
    share = np.minimum(asked[f"leaver_share_{name}"].to_numpy(), 1.0)
    lost = np.where(asked["is_silent_first"].to_numpy(), worth, 0.0)
    kept = 1 - chance * (1 - share)
    stays = asked[f"told_{name}"].to_numpy() / np.where(kept > 0, kept, 1.0)
    return _held(chance * stays * (1 - share), lost), _held(chance * worth, lost)


def _held(ranking: Floats, lost: Floats) -> float:
    order = np.argsort(-ranking, kind="stable")
    return float(np.mean([lost[order[: int(np.ceil(part * len(lost)))]].sum() for part in DEPTHS]))


def value_shapes(
    evidence: pl.DataFrame, *, known_on: date, n_stated: int, available: Sequence[str] = CANDIDATES
) -> pl.DataFrame:
    """Weigh the ways for one cutoff.

    Args:
        evidence: `value_evidence`; only spans that had closed by `known_on` are looked at.
        known_on: The cutoff.
        n_stated: Periods of the stated horizon.
        available: Ways that can be taken at this cutoff.

    Returns:
        `value_shapes`, by way: its evidence in short, weight and correction at the stated horizon.
    """
    longest = longest_closed(evidence, known_on)
    errors = _errors(longest, available)
    captured = {name: _captured(longest.filter(pl.col("candidate") == name)) for name in CANDIDATES}
    weights = _weights(
        _total(errors, captured), available, n_cutoffs=longest["origin_on"].n_unique()
    )
    best = max(weights, key=lambda name: weights[name])
    rows = []
    for name in CANDIDATES:
        mine = longest.filter(pl.col("candidate") == name)
        level, trend = correction(mine)
        told, seen = float(mine["told_value"].sum()), float(mine["seen_value"].sum())
        rows.append(
            {
                "candidate": name,
                "weight": weights[name],
                "is_heaviest": name == best,
                "misplaced_share": errors[name],
                "captured_share": captured[name],
                "told_over_seen": told / seen if seen > 0 else None,
                "log_level": level,
                "log_trend": trend,
                "correction": float(np.exp(level + trend * np.log2(n_stated))),
                "log_spread": spread(mine, level, trend),
                "n_origins": mine.height,
                "longest_days": int(mine["n_days"].max() or 0),  # type: ignore[arg-type]  # whole days
                "first_origin_on": mine["origin_on"].min(),
                "last_closed_on": mine["closes_on"].max(),
            }
        )
    return pl.DataFrame(rows, schema=SHAPES_SCHEMA)


SHAPES_SCHEMA = {
    "candidate": pl.String,
    "weight": pl.Float64,
    "is_heaviest": pl.Boolean,
    "misplaced_share": pl.Float64,
    "captured_share": pl.Float64,
    "told_over_seen": pl.Float64,
    "log_level": pl.Float64,
    "log_trend": pl.Float64,
    "correction": pl.Float64,
    "log_spread": pl.Float64,
    "n_origins": pl.Int64,
    "longest_days": pl.Int64,
    "first_origin_on": pl.Date,
    "last_closed_on": pl.Date,
}


def in_words(shapes: pl.DataFrame) -> str:
    """One sentence: which way counts most, on what evidence, and how it was corrected."""
    row = shapes.filter("is_heaviest").row(0, named=True)
    ways = ", ".join(
        f"{name} {weight:.0%}"
        for name, weight in shapes.sort("weight", descending=True)
        .filter(pl.col("weight") >= 0.01)  # noqa: PLR2004  # less is not worth a word
        .select("candidate", "weight")
        .iter_rows()
    )
    if row["misplaced_share"] is None:
        return f"{ways}: no earlier cut could judge {row['candidate']}"
    return (
        f"{ways}; {row['candidate']} told {row['told_over_seen']:.2f} of what {row['n_origins']}"
        f" earlier cuts then brought (up to {row['longest_days']} days), and counts times"
        f" {row['correction']:.2f}"
    )


def longest_closed(evidence: pl.DataFrame, known_on: date) -> pl.DataFrame:
    """The longest span of each cutoff that had closed by a day."""
    closed = evidence.filter(pl.col("closes_on") <= known_on)
    return closed.filter(pl.col("n_periods") == pl.col("n_periods").max().over("origin_on")).sort(
        "origin_on", "candidate"
    )


def correction(longest: pl.DataFrame) -> tuple[float, float]:
    """Level and trend per doubling of ln(seen / told) of one way; nothing where nothing closed."""
    if longest.is_empty():
        return 0.0, 0.0
    design, ratio = _ratios(longest)
    noise = max(float(ratio.std()), LEAST_NOISE)
    weight = 1 / (OVERLAP * noise**2)
    prior = np.diag([LEVEL_SD**-2, TREND_SD**-2])
    found = np.linalg.solve(prior + weight * design.T @ design, weight * design.T @ ratio)
    return float(found[0]), float(found[1])


def spread(longest: pl.DataFrame, level: float, trend: float) -> float:
    """Standard deviation of ln(seen / told) about the correction; that of the prior where fewer
    than two cutoffs have closed.
    """
    if longest.height < 2:  # noqa: PLR2004  # a spread needs two
        return float(np.hypot(LEVEL_SD, 2 * LEAST_NOISE))
    design, ratio = _ratios(longest)
    return float(max(np.sqrt(((ratio - design @ [level, trend]) ** 2).mean()), LEAST_NOISE / 2))


def _ratios(longest: pl.DataFrame) -> tuple[Floats, Floats]:
    told = np.maximum(longest["told_value"].to_numpy(), np.finfo(np.float64).tiny)
    ratio = np.clip(np.log(longest["seen_value"].to_numpy() / told), -1.0, 1.0)
    periods = longest["n_periods"].cast(pl.Float64).to_numpy()
    return np.column_stack([np.ones(len(ratio)), np.log2(periods)]), ratio


def _errors(longest: pl.DataFrame, available: Sequence[str]) -> dict[str, float | None]:
    """Mean misplaced share of each way over the cutoffs at which all that could ever be judged
    were, where there is such a cutoff; over its own otherwise.
    """
    judged = longest.filter(pl.col("candidate").is_in(list(available)))
    common = judged.filter(pl.len().over("origin_on") == judged["candidate"].n_unique())
    rows = common if common.height else judged
    return {name: _mean_error(rows.filter(pl.col("candidate") == name)) for name in CANDIDATES}


def _mean_error(mine: pl.DataFrame) -> float | None:
    if mine.is_empty():
        return None
    errors = np.minimum(mine["misplaced_share"].to_numpy(), MOST_MISPLACED)
    return float(np.average(errors, weights=mine["n_periods"].cast(pl.Float64).to_numpy()))


def _captured(mine: pl.DataFrame) -> float | None:
    """Captured over attainable loss of all cutoffs; at most 1, None where nothing was lost."""
    captured, attainable = (
        float(mine[f"{kind}_loss"].sum()) for kind in ("captured", "attainable")
    )
    return min(captured / attainable, 1.0) if attainable > 0 else None


def _total(errors: dict[str, float | None], captured: dict[str, float | None]) -> dict[str, float]:
    """Misplaced share and share of the attainable loss that was missed, which counts alike."""
    return {
        name: (UNJUDGED if error is None else error)
        + MISSED_COUNTS * (1 - _or_typical(name, captured[name]))
        for name, error in errors.items()
    }


def _or_typical(name: str, captured: float | None) -> float:
    return TYPICALLY_CAPTURED.get(name, ELSE_CAPTURED) if captured is None else captured


def _weights(
    errors: dict[str, float], available: Sequence[str], *, n_cutoffs: int
) -> dict[str, float]:
    power = SHARPNESS * n_cutoffs / (n_cutoffs + HALF_SHARP)
    raw = {
        name: max(error, LEAST_MISPLACED) ** -power
        for name, error in errors.items()
        if name in available
    }
    total = sum(raw.values())
    return {name: raw.get(name, 0.0) / total if total > 0 else 0.0 for name in CANDIDATES}
