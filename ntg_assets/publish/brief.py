"""The decision brief: the one page that a CRM or product lead opens."""

import base64
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from math import fsum
from pathlib import Path
from typing import Any

import jinja2
import polars as pl

from ntg_assets.churn.model_selection import selection_in_words
from ntg_assets.evaluation.expected_quality.sentences import describe_quality
from ntg_assets.experiments.decision.mission import QUESTION, answer_mission
from ntg_assets.off_policy.sentences import describe_values
from ntg_assets.publish.broken import describe_age, describe_broken, describe_doubtful
from ntg_assets.publish.files import write_text
from ntg_assets.publish.reports import Header
from ntg_assets.revenue.contacts.contact_candidates import SILENCE
from ntg_assets.revenue.value.worth import CAPPED
from ntg_assets.subscriptions.sentences import ContractSentences, describe_contracts
from ntg_assets.subscriptions.winback.sentences import describe_returns

Reader = Callable[[str, str], pl.DataFrame]

TOP_TARGETS = 10
BANDS = ("critical", "high", "medium", "low", "none")
BRIEF_FIGURES = (
    "revenue_at_risk",
    "churn_reliability",
    "ranking_quality",
    "experiments",
    "experiment_plans",
)


def write_brief(
    read: Reader, *, header: Header, target: Path, figures: Path, strategies: Sequence[str]
) -> Path:
    """Write the brief as one self-contained HTML file.

    Args:
        read: Gives a table by schema and name.
        header: Source, configuration, cutoff.
        target: The file.
        figures: Folder of the published figures, which the page holds inside itself.
        strategies: Contact strategies in the order of the configuration; the first one's list is
            shown.
    """
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(
        _template()
    )
    pictures = {
        name: base64.b64encode((figures / f"{name}.png").read_bytes()).decode()
        for name in BRIEF_FIGURES
    }
    return write_text(
        target,
        template.render(**facts(read, header=header, strategies=strategies), pictures=pictures),
    )


def facts(read: Reader, *, header: Header, strategies: Sequence[str]) -> dict[str, Any]:
    """Collect what the page and the end of a run say.

    Args:
        read: Gives a table by schema and name.
        header: Source, configuration, cutoff.
        strategies: Contact strategies in the order of the configuration.
    """
    return {
        "header": header,
        "gate": read("backtest", "release_gate").to_dicts(),
        "shown": describe_values(read("backtest", "off_policy_report")),
        "quality": describe_quality(read("published", "expected_quality")),
        "churn_model": selection_in_words(read("live", "churn_model_selection")),
        "n_lists": read("live", "recommendations")["user_id"].n_unique(),
        "withheld": read("live", "contact_holds")["sentence"].to_list(),
        "broken": describe_broken(read),
        "doubtful": [
            *describe_doubtful(read),
            *describe_age(read("backtest", "split_boundaries"), read("live", "split_boundaries")),
        ],
        "loaded": _loaded(read),
        **_experiment_facts(read),
        **_people_facts(read, strategies=strategies),
    }


def _loaded(read: Reader) -> dict[str, int]:
    ledger = read("ingest", "load_ledger").filter(pl.col("source") == "events")
    names = ("rows", "accepted", "quarantined", "duplicates")
    return {name: int(ledger[f"n_{name}"].sum()) for name in names}


def _experiment_facts(read: Reader) -> dict[str, Any]:
    """The mission's answer, and every decision."""
    decisions = read("experiments", "decisions")
    answer = answer_mission(
        decisions, read("experiments", "readouts"), broken=_undecided(read, decisions)
    )
    return {
        "question": QUESTION,
        "answer": answer,
        "decisions": decisions.sort("experiment").to_dicts(),
    }


def _people_facts(read: Reader, *, strategies: Sequence[str]) -> dict[str, Any]:
    """Who can be lost, what that costs, whom to contact; contracts apart from the others."""
    radar = read("live", "revenue_risk_radar").join(
        read("live", "contact_candidates").filter(pl.col("basis") == SILENCE),
        on="user_id",
        how="semi",
        maintain_order="left",
    )
    contracts = _contracts(read)
    unit = radar["unit"][0] if radar.height else "index"
    return {
        "contracts": contracts,
        "whom": "users without a contract" if contracts.waterfall else "users",
        "n_users": radar.height,
        "n_at_risk": int(radar["is_at_risk_population"].sum()),
        "unit": unit,
        "at_risk_total": fsum(radar["revenue_at_risk"]),
        "capped": _capped(read("live", "ltv_estimates")),
        "bands": _bands(radar),
        **_contact_facts(read, strategies=strategies, unit=unit),
    }


def _contracts(read: Reader) -> ContractSentences:
    return describe_contracts(
        read("live", "contract_values"),
        pl.concat([read("live", "revenue_waterfall"), read("live", "revenue_waterfall_total")]),
        read("backtest", "contract_backtest"),
        read("ingest", "subscription_report"),
        read("ingest", "attribute_report"),
        read("backtest", "contract_forecast_tests"),
        describe_returns(read("live", "return_scores"), read("backtest", "return_backtest")),
    )


def _contact_facts(read: Reader, *, strategies: Sequence[str], unit: str) -> dict[str, Any]:
    chosen = read("live", "intervention_targets").filter(pl.col("action") == "contact")
    targets = chosen.sort(pl.col("strategy").cast(pl.Enum(strategies)), "rank")
    first = (
        targets.filter(pl.col("strategy") == targets["strategy"][0]) if targets.height else targets
    )
    return {
        "contact_unit": targets["unit"][0] if targets.height else unit,
        "first_strategy": first["strategy"][0] if first.height else None,
        "first_targets": first.head(TOP_TARGETS).to_dicts(),
        "strategies": _strategies(targets),
    }


def _capped(values: pl.DataFrame) -> str:
    """Say how many users' worth counts only in part; empty where everybody's counts in full."""
    n_capped = int(values["is_worth_capped"].sum())
    return (
        f"the worth of {n_capped:,} user{'s' if n_capped > 1 else ''} {CAPPED} (capped_days)"
        if n_capped
        else ""
    )


def _undecided(read: Reader, decisions: pl.DataFrame) -> list[str]:
    """Name the experiments that were to be decided and are not."""
    broken = (
        read("experiments", "experiment_problems")["experiment"]
        .unique(maintain_order=True)
        .to_list()
    )
    return [name for name in broken if name not in set(decisions["experiment"])]


def _bands(radar: pl.DataFrame) -> list[Mapping[str, Any]]:
    by_band = radar.partition_by("band", as_dict=True)
    return [
        {
            "band": band,
            "n_users": users.height,
            "revenue_at_risk": fsum(users["revenue_at_risk"]),
            "churn_probability": fsum(users["churn_probability"]) / users.height,
        }
        for band in BANDS
        if (users := by_band.get((band,))) is not None
    ]


def _strategies(targets: pl.DataFrame) -> list[dict[str, Any]]:
    summed = ("revenue_at_risk", "expected_saved_value", "expected_cost", "expected_profit")
    return [
        {
            "strategy": contacts["strategy"][0],
            "n_users": contacts.height,
            **{name: fsum(contacts[name].drop_nulls()) for name in summed},
            "evidence": contacts["evidence"][0],
        }
        for contacts in targets.partition_by("strategy", maintain_order=True)
    ]


def _template() -> str:
    return (resources.files("ntg_assets") / "publish" / "brief.html.j2").read_text(encoding="utf-8")
