-- Purpose: each decision beside the numbers that it rests on.
-- Grain: one row per experiment.
-- Parameters: none
select
    decisions.experiment,
    decisions.decision,
    decisions.arm,
    readouts.metric,
    readouts.control_arm,
    readouts.n_control,
    readouts.n_treatment,
    readouts.mean_control,
    readouts.mean_treatment,
    readouts.difference,
    readouts.difference_low,
    readouts.difference_high,
    readouts.p_adjusted,
    decisions.is_readout_valid,
    decisions.owner,
    decisions.sentence
from decisions
left join readouts on decisions.readout_key = readouts.readout_key
