"""The off-policy report in sentences."""

from ntg_assets.off_policy.sentences import describe_values
from ntg_assets_tests.exposures import estimate, exposures, lists_of

LOG = exposures(*[(user, user % 2, 1, 0.5, float(user % 2)) for user in range(400)])


def test_each_strategy_is_told_beside_the_log_with_what_stands_against_it() -> None:
    report = estimate(
        LOG,
        lists_of(
            graph={user: [1] for user in range(400)}, blend={user: [7] for user in range(400)}
        ),
    )
    blend, graph = describe_values(report)
    assert graph.startswith(
        "graph would have earned 1 per shown place where the log earned 0.5: +0.5 (95% interval "
    )
    assert graph.endswith("400 users; the checks hold")
    assert blend.startswith(
        "blend would have earned 0 per shown place where the log earned 0.5: -0.5"
    )
    assert "no claim: " in blend
    assert describe_values(report.clear()) == []
