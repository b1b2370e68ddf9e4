"""What a person answers where `ntg init` is not certain: at the terminal, or with `--set`."""

import codecs
import shlex
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import typer

from ntg_assets.cli.init_overlay import OTHER_SIGN, QUESTIONS, as_answer
from ntg_assets.errors import ConfigurationError

BEFORE = ("encoding", "records", "explode")  # no name of a column can be read without
ROLES = ("event_at", "user_id", "item_id", "value", "event_type")


def said_before(answers: Sequence[str]) -> dict[str, Any]:
    """What a person has given of the log that must be known before its values are looked at: how
    its text is written, where its records lie, and which column is what (`roles`).

    Raises:
        ConfigurationError: the encoding is none.
    """
    pairs = [answer.removeprefix("events.").partition("=") for answer in answers]
    said: dict[str, Any] = {key: value for key, _, value in pairs if key in BEFORE}
    if "explode" in said:
        said["explode"] = [path.strip() for path in said["explode"].strip("[]").split(",")]
    roles = {key: value for key, _, value in pairs if key in ROLES}
    try:
        if "encoding" in said:
            said["encoding"] = codecs.lookup(said["encoding"]).name
        return said | {"roles": roles}
    except LookupError:
        raise ConfigurationError(
            f"--set encoding={said['encoding']}: is no known encoding. Write for example cp1252,"
            " cp932, gb18030 or utf-16."
        ) from None


def take_answers(answers: Sequence[str], sections: Mapping[str, Any]) -> None:
    """Take `key=value` answers; those that no log needs are of the item table (`items.title=...`).

    Raises:
        ConfigurationError: an answer is no `key=value`, or its key is no setting.
    """
    for answer in answers:
        key, sign, value = answer.partition("=")
        section, _, name = key.rpartition(".")
        sniffed = sections.get(section or "events")
        if not sign or not name or sniffed is None:
            raise ConfigurationError(
                f"--set {answer!r}: is no answer. Write for example `--set user_id=constant:me` or"
                " `--set items.title=name`."
            )
        _raise_if_no_setting(sniffed, name, answer=answer)
        _take_answer(sniffed, name, value)


def _raise_if_no_setting(sniffed: Any, key: str, *, answer: str) -> None:  # noqa: ANN401  # imported only where it is needed
    from ntg_assets.configuration.inputs.events import (  # noqa: PLC0415  # help comes at once
        EventSourceSettings,
        ItemSourceSettings,
    )

    keys = sorted((ItemSourceSettings if sniffed.is_items else EventSourceSettings).model_fields)
    if key not in keys:
        near = get_close_matches(key, keys, n=1)
        raise ConfigurationError(
            f"--set {answer!r}: {key!r} is no setting of"
            f" {'the item table' if sniffed.is_items else 'the log'}."
            + (f" Did you mean {near[0]!r}?" if near else f" Settings: {', '.join(keys)}.")
        )


def likely_answers(sections: Mapping[str, Any]) -> list[str]:
    """The first choice of each question about a log, as it is given on the command line; of columns
    that nobody can tell apart, a word in capitals in their place.
    """
    answers = []
    for key, choices in sections["events"].open.items():
        first = as_answer(choices[0]) if choices else "COLUMN"
        if key == "item_id" and choices and not isinstance(choices[0], dict):
            first = "COLUMN"
        if key == "value_if_empty":
            first = "null"
        if key == "timestamp_format" and "%" not in first:
            first = "FORMAT"  # which nobody knows here
        answers.append(f"--set {shlex.quote(f'{key}={first}')}")
    return answers


def ask(sniffed: Any) -> None:  # noqa: ANN401  # imported only where it is needed
    """Ask a person what is not certain."""
    for key, choices in list(sniffed.open.items()):
        shown = ", ".join(map(as_answer, choices))
        question = f"{QUESTIONS[key]} ({shown}; empty: leave it open)"
        answer = typer.prompt(question, default="")
        if answer:
            _take_answer(sniffed, key, answer)


def _take_answer(sniffed: Any, key: str, answer: str) -> None:  # noqa: ANN401  # as above
    """Set what a person said: a text, `constant:NAME` or its kin, columns of which the first or all
    count (`first_of:A,B`, `all_of:A,B`), a list or number as YAML.
    """
    kind, sign, value = answer.partition(":")
    taken: object = answer
    if sign and kind in {"constant", "file_name", "folder"}:
        taken = {kind: value}
    elif sign and kind in {"first_of", "all_of"}:
        taken = {kind: value.split(",")}
    elif answer.startswith("[") or key == "value_if_empty":
        import yaml  # noqa: PLC0415  # help comes at once

        taken = yaml.safe_load(answer)
    if key in sniffed.settings and sniffed.settings[key] == taken:
        return  # it was said before the values were looked at, and stands there with a reason
    is_sign = key == "decimal" and key in sniffed.open and answer in OTHER_SIGN
    sniffed.take(key, taken, "as you said")
    if is_sign:
        sniffed.take("thousands", OTHER_SIGN[answer], "the other sign")
