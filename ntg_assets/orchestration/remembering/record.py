"""What is known of the last time that a step was made: what it was made from, and what came of it.

One JSON file per step below the warehouse's folder, written whole after the step's tables are
stored. It names contents only by hashes; what it says of tables is held against the tables before
it is believed, so a record that outlived its tables is worth nothing and does no harm.
"""

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ntg_assets.sql import Table


class MadeTable(BaseModel):
    """A table as it was stored.

    Attributes:
        version: Hash of its rows and of its columns.
        n_rows: Rows.
    """

    version: str
    n_rows: int


class Verdict(BaseModel):
    """What a check had to say."""

    table: str
    check: str
    passed: bool
    is_warning: bool
    description: str


class Made(BaseModel):
    """A step as it was made.

    Attributes:
        run: The run that made it.
        code: Hash of each file of NTG that it may depend on.
        environment: Versions of Python and the libraries, the processor, zones.
        sections: Sections of the configuration that it looked at.
        settings: Hash of each of their values, by dotted key.
        inputs: Version of each table that it was issued.
        files: Version of each file that it read beside.
        tables: What it made.
        verdicts: What its checks said.
        not_before: The instant that it took for the present (seconds since 1970), where a later one
        would change nothing; none: it did not look at the clock.
    """

    model_config = ConfigDict(extra="forbid")

    run: str
    code: dict[str, str]
    environment: dict[str, str]
    sections: list[str]
    settings: dict[str, str]
    inputs: dict[str, str]
    files: dict[str, str]
    tables: dict[str, MadeTable]
    verdicts: list[Verdict] = []
    not_before: float | None = None


@dataclass
class Observed:
    """What a step has looked at so far.

    Attributes:
        sections: Sections of the configuration.
        inputs: Versions of its tables when it began.
        files: Versions of its files when it began; none: they have none.
        verdicts: What its checks said.
        now: The instant that it took for the present; none: it did not ask.
        is_settled: Whether a later present would change nothing.
    """

    inputs: dict[str, str]
    files: dict[str, str] | None
    sections: set[str] = field(default_factory=set)
    verdicts: list[Verdict] = field(default_factory=list)
    now: float | None = None
    is_settled: bool = False


def name_of_table(table: Table) -> str:
    """Name a table as records do."""
    return f"{table.schema}.{table.name}"


def read_made(folder: Path, step: str) -> Made | None:
    """Read what is known of a step; none where nothing is, or nothing that can be read."""
    try:
        return Made.model_validate_json((folder / f"{step}.json").read_bytes())
    except (OSError, ValidationError, ValueError):
        return None


def keep_made(folder: Path, step: str, made: Made) -> None:
    """Write what is known of a step, whole or not at all: it is not brought onto the disk at once,
    since one that a power cut has torn is as good as none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{step}.json.part"
    part.write_text(made.model_dump_json() + "\n", encoding="utf-8")
    part.replace(folder / f"{step}.json")


def forget_made(folder: Path, step: str) -> None:
    """Take away what is known of a step."""
    (folder / f"{step}.json").unlink(missing_ok=True)
