"""What was tried and survived, in figures at the end of `make test-reliability`."""

from collections import Counter
from collections.abc import Callable

import pytest

Tally = Callable[..., None]


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """Count what a test has tried, by name: it counts where the test passes."""

    def add(**tried: int) -> None:
        request.node.user_properties += tried.items()

    return add


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the sums over every test that has passed."""
    if not terminalreporter.config.getoption("exhaustive"):
        return
    tried = Counter[str]()
    for report in terminalreporter.stats.get("passed", []):
        for name, number in report.user_properties if report.when == "call" else ():
            tried[name] += number
    if tried:
        terminalreporter.section("tried, and everything was whole")
        for name, number in tried.items():
            terminalreporter.line(f"{number:>6,}  {name.replace('_', ' ')}")
