"""The type of processor that numbers were added on: between types, last bits differ."""

import ctypes
import platform
from pathlib import Path

import numpy as np
import scipy
from threadpoolctl import threadpool_info


def processor() -> str:
    """Name the architecture, the kernels that BLAS chose on it, and numpy's vector instructions."""
    _load_blas_of_scipy()
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


def _load_blas_of_scipy() -> None:
    """Load the BLAS of scipy, which is one of those that are asked, without the package that needs
    it: that takes a fifth of a second.
    """
    extension = next(Path(scipy.__file__).parent.glob("linalg/_fblas*"), None)
    if extension is None:
        scipy.linalg.blas.dasum([0.0])
    else:
        ctypes.CDLL(str(extension))
