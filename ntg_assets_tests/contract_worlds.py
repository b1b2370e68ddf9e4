"""Contracts for tests: rows as a source gives them, and a small planted world, made once."""

from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from benchmarks.contract_night import SETTINGS, Night, Sources, night_of, read_sources
from ntg_assets.contracts import IdTypes
from ntg_assets.subscriptions.terms.reading import term_types
from ntg_assets.synthetic.contract_rules import ContractRules
from ntg_assets.synthetic.contract_world import write_contract_world

RULES = ContractRules(n_users=1200, n_days=364, seed=5, price_rise_on_day=200)
FEW = SETTINGS.model_copy(update={"max_fit_rows": 8_000})


def term(
    user: int, contract: str, start: date, end: date | None = None, **more: Any
) -> dict[str, Any]:
    """One term at 9.99 EUR a month."""
    known = {"known_on": start, "end_known_on": end, "end_kind": "cancelled" if end else None}
    return {
        "user_id": user,
        "subscription_id": contract,
        "started_on": start,
        "ended_on": end,
        "plan": "basic",
        "price_minor": 999,
        "currency": "EUR",
        "period_months": 1,
        "period_days": 0,
        "trial_end_on": None,
        **known,
        **more,
    }


def terms(*rows: dict[str, Any]) -> pl.DataFrame:
    """Rows of `subscription_terms`."""
    types = term_types(IdTypes("integer", "integer"))
    return pl.DataFrame(list(rows), schema_overrides=types).select(*types)


@cache
def world() -> Sources:
    """A planted world, read as a service would deliver it."""
    with TemporaryDirectory() as folder:
        write_contract_world(Path(folder), RULES)
        return read_sources(Path(folder))


def cutoff() -> date:
    """A day with half of the world behind it and some of it ahead."""
    return RULES.start_on + timedelta(days=RULES.n_days - 56)


@cache
def night() -> Night:
    """Every table of that day."""
    return night_of(world(), cutoff(), settings=FEW)


def night_with(sources: Sources, **changed: pl.DataFrame) -> Night:
    """Every table of that day, from other sources."""
    return night_of(replace(sources, **changed), cutoff(), settings=FEW)
