"""Contract of the list of what was published."""

from ntg_assets.contracts import Contract, column, contract

KINDS = ("store", "table", "report", "schema", "figure", "page", "export", "origin")


@contract("publication")
class Publication(Contract):
    """One row per published file."""

    path: str = column("File, relative to the workspace")
    kind: str = column("What the file is", isin=KINDS)
    n_rows: int = column("Rows of a table or an export", nullable=True, ge=0)
    content: str = column(
        "Identity of the content, the same for the same rows; bytes and SHA-256 are in the"
        " manifest",
        nullable=True,
    )

    class Config:
        unique = ["path"]
