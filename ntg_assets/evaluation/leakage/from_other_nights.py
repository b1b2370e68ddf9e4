"""Other nights: one before in the same process, later ones that left files behind."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from ntg_assets.errors import describe_error
from ntg_assets.evaluation.leakage.comparison import ROWS, Difference, moved_columns
from ntg_assets.evaluation.leakage.findings import LATER, NIGHT, WORLD, Finding
from ntg_assets.evaluation.leakage.planted_world.left_behind import earlier_nights, later_nights
from ntg_assets.evaluation.leakage.planted_world.world import World
from ntg_assets.evaluation.leakage.worlds_remade import Made, Tonight, compared, remade

# what is compared with earlier nights, so that other earlier ones must move it
COMPARED = frozenset({"feature_drift", "radar_segments"})


def from_another_night(
    made: Made | Exception, again: Made | Exception, tables: Sequence[str]
) -> Iterator[Finding]:
    """One row for each table that such a night reaches, and one for the world.

    Args:
        made: A world, as a process makes it that has seen no night like the one before; an error
            where it cannot make it, which is another finding.
        again: The same world after another night.
        tables: What is compared.
    """
    n_rows = 0
    if isinstance(made, Exception):
        return
    if isinstance(again, Exception):
        difference = Difference(ROWS, 1, describe_error(again))
        yield Finding(WORLD, NIGHT, 1, (("that of the night before", difference),))
        return
    for table in tables:
        unlike = tuple(compared(table, made[table], {"that of the night before": again}))
        n_rows += made[table].height
        if unlike:
            yield Finding(table, NIGHT, made[table].height, unlike)
    yield Finding(WORLD, NIGHT, n_rows)


def from_later_nights(tonight: Tonight, world: World, made: Made) -> Iterator[Finding]:
    """Ask what only a night has, of other later nights; other earlier ones are the control."""
    true = tonight(world, made)

    def other_tonight(other: World, _: Collection[str] = ()) -> Made:
        return tonight(other, made, like=(world, true))

    later = replace(world, left=later_nights(world.left, world.train_end))
    earlier = replace(world, left=earlier_nights(world.left, world.train_end))
    others = {"that of other later nights": remade(other_tonight, later, [])}
    before = other_tonight(earlier)
    for table, rows in true.items():
        moved = moved_columns(rows, before[table])
        unmoved = () if table not in COMPARED or moved else ("all",)
        yield Finding(table, LATER, rows.height, tuple(compared(table, rows, others)), unmoved)
