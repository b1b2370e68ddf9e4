"""Numbers and lengths of time that are found in the texts of a person's files."""

from pathlib import Path
from typing import Any

import pytest

from ntg_assets.sources.sniffing.number_kinds import number_kind
from ntg_assets_tests.event_files import accepted, log_settings, write_log


@pytest.mark.parametrize(
    ("texts", "settings", "expected"),
    [
        (["1.234,50", "2,5"], {"decimal": ",", "thousands": "."}, [1234.5, 2.5]),
        (["1.234.567", "12"], {"decimal": ",", "thousands": "."}, [1234567, 12]),
        (["1\u202f234,50", "2\u00a0000,5"], {"decimal": ",", "thousands": " "}, [1234.5, 2000.5]),
        (["1'234.50", "1\u2019000.00"], {"thousands": "'"}, [1234.5, 1000]),
        (["1,23,456.00", "1.5"], {"thousands": ","}, [123456, 1.5]),
        (
            ["CHF 1'234.-", "CHF 5.-"],
            {"currency_signs": ["CHF", ".-"], "thousands": "'"},
            [1234, 5],
        ),
        (["(12.50)", "3.50-", "4"], {"accounting_negatives": True}, [-12.5, -3.5, 4]),
        (["\u221212.50", "4"], {}, [-12.5, 4]),
        (
            ["1.234,50-", "2,50-"],
            {"accounting_negatives": True, "decimal": ",", "thousands": "."},
            [-1234.5, -2.5],
        ),
        (["-$3.50", "US$ 4"], {"currency_signs": ["US$", "$"]}, [-3.5, 4]),
        (["WAHR", "falsch", "ja", "Oui", "no"], {}, [1, 0, 1, 1, 0]),
        (["\uff11\uff12", "3"], {}, [12, 3]),
        (["4/5", "3.5/5"], {"currency_signs": ["/5"]}, [4, 3.5]),
        (["★★★☆☆", "★★★½", "⭐⭐"], {}, [3, 3.5, 2]),
        (["1h 02m", "45 min"], {"value_format": "duration"}, [3720, 2700]),
        (["1 Std. 2 Min.", "3 Sekunden"], {"value_format": "duration"}, [3720, 3]),
        (["1時間2分", "0 days 00:45:12"], {"value_format": "duration"}, [3720, 2712]),
        (["1 hour, 2 minutes and 3 seconds", "-2:00"], {"value_format": "duration"}, [3723, -120]),
    ],
)
def test_numbers_are_read_with_the_settings_that_are_proposed_for_them(
    tmp_path: Path, texts: list[str], settings: dict[str, Any], expected: list[float]
) -> None:
    kind = number_kind(texts, may_be_grouped=True)
    assert kind is not None
    assert not kind.choices
    assert {key: value for key, value, _ in kind.settings} == settings
    write_log(tmp_path, [f'u,i,2024-01-0{place},"{text}"' for place, text in enumerate(texts, 1)])
    assert accepted(tmp_path, log_settings(**settings), "value") == expected


@pytest.mark.parametrize(
    ("texts", "may_be_grouped", "decimals"),
    [
        (["1,234", "56,789"], True, [",", "."]),
        (["1.234", "56.789", "12"], True, [".", ","]),
        (["0,234", "56,789"], True, []),
        (["1,234", "5,6"], True, []),
        (["1.234", "56.789"], False, []),
    ],
)
def test_thousands_and_fractions_that_could_be_either_are_asked(
    texts: list[str], *, may_be_grouped: bool, decimals: list[str]
) -> None:
    kind = number_kind(texts, may_be_grouped=may_be_grouped)
    assert kind is not None
    assert kind.choices == ({"decimal": decimals} if decimals else {})


@pytest.mark.parametrize(
    "texts", [["3½", "4"], ["(5)", "(7)"], ["1.5k", "2M"], ["4/5", "8/10"], ["5 min", "7"]]
)
def test_what_stands_beside_a_number_is_not_dropped(texts: list[str]) -> None:
    assert number_kind(texts, may_be_grouped=False) is None


def test_one_bad_record_in_a_hundred_leaves_numbers_numbers() -> None:
    assert number_kind([*["1.5"] * 99, "1e400"], may_be_grouped=False) is not None
    assert number_kind([*["1.5"] * 98, "inf", "x"], may_be_grouped=False) is None
