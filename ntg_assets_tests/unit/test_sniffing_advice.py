"""What a message says of texts that were refused: the one setting that reads them, a choice where
they could mean two things, and never a guess.
"""

import pytest

from ntg_assets.sources.sniffing.advice import advise_numbers, advise_times, like_null


@pytest.mark.parametrize(
    ("texts", "advice"),
    [
        (["31.01.2024"], 'Set `timestamp_format: "%d.%m.%Y"`.'),
        (["03/14/2024"], 'Set `timestamp_format: "%m/%d/%Y"`.'),
        (["1709251200"], "Set `timestamp_unit: seconds`."),
        (["1709251200000"], "Set `timestamp_unit: milliseconds`."),
        (["20240301"], 'Set `timestamp_format: "%Y%m%d"`.'),
        (["NaT", "", None], "Set `null_words: [NaT]` if they mean empty."),
        (["0000-00-00"], 'Set `null_words: ["0000-00-00"]` if they mean empty.'),
        (["2024-02-30"], "Mend them: they are written in ISO"),
        (["", None], "Fill them in"),
        (["soon"], "Write ISO days or times"),
    ],
)  # fmt: skip
def test_times_that_were_refused_are_told_what_reads_them(
    texts: list[str | None], advice: str
) -> None:
    assert advise_times(texts).startswith(advice)


def test_an_order_of_day_and_month_is_asked_and_not_guessed() -> None:
    advice = advise_times(["03/04/2024"])
    assert '"%d/%m/%Y" or "%m/%d/%Y"' in advice
    assert "to what they mean" in advice
    assert '`timestamp_format: "%m/%d/%Y"`' in advise_times(["03/04/2024", "03/14/2024"])


@pytest.mark.parametrize(
    ("texts", "advice"),
    [
        (["9,99"], 'Set `decimal: ","`.'),
        (["1.234,50"], 'Set `decimal: ","` and `thousands: "."`.'),
        (["(9.99)"], "Set `accounting_negatives: true`."),
        (["$9.99"], 'Set `currency_signs: ["$"]`.'),
        (["50%"], "Write percentages as shares"),
        (["1,234"], 'Set `decimal` to the sign that stands before their decimals ("," or ".").'),
        (["N/A", "9,99"], 'Set `null_words: ["N/A"]` if they mean empty and `decimal: ","`.'),
        (["free"], "Write numbers as programs do"),
        ([None], "Fill them in"),
    ],
)
def test_numbers_that_were_refused_are_told_what_reads_them(
    texts: list[str | None], advice: str
) -> None:
    assert advise_numbers(texts).startswith(advice)


def test_words_for_empty_are_named_as_they_are_written() -> None:
    assert like_null(["N/A", " null ", "x", None, "", "N/A"]) == ["N/A", "null"]
