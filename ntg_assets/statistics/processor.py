"""The type of processor that numbers were added on: between types, last bits differ."""

import platform

import numpy as np
import scipy.linalg  # noqa: F401  # its BLAS is one of those that are asked
from threadpoolctl import threadpool_info


def processor() -> str:
    """Name the architecture, the kernels that BLAS chose on it, and numpy's vector instructions."""
    blas = sorted(
        {
            str(library.get("architecture", "unknown"))
            for library in threadpool_info()
            if library["user_api"] == "blas"
        }
    )
    vectors = np.show_config(mode="dicts").get("SIMD Extensions", {}).get("found", [])
    kernels = " and ".join(blas) or "unknown"
    return f"{platform.machine()}, BLAS {kernels}, numpy {' '.join(vectors) or 'baseline'}"
