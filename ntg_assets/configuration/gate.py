"""What the evidence of the back-test must show before anything is published."""

from pydantic import Field

from ntg_assets.configuration.section import Section


class GateSettings(Section):
    """The release gate between `backtest` and `live`."""

    harm_margin: float = Field(default=0.0, ge=0)
    """The gate shuts when the interval of (NDCG - floor) lies wholly below minus this margin."""
    minimum_users: int = Field(default=300, ge=1)
    """Fewer evaluable users than this is thin evidence: the gate warns."""
    implausible_auc: float = Field(default=0.98, gt=0.5, le=1)
    """A churn AUC above this is more likely a leak than a model."""
    value_factor: float = Field(default=2.0, gt=1)
    """The gate shuts when lifetime value is proven (95%, users as clusters) to be off by more than
    this factor, over the longest span that earlier cuts of the log could judge; by more than its
    root, or not known within it, is a warning."""
    bootstrap_samples: int = Field(default=1000, ge=100)
    """Resamples of users behind each interval."""
    remaking: bool = True
    """Whether a code and modelling configuration that no verdict is known of is audited once by
    re-making a planted world's back-test with other futures (about 15 CPU seconds); else the table
    and the gate say that it was not.
    """
