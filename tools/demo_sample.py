"""Write the committed sample of a planted subscription world: `python -m tools.demo_sample`.

The same rules make the same rows; a test holds the committed files against them.
"""

from pathlib import Path

from ntg_assets.synthetic.contract_rules import ContractRules
from ntg_assets.synthetic.contract_world import write_contract_world

FOLDER = Path("data/sample/subscriptions")
RULES = ContractRules(
    n_users=700,
    n_days=364,
    n_items=90,
    price_rise_on_day=220,
    experiment_days=56,
    experiment_lift=0.4,
    seed=11,
)

if __name__ == "__main__":
    for name, n_rows in write_contract_world(FOLDER, RULES).items():
        print(f"{FOLDER}/{name}: {n_rows:,} rows")
