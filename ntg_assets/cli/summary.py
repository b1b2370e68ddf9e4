"""The end of a run: what was decided, where things are, how to look."""

from rich.console import Console

from ntg_assets.settings import Paths, Settings


def tell_summary(settings: Settings, paths: Paths, *, console: Console) -> None:
    """Print what a person can act on."""
