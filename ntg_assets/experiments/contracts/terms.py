"""Words and types that the contracts of the experiments share."""

from typing import Annotated

import polars as pl

from ntg_assets.configuration.experiments.comparisons import Comparison

SOURCES = ["observed", "offline replay", "simulated"]
COMPARISONS = [str(comparison) for comparison in (Comparison.BETWEEN_USERS, Comparison.PAIRED)]
READ = [*COMPARISONS, str(Comparison.TO_DATE)]
SUMMED = [*COMPARISONS, str(Comparison.SINCE_THE_LOOK)]
LOGS = ["exposures", "outcomes", "interaction log"]
COHORT_KINDS = ["all", "half", "week", "day"]
VERDICTS = ["healthy", "warning", "thin", "sick"]
ROLES = ["primary", "guardrail", "secondary", "negative control", "pooled"]
LOG_FILES = ["exposures", "outcomes", "assignments", "delivered", "kept"]
BETTER = ["more", "less"]
OUTCOMES = ["rollout", "rollback", "iterate"]
EXPERIMENT = "Experiment, by its id in the configuration"
UNIT = "Unit of the experiment as text (the user_id where users are the unit)"
SOURCE = "Where the evidence comes from; kinds are never pooled"

Exact = Annotated[pl.Decimal, 38, 0]
