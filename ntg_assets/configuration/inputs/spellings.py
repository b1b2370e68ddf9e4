"""What a person may write for a list, a word or a sign in YAML, and what it is taken for."""

from typing import Annotated

from pydantic import BeforeValidator, Field

NULL_SPELLINGS = ("NULL", "null", "Null", "~")  # what YAML reads as nothing
LONGEST_DELIMITER = 4  # bytes, of the reader


def as_delimiter(written: object) -> object:
    """Refuse what cannot stand between two fields,
    above all the two characters that single quotes make of a tab.
    """
    if not isinstance(written, str):
        return written
    if written.startswith("\\") and len(written) > 1:
        what = "a tab" if written == r"\t" else written
        raise ValueError(f'found {written!r}; in YAML {what} is "{written}" in double quotes')
    if not written or len(written.encode()) > LONGEST_DELIMITER:
        raise ValueError(f"must be one to {LONGEST_DELIMITER} characters, found {written!r}")
    if set(written) & {'"', "\n", "\r"}:
        raise ValueError(
            f"{written!r} ends fields or lines in CSV; give the character between the fields"
        )
    return written


def as_word(written: object) -> object:
    """Take what YAML reads as a number for the text that was written; refuse what is no text."""
    if isinstance(written, bool):
        return "true" if written else "false"
    if isinstance(written, int):
        return str(written)
    if isinstance(written, float):
        return "nan" if written != written else f"{written:g}"  # noqa: PLR0124  # only NaN is not itself
    return written


def as_words(written: object) -> object:
    """Take one word for a list of one; what YAML reads as nothing stands for its spellings."""
    listed = [written] if isinstance(written, str | int | float) or written is None else written
    if not isinstance(listed, list):
        return listed
    words: list[object] = []
    for word in listed:
        words += NULL_SPELLINGS if word is None else [as_word(word)]
    return list(dict.fromkeys(words))


def as_list(written: object) -> object:
    """Take one text for a list of one."""
    return [written] if isinstance(written, str) else written


def as_files(written: object) -> object:
    """Take a path for the description of a file whose only setting it is."""
    return {"files": [written]} if isinstance(written, str) else written


Delimiter = Annotated[str, BeforeValidator(as_delimiter)]
Words = Annotated[list[str], BeforeValidator(as_words)]
OneCharacter = Annotated[str, Field(min_length=1, max_length=1)]
