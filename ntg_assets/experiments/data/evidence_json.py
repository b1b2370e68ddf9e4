"""Evidence as JSON, in a receipt, and back: exact, so long integers are text."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from ntg_assets.experiments.data.evidence import ArmTraffic, Evidence
from ntg_assets.experiments.data.level import Level
from ntg_assets.experiments.data.logs.log_content import LogContent, log_content
from ntg_assets.experiments.data.logs.log_files import log_file_of
from ntg_assets.experiments.data.value_terms import ValueTerms
from ntg_assets.statistics.bayes import Belief
from ntg_assets.statistics.designs.units import Contrast, contrast_of
from ntg_assets.statistics.moments import PAIRS, VARIABLES, Sums
from ntg_assets.statistics.novelty import TREND_SUMS, Cohort, Trend, cohort_of, trend_of
from ntg_assets.statistics.quantiles import order_statistics_of
from ntg_assets.statistics.skewness import Shape


def evidence_from_json(content: Mapping[str, Any]) -> Evidence:
    """Read the evidence out of a receipt."""
    return Evidence(
        traffic={row["arm"]: _traffic_from_json(row) for row in content["traffic"]},
        sums={
            (row["comparison"], row["metric"], row["arm"], row["segment"]): _sums_from_json(row)
            for row in content["sums"]
        },
        prior=Belief(**content["prior"]) if content["prior"] else None,
        value=ValueTerms(**content.get("value", {})),
        files=tuple(log_file_of(row) for row in content.get("files", [])),
        trends={
            row["arm"]: _trend_from_json(row)
            for row in content["trends"]
            if row.keys() >= set(TREND_SUMS)
        },
        cohorts=_cohorts_from_json(content.get("cohorts", [])),
        logs=[
            log_content({**row, **_times(row, "last_at", "ended_at")})
            for row in content.get("log_contents", [])
        ],
        quantiles={
            (row["metric"], row["arm"]): order_statistics_of(row) for row in content["quantiles"]
        },
        levels={row.pop("metric"): Level(**row) for row in map(dict, content.get("levels", []))},
        by_day={
            (date.fromisoformat(row["exposed_on"]), row["arm"]): row["n_units"]
            for row in content.get("by_day", [])
        },
        without_past=content.get("without_past", {}),
        contrasts=_contrasts_from_json(content.get("contrasts", [])),
        contrasts_to_date=_contrasts_from_json(content.get("contrasts_to_date", [])),
        shapes={
            (row.pop("metric"), row.pop("arm")): Shape(**row)
            for row in map(dict, content.get("shapes", []))
        },
    )


def evidence_to_json(evidence: Evidence) -> dict[str, Any]:
    """Write evidence down in a stated order."""
    return {
        "traffic": [
            {"arm": arm, **{name: _text_of_time(value) for name, value in asdict(found).items()}}
            for arm, found in evidence.traffic.items()
        ],
        "sums": [
            {
                **dict(zip(("comparison", "metric", "arm", "segment"), key, strict=True)),
                "n": found.n,
                "n_null": found.n_null,
                "n_unusable": found.n_unusable,
                "n_nonzero": found.n_nonzero,
                "largest": str(found.largest),
                # text: JSON readers round integers this long
                "first": {name: str(value) for name, value in found.first.items()},
                "second": {"*".join(pair): str(value) for pair, value in found.second.items()},
            }
            for key, found in sorted(evidence.sums.items())
        ],
        "prior": asdict(evidence.prior) if evidence.prior else None,
        "value": asdict(evidence.value),
        "files": [asdict(file) for file in evidence.files],
        "trends": [
            {"arm": arm, **_trend_to_json(found)} for arm, found in sorted(evidence.trends.items())
        ],
        "cohorts": [
            {"arm": arm, "cohort": name, **_cohort_to_json(found)}
            for arm, cohorts in sorted(evidence.cohorts.items())
            for name, found in sorted(cohorts.items())
        ],
        "log_contents": [
            _log_to_json(found) for found in sorted(evidence.logs, key=lambda one: one.order)
        ],
        "quantiles": [
            {"metric": metric, "arm": arm, **asdict(found)}
            for (metric, arm), found in sorted(evidence.quantiles.items())
        ],
        "levels": [
            {"metric": metric, **asdict(found)} for metric, found in sorted(evidence.levels.items())
        ],
        "by_day": [
            {"exposed_on": day.isoformat(), "arm": arm, "n_units": n}
            for (day, arm), n in sorted(evidence.by_day.items())
        ],
        "contrasts": _contrasts_to_json(evidence.contrasts),
        "contrasts_to_date": _contrasts_to_json(evidence.contrasts_to_date),
        "without_past": dict(sorted(evidence.without_past.items())),
        "shapes": [
            {"metric": metric, "arm": arm, **asdict(found)}
            for (metric, arm), found in sorted(evidence.shapes.items())
        ],
    }


def _contrasts_to_json(
    contrasts: Mapping[tuple[str, str, str], Contrast],
) -> list[dict[str, Any]]:
    return [
        {"metric": metric, "arm": arm, "segment": segment, **asdict(found)}
        for (metric, arm, segment), found in sorted(contrasts.items())
    ]


def _contrasts_from_json(
    rows: Sequence[Mapping[str, Any]],
) -> dict[tuple[str, str, str], Contrast]:
    return {(row["metric"], row["arm"], row["segment"]): contrast_of(row) for row in rows}


def _traffic_from_json(row: Mapping[str, Any]) -> ArmTraffic:
    known = {name: value for name, value in row.items() if name != "arm"}
    return ArmTraffic(**{**known, **_times(row, "first_exposed_at", "last_exposed_at")})


def _sums_from_json(row: Mapping[str, Any]) -> Sums:
    return Sums(
        n=row["n"],
        n_null=row["n_null"],
        n_unusable=row["n_unusable"],
        first={name: int(row["first"][name]) for name in VARIABLES},
        second={pair: int(row["second"]["*".join(pair)]) for pair in PAIRS},
        largest=int(row["largest"]),
        n_nonzero=row.get("n_nonzero", 0),
    )


def _trend_to_json(trend: Trend) -> dict[str, Any]:
    """Write a trend down; sums are text, because JSON readers round integers this long."""
    sums = {name: str(getattr(trend, name)) for name in TREND_SUMS}
    return {
        "n": trend.n,
        **sums,
        "n_active": trend.n_active,
        "first_days": [list(day) for day in sorted(trend.first_days.items())],
    }


def _trend_from_json(row: Mapping[str, Any]) -> Trend:
    return trend_of(row, n_active=row["n_active"], first_days=dict(row["first_days"]))


def _cohort_to_json(cohort: Cohort) -> dict[str, Any]:
    sums = cohort.sums
    return {
        "exposed_from_at": _text_of_time(cohort.exposed_from_at),
        "n": sums.n,
        "value": str(sums.value),
        "value_value": str(sums.value_value),
    }


def _cohorts_from_json(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Cohort]]:
    found: dict[str, dict[str, Cohort]] = {}
    for row in rows:
        found.setdefault(row["arm"], {})[row["cohort"]] = cohort_of(
            {**row, **_times(row, "exposed_from_at")}
        )
    return found


def _log_to_json(content: LogContent) -> dict[str, Any]:
    return {name: _text_of_time(value) for name, value in asdict(content).items()}


def _times(row: Mapping[str, Any], *names: str) -> dict[str, datetime | None]:
    return {name: datetime.fromisoformat(row[name]) if row[name] else None for name in names}


def _text_of_time(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
