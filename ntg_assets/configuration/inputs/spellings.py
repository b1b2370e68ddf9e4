"""What a person may write for a list, a word or a sign in YAML, and what it is taken for."""

from typing import Annotated

from pydantic import BeforeValidator, Field

NULL_SPELLINGS = ("NULL", "null", "Null", "~")  # what YAML reads as nothing
LONGEST_DELIMITER = 4  # bytes, of the reader


def as_delimiter(given: object) -> object:
    """Refuse what cannot stand between two fields,
    above all the two characters that single quotes make of a tab.
    """
    if not isinstance(given, str):
        return given
    if given.startswith("\\") and len(given) > 1:
        what = "a tab" if given == r"\t" else given
        raise ValueError(f'found {given!r}; in YAML {what} is "{given}" in double quotes')
    if not given or len(given.encode()) > LONGEST_DELIMITER:
        raise ValueError(f"must be one to {LONGEST_DELIMITER} characters, found {given!r}")
    if set(given) & {'"', "\n", "\r"}:
        raise ValueError(
            f"{given!r} ends fields or lines in CSV; give the character between the fields"
        )
    return given


def as_word(given: object) -> object:
    """Take what YAML reads as a number for the text that was written; refuse what is no text."""
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, int):
        return str(given)
    if isinstance(given, float):
        return "nan" if given != given else f"{given:g}"  # noqa: PLR0124  # only NaN is not itself
    return given


def as_words(given: object) -> object:
    """Take one word for a list of one; what YAML reads as nothing stands for its spellings."""
    listed = [given] if isinstance(given, str | int | float) or given is None else given
    if not isinstance(listed, list):
        return listed
    words: list[object] = []
    for word in listed:
        words += NULL_SPELLINGS if word is None else [as_word(word)]
    return list(dict.fromkeys(words))


def as_list(given: object) -> object:
    """Take one text for a list of one."""
    return [given] if isinstance(given, str) else given


def as_files(given: object) -> object:
    """Take a path for the description of a file whose only setting it is."""
    return {"files": [given]} if isinstance(given, str) else given


Delimiter = Annotated[str, BeforeValidator(as_delimiter)]
Words = Annotated[list[str], BeforeValidator(as_words)]
OneCharacter = Annotated[str, Field(min_length=1, max_length=1)]
