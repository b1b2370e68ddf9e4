"""The configuration is merged in one order, typed, and closed to unknown keys."""

from pathlib import Path

import pytest

from ntg_assets.configuration.settings import load_settings, project_paths
from ntg_assets.configuration.tree import read_tree
from ntg_assets.errors import ConfigurationError

NO_VARIABLES: dict[str, str] = {}


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / "configs" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


@pytest.fixture
def home(tmp_path: Path, project_home: Path) -> Path:
    """A project folder with one overlay."""
    write(tmp_path, "dev.yaml", (project_home / "configs" / "dev.yaml").read_text())
    return tmp_path


def test_each_shipped_configuration_is_valid(project_home: Path) -> None:
    overlays = sorted(path.name for path in (project_home / "configs").glob("*.yaml"))
    assert {"dev.yaml", "prod.yaml"} <= set(overlays)
    for overlay in overlays:
        load_settings(f"configs/{overlay}", home=project_home, environment=NO_VARIABLES)


def test_overlay_lies_over_base_and_variables_over_both(home: Path) -> None:
    dev = (home / "configs" / "dev.yaml").read_text()
    overlay = write(home, "mine.yaml", dev.replace("ranking:\n", "ranking:\n  top_k: 7\n"))
    assert load_settings(overlay, home=home, environment=NO_VARIABLES).ranking.top_k == 7
    variables = {"NTG_RANKING__TOP_K": "9", "NTG_CONFIG": str(overlay), "NTG_HOME": str(home)}
    assert load_settings(home=home, environment=variables).ranking.top_k == 9
    assert (
        load_settings(
            home=home, environment=variables, overrides={"ranking.top_k": 11}
        ).ranking.top_k
        == 11
    )


def test_overlay_replaces_single_keys_and_keeps_their_neighbours(home: Path) -> None:
    overlay = write(
        home,
        "mine.yaml",
        (home / "configs" / "dev.yaml").read_text() + "\ntaste:\n  shrinkage: 3\n",
    )
    settings = load_settings(overlay, home=home, environment=NO_VARIABLES)
    assert (settings.taste.shrinkage, settings.taste.neighbours_per_item) == (3, 50)


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("rankng.top_k", "did you mean 'ranking'"),
        ("ranking.topk", "did you mean 'top_k'"),
        ("ingest.events.user", "'user_id'"),
    ],
)
def test_unknown_key_is_refused_with_the_nearest_known_one(home: Path, key: str, hint: str) -> None:
    with pytest.raises(ConfigurationError, match=f"unknown key.*{hint}"):
        load_settings(home=home, environment=NO_VARIABLES, overrides={key: 1})


def test_unknown_variable_is_refused(home: Path) -> None:
    with pytest.raises(ConfigurationError, match="unknown key 'rankings'; did you mean 'ranking'"):
        load_settings(home=home, environment={"NTG_RANKINGS": "1"})


