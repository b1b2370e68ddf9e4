"""Contracts of the lists of what is published."""

from ntg_assets.contracts import Contract, column, contract
from ntg_assets.summaries import summary

KINDS = ("store", "table", "report", "schema", "figure", "page", "export", "origin")


@contract("publication")
@summary(
    measures={
        "n_files": "count(*)",
        "n_tables": "count(*) filter (kind = 'table')",
        "n_figures": "count(*) filter (kind = 'figure')",
        "n_table_rows": "coalesce(sum(n_rows) filter (kind = 'table'), 0)",
    },
)
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


class Contents(Contract):
    """One row per table of one part of the pipeline that leaves the working store."""

    stage: str = column("Schema of the table")
    name: str = column("Table")
    n_rows: int = column("Its rows", ge=0)
    content: str = column("Hash of its rows in any order: by it a generation is named")

    class Config(Contract.Config):
        unique = ["stage", "name"]


numbers = summary(
    measures={
        "n_tables": "count(*)",
        "n_table_rows": "coalesce(sum(n_rows), 0)",
        "n_empty_tables": "count(*) filter (n_rows = 0)",
    }
)


@contract("ingest_contents")
@numbers
class IngestContents(Contents):
    """One row per published table of the log and of what was read beside it."""


@contract("evaluation_contents")
@numbers
class EvaluationContents(Contents):
    """One row per published table of the back-test: the evidence."""


@contract("experiments_contents")
@numbers
class ExperimentsContents(Contents):
    """One row per published table of the experiments."""


@contract("features_contents")
@numbers
class FeaturesContents(Contents):
    """One row per published table of features."""


@contract("taste_contents")
@numbers
class TasteContents(Contents):
    """One row per published table of the taste graph, the axes and the embeddings."""


@contract("ranking_contents")
@numbers
class RankingContents(Contents):
    """One row per published table of the lists."""


@contract("churn_contents")
@numbers
class ChurnContents(Contents):
    """One row per published table of the churn model."""


@contract("revenue_contents")
@numbers
class RevenueContents(Contents):
    """One row per published table of value, risk and contacts."""


@contract("subscriptions_contents")
@numbers
class SubscriptionsContents(Contents):
    """One row per published table of contracts."""
