"""What the primary metric of an experiment is worth: measured money,
or a conversion that somebody assumed, and the profit it leaves.
"""

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.value_terms import INDEX, ValueTerms
from ntg_assets.experiments.readout.readout import Readout
from ntg_assets.statistics.bayes import Belief, update


def why_not_money(experiment: ExperimentSettings, terms: ValueTerms) -> str | None:
    """Say why the primary metric is no measured money; None when it is.

    Only amounts that were paid are: `revenue` of values in a stated currency. Whatever else is
    worth by `value_per_unit` is an assumption.
    """
    metric = experiment.metric(experiment.primary_metric)
    if not (metric.is_money and metric.how.is_daily) or metric.better == "less":
        return f"is on `{metric.name}`, which is not money{_assumed(experiment, terms)}"
    if terms.unit == INDEX and metric.currency is None:
        return f"is on `{metric.name}` in index points, which is not money (value.unit)"
    if experiment.source.kind == "table":
        return None  # its columns of revenue are amounts
    outcomes = None if experiment.source.kind == "offline replay" else experiment.source.outcomes
    if outcomes is None and terms.basis != "event_value":
        why = f"whose values are not money (value.basis is {terms.basis})"
        return f"is on `{metric.name}` of the interaction log, {why}"
    if outcomes is not None and outcomes.value is None:
        why = "without a column of amounts, so each outcome counts 1"
        return f"is on `{metric.name}` of an outcome log {why}"
    return None


def money_unit(experiment: ExperimentSettings, terms: ValueTerms) -> str | None:
    """Return the currency in which the primary metric is measured;
    None when it is no measured money.
    """
    if why_not_money(experiment, terms):
        return None
    return experiment.metric(experiment.primary_metric).currency or terms.unit


def worth_in_words(experiment: ExperimentSettings, terms: ValueTerms) -> str:
    """Say by which assumption an effect became money; nothing where it is measured as it is."""
    if money_unit(experiment, terms) == terms.unit and experiment.value_per_unit == 1:
        return ""
    return (
        f", taking 1 {experiment.primary_metric} as {experiment.value_per_unit:g} {terms.words} (an"
        " assumption)"
    )


def profit_belief(
    experiment: ExperimentSettings, primary: Readout, *, prior: Belief | None = None
) -> Belief | None:
    """Return the belief about the incremental profit per unit, or None when there is no estimate.

    With a prior the effect is shrunk toward those of past experiments, as a share of the control's
    mean; where the control's mean is not above zero a share of it means nothing, and the estimate
    stands alone. Past effects, like this one, are improvements.
    """
    if primary.gain is None or primary.standard_error is None:
        return None
    baseline = primary.mean_control or 0.0
    absolute = (
        Belief(prior.mean * baseline, prior.variance * baseline**2)
        if prior and baseline > 0
        else None
    )
    effect = update(primary.gain, primary.standard_error**2, prior=absolute)
    worth = experiment.value_per_unit
    return Belief(worth * effect.mean - experiment.whole_cost_per_unit, worth**2 * effect.variance)


def _assumed(experiment: ExperimentSettings, terms: ValueTerms) -> str:
    if experiment.value_per_unit == 1:
        return ""
    return (
        f" ({experiment.value_per_unit:g} {terms.words} apiece by value_per_unit is an assumption)"
    )
