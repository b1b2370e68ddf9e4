"""The columns of `ranking_report`."""

import polars as pl

FLOOR = "popularity"  # the strategy that all others are held against
REPORT_SCHEMA = {
    "split": pl.String,
    "slice": pl.String,
    "slice_rule": pl.String,
    "strategy": pl.String,
    "metric": pl.String,
    "k": pl.Int64,
    "n_users": pl.Int64,
    "mean": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "floor_mean": pl.Float64,
    "difference": pl.Float64,
    "difference_low": pl.Float64,
    "difference_high": pl.Float64,
    "is_enough": pl.Boolean,
    "note": pl.String,
}
