"""Which tests take too long for the quick subset, and which are left out of it for no reason
(`make test-marks`).

Counted is processor time, of the test's process and of those that it started and waited for: it is
the same on a busy machine. What a fixture of a module or of a session takes is divided among the
tests that ask for it; what is parametrised has the middle of its cases.
"""

import resource
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator
from statistics import median
from typing import Any, NamedTuple

import pytest

# seconds: what took longer was 6% of the tests that were not marked, and 57% of their time
LIMIT = 0.3
TOLERATED = 2.0  # up to the double of the limit, and down to its half, either mark will do
TAKEN, SHARED = "processor_seconds", "shared_fixtures"


class Taken(NamedTuple):
    """What one test took, in seconds of a processor."""

    test: str
    is_slow: bool
    alone: float
    shared: dict[str, float]  # seconds of each fixture that it asked for, whoever asked first

    @property
    def function(self) -> str:
        """The test without its parameters."""
        return self.test.split("[")[0]


def misplaced(tests: Iterable[Taken]) -> Iterator[str]:
    """Name each test function whose mark does not fit what it takes, the slowest first."""
    cases = defaultdict(list)
    for test, seconds in _with_shares(list(tests)):
        cases[test.function, test.is_slow].append(seconds)
    for (function, is_slow), taken in sorted(cases.items(), key=lambda case: -median(case[1])):
        seconds = median(taken)
        if not is_slow and seconds > LIMIT * TOLERATED:
            yield f"{seconds:5.2f} s, not marked slow: {function}"
        if is_slow and seconds < LIMIT / TOLERATED:
            yield f"{seconds:5.2f} s, marked slow: {function}"


def _with_shares(tests: list[Taken]) -> Iterator[tuple[Taken, float]]:
    """Add a test's share of its fixtures: what is left out of a run pays for none of them."""
    sharers: dict[tuple[str, bool], int] = defaultdict(int)
    for test in tests:
        for fixture in test.shared:
            sharers[fixture, test.is_slow] += 1
    for test in tests:
        shares = (
            seconds / (sharers[fixture, False] + test.is_slow * sharers[fixture, True])
            for fixture, seconds in test.shared.items()
        )
        yield test, test.alone + sum(shares)


def used() -> float:
    """Processor time of this process, of its ended children and of what was counted elsewhere,
    seconds.
    """
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both) + sum(_elsewhere)


_elsewhere: list[float] = []


def count_elsewhere(seconds: float) -> None:
    """Count what a process took that another one has started and waited for."""
    _elsewhere.append(seconds)


class SlowMarks:
    """Times every test where it runs, and lists at the end what is misplaced."""

    def __init__(self) -> None:
        self.fixtures: dict[str, float] = {}
        self.taken: Callable[[], float] = used
        self.tests: list[Taken] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any]
    ) -> Generator[None, object, object]:
        """Time what several tests share, without what it asks for itself."""
        before, inner = used(), sum(self.fixtures.values())
        try:
            return (yield)
        finally:
            if fixturedef.scope != "function":
                name = _name(fixturedef)
                took = used() - before - (sum(self.fixtures.values()) - inner)
                self.fixtures[name] = self.fixtures.get(name, 0.0) + took

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Generator[None, object, object]:
        """Time one test with its own fixtures."""
        before, shared = used(), sum(self.fixtures.values())
        self.taken = lambda: used() - before - (sum(self.fixtures.values()) - shared)
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Hand the times on with the report, which finds its way out of a worker."""
        report = yield
        if call.when == "teardown":
            definitions = item._fixtureinfo.name2fixturedefs.values()  # type: ignore[attr-defined]
            names = [_name(each[-1]) for each in definitions if each]
            shared = {name: self.fixtures[name] for name in names if name in self.fixtures}
            report.user_properties += [(TAKEN, self.taken()), (SHARED, shared)]
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a test took."""
        measured: dict[str, Any] = dict(report.user_properties)
        if report.when == "teardown" and TAKEN in measured:
            is_slow = "slow" in report.keywords
            self.tests.append(Taken(report.nodeid, is_slow, measured[TAKEN], measured[SHARED]))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """List what is misplaced."""
        terminalreporter.section(f"marks beside {LIMIT} s of a processor", sep="-")
        for line in misplaced(self.tests):
            terminalreporter.write_line(line)
        quick = sum(test.alone for test in self.tests if not test.is_slow)
        terminalreporter.write_line(f"{quick:.0f} s in tests that are not marked slow")


def _name(fixture: pytest.FixtureDef[Any]) -> str:
    return f"{fixture.baseid}::{fixture.argname}"
