"""What a text says, whatever its form: a feature's version hangs on it."""

import pytest

from ntg_assets.errors import NtgError
from ntg_assets.storage.parsed_form import parsed_form

PLAIN = (
    "select user_id, sum(value) * $rate as total from e where a and day < $until group by user_id"
)


@pytest.mark.parametrize(
    "text",
    [
        PLAIN.replace(", ", ",\n    ").replace(" from", "\nfrom").replace(" and ", "\n    and "),
        f"-- Purpose: what a user paid.\n{PLAIN} -- the end",
        PLAIN.replace("select", "SELECT").replace(" as total", " AS total"),
    ],
    ids=["lines", "comments", "case"],
)
def test_that_form_changes_nothing(text: str) -> None:
    assert parsed_form(text) == parsed_form(PLAIN)


@pytest.mark.parametrize(
    "text",
    [
        PLAIN.replace("<", "<="),
        PLAIN.replace("$rate", "$rates"),
        PLAIN.replace("sum(", "avg("),
        PLAIN.replace("as total", "as sum"),
    ],
    ids=["comparison", "parameter", "function", "name"],
)
def test_that_meaning_changes_it(text: str) -> None:
    assert parsed_form(text) != parsed_form(PLAIN)


@pytest.mark.parametrize(
    "text", ["select from where", "drop table events", "", "select 1; select 2"]
)
def test_that_what_is_no_select_is_refused(text: str) -> None:
    with pytest.raises(NtgError, match="no `select`"):
        parsed_form(text)
