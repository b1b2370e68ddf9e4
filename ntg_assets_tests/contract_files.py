"""Contracts written to a file and read back, and what is said of them."""

from pathlib import Path

import polars as pl

from ntg_assets.configuration.inputs.subscriptions import SubscriptionSourceSettings
from ntg_assets.contracts import IdTypes, check_frame
from ntg_assets.sources.sources import Place
from ntg_assets.subscriptions.terms.contracts import SubscriptionTerms
from ntg_assets.subscriptions.terms.reading import ReadTerms, read_subscriptions

HEAD = "user_id,subscription_id,started_at,ended_at,plan,price,billing_period"


GOOD = [f"9,good{k},2024-01-01,,basic,9.99,month" for k in range(200)]


IDS = IdTypes("integer", "integer")


def read(folder: Path, rows: list[str], *, head: str = HEAD, **fields: object) -> ReadTerms:
    """Read contracts in euros from rows of a file, and hold them against their contract."""
    (folder / "subs.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    fields = {"constant_currency": "EUR"} | fields
    source = SubscriptionSourceSettings.model_validate({"files": ["subs.csv"], **fields})
    found = read_subscriptions(source, place=Place(folder), ids=IDS, zone="UTC")
    check_frame(found.terms, SubscriptionTerms, ids=IDS)
    return found


def count(found: ReadTerms, check: str) -> int:
    """Return how many rows a check counted."""
    return int(found.checks.filter(pl.col("check") == check)["n_rows"].item())
