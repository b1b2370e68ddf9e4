"""One seed, many independent streams: each use of randomness has a name,
and its name alone decides its numbers.
"""

import hashlib

import numpy as np

HASH_DIGITS = 15  # 60 bits: exact in a Python int, in numpy's int64 and in a DuckDB bigint
HASH_SPACE: int = 16**HASH_DIGITS


def random_stream(seed: int, use: str) -> np.random.Generator:
    """Return a generator that depends on the seed and on the name of the use, on nothing else."""
    digest = hashlib.sha256(f"{seed}:{use}".encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, dtype=np.uint32))


def unit_interval(salt: str, unit: object) -> float:
    """Map a unit to [0, 1) by the first 15 hex digits of sha256(`salt:unit`);
    the SQL in `buckets.sql` gives the same number.

    Source: Kohavi, Tang and Xu 2020, "Trustworthy Online Controlled Experiments", chapter 14 (hash
    and salt).
    """
    digits = hashlib.sha256(f"{salt}:{unit}".encode()).hexdigest()[:HASH_DIGITS]
    return int(digits, 16) / HASH_SPACE


def bucket_of(salt: str, unit: object) -> int:
    """Return the first 15 hex digits of sha256(`salt:unit`) as an integer below 16**15;
    the SQL stores the same one.
    """
    return int(hashlib.sha256(f"{salt}:{unit}".encode()).hexdigest()[:HASH_DIGITS], 16)
