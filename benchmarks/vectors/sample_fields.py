"""Fields of one sample, or of two that are called x and y."""

from benchmarks.vectors.readers import NotComputedError, Vector

FIRST = ("x", "first", "xs", "u")
SECOND = ("y", "second", "ys", "v")


def named_number(vector: Vector, names: tuple[str, ...]) -> float | None:
    """Read the first of some fields, where it is a number."""
    found = next((vector.raw[name] for name in names if name in vector.raw), None)
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        return float(found)
    return None


def flat_list(vector: Vector, names: tuple[str, ...]) -> list[float] | None:
    """Read the first of some fields that is a list of numbers."""
    for name in names:
        found = vector.raw.get(name)
        if isinstance(found, list) and found and all(isinstance(x, (int, float)) for x in found):
            return found
    return None


def two_samples(vector: Vector) -> tuple[list[float], list[float]] | None:
    """Find two samples: arms with values, or x and y."""
    if vector.arms_have("values"):
        return vector.arms[0]["values"], vector.arms[1]["values"]
    one, other = flat_list(vector, FIRST), flat_list(vector, SECOND)
    return (one, other) if one and other else None


def has_two_samples(vector: Vector) -> bool:
    """Whether there are two samples."""
    return two_samples(vector) is not None


def pair_of(vector: Vector) -> tuple[list[float], list[float]]:
    """Read two samples.

    Raises:
        NotComputedError: there are none.
    """
    found = two_samples(vector)
    if found is None:
        raise NotComputedError("no two samples")
    return found
