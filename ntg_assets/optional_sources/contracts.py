"""Contract of the files that were read beside the interaction log."""

from ntg_assets.contracts import Contract, column, contract


@contract("input_files")
class InputFiles(Contract):
    """One row per file that a configured list or log was read from: with `load_ledger`, all that
    the tables of a run rest on.
    """

    source: str = column(
        "Configuration key, or the experiment it belongs to (`experiments.<id>`)",
        str_length={"min_value": 1},
    )
    file_name: str = column("File, relative to the project folder")
    sha256: str = column("SHA-256 of its bytes before it was read", str_matches=r"^[0-9a-f]{64}$")
    n_bytes: int = column("Its size", unit="bytes", ge=0)
    stood_still: bool = column("Whether it held the same bytes after it was read")

    class Config(Contract.Config):
        unique = ["source", "file_name"]
