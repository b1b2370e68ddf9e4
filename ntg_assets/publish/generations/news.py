"""What a run has changed for people, in plain words: the generation that was current before it
beside the one that is now.
"""

from collections.abc import Iterator

from ntg_assets.configuration.paths import Paths
from ntg_assets.publish.generations.changes import Change, in_words
from ntg_assets.publish.generations.differences import headline_changes
from ntg_assets.publish.generations.shelf import Kept

# figures that people know by other words than their names
WORDS = {
    "users_at_risk": "users who can be lost",
    "churn_probability": "mean churn probability",
    "items_shown": "items shown to anybody",
}


def news(paths: Paths, before: Kept | None, after: Kept) -> list[str]:
    """Say what is other than in the publication before.

    Args:
        paths: Of the project.
        before: What was current before the run; None: nothing was.
        after: What is looked at now.

    Returns:
        Sentences: first from when to when, then figures, decisions, lists.
    """
    if before is None:
        return ["the first publication: there is nothing before it"]
    if before.name == after.name:
        return [f"nothing: the tables are those of generation {before.name}, row by row"]
    if before.manifest.source != after.manifest.source:
        other = before.manifest.source
        return [f"everything: generation {before.name} was made from other data ({other})"]
    if not before.folder.is_dir():
        return [f"generation {before.name}, which was current before, is not kept any more"]
    return list(_news(paths, before, after))


def _news(paths: Paths, before: Kept, after: Kept) -> Iterator[str]:
    yield (
        f"since generation {before.name} (known before {before.manifest.as_of}); `ntg diff` names"
        " every table, input, setting and file of code"
    )
    is_other_unit = before.manifest.unit != after.manifest.unit
    figures, decisions, ranks = headline_changes(paths, before, after)
    sentences = [_figure(change) for change in figures]
    yield "; ".join(sentences) if sentences else "every headline figure is the same"
    if is_other_unit:
        yield f"amounts are in {after.manifest.unit}, and were in {before.manifest.unit}"
    for change in decisions:
        yield f"{change.what}: {change.after or 'no decision'}, was {change.before or 'none'}"
    yield from ranks


def _figure(change: Change) -> str:
    what = WORDS.get(change.what, change.what.replace("_", " "))
    return f"{what} {in_words(change.before)} -> {in_words(change.after)}"
