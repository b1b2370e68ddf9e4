"""Lines of answers on a terminal."""

from rich.console import Console
from rich.markup import escape


def say(console: Console, text: str) -> None:
    """Print a line as it is: not broken, not coloured, no markup of ours read into it."""
    console.print(escape(text), highlight=False, soft_wrap=True)


def say_marked(console: Console, text: str) -> None:
    """Print a line that holds markup of ours: not broken, not coloured by guesses."""
    console.print(text, highlight=False, soft_wrap=True)
