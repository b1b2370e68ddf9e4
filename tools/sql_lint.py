"""Hold every SQL file to the house rules and to the subset that gives equal results on DuckDB and
Spark.

Usage: python -m tools.sql_lint [FILE ...]     (no file: every .sql file of the package)

Prints `file:line: rule: what to do` and exits with 1 when there is a finding. A file may break a
rule for a reason: `-- lint: allow <rule>: <reason>`. An allowance without a reason, or one that is
not needed any more, is a finding too.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tools.sql_rules import PACKAGE, RULES, parses
from tools.sql_tree import SqlFile

ALLOWANCE = re.compile(r"--\s*lint:\s*allow\s+([\w-]+)\s*:?\s*(.*)")


class Finding(NamedTuple):
    """One place that breaks a rule."""

    path: Path
    line: int
    rule: str
    advice: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.advice}"


def lint(path: Path, text: str) -> list[Finding]:
    """Findings of one file, in order of lines."""
    file = SqlFile(path, text)
    if broken := list(parses(file)):
        return [Finding(path, line, "statement", advice) for line, advice in broken]
    found = [
        Finding(path, line, name, advice)
        for name, check in RULES.items()
        for line, advice in check(file)
    ]
    return sorted(_without_allowed(file, found), key=lambda finding: (finding.line, finding.rule))


def package_files(root: Path) -> list[Path]:
    """Every SQL file of the package, relative to the project folder."""
    return sorted(path.relative_to(root) for path in (root / PACKAGE).rglob("*.sql"))


def main(arguments: Iterable[str]) -> int:
    """Lint the named files, or all; return the exit code."""
    paths = [Path(argument) for argument in arguments] or package_files(Path.cwd())
    findings = [
        finding for path in paths for finding in lint(path, path.read_text(encoding="utf-8"))
    ]
    for finding in findings:
        print(finding)
    print(f"{len(paths)} SQL files, {len(findings)} findings")
    return 1 if findings else 0


def _without_allowed(file: SqlFile, found: list[Finding]) -> Iterator[Finding]:
    broken = {finding.rule for finding in found}
    allowed: set[str] = set()
    for number, line in enumerate(file.text.splitlines(), start=1):
        if not (match := ALLOWANCE.search(line)):
            continue
        name, reason = match.groups()
        if name not in RULES:
            yield Finding(
                file.path,
                number,
                "allowance",
                f"there is no rule {name}; rules: {', '.join(RULES)}",
            )
        elif not reason:
            yield Finding(
                file.path, number, "allowance", f"say why: -- lint: allow {name}: <reason>"
            )
        elif name not in broken:
            yield Finding(
                file.path, number, "allowance", f"{name} is not broken any more: remove this line"
            )
        allowed.add(name)
    yield from (finding for finding in found if finding.rule not in allowed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
