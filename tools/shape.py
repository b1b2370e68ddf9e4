"""The shape of the code in numbers: how long bodies are, what circles, what is named vaguely.

Usage: python -m tools.shape     (in the project folder)

Lengths are counted after formatting a temporary copy to 88 columns, since a wide line hides a long
function. Each figure stands beside its goal; nothing here fails a build.
"""

import ast
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

import grimp

PACKAGE = "ntg_assets"
COLUMNS = 88
LONG_BODY, LONG_FILE = 40, 250
# Words that say nothing of what is bound: message, frame, probability or list of failures?
VAGUE = frozenset(
    [
        "told",
        "found",
        "one",
        "known",
        "asked",
        "given",
        "data",
        "thing",
        "obj",
        "tmp",
        "temp",
        "stuff",
        "info",
    ]
)
FEW_ARGUMENTS = 3  # that are not obvious: from here on a public function says what they are
# An annotation that leaves nothing to say of shape, unit or grain.
PLAIN_TYPES = frozenset({"bool", "np.random.Generator", "Settings", "Project"})
SAID_IN_PLACE = ("Annotated[", "Literal[")  # the help, or the few values, stand in the type
ASSET_DECORATORS = frozenset({"staged_asset", "staged_assets", "staged_check"})
KERNELS = ("_kernel", "edge_heap", "prefetch")  # compiled loops, which calls would slow down

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Figure(NamedTuple):
    """One measured figure, what it should be, and the worst offenders."""

    name: str
    value: float
    goal: str
    is_met: bool
    worst: tuple[str, ...] = ()


