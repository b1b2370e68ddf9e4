"""Whether the intervals of the churn scores hold what then happened: realised rates of groups
against the interval of their mean.

One user's outcome is 0 or 1 and says nothing about an interval. A group's rate does: the users of
an origin are cut into bins of equal size by probability, and a bin's realised rate should lie
within the mean interval widened by the sampling of as many outcomes, about 95 times in 100. Errors
of the users of a bin are taken to go together, as a season's do; where they do not, more than 95
are inside.
"""

import numpy as np
import polars as pl

from ntg_assets.statistics.glm import Z_95
from ntg_assets.statistics.probability_metrics import equal_mass_bins

ALL_BINS = 0
COVERAGE_SCHEMA = {
    "evaluation": pl.String,
    "bin": pl.Int64,
    "predicted": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "observed": pl.Float64,
    "covered_share": pl.Float64,
    "covered_by_sampling_share": pl.Float64,
    "n_groups": pl.Int64,
    "n_rows": pl.Int64,
}


def churn_interval_coverage(forecasts: pl.DataFrame, *, n_bins: int) -> pl.DataFrame:
    """Count how many groups' realised rates the intervals hold.

    Args:
        forecasts: `churn_forecasts`.
        n_bins: Equal-mass bins of each origin.

    Returns:
        `churn_interval_coverage`, by evaluation and bin; bin 0 is all of them.
    """
    if forecasts.is_empty():
        return pl.DataFrame(schema=COVERAGE_SCHEMA)
    groups = _judged(_binned(forecasts, n_bins))
    both = pl.concat([groups, groups.with_columns(bin=pl.lit(ALL_BINS, pl.Int64))])
    weighted = {
        name: (pl.col(name) * pl.col("n_rows")).sum() / pl.col("n_rows").sum()
        for name in ("predicted", "low", "high", "observed")
    }
    by_bin = both.sort("evaluation", "bin", "origin_on").group_by(
        "evaluation", "bin", maintain_order=True
    )
    shares = [
        pl.col(f"is_{name}").mean().alias(f"{name}_share")
        for name in ("covered", "covered_by_sampling")
    ]
    summed = by_bin.agg(**weighted).join(
        by_bin.agg(*shares, pl.len().cast(pl.Int64).alias("n_groups"), pl.col("n_rows").sum()),
        on=["evaluation", "bin"],
    )
    return summed.select(COVERAGE_SCHEMA.keys()).sort("evaluation", "bin")


def _binned(forecasts: pl.DataFrame, n_bins: int) -> pl.DataFrame:
    """Divide the forecasts of each origin into bins of equal size, in a stated order."""
    origins = forecasts.sort("evaluation", "origin_on", "user_id").group_by(
        "evaluation", "origin_on", maintain_order=True
    )
    return pl.concat(
        rows.with_columns(
            bin=pl.Series(equal_mass_bins(rows["churn_probability"].to_numpy(), n_bins))
        )
        for _, rows in origins
    )


def _judged(rows: pl.DataFrame) -> pl.DataFrame:
    mean = {
        name: pl.col(f"churn_probability{end}").mean()
        for name, end in (("predicted", ""), ("low", "_low"), ("high", "_high"))
    }
    churned = pl.col("is_churned").cast(pl.Float64).mean()
    groups = rows.group_by("evaluation", "origin_on", "bin", maintain_order=True).agg(
        **mean, observed=churned, n_rows=pl.len().cast(pl.Int64)
    )
    predicted, observed, low, high = (
        groups[name].to_numpy() for name in ("predicted", "observed", "low", "high")
    )
    sampling = predicted * (1 - predicted) / groups["n_rows"].to_numpy()
    margin = np.where(observed > predicted, high - predicted, predicted - low) / Z_95
    gap = np.abs(observed - predicted)
    return groups.with_columns(
        is_covered=pl.Series(gap <= Z_95 * np.sqrt(margin**2 + sampling)),
        is_covered_by_sampling=pl.Series(gap <= Z_95 * np.sqrt(sampling)),
    )
