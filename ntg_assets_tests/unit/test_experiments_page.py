"""The page on experiments: its examples run, its definition is valid,
its commands and checks exist.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ntg_assets.configuration.experiments.settings import ExperimentsSettings
from ntg_assets.publish.catalogue import PUBLISHED_TABLES
from ntg_assets.statistics import library as statistics

PAGE = (Path(__file__).parents[2] / "docs" / "experiments.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_every_example_holds() -> None:
    known: dict[str, Any] = {}
    for block in blocks("python"):
        exec(compile(block, "docs/experiments.md", "exec"), known)  # noqa: S102  # our own page
    assert len(blocks("python")) > 8


def test_the_definition_is_valid() -> None:
    given, catalogue, table, design = (
        yaml.safe_load(block)["experiments"] for block in blocks("yaml")
    )
    assert ExperimentsSettings.model_validate(given).definitions[0].id == "checkout"
    shared = catalogue | {
        "definitions": [
            given["definitions"][0] | catalogue["definitions"][0] | {"planned_units": 9}
        ]
    }
    found = ExperimentsSettings.model_validate(shared).definitions[0]
    assert [metric.name for metric in found.measured] == ["revenue", "complained", "orders"]
    assert found.guarded[0].relative_margin == 0.05
    one = given["definitions"][0] | {"guardrails": []} | design["definitions"][0]
    designed = ExperimentsSettings.model_validate({"definitions": [one]}).definitions[0]
    assert designed.design_columns == ["shop", "country", "age", "orders_last_year"]
    assert designed.significance_of("revenue") == pytest.approx(0.0375)
    kasse = ExperimentsSettings.model_validate(table).definitions[0]
    assert (kasse.source.kind, kasse.primary_metric) == ("table", "revenue")


def test_every_table_that_is_named_is_published_and_every_public_name_exists() -> None:
    published = {table.table for table in PUBLISHED_TABLES}
    sentence = PAGE.split("each as a published table:")[1].split(". A setting")[0]
    assert set(re.findall(r"`(\w+)`", sentence)) <= published
    assert all(hasattr(statistics, name) for name in statistics.__all__)


def test_every_health_check_is_on_the_page() -> None:
    folder = Path(__file__).parents[2] / "ntg_assets" / "experiments" / "health"
    text = "".join(file.read_text(encoding="utf-8") for file in sorted(folder.rglob("*.py")))
    asked = set(
        re.findall(r'(?:HealthCheck|share_check|no_difference|_judged)\(\s*f?"([a-z_]+)', text)
    ) | {"enough_units"}
    assert {"novelty", "counted_events", "sample_ratio", "rows_that_count"} <= asked
    assert {name for name in asked if name not in PAGE} == set()
