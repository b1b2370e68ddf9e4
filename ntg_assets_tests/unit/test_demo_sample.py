"""The committed sample of a subscription world is what its rules make, and truth is the truth."""

from pathlib import Path

import numpy as np
import polars as pl
from polars.testing import assert_frame_equal

from ntg_assets.synthetic.contract_rules import ContractRules
from ntg_assets.synthetic.contract_world import TRUTHS, contract_tables
from tools.demo_sample import FOLDER, RULES


def test_the_sample_is_made_anew_by_its_rules(tmp_path: Path) -> None:
    for name, rows in contract_tables(RULES).items():
        if name == "events":
            held = pl.read_parquet(FOLDER / "events.parquet")
            assert_frame_equal(held, rows, check_dtypes=False)
        elif name not in TRUTHS:
            rows.write_csv(tmp_path / f"{name}.csv")
            assert (tmp_path / f"{name}.csv").read_bytes() == (FOLDER / f"{name}.csv").read_bytes()


def test_planted_chances_are_those_of_what_happens() -> None:
    """Over five worlds the ends, and the returns, are as many as planted, to three standard errors,
    in each fifth.
    """
    worlds = [
        contract_tables(ContractRules(n_users=1_500, n_days=300, seed=seed)) for seed in range(5)
    ]
    for name, column, outcome in (
        ("truth", "end_probability", "ended"),
        ("returns", "return_probability", "returned"),
    ):
        rows = pl.concat(tables[name] for tables in worlds).sort(column)
        chance, happened = rows[column].to_numpy(), rows[outcome].to_numpy()
        for part in np.array_split(np.arange(len(chance)), 5):
            error = np.sqrt((chance[part] * (1 - chance[part])).sum())
            assert abs(happened[part].sum() - chance[part].sum()) <= 3 * error + 1e-9
