"""Write a planted subscription world: log, items, contracts, payments, attributes, and the truth.

- `events.parquet`: user_id, item_id, event_at, event_type
- `items.csv`: item_id, title, categories
- `subscriptions.csv`: one row per term, with the day on which each end was known
- `payments.csv`: subscription_id, happened_at, status, amount, currency
- `users.csv`: user_id, known_from, country, channel, acquisition_cost, consent
- `item_windows.csv`: item_id, known_from, available_from, available_until, regions
- `assignments.csv`: experiment_id, user_id, arm, assigned_at; where there is an experiment
- `truth/contracts.parquet`, `truth/returns.parquet`: see `contract_truth.py`
"""

from pathlib import Path

import polars as pl

from ntg_assets.synthetic.contract_attributes import item_rows, item_windows, user_rows
from ntg_assets.synthetic.contract_events import assignments, event_rows
from ntg_assets.synthetic.contract_lives import (
    live,
)
from ntg_assets.synthetic.contract_rules import ContractRules
from ntg_assets.synthetic.contract_terms import payment_rows, term_rows
from ntg_assets.synthetic.contract_truth import contract_truth, return_truth

TRUTHS = {"truth": "contracts.parquet", "returns": "returns.parquet"}


def contract_tables(rules: ContractRules) -> dict[str, pl.DataFrame]:
    """Make every table of a world; the same rules make the same rows."""
    lives = live(rules)
    return {
        "events": event_rows(lives, rules),
        "items": item_rows(rules),
        "subscriptions": term_rows(lives, rules),
        "payments": payment_rows(lives, rules),
        "users": user_rows(lives, rules),
        "item_windows": item_windows(rules),
        "truth": contract_truth(lives, rules),
        "returns": return_truth(lives, rules),
    } | ({"assignments": assignments(lives, rules)} if rules.experiment_days else {})


def write_contract_world(folder: Path, rules: ContractRules) -> dict[str, int]:
    """Write a world into a folder; return the rows of each table."""
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    tables = contract_tables(rules)
    for name, rows in tables.items():
        if name in TRUTHS:
            rows.write_parquet(folder / "truth" / TRUTHS[name])
        elif name == "events":
            rows.with_columns(pl.col("user_id", "item_id").cast(pl.Int32)).write_parquet(
                folder / "events.parquet", compression="zstd", compression_level=9
            )
        else:
            rows.write_csv(folder / f"{name}.csv")
    return {name: rows.height for name, rows in tables.items()}
