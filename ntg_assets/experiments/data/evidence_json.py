"""Evidence as JSON, in a receipt, and back: exact, so long integers are text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from ntg_assets.experiments.data.evidence import ArmTraffic, Evidence
from ntg_assets.experiments.data.level import Level
from ntg_assets.experiments.data.logs.log_content import log_content
from ntg_assets.experiments.data.logs.log_files import log_file_of
from ntg_assets.experiments.data.tail import Tail
from ntg_assets.experiments.data.value_terms import ValueTerms
from ntg_assets.statistics.bayes import Belief
from ntg_assets.statistics.designs.units import Contrast, contrast_of
from ntg_assets.statistics.moments import PAIRS, VARIABLES, Sums
from ntg_assets.statistics.over_time.trends import TREND_SUMS, Cohort, Trend, cohort_of, trend_of
from ntg_assets.statistics.quantiles import order_statistics_of
from ntg_assets.statistics.skewness import Shape

SUMS_KEY = ("comparison", "metric", "arm", "segment")
CONTRAST_KEY = ("metric", "arm", "segment")


def evidence_from_json(content: Mapping[str, Any]) -> Evidence:
    """Read the evidence out of a receipt."""
    levels, tails, shapes = (
        map(dict, content.get(name, [])) for name in ("levels", "tails", "shapes")
    )
    return Evidence(
        traffic={row["arm"]: _traffic_from_json(row) for row in content["traffic"]},
        sums=_by_key(content["sums"], SUMS_KEY, _sums_from_json),
        prior=Belief(**content["prior"]) if content["prior"] else None,
        value=ValueTerms(**content.get("value", {})),
        files=tuple(log_file_of(row) for row in content.get("files", [])),
        **_days_from_json(content),
        quantiles=_by_key(content["quantiles"], ("metric", "arm"), order_statistics_of),
        levels={row.pop("metric"): Level(**row) for row in levels},
        tails={row.pop("arm"): Tail(**row) for row in tails},
        without_past=content.get("without_past", {}),
        contrasts=_contrasts_from_json(content.get("contrasts", [])),
        contrasts_to_date=_contrasts_from_json(content.get("contrasts_to_date", [])),
        shapes={(row.pop("metric"), row.pop("arm")): Shape(**row) for row in shapes},
    )


def _days_from_json(content: Mapping[str, Any]) -> dict[str, Any]:
    """Read what happened when; older receipts hold other sums of trends."""
    return {
        "trends": {
            row["arm"]: _trend_from_json(row)
            for row in content["trends"]
            if row.keys() >= set(TREND_SUMS)
        },
        "cohorts": _cohorts_from_json(content.get("cohorts", [])),
        "logs": [
            log_content({**row, **_times(row, "last_at", "ended_at")})
            for row in content.get("log_contents", [])
        ],
        "by_day": {
            (date.fromisoformat(row["exposed_on"]), row["arm"]): row["n_units"]
            for row in content.get("by_day", [])
        },
    }


def evidence_to_json(evidence: Evidence) -> dict[str, Any]:
    """Write evidence down in a stated order."""
    return {
        "traffic": [
            {"arm": arm, **_with_text_times(asdict(units))}
            for arm, units in evidence.traffic.items()
        ],
        "sums": _keyed_rows(evidence.sums, SUMS_KEY, _sums_to_json),
        "prior": asdict(evidence.prior) if evidence.prior else None,
        "value": asdict(evidence.value),
        "files": [asdict(file) for file in evidence.files],
        **_days_to_json(evidence),
        "quantiles": _keyed_rows(evidence.quantiles, ("metric", "arm")),
        "tails": _keyed_rows({(arm,): tail for arm, tail in evidence.tails.items()}, ("arm",)),
        "levels": _keyed_rows(
            {(name,): level for name, level in evidence.levels.items()}, ("metric",)
        ),
        "contrasts": _keyed_rows(evidence.contrasts, CONTRAST_KEY),
        "contrasts_to_date": _keyed_rows(evidence.contrasts_to_date, CONTRAST_KEY),
        "without_past": dict(sorted(evidence.without_past.items())),
        "shapes": _keyed_rows(evidence.shapes, ("metric", "arm")),
    }


def _days_to_json(evidence: Evidence) -> dict[str, Any]:
    """Write down what happened when: trends, cohorts, what logs hold, units by day."""
    logs = sorted(evidence.logs, key=lambda content: content.order)
    return {
        "trends": [
            {"arm": arm, **_trend_to_json(trend)} for arm, trend in sorted(evidence.trends.items())
        ],
        "cohorts": [
            {"arm": arm, "cohort": name, **_cohort_to_json(cohort)}
            for arm, cohorts in sorted(evidence.cohorts.items())
            for name, cohort in sorted(cohorts.items())
        ],
        "log_contents": [_with_text_times(asdict(content)) for content in logs],
        "by_day": [
            {"exposed_on": day.isoformat(), "arm": arm, "n_units": n}
            for (day, arm), n in sorted(evidence.by_day.items())
        ],
    }


def _sums_to_json(sums: Sums) -> dict[str, Any]:
    """Write sums down; the long ones are text, because JSON readers round integers this long."""
    return {
        "n": sums.n,
        "n_null": sums.n_null,
        "n_unusable": sums.n_unusable,
        "n_nonzero": sums.n_nonzero,
        "largest": str(sums.largest),
        "first": {name: str(value) for name, value in sums.first.items()},
        "second": {"*".join(pair): str(value) for pair, value in sums.second.items()},
    }


def _keyed_rows(
    values: Mapping[Any, Any],
    names: Sequence[str],
    write: Callable[[Any], dict[str, Any]] = asdict,
) -> list[dict[str, Any]]:
    """Write one row per key, in the order of keys, whose parts become columns of these names."""
    return [
        {**dict(zip(names, key, strict=True)), **write(value)}
        for key, value in sorted(values.items())
    ]


def _by_key(
    rows: Sequence[Mapping[str, Any]], names: Sequence[str], read: Callable[[Any], Any]
) -> dict[Any, Any]:
    """Read rows back under the columns that were their key."""
    return {tuple(row[name] for name in names): read(row) for row in rows}


def _contrasts_from_json(
    rows: Sequence[Mapping[str, Any]],
) -> dict[tuple[str, str, str], Contrast]:
    return _by_key(rows, CONTRAST_KEY, contrast_of)


def _traffic_from_json(row: Mapping[str, Any]) -> ArmTraffic:
    counts = {name: value for name, value in row.items() if name != "arm"}
    return ArmTraffic(**{**counts, **_times(row, "first_exposed_at", "last_exposed_at")})


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
    return {
        "exposed_from_at": _text_of_time(cohort.exposed_from_at),
        "n": cohort.sums.n,
        "value": str(cohort.sums.value),
        "value_value": str(cohort.sums.value_value),
    }


def _cohorts_from_json(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Cohort]]:
    cohorts: dict[str, dict[str, Cohort]] = {}
    for row in rows:
        cohorts.setdefault(row["arm"], {})[row["cohort"]] = cohort_of(
            {**row, **_times(row, "exposed_from_at")}
        )
    return cohorts


def _with_text_times(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _text_of_time(value) for name, value in row.items()}


def _times(row: Mapping[str, Any], *names: str) -> dict[str, datetime | None]:
    return {name: datetime.fromisoformat(row[name]) if row[name] else None for name in names}


def _text_of_time(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
