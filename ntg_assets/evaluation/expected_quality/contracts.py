"""Contract of the expected quality of tonight's churn scores."""

import polars as pl

from ntg_assets.contracts import Contract, column, contract
from ntg_assets.evaluation.expected_quality.expected_quality import MEASURES
from ntg_assets.summaries import summary


@contract("expected_quality")
@summary(
    measures={
        "expected_auc": "max(expected) filter (is_tonight and metric = 'auc')",
        "expected_log_loss": "max(expected) filter (is_tonight and metric = 'log_loss')",
        "expected_ece": "max(expected) filter (is_tonight and metric = 'ece')",
        "expected_captured_share": (
            "max(expected) filter (is_tonight and metric = 'captured_share')"
        ),
        "truth_inside_share": "avg(cast(is_inside as double))",
    },
    columns=("origin_on", "metric", "expected", "low", "high", "realised", "is_inside"),
    order=("origin_on desc", "metric"),
)
class ExpectedQuality(Contract):
    """One row per (origin, measure): what the scores of that day were expected to be worth, made
    from what was known then, and what they were worth; tonight's last, without a truth as yet.
    """

    origin_on: pl.Date = column("Day of the scores; nothing from it on was known", unit="date")
    metric: str = column(
        "auc, log_loss, ece: area under the ROC curve, log loss, calibration error of the churn"
        " probabilities; captured_share: share of the value of those who leave that the first tenth"
        " of the radar holds",
        isin=tuple(MEASURES),
    )
    expected: float = column(
        "Mean of what the scores lead to expect; null where it is not defined", nullable=True
    )
    low: float = column(
        "Lower end of the 95% interval: chance of the outcomes, season and drift between origins,"
        " error of the calibration",
        nullable=True,
    )
    high: float = column("Upper end of the interval", nullable=True)
    realised: float = column(
        "The measure on what then happened; null until the window has closed", nullable=True
    )
    is_inside: bool = column("Whether the truth lies in the interval", nullable=True)
    is_tonight: bool = column("Whether these are the newest scores, whose truth is not known")
    closes_on: pl.Date = column("Day on which the truth is known", unit="date")
    n_origins: int = column("Past origins behind the error between origins", ge=0)
    n_rows: int = column("Users measured: every k-th of many", ge=1)
    n_users: int = column("At-risk users scored", ge=1)

    class Config:
        unique = ["origin_on", "metric"]
