"""A share of units that should be small."""

from ntg_assets.experiments.health.health_check import HealthCheck, Verdict

# share of units; they are left out of the readout, more of them means broken assignment
MOST_IN_SEVERAL_ARMS = 0.01


def share_check(check: str, n: int, n_all: int, meaning: str) -> HealthCheck:
    """Judge a share of all units that should be small.

    Args:
        check: Name of the check.
        n: Units that are concerned.
        n_all: All units.
        meaning: What it means for one, as the sentence goes on.
    """
    share = n / n_all if n_all else 0.0
    verdict = Verdict.SICK.when(fault=share > MOST_IN_SEVERAL_ARMS)
    return HealthCheck(check, share, MOST_IN_SEVERAL_ARMS, verdict, f"{n:,} of {n_all:,} {meaning}")
