"""Small logs whose layout is to be found, for the tests of `ntg init`'s sniffing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ntg_assets.sources.sniffing.proposals import sniff_file
from ntg_assets.sources.sniffing.sniffed import Sniffed

FIRST = datetime(2024, 1, 5, 15, 4, 5)
TIMES = [FIRST + timedelta(days=9 * n, hours=n, minutes=7 * n) for n in range(14)]
SECONDS = [int(at.replace(tzinfo=UTC).timestamp()) for at in TIMES]


def sniff(home: Path, content: str | bytes, name: str = "log") -> Sniffed:
    """Write a file below `home`, and look at it."""
    (home / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return sniff_file(home / name, name=name)


def lines(row: Callable[[int, datetime], str], header: str = "") -> str:
    """One line for each of `TIMES`, made from its place and its time."""
    return header + "".join(f"{row(n, at)}\n" for n, at in enumerate(TIMES))
