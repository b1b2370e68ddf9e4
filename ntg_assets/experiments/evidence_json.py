"""Evidence as JSON, in a receipt, and back: exact, so long integers are text."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from ntg_assets.experiments.evidence import ArmTraffic, Evidence
from ntg_assets.experiments.log_files import log_file_of
from ntg_assets.experiments.moments import PAIRS, VARIABLES, Sums
from ntg_assets.experiments.novelty import day_sums
from ntg_assets.experiments.profit import Belief
from ntg_assets.experiments.quantiles import order_statistics_of
from ntg_assets.experiments.value_terms import ValueTerms


def evidence_from_json(content: Mapping[str, Any]) -> Evidence:
    """Read the evidence out of a receipt."""
    return Evidence(
        traffic={row["arm"]: _traffic_from_json(row) for row in content["traffic"]},
        sums={(row["comparison"], row["metric"], row["arm"], row["segment"]): _sums_from_json(row) for row in content["sums"]},
        prior=Belief(**content["prior"]) if content["prior"] else None,
        value=ValueTerms(**content.get("value", {})),
        files=tuple(log_file_of(row) for row in content.get("files", [])),
        trends={row["arm"]: day_sums(row, n=row["n"]) for row in content["trends"]},
        quantiles={(row["metric"], row["arm"]): order_statistics_of(row) for row in content["quantiles"]},
    )


def evidence_to_json(evidence: Evidence) -> dict[str, Any]:
    """Write evidence down in a stated order."""
    return {
        "traffic": [
            {"arm": arm, **{name: _text_of_time(value) for name, value in asdict(found).items()}} for arm, found in evidence.traffic.items()
        ],
        "sums": [
            {
                **dict(zip(("comparison", "metric", "arm", "segment"), key, strict=True)),
                "n": found.n,
                "n_null": found.n_null,
                "n_unusable": found.n_unusable,
                "largest": str(found.largest),
                "first": {name: str(value) for name, value in found.first.items()},  # text: JSON readers round integers this long
                "second": {"*".join(pair): str(value) for pair, value in found.second.items()},
            }
            for key, found in sorted(evidence.sums.items())
        ],
        "prior": asdict(evidence.prior) if evidence.prior else None,
        "value": asdict(evidence.value),
        "files": [asdict(file) for file in evidence.files],
        "trends": [
            {"arm": arm, "n": found.n, "value": str(found.value), "value_value": str(found.value_value)}
            for arm, found in sorted(evidence.trends.items())
        ],
        "quantiles": [{"metric": metric, "arm": arm, **asdict(found)} for (metric, arm), found in sorted(evidence.quantiles.items())],
    }


def _traffic_from_json(row: Mapping[str, Any]) -> ArmTraffic:
    times = {name: datetime.fromisoformat(row[name]) if row[name] else None for name in ("first_exposed_at", "last_exposed_at")}
    return ArmTraffic(**{**{name: value for name, value in row.items() if name != "arm"}, **times})


def _sums_from_json(row: Mapping[str, Any]) -> Sums:
    return Sums(
        n=row["n"],
        n_null=row["n_null"],
        n_unusable=row["n_unusable"],
        first={name: int(row["first"][name]) for name in VARIABLES},
        second={pair: int(row["second"]["*".join(pair)]) for pair in PAIRS},
        largest=int(row["largest"]),
    )


def _text_of_time(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
