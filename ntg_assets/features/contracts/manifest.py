"""What the feature manifest promises: each feature, explained from its own contract."""

from ntg_assets.contracts import Contract, column, contract


@contract("feature_manifest")
class FeatureManifest(Contract):
    """One row per feature: what it means and what its column holds."""

    entity: str = column(
        "What a row of the feature's table is", isin=("user", "item", "interaction")
    )
    table_name: str = column("Table of the feature")
    feature: str = column("Column")
    data_type: str = column("Type of the column")
    definition: str = column("What it means")
    unit: str = column("Unit", nullable=True)
    window: str = column("Time it looks at")
    null_policy: str = column("When it is null, and what that says")
    source_columns: str = column("What it is made from")
    version: str = column(
        "Changes with the definition, the window, the sources or the SQL (not its form)"
    )
    n_rows: int = column("Rows of the table", ge=0)
    null_share: float = column(
        "Share of rows in which it is null", unit="share", ge=0, le=1, nullable=True
    )
    minimum: float = column("Smallest value", nullable=True)
    mean: float = column("Mean value", nullable=True)
    maximum: float = column("Largest value", nullable=True)

    class Config:
        unique = ["table_name", "feature"]
