"""How many threads the compiled loops use."""

from numba import get_num_threads

MOST_WORKERS = 8  # each keeps heaps of its own: items * k * 16 bytes
WORKERS = min(get_num_threads(), MOST_WORKERS)  # changes only speed and memory
NARROW = 65_535  # no count exceeds the row's support, and 16 bits per count are kinder to the cache
