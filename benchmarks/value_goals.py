"""What was asked of value at each cut, and the table that shows it."""

from typing import Any

from rich.table import Table

from benchmarks.harness import Goal

SUM, DECILE, RANGES = (0.85, 1.15), (0.7, 1.4), (0.86, 0.94)
RADAR_SHARE = 0.95


def value_table(figures: dict[str, Any]) -> Table:
    """Show every cut in a row: told over seen, the peer, deciles, ranks, ranges, radar."""
    table = Table(
        "log, cut, days ahead",
        "told / seen",
        "BG/NBD x GG / seen",
        "deciles",
        "Spearman",
        "its",
        "in 90% range",
        "radar / exact worth",
        title="value at the stated horizon",
        title_justify="left",
    )
    for name, row in figures.items():
        if "not_read" in row:
            table.add_row(name, row["not_read"])
            continue
        deciles = [ratio for ratio in row["deciles"] if ratio is not None]
        table.add_row(
            name,
            *(f"{row[key]:.2f}" for key in ("told_over_seen", "bg_nbd_over_seen")),
            f"{min(deciles):.2f} to {max(deciles):.2f}",
            *(f"{row[key]:.3f}" for key in ("spearman", "bg_nbd_spearman")),
            "-" if row["ranges_hold"] is None else f"{row['ranges_hold']:.1%}",
            "-"
            if row["radar_share"] is None
            else "{radar_share:.2f} ({radar_share_low:.2f} to {radar_share_high:.2f})".format(
                **row
            ),
        )
    return table


def value_goals(name: str, found: dict[str, Any]) -> list[Goal]:
    """What was asked of one cut."""
    ratio, deciles = found["told_over_seen"], [x for x in found["deciles"] if x is not None]
    goals = [
        Goal(f"{name}: value told over seen", ratio, SUM[0], "at_least"),
        Goal(f"{name}: value told over seen, at most", ratio, SUM[1], "at_most"),
        Goal(f"{name}: lowest decile, told over seen", min(deciles), DECILE[0], "at_least"),
        Goal(f"{name}: highest decile, told over seen", max(deciles), DECILE[1], "at_most"),
        Goal(
            f"{name}: Spearman against BG/NBD x Gamma-Gamma",
            found["spearman"] - found["bg_nbd_spearman"],
            0.0,
            "at_least",
        ),
        Goal(f"{name}: ltv + revenue at risk - V", abs(found["adds_up"]), 0.0, "at_most"),
    ]
    if found["radar_share"] is not None:
        share = found["radar_share"]
        goals.append(Goal(f"{name}: radar over one of exact worth", share, RADAR_SHARE, "at_least"))
    if found["ranges_hold"] is not None:
        held = float(found["ranges_hold"])
        goals += [
            Goal(f"{name}: 90% ranges of users hold", held, RANGES[0], "at_least"),
            Goal(f"{name}: 90% ranges of users hold, at most", held, RANGES[1], "at_most"),
        ]
    return goals
