"""What the table of feature drift promises."""

from ntg_assets.contracts import Contract, column, contract
from ntg_assets.summaries import summary


@contract("feature_drift")
@summary(
    measures={
        "largest_psi": "max(psi)",
        "median_psi": "median(psi)",
        "n_alarms": "count(*) filter (is_alarm)",
        "n_features": "count(*)",
        "n_compared": "count(psi)",
    },
    order=("psi desc nulls last", "entity", "feature"),
)
class FeatureDrift(Contract):
    """One row per feature of users and items: its distribution tonight against that of the
    publication before; no rows before the first publication.
    """

    entity: str = column("Whose feature.", isin=["user", "item"])
    feature: str = column("Column of `user_features` or `item_features`.")
    psi: float = column(
        "Population stability index over the deciles of the publication before; null: fewer than"
        " 200 values on either side.",
        nullable=True,
        ge=0,
    )
    mean: float = column("Mean tonight; null: no value.", nullable=True)
    mean_before: float = column("Mean in the publication before; null: no value.", nullable=True)
    null_share: float = column("Share of nulls tonight.", ge=0, le=1)
    null_share_before: float = column("Share of nulls in the publication before.", ge=0, le=1)
    is_alarm: bool = column("Whether psi is above .25.")

    class Config(Contract.Config):
        unique = ["entity", "feature"]
