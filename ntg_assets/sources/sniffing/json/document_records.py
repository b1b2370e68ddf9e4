"""Where the records of a JSON document lie, which is read whole: in an array of it, under keys that
are values, or in documents that stand one a line.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ntg_assets.errors import SourceError
from ntg_assets.sources.files.json.json_documents import records_of
from ntg_assets.sources.files.json.json_keys import EACH, record_arrays
from ntg_assets.sources.files.packing import open_unpacked, unpacking
from ntg_assets.sources.sniffing.json.inner_fields import flat_fields
from ntg_assets.sources.sniffing.json.keyed_records import keyed_lists
from ntg_assets.sources.sniffing.json.record_lists import find_lists
from ntg_assets.sources.sniffing.roles.name_matching import by_name
from ntg_assets.sources.sniffing.roles.role_names import ROLES, SESSIONS
from ntg_assets.sources.sniffing.sniffed import Sniffed

SHOWN_ARRAYS = 5


def are_pages(lines: Sequence[str]) -> bool:
    """Whether the lines are no records but documents that hold arrays of them; one line may be."""
    if len(lines) == 1:
        return True
    first = _first_document(lines[0]) if lines else None
    has_arrays = any(_has_times(array.keys) for array in record_arrays(first))
    return has_arrays and not _has_times(_flat_keys(first))


def _sniff_place(document: object, sniffed: Sniffed) -> str | None:
    """Where the records of a document lie: in the longest of its arrays of objects that hold times;
    where others hold the same, a person says which.
    """
    arrays = list(record_arrays(document))
    if not arrays:
        return None
    chosen = max(arrays, key=lambda array: (_has_times(array.keys), array.n_records))
    alike = [array for array in arrays if array.keys == chosen.keys]
    others = [array for array in arrays if array not in alike]
    sniffed.take("records", chosen.place, "the longest array of objects with times")
    if len(alike) > 1:
        sniffed.settings.pop("records")
        sniffed.open["records"] = [array.place for array in alike]
        above = {array.place.rpartition(".")[0] for array in alike}
        if len(above) == 1:
            each = ".".join(filter(None, [*above, EACH]))
            sniffed.notes.append(
                f"several arrays hold records of one kind: `--set 'explode={each}'` reads all of"
                f" them, with the name of each as the column '{each}~'"
            )
    if others:
        shown = ", ".join(
            f"{array.place!r} ({array.n_records:,})" for array in others[:SHOWN_ARRAYS]
        )
        sniffed.notes.append(f"{len(others):,} other array(s) of objects are not read: {shown}")
    return chosen.place


def _has_times(keys: Iterable[str]) -> bool:
    """Whether some key is called like a time."""
    return bool(by_name(list(keys), ROLES["event_at"]))


def _flat_keys(record: object) -> list[str]:
    """Dotted keys of a record, but for those inside of arrays."""
    flat = flat_fields(record) if isinstance(record, dict) else {}
    return [key for key in flat if ".0." not in key]


def document_records(path: Path, sniffed: Sniffed, *, kind: str, name: str) -> Iterator[str] | None:
    """Records of a document that is read whole; none: its lines are the records."""
    with unpacking(name), open_unpacked(path) as opened:
        whole = opened.read().decode(sniffed.settings.get("encoding", "utf-8"))
    whole = whole.removeprefix("\ufeff")
    document = _first_document(whole)
    _raise_if_objects_of_columns(document, name=name)
    if "records" not in sniffed.settings and "explode" not in sniffed.settings:
        keyed = keyed_lists(document)
        if keyed and not _has_other_events(document, keyed):
            sniffed.take("explode", keyed, "an object whose keys are values, not names")
        elif not _says_who(document):
            _sniff_place(document, sniffed)
    place = sniffed.settings.get("records") or next(iter(sniffed.open.get("records", [])), None)
    if kind != "json" and place is None:
        return None
    return records_of(whole, place, name=name, may_be_lone=place is None and _is_record(document))


def _has_other_events(document: object, keyed: str) -> bool:
    """Whether a list of objects with times lies outside of an object whose keys are values."""
    above = keyed.split(EACH, maxsplit=1)[0]
    return any(
        _has_times(array.keys) and not array.place.startswith(above)
        for array in record_arrays(document)
    )


def _says_who(document: object) -> bool:
    """Whether a document says of whom the records in its lists are."""
    outer = [key for key in _flat_keys(document) if not key.endswith(".0")]
    names = (*ROLES["user_id"], *SESSIONS)
    return bool(by_name(outer, names)) and find_lists([document]) is not None


def _is_record(document: object) -> bool:
    """Whether a document that stands alone holds records in lists that can be exploded."""
    return keyed_lists(document) is not None or find_lists([document]) is not None


def _raise_if_objects_of_columns(document: object, *, name: str) -> None:
    """Raise when a document holds one object per column, whose keys are the places of records, or
    the names of the columns apart from rows that are lists.
    """
    rows = document.get("data") if isinstance(document, dict) else None
    if isinstance(rows, list) and rows and all(isinstance(row, list) for row in rows):
        raise SourceError(
            f"{name}: is JSON whose rows are lists ({json.dumps(rows[0])[:80]}) apart from the"
            " names of their columns. Write one object per record (`orient='records'` in pandas)."
        )
    columns = list(document.values()) if isinstance(document, dict) else []
    if len(columns) > 1 and all(
        isinstance(column, dict)
        and column.keys() == columns[0].keys()
        and all(key.isdigit() for key in column)
        for column in columns
    ):
        shown = ", ".join(document) if isinstance(document, dict) else ""
        raise SourceError(
            f"{name}: is JSON with one object per column ({shown}). Write one object per record"
            " (`orient='records'` in pandas)."
        )


def _first_document(text: str) -> object:
    """The first of the JSON documents of a text."""
    try:
        return json.JSONDecoder().raw_decode(text.lstrip())[0]
    except (ValueError, RecursionError):
        return None  # the reader says where, and refuses it
