"""Columns that are not simply columns of the files."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator, model_validator

from ntg_assets.configuration.inputs.spellings import as_word
from ntg_assets.configuration.section import Section


class ColumnFrom(Section):
    """A column that is not simply a column of the files: exactly one of `column` (with a
    `default`), `first_of`, `all_of`, `file_name`, `folder` or `constant`.
    """

    column: str | None = None
    """Column of the files, for which `default` stands in files that lack it:
    `{column: rating, default: "3"}`.
    """
    default: Annotated[str | None, BeforeValidator(as_word)] = None
    """Text that stands in every record of a file that has no such column."""
    first_of: list[str] | None = Field(default=None, min_length=2)
    """Columns of which the first that is not empty counts, such as where films and episodes stand
    in columns of their own: `{first_of: [movie.title, show.title]}`. A file needs one of them.
    """
    all_of: list[str] | None = Field(default=None, min_length=2)
    """Columns whose texts together are the value, with a space between them, such as where day and
    time of day stand apart: `{all_of: [date, time]}`. Empty where the first of them is.
    """
    file_name: str | None = None
    r"""Pattern (a regular expression) of the whole file name; its group is the value:
    `{file_name: '(.*)\.json'}`.
    """
    folder: str | None = None
    """Pattern of the whole name of the folder that the file lies in; its group is the value:
    `{folder: 'user-(.*)'}`. Folders `key=value` are columns by themselves.
    """
    constant: Annotated[str | None, BeforeValidator(as_word)] = None
    """The same text for every record: `{constant: me}`."""

    @model_validator(mode="after")
    def _is_one(self) -> "ColumnFrom":
        kinds = [
            name
            for name in ("column", "first_of", "all_of", "file_name", "folder", "constant")
            if getattr(self, name) is not None
        ]
        if len(kinds) != 1:
            raise ValueError(
                "must hold exactly one of column, first_of, all_of, file_name, folder and"
                f" constant, found {' and '.join(kinds) or 'none'}"
            )
        if self.default is not None and self.column is None:
            raise ValueError("default belongs to column: name the column that some files lack")
        return self

    @field_validator("file_name", "folder")
    @classmethod
    def _has_one_group(cls, pattern: str | None) -> str | None:
        if pattern is None:
            return None
        try:
            n_groups = re.compile(pattern).groups
        except re.error as error:
            raise ValueError(f"is no regular expression ({error})") from None
        if n_groups != 1:
            raise ValueError(
                "must hold exactly one group in parentheses, which is the value, such as"
                rf" '(.*)\.json' (this one has {n_groups})"
            )
        return pattern

    @property
    def name(self) -> str:
        """How the column is called: its own name, or where it comes from."""
        if self.column is not None:
            return self.column
        if self.first_of is not None:
            return f"first of {', '.join(self.first_of)}"
        if self.all_of is not None:
            return f"all of {', '.join(self.all_of)}"
        if self.constant is not None:
            return f"constant {self.constant}"
        return (
            f"file name {self.file_name}" if self.file_name is not None else f"folder {self.folder}"
        )

    def value_of(self, *, file_name: str, folder: str) -> str | None:
        """Text that a file's place gives; none where the pattern does not fit."""
        if self.constant is not None:
            return self.constant
        text, pattern = (
            (file_name, self.file_name) if self.file_name is not None else (folder, self.folder)
        )
        match = re.fullmatch(pattern, text) if pattern is not None else None
        return match.group(1) if match else None


ColumnName = str | ColumnFrom


def column_name(column: ColumnName) -> str:
    """Name of a configured column among those of the files."""
    return column if isinstance(column, str) else column.name
