"""The off-policy report in sentences, for the page and the end of a run."""

from typing import Any

import polars as pl

from ntg_assets.off_policy.report import LOGGED

READ_FIRST = ("snips", "ips")  # where nothing can be normalised only the second is there


def describe_values(report: pl.DataFrame) -> list[str]:
    """Say of each strategy what it would have earned, against what the log earned,
    and whether to believe it; nothing without a report.
    """
    estimated = report.filter(pl.col("strategy") != LOGGED, pl.col("estimator").is_in(READ_FIRST))
    order = pl.col("estimator").cast(pl.Enum(READ_FIRST))
    return [
        _sentence(row)
        for row in (
            estimated.sort("strategy", order)
            .unique("strategy", keep="first", maintain_order=True)
            .to_dicts()
        )
    ]


def _sentence(row: dict[str, Any]) -> str:
    ends = [row[name] for name in ("difference_low", "difference_high")]
    between = f" (95% interval {ends[0]:+.3g} to {ends[1]:+.3g})" if None not in ends else ""
    logged = row["value"] - row["difference"]
    believed = row["verdict"] if row["supports_claim"] else f"no claim: {row['verdict']}"
    return (
        f"{row['strategy']} would have earned {row['value']:.3g} per shown place where the log"
        f" earned {logged:.3g}: {row['difference']:+.3g}{between}, {row['n_users']:,} users;"
        f" {believed}"
    )
