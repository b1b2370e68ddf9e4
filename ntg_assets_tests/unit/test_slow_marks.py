"""A mark is misplaced where it does not fit what a test takes, whoever paid for the fixtures."""

from ntg_assets_tests.slow_marks import LIMIT, TOLERATED, Taken, misplaced


def taken(test: str, alone: float, *, is_slow: bool = False, **shared: float) -> Taken:
    return Taken(f"test_a.py::{test}", is_slow, alone, shared)


def test_a_test_is_judged_by_what_it_takes() -> None:
    above, below = LIMIT * TOLERATED, LIMIT / TOLERATED
    tests = [
        taken("test_long", above + 0.01),
        taken("test_longer", above + 1.01),
        taken("test_tolerated", above - 0.01),
        taken("test_short", below - 0.01, is_slow=True),
        taken("test_rightly_left_out", below + 0.01, is_slow=True),
    ]
    assert list(misplaced(tests)) == [
        f" {above + 1.01:.2f} s, not marked slow: test_a.py::test_longer",
        f" {above + 0.01:.2f} s, not marked slow: test_a.py::test_long",
        f" {below - 0.01:.2f} s, marked slow: test_a.py::test_short",
    ]


def test_the_middle_of_the_cases_counts() -> None:
    once = [taken(f"test_cases[{n}]", seconds) for n, seconds in enumerate([9.0, 0.1, 0.2])]
    assert list(misplaced(once)) == []


def test_a_fixture_is_paid_by_all_who_ask_for_it() -> None:
    """Four quick tests and a slow one share 3 s: the quick ones pay without the slow one."""
    quick = [taken(f"test_{n}", 0.01, world=3.0) for n in range(4)]
    slow = taken("test_slow", 0.01, is_slow=True, world=3.0)
    assert [line[:7] for line in misplaced([*quick, slow])] == [f"{0.01 + 3 / 4:5.2f} s"] * 4
    alone = taken("test_alone", 0.01, is_slow=True)
    assert [line.split("::")[1] for line in misplaced([slow, alone])] == ["test_alone"]
