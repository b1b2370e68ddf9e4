"""The `ntg` command: the same assets as the UI, on the same history."""

from ntg_assets.cli.app import main

__all__ = ["main"]