def test_all_problems_are_told_at_once(home: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings(
            home=home,
            environment=NO_VARIABLES,
            overrides={"ranking.top_k": 0, "churn.horizon_days": "soon"},
        )
    assert "ranking.top_k" in str(refused.value)
    assert "churn.horizon_days" in str(refused.value)


BROKEN = [
    ("a: [", "not valid YAML"),
    ("- a", "must hold keys and values"),
    ("split: {val_at: 2018-02-30}", r"'2018-02-30' is no value \(.+\).*line 1"),
    ("[a, b]: 1", "unhashable key"),
    ("{" * 3000, "nested too deeply"),
    ("a: !!python/object/apply:os.getcwd []", "could not determine a constructor"),
]


@pytest.mark.parametrize(("text", "told"), BROKEN)
def test_broken_file_is_told_by_name(home: Path, text: str, told: str) -> None:
    overlay = write(home, "broken.yaml", text)
    with pytest.raises(ConfigurationError, match=rf"broken\.yaml.*{told}"):
        load_settings(overlay, home=home, environment=NO_VARIABLES)


@pytest.mark.parametrize("text", ["{[a]: 1}", "2018-02-30", "[" * 3000])
def test_broken_variable_is_told_by_name(home: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"variable NTG_SEED=.*is not valid YAML"):
        load_settings(home=home, environment={"NTG_SEED": text})


def test_what_is_merged_in_may_be_replaced(home: Path) -> None:
    overlay = write(
        home, "merged.yaml", "ranking: &r {top_k: 3}\nranking_of_others: &o {<<: *r, top_k: 5}\n"
    )
    assert read_tree(overlay)["ranking_of_others"] == {"top_k": 5}


def test_a_key_written_twice_is_refused(home: Path) -> None:
    overlay = write(
        home,
        "twice.yaml",
        "ranking: {top_k: 3}\ntaste: {shrinkage: 1}\nranking: {candidates_per_source: 5}\n",
    )
    with pytest.raises(
        ConfigurationError, match=r"twice\.yaml .*'ranking' is written twice \(lines 1 to 3\)"
    ):
        load_settings(overlay, home=home, environment=NO_VARIABLES)


def test_a_folder_without_configuration_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError,
        match=r"holds neither configs/dev\.yaml nor ntg\.yaml: .*`ntg init FILE.*NTG_HOME",
    ):
        load_settings(home=tmp_path, environment=NO_VARIABLES)


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"NTG_RANKING__TOP_K": "["}, r"variable NTG_RANKING__TOP_K='\['"),
        (
            {"NTG_RANKING__TOP_K": "ten"},
            r"ranking\.top_k: .*\(found 'ten'\) \(set by the variable NTG_RANKING__TOP_K\)",
        ),
        (
            {"NTG_RANKING": "3"},
            r"ranking: must hold keys and values \(found 3\) \(set by the variable NTG_RANKING\)",
        ),
        (
            {"NTG_RANKIN__TOP_K": "3"},
            r"unknown key 'rankin'.*\(set by the variable NTG_RANKIN__TOP_K\)",
        ),
    ],
)
def test_a_wrong_variable_is_told_by_name(home: Path, variables: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        load_settings(home=home, environment=variables)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("engine.memory_limit", "lots", "such as 3GB"),
        ("schedule.cron", "daily", "five fields minute, hour, day, month and weekday"),
        ("schedule.timezone", "Mars/Base", "is no IANA time zone"),
        ("split.val_start", "in spring", "must be an ISO date"),
        ("ranking", None, "must hold keys and values"),
        ("value.unit", "Euro", "a currency's three letters"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_right(
    home: Path, key: str, value: object, told: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"{key}: .*{told}.*\(found {value!r}\)"):
        load_settings(home=home, environment=NO_VARIABLES, overrides={key: value})


def test_what_is_needed_and_missing_is_told(home: Path) -> None:
    overlay = write(home, "none.yaml", "")
    with pytest.raises(ConfigurationError, match="ingest: is needed and not set"):
        load_settings(overlay, home=home, environment=NO_VARIABLES)


def test_a_date_needs_no_quotes(home: Path) -> None:
    overlay = write(
        home,
        "dates.yaml",
        (home / "configs" / "dev.yaml").read_text()
        + "\nsplit: {val_start: 2018-01-01, test_start: '2018-06-01T12:00'}\n",
    )
    split = load_settings(overlay, home=home, environment=NO_VARIABLES).split
    assert (split.val_start, split.test_start) == ("2018-01-01", "2018-06-01T12:00")


def test_missing_file_is_told_by_name(home: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml does not exist"):
        load_settings("configs/nowhere.yaml", home=home, environment=NO_VARIABLES)


def test_fingerprint_changes_with_what_is_computed_and_not_with_where(home: Path) -> None:
    def fingerprint(**overrides: object) -> str:
        return load_settings(home=home, environment=NO_VARIABLES, overrides=overrides).fingerprint

    assert fingerprint() == fingerprint(workspace="elsewhere", **{"engine.threads": 7})
    assert fingerprint() != fingerprint(seed=1)
    assert fingerprint() != fingerprint(**{"taste.shrinkage": 21})


def test_everything_that_is_written_lies_below_the_workspace(home: Path) -> None:
    settings = load_settings(
        home=home, environment=NO_VARIABLES, overrides={"workspace": "elsewhere"}
    )
    paths = project_paths(settings, home=home)
    written = [
        paths.data,
        paths.warehouse,
        paths.scratch,
        paths.dagster_home,
        paths.published_store,
        paths.manifest,
    ]
    assert all(path.is_relative_to(home / "elsewhere") for path in written)


def test_exposures_beyond_the_lists_are_refused() -> None:
    asked = {"off_policy.list_length": 30, "ranking.top_k": 10, "ranking.evaluation_k": [5, 25]}
    with pytest.raises(
        ConfigurationError,
        match=r"off_policy\.list_length is 30, but the lists of the strategies are 25 long",
    ):
        load_settings("configs/dev.yaml", environment={}, overrides=asked)
    assert (
        load_settings(
            "configs/dev.yaml", environment={}, overrides={**asked, "off_policy.list_length": None}
        ).off_policy_list_length
        == 10
    )


def test_money_without_a_column_of_amounts_is_refused() -> None:
    money = {"value.unit": "eur", "value.basis": "event_value", "ingest.events.value": None}
    with pytest.raises(
        ConfigurationError,
        match=r"ingest\.events\.value names no column, so every event would be worth 1",
    ):
        load_settings("configs/dev.yaml", environment={}, overrides=money)
    assert (
        load_settings(
            "configs/dev.yaml", environment={}, overrides={**money, "value.unit": "index"}
        ).value.unit
        == "index"
    )


@pytest.mark.parametrize("unit", ["eur", "usd", "jpy"])
def test_money_without_a_price_of_an_active_day_is_refused(unit: str) -> None:
    with pytest.raises(
        ConfigurationError,
        match=rf"value: unit is {unit} and basis active_days.*set price_per_active_day",
    ):
        load_settings("configs/dev.yaml", environment={}, overrides={"value.unit": unit})
    priced = load_settings(
        "configs/dev.yaml",
        environment={},
        overrides={"value.unit": unit, "value.price_per_active_day": 0.4},
    )
    assert priced.value.day_price == 0.4


def test_an_index_without_a_price_counts_active_days() -> None:
    assert load_settings("configs/dev.yaml", environment={}).value.day_price == 1.0


@pytest.mark.parametrize("price", [0, -0.4, float("inf"), float("nan")])
def test_a_price_that_is_no_positive_amount_is_refused(price: float) -> None:
    with pytest.raises(ConfigurationError, match=r"value\.price_per_active_day: "):
        load_settings(
            "configs/dev.yaml",
            environment={},
            overrides={"value.unit": "eur", "value.price_per_active_day": price},
        )
