"""What the table of fetched files promises."""

from ntg_assets.columns import Timestamp
from ntg_assets.contracts import Contract, column, contract


@contract("landed_files")
class LandedFiles(Contract):
    """One row per file that `landing.fetch` has brought, and one per fetch that has brought none;
    no rows where nothing is fetched.
    """

    fetch: str = column("Name of the fetch; its folder below `data/landing`.")
    file: str = column("Path below that folder; empty where nothing was ever fetched.")
    origin: str = column("Where it came from, without credentials.")
    n_bytes: int = column("Size.", unit="bytes", ge=0)
    sha256: str = column("SHA-256 of its bytes.")
    changed_at: Timestamp = column(
        "When its origin last changed, naive UTC, as its store says; null: it does not say.",
        nullable=True,
    )
    is_current: bool = column("Whether the fetch of this run succeeded; else it is of an earlier.")
    problem: str = column("Why the fetch of this run failed; null: it did not.", nullable=True)

    class Config(Contract.Config):
        unique = ["fetch", "file"]
