"""When things can have happened: from the first instant on, and before the last one."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from ntg_assets.errors import SourceError
from ntg_assets.sources.reading.refused_values import PossibleTimes

FIRST, END, A_MOMENT = datetime(2000, 1, 1), datetime(2024, 1, 1), timedelta(microseconds=1)
POSSIBLE = PossibleTimes(FIRST, END)


def test_the_first_instant_can_be_and_what_is_before_it_cannot() -> None:
    POSSIBLE.raise_if_earlier(pl.Series([FIRST]), what="contacts", column="at")
    with pytest.raises(
        SourceError, match="contacts: 1 of 2 rows lie before 2000-01-01 in at"
    ) as no:
        POSSIBLE.raise_if_earlier(
            pl.Series([FIRST, FIRST - A_MOMENT]), what="contacts", column="at"
        )
    assert "(first: 1999-12-31)" in str(no.value)


def test_the_last_instant_has_not_come_yet_and_what_is_before_it_has() -> None:
    assert POSSIBLE.describe_later(pl.Series([END - A_MOMENT])) is None
    said = POSSIBLE.describe_later(pl.Series([END - A_MOMENT, END, END + A_MOMENT]))
    assert said == "2 rows lie in the future (first: 2024-01-01)"
    assert PossibleTimes(FIRST).describe_later(pl.Series([END])) is None
