"""Numbered JSON records: one small file each, appended, never changed."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ntg_assets.errors import StorageError
from ntg_assets.history.writing import writing
from ntg_assets.storage.files import write_text

Record = TypeVar("Record", bound=BaseModel)


def append_record(folder: Path, record: BaseModel, *, name: str) -> Path:
    """Write a record under the next number.

    Args:
        folder: Folder of this kind of records.
        record: What happened.
        name: What the file is called after its number.

    Raises:
        StorageError: the disk is full or broken.
    """
    number = max((int(file.name.split("-")[0]) for file in _files(folder)), default=0) + 1
    file = folder / f"{number:06d}-{name}.json"
    with writing(file):
        return write_text(file, record.model_dump_json(indent=1) + "\n")


def read_records(folder: Path, model: type[Record]) -> list[Record]:
    """Read the records of a folder, oldest first.

    Raises:
        StorageError: a file is damaged.
    """
    return [_read(file, model) for file in _files(folder)]


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*-*.json"))


def _read(file: Path, model: type[Record]) -> Record:
    try:
        return model.model_validate_json(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        first = str(error).splitlines()[0]
        raise StorageError(
            f"data/history/{file.parent.name}/{file.name}: cannot be read ({first}). Restore it, or"
            " delete it and run again."
        ) from None