def formatted_copy(root: Path, folder: Path) -> Path:
    """Copy the package and format the copy to `COLUMNS` columns."""
    copy = folder / PACKAGE
    shutil.copytree(root / PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    ruff = Path(sys.executable).parent / "ruff"
    command = [str(ruff), "format", "--quiet", "--isolated", "--line-length", str(COLUMNS)]
    subprocess.run([*command, str(copy)], check=True)  # noqa: S603  # our own command
    return copy


def functions(tree: ast.Module) -> Iterator[Function]:
    """Yield every function and method of a module, nested ones included."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def body_lines(function: Function, text: list[str]) -> int:
    """Count the lines of a body that hold anything, without its docstring."""
    statements = function.body[1:] if ast.get_docstring(function) else function.body
    if not statements:
        return 0
    first, last = statements[0].lineno, statements[-1].end_lineno or 0
    return sum(1 for line in text[first - 1 : last] if line.strip())


def bound_names(tree: ast.Module) -> Iterator[str]:
    """Yield every name that a module binds: arguments, assignments, loops."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def public_functions(tree: ast.Module) -> Iterator[Function]:
    """Yield the functions of a module and the methods of its classes that others may call.

    A function within a function, and whatever begins with an underscore, is read where it is used.
    """
    for node in tree.body:
        inside = node.body if isinstance(node, ast.ClassDef) and node.name[0] != "_" else [node]
        for function in inside:
            if isinstance(function, Function) and not function.name.startswith("_"):
                yield function


def described_types(trees: Iterable[ast.Module]) -> frozenset[str]:
    """Name the types that say themselves what a value of theirs is: classes with a docstring, sets
    of literals, options of commands with their help.
    """
    nodes = [node for tree in trees for node in tree.body]
    classes = {
        node.name for node in nodes if isinstance(node, ast.ClassDef) and ast.get_docstring(node)
    }
    literals = {
        target.id
        for node in nodes
        if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith(SAID_IN_PLACE)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return frozenset(classes | literals)


def is_obvious(argument: ast.arg, described: frozenset[str]) -> bool:
    """Whether name and type say all: the type has a docstring of its own or is a few literals, or
    the help stands beside it (`Annotated`). A number, a text, an array or a frame is never obvious:
    its unit, its shape or its grain is in no type.
    """
    if argument.arg in {"self", "cls"}:
        return True
    annotation = ast.unparse(argument.annotation) if argument.annotation else ""
    if annotation.startswith(SAID_IN_PLACE):
        return True
    parts = {part.strip() for part in annotation.split("|")} - {"None"}
    return bool(parts) and parts <= described | PLAIN_TYPES


def is_asset(function: Function) -> bool:
    """Whether a function is an asset or a check: its arguments are tables, and their contracts say
    what a row is.
    """
    heads = [node.func if isinstance(node, ast.Call) else node for node in function.decorator_list]
    return any(ast.unparse(head).split(".")[-1] in ASSET_DECORATORS for head in heads)


def needs_args(function: Function, described: frozenset[str]) -> bool:
    """Whether a docstring should list the arguments, since several are not obvious."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    unclear = [argument for argument in arguments if not is_obvious(argument, described)]
    return len(unclear) >= FEW_ARGUMENTS and not is_asset(function)


def has_args(function: Function) -> bool:
    """Whether a docstring lists the arguments."""
    return "Args:" in (ast.get_docstring(function) or "")


def is_kernel(path: Path) -> bool:
    """Whether a module holds compiled loops."""
    return any(path.stem.endswith(kernel) for kernel in KERNELS)


def lengths(copy: Path) -> list[Figure]:
    """Measure bodies, files, folders, names and docstrings of a formatted copy."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(copy.rglob("*.py"))}
    trees = {path: ast.parse(text) for path, text in texts.items()}
    return [
        *_body_figures(copy, texts, trees),
        *_file_figures(copy, texts),
        _name_figure(trees.values()),
        _docstring_figure(copy, trees),
    ]


def _body_figures(
    copy: Path, texts: Mapping[Path, str], trees: Mapping[Path, ast.Module]
) -> list[Figure]:
    bodies = {
        f"{path.relative_to(copy)}:{function.name}:{function.lineno}": body_lines(
            function, texts[path].splitlines()
        )
        for path, tree in trees.items()
        if not is_kernel(path)
        for function in functions(tree)
    }
    long = _largest({name: n for name, n in bodies.items() if n > LONG_BODY})
    middle, tail = median(bodies.values()), quantiles(bodies.values(), n=10)[-1]
    return [
        Figure("median body, lines", middle, "<= 6", middle <= 6),  # noqa: PLR2004  # the goal
        Figure("90% of bodies, lines", tail, "<= 18", tail <= 18),  # noqa: PLR2004  # the goal
        Figure("bodies over 40 lines", len(long), "0", not long, long),
    ]


def _file_figures(copy: Path, texts: Mapping[Path, str]) -> list[Figure]:
    files = {str(path.relative_to(copy)): text.count("\n") for path, text in texts.items()}
    long = _largest({name: n for name, n in files.items() if n > LONG_FILE})
    folders = Counter(str(path.parent.relative_to(copy)) for path in texts if path.stem[0] != "_")
    fullest = max(folders.values())
    return [
        Figure("files over 250 lines", len(long), "<= 15", len(long) <= 15, long),  # noqa: PLR2004  # the goal
        Figure("modules in a folder", fullest, "<= 20", fullest <= 20, _largest(folders)[:3]),  # noqa: PLR2004  # as above
    ]


def _name_figure(trees: Iterable[ast.Module]) -> Figure:
    names = Counter(name for tree in trees for name in bound_names(tree))
    vague = {name: n for name, n in names.items() if name in VAGUE}
    share = 100 * sum(vague.values()) / max(names.total(), 1)
    return Figure("vague bindings, %", round(share, 2), "<= 1", share <= 1, _largest(vague))


def _docstring_figure(copy: Path, trees: Mapping[Path, ast.Module]) -> Figure:
    described = described_types(trees.values())
    unclear = {
        f"{path.relative_to(copy)}:{function.name}:{function.lineno}": has_args(function)
        for path, tree in trees.items()
        for function in public_functions(tree)
        if needs_args(function, described)
    }
    share = 100 * sum(unclear.values()) / max(len(unclear), 1)
    unlisted = tuple(name for name, is_listed in unclear.items() if not is_listed)
    return Figure("Args where 3 unclear, %", round(share, 1), ">= 80", share >= 80, unlisted)  # noqa: PLR2004  # the goal


def circles(graph: grimp.ImportGraph, package: str) -> list[str]:
    """List the groups of siblings, at any depth, that need each other."""
    children = sorted(graph.find_children(package))
    needs = {child: _siblings_needed(graph, child, children) for child in children}
    reach = {child: _reachable(child, needs) for child in children}
    groups = {
        tuple(sorted({child} | {other for other in reach[child] if child in reach[other]}))
        for child in children
    }
    own = [f"{package}: {', '.join(group)}" for group in sorted(groups) if len(group) > 1]
    return [*own, *(circle for child in children for circle in circles(graph, child))]


def _siblings_needed(graph: grimp.ImportGraph, child: str, children: list[str]) -> set[str]:
    inside = {child, *graph.find_descendants(child)}
    needed = {name for module in inside for name in graph.find_modules_directly_imported_by(module)}
    return {
        other
        for other in children
        if other != child and any(n == other or n.startswith(f"{other}.") for n in needed)
    }


def _reachable(start: str, needs: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for other in needs[waiting.pop()] - seen:
            seen.add(other)
            waiting.append(other)
    return seen


def upward_imports(graph: grimp.ImportGraph, layers: list[str]) -> list[str]:
    """List the imports from a lower layer of the import contract to a higher one."""
    place = {
        name.strip(): height
        for height, names in enumerate(reversed(layers))
        for name in names.split("|")
    }
    return sorted(
        f"{module} -> {needed}"
        for module in graph.modules
        for needed in graph.find_modules_directly_imported_by(module)
        if _height(needed, place) > _height(module, place) >= 0
    )


def _height(module: str, place: dict[str, int]) -> int:
    parts = module.split(".")
    return place.get(parts[1], -1) if len(parts) > 1 else -1


def structure(root: Path) -> list[Figure]:
    """Measure what imports what."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    linter = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]
    (layers,) = (each["layers"] for each in linter["contracts"] if each["type"] == "layers")
    around, up = tuple(circles(graph, PACKAGE)), tuple(upward_imports(graph, layers))
    return [
        Figure("circles", len(around), "0", not around, around),
        Figure("upward imports", len(up), "<= 3", len(up) <= 3, up),  # noqa: PLR2004  # the goal
    ]


def _largest(counts: dict[str, int] | Counter[str]) -> tuple[str, ...]:
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(f"{name} {count}" for name, count in ordered)


def measure(root: Path) -> list[Figure]:
    """Measure the package below `root`."""
    with tempfile.TemporaryDirectory() as folder:
        return [*lengths(formatted_copy(root, Path(folder))), *structure(root)]


def main() -> int:
    """Print every figure beside its goal, and the worst offenders of those that miss it, which
    fail.
    """
    figures = measure(Path.cwd())
    for figure in figures:
        verdict = "met" if figure.is_met else "not met"
        print(f"{figure.name:<26} {figure.value:>8g}   goal {figure.goal:<6} {verdict}")
        for offender in () if figure.is_met else figure.worst[:20]:
            print(f"    {offender}")
    return 0 if all(figure.is_met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
