"""Effects within parts of the population: found where they are,
and not claimed where the parts are alike.
"""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
import scipy

from ntg_assets.configuration.experiments.arms import ArmSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.readout.segments import segment_effects
from ntg_assets.statistics.moments import total
from ntg_assets_tests.experiment_sums import sums

ONE = ExperimentSettings(
    id="lists",
    hypothesis="One list is as good as another.",
    owner="science",
    arms=[ArmSettings(name="control", strategy="x"), ArmSettings(name="blend", strategy="y")],
    primary_metric="matched_items",
)


def evidence(**effects: float) -> Evidence:
    """Make one segment per name, each with 200 units per arm and its own effect."""
    spread = np.linspace(0, 2, 200)
    known = {
        ("between users", "matched_items", arm, segment): sums(
            spread + (effect if arm == "blend" else 0.0)
        )
        for segment, effect in effects.items()
        for arm in ("control", "blend")
    }
    return Evidence(traffic={}, sums=known)


def test_an_effect_in_one_segment_is_found_there_and_the_segments_are_not_alike() -> None:
    found = {
        effect.segment: effect for effect in segment_effects(ONE, evidence(light=0.0, heavy=0.5))
    }
    assert (found["light"].verdict, found["heavy"].verdict) == (
        "no difference shown",
        "higher than the control",
    )
    alike = found["heavy"].p_segments_alike
    assert alike is not None
    assert alike < 0.001


def test_segments_with_one_effect_are_alike() -> None:
    found = segment_effects(ONE, evidence(a=0.3, b=0.3, c=0.3))
    assert [effect.p_segments_alike for effect in found] == pytest.approx([1.0] * 3)
    assert all(
        effect.p_adjusted == pytest.approx(min(1.0, 3 * (effect.p or 0.0))) for effect in found
    )


def test_two_segments_are_compared_by_the_difference_of_their_effects() -> None:
    one, other = segment_effects(ONE, evidence(a=0.1, b=0.3))
    assert one.difference is not None
    assert other.difference is not None
    assert one.standard_error is not None
    assert other.standard_error is not None
    z = (other.difference - one.difference) / sqrt(one.standard_error**2 + other.standard_error**2)
    assert one.p_segments_alike == pytest.approx(2 * scipy.stats.norm.sf(z))


def test_the_effect_of_the_whole_is_the_mean_of_equal_segments() -> None:
    given = evidence(a=0.2, b=0.4)
    whole = {
        key[2]: total(found for other, found in given.sums.items() if other[2] == key[2])
        for key in given.sums
    }
    means = {arm: found.first["value"] / found.first["denominator"] for arm, found in whole.items()}
    parts = [effect.difference or 0.0 for effect in segment_effects(ONE, given)]
    assert means["blend"] - means["control"] == pytest.approx(sum(parts) / 2)


def test_one_segment_is_no_division() -> None:
    assert segment_effects(ONE, evidence(all=0.5)) == []


def test_a_segment_without_units_in_an_arm_has_no_result() -> None:
    given = evidence(light=0.0, heavy=0.5)
    thin = replace(
        given,
        sums={key: found for key, found in given.sums.items() if key[2:] != ("blend", "light")},
    )
    found = {effect.segment: effect for effect in segment_effects(ONE, thin)}
    assert found["light"].verdict.startswith("no result: 0 units")
    assert found["heavy"].verdict == "higher than the control"
