"""How each way of foreseeing value did at earlier cuts of the same log: how much money it told of
what came, how it divided it over users, and how much of what leavers took its radar held.
"""

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.revenue.value.ways.value_candidates import CANDIDATES

N_DECILES, N_BINS = 10, 20
DEPTHS = (0.05, 0.1, 0.2)  # of the radar, at which captured loss is counted
EVIDENCE_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
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
    "told_shares": pl.List(pl.Float64),
    "seen_shares": pl.List(pl.Float64),
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
            forecast = users[f"told_{name}"].to_numpy()
            rows.append(
                (
                    *(first[key] for key in ("origin_on", "closes_on", "n_periods", "n_days")),
                    name,
                    float(forecast.sum()),
                    float(seen.sum()),
                    misplaced_share(forecast, seen),
                    *captured_loss(users, name),
                    *_vigintiles(forecast, seen),
                    users.height,
                )
            )
    return pl.DataFrame(rows, schema=EVIDENCE_SCHEMA, orient="row")


def misplaced_share(forecast: Floats, seen: Floats) -> float:
    """Sum over the deciles of the forecast of |told - seen|, over all that was seen."""
    gaps = [abs(t - s) for t, s in zip(*_sums(forecast, seen, N_DECILES), strict=True)]
    return float(sum(gaps) / seen.sum())


def _vigintiles(forecast: Floats, seen: Floats) -> tuple[list[float], list[float]]:
    """Shares of what was told and seen in twentieths by the forecast."""
    told_sums, seen_sums = _sums(forecast, seen, N_BINS)
    return (told_sums / (told_sums.sum() or 1.0)).tolist(), (seen_sums / seen_sums.sum()).tolist()


def _sums(forecast: Floats, seen: Floats, n_bins: int) -> tuple[Floats, Floats]:
    """Sums in bins of equal size by the forecast."""
    parts = np.array_split(np.argsort(forecast, kind="stable"), n_bins)
    return (
        np.array([forecast[part].sum() for part in parts]),
        np.array([seen[part].sum() for part in parts]),
    )


def captured_loss(users: pl.DataFrame, name: str) -> tuple[float | None, float | None]:
    """What leavers had been worth, as far as the first of a radar made of one way held it, and a
    radar of the same probabilities that knew that worth exactly; mean over `DEPTHS`.

    Args:
        users: Rows of `past_values` of one cutoff and span.
        name: The way.

    Returns:
        Captured and attainable; None where no probability was known.
    """
    at_risk = users.filter("is_at_risk", pl.col("churn_probability").is_not_null())
    if at_risk.is_empty():
        return None, None
    chance, worth = (at_risk[key].to_numpy() for key in ("churn_probability", "recent_value"))
    share = np.minimum(at_risk[f"leaver_share_{name}"].to_numpy(), 1.0)
    lost = np.where(at_risk["is_silent_first"].to_numpy(), worth, 0.0)
    kept = 1 - chance * (1 - share)
    stays = at_risk[f"told_{name}"].to_numpy() / np.where(kept > 0, kept, 1.0)
    return _held(chance * stays * (1 - share), lost), _held(chance * worth, lost)


def _held(ranking: Floats, lost: Floats) -> float:
    order = np.argsort(-ranking, kind="stable")
    return float(np.mean([lost[order[: int(np.ceil(part * len(lost)))]].sum() for part in DEPTHS]))
