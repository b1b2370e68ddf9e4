"""The statistics against outside figures: R, PASS, G*Power, GrowthBook,
Spotify, scipy, statsmodels, published tables and public data.

Every vector of `experiment_vectors.json` is either met, by name, in `vectors/effects.py` or
`vectors/designs.py`, or stands in `OTHER_CONVENTION` with the reason.
"""

import pytest

from benchmarks.experiment_vectors import OTHER_CONVENTION
from ntg_assets_tests.vectors import designs, effects  # noqa: F401  # they register their checks
from ntg_assets_tests.vectors.register import CHECKS, VECTORS

# formulas and data sets: `test_benchmarks_vectors.py` computes the first two, and
# `test_experiments_error_rates.py` measures the facts of the third where the truth is known
UNCHECKED = {"eppo-preferential-bonferroni", "eppo-hybrid-alpha", "asos-peeking"}
ELSEWHERE = {"tt-users", "gb-decision-clear-signals"}  # in `test_experiments_rows_to_decision.py`


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_vector(name: str) -> None:
    given = VECTORS[name]
    CHECKS[name](given["inputs"], given["expected"])


def test_every_vector_is_met_or_has_its_reason() -> None:
    assert set(VECTORS) == set(CHECKS) | UNCHECKED | ELSEWHERE
    assert set(OTHER_CONVENTION) <= set(CHECKS)  # an excuse has its proof beside it
