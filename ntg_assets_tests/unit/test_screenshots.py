"""The pictures of the UI look at what is there."""

import re

import dagster as dg
import pytest

from ntg_assets.configuration.settings import load_settings
from ntg_assets.definitions import defs
from tools.screenshots import FAILED, FAILING, LATE, LATE_SOON, VIEWS, View


@pytest.mark.parametrize("view", [*VIEWS, *FAILED, *LATE], ids=lambda view: view.name)
def test_every_picture_is_of_an_asset_a_group_or_a_page(view: View) -> None:
    graph = defs.resolve_asset_graph()
    if asset := re.match(r"/assets/(\w+)/(\w+)", view.path):
        assert dg.AssetKey(list(asset.groups())) in graph.get_all_asset_keys()
    elif group := re.search(r"/asset-groups/(\w+)/", view.path):
        assert group[1] in {graph.get(key).group_name for key in graph.get_all_asset_keys()}
    else:
        assert view.path.split("/")[1] in {"asset-groups", "automation", "jobs", "overview", "runs"}


def test_what_provokes_a_failure_and_lateness_is_a_configuration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {**FAILING, **LATE_SOON}.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.ingest.value_range == (1e300, 2e300)
    assert settings.schedule.late_after_hours == 0.02
