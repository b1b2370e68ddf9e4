"""The JSON reports: what was measured, for programs and for people who like to read JSON."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import NamedTuple

import polars as pl

from ntg_assets.local_days import describe_cutoff
from ntg_assets.zones import UTC_ZONE

SCHEMA_VERSION = "1.0"
REPORTS: dict[str, dict[str, str]] = {
    "data": {
        "load_ledger": "ingest",
        "volume_report": "ingest",
        "optional_sources": "ingest",
        "user_list_report": "live",
        "contact_holds": "live",
        "split_boundaries": "backtest",
        "split_report": "backtest",
        "leakage_audit": "backtest",
    },
    "metrics": {
        "release_gate": "backtest",
        "retrieval_report": "backtest",
        "ranking_report": "backtest",
        "off_policy_report": "backtest",
        "off_policy_problems": "backtest",
        "radar_backtest": "backtest",
        "value_backtest": "backtest",
        "money_calibration": "backtest",
        "radar_segments": "published",
        "radar_portfolio": "live",
        "strategy_comparison": "live",
    },
    "calibration": {
        "churn_calibration": "backtest",
        "churn_interval_coverage": "backtest",
        "churn_challengers": "backtest",
        "churn_drift": "backtest",
        "expected_quality": "published",
        "churn_horizon_report": "live",
        "churn_model_selection": "live",
        "churn_recalibration": "live",
        "churn_uncertainty": "live",
        "churn_coefficients": "backtest",
    },
    "decisions": {
        "health_checks": "experiments",
        "readouts": "experiments",
        "segment_effects": "experiments",
        "self_tests": "experiments",
        "decision_gates": "experiments",
        "decisions": "experiments",
        "unit_id_report": "experiments",
        "experiment_problems": "experiments",
    },
}


class Header(NamedTuple):
    """What every report says of itself."""

    source: str
    configuration: str
    as_of: str
    timezone: str = UTC_ZONE

    @property
    def known_before(self) -> str:
        """The cutoff in words."""
        return (
            f"{self.as_of} UTC"
            if self.timezone == UTC_ZONE
            else describe_cutoff(self.as_of, self.timezone)
        )


def report(name: str, tables: Mapping[str, pl.DataFrame], *, header: Header) -> str:
    """Write one report as JSON text, the same text for the same tables.

    Args:
        name: Name of the report.
        tables: Its tables by name; rows are written in the order given.
        header: Source, configuration and cutoff.
    """
    content = {
        "report": name,
        "schema_version": SCHEMA_VERSION,
        "source": header.source,
        "configuration": header.configuration,
        "as_of": header.as_of,
        "timezone": header.timezone,
        **{
            table: [_plain_row(row) for row in frame.iter_rows(named=True)]
            for table, frame in tables.items()
        },
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _plain_row(row: Mapping[str, object]) -> dict[str, object]:
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, float):
        return value if isfinite(value) else None  # JSON has no infinity
    return [_plain(part) for part in value] if isinstance(value, list) else value
