"""One metric of one comparison read out: between users or in pairs."""

from collections.abc import Sequence
from dataclasses import replace

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.readout.comparisons import arms_of, compare_arms, terms_of, test_of
from ntg_assets.experiments.readout.readout import Readout, interval_columns, relative_columns
from ntg_assets.statistics.joint_comparison import widened
from ntg_assets.statistics.metric_kinds import Compared
from ntg_assets.statistics.moments import moments_of
from ntg_assets.statistics.samples import Sample, adjusted_samples
from ntg_assets.statistics.two_samples import Difference, compare_pairs


def read_between(
    blanks: Sequence[Readout],
    experiment: ExperimentSettings,
    evidence: Evidence,
    *,
    metric: MetricSettings,
) -> list[Readout]:
    """Read one metric of all treatments, between units."""
    compared = compare_arms(experiment, evidence, metric=metric)
    alone, (control, *treated) = compared.differences, compared.samples
    is_joint = experiment.role_of(metric.name) == "primary" and len(alone) > 1
    joint = _joint(compared, experiment, evidence, metric=metric) if is_joint else alone
    return [
        replace(
            filled(blank, shown, control=control, treatment=sample),
            method=compared.method,
            p=raw.p,
            p_adjusted=shown.p,
            adjustment="largest of correlated t" if is_joint else "none",
            variance_removed_share=compared.removed_share,
        )
        for blank, raw, shown, sample in zip(blanks, alone, joint, treated, strict=True)
    ]


def read_pairs(blank: Readout, experiment: ExperimentSettings, evidence: Evidence) -> Readout:
    """Read one metric of one treatment, in pairs."""
    pairs = adjusted_samples(
        [moments_of(evidence.sums_for(Comparison.PAIRED, blank.metric, blank.arm))],
        use_covariate=False,
    )[0]
    n_treatments = len(experiment.treatments)
    difference = compare_pairs(pairs, confidence=1 - experiment.significance / n_treatments)
    return replace(
        blank,
        method="one-sample t of paired differences",
        **interval_columns(difference),
        standard_error=difference.standard_error,
        p=difference.p,
        p_adjusted=min(1.0, difference.p * n_treatments),
        adjustment="bonferroni" if n_treatments > 1 else "none",
        is_valid=True,
    )


def _joint(
    compared: Compared,
    experiment: ExperimentSettings,
    evidence: Evidence,
    *,
    metric: MetricSettings,
) -> Sequence[Difference]:
    """Widen intervals and p-values so that they hold for all treatment arms together."""
    arms = arms_of(experiment, evidence, metric)
    terms = terms_of(metric, confidence=1 - experiment.significance_of(metric.name))
    return widened(test_of(experiment, metric), arms, terms, compared).differences


def filled(
    blank: Readout, difference: Difference, *, control: Sample, treatment: Sample
) -> Readout:
    """Put a comparison's numbers into a readout."""
    return replace(
        blank,
        mean_control=control.mean,
        mean_treatment=treatment.mean,
        **interval_columns(difference),
        standard_error=difference.standard_error,
        **relative_columns(difference),
        is_valid=True,
    )
