"""Where the history is seen from a publication: links, so that the paths that people know stay."""

from filecmp import cmp
from pathlib import Path

from ntg_assets.history.days import KEPT_BY_DAY, TAKEN_DAYS, KeptDays, day_files
from ntg_assets.storage.files import hard_link, make_folders, point, sync


def show_history(root: Path, history: Path) -> None:
    """Link the kept days below the folder of a publication.

    Args:
        root: Folder that `outputs` lies in.
        history: Folder of the history.
    """
    for kept in (*KEPT_BY_DAY, TAKEN_DAYS):
        if kept.shown_in:
            make_folders(history / kept.kind)
            point(root / kept.shown_in, history / kept.kind)


def adopt_days(root: Path, history: Path) -> int:
    """Take the days that older versions kept among the published files into the history.

    Returns:
        How many files there were; they stay where they are, too.
    """
    shown = ((kept, kept.shown_in) for kept in KEPT_BY_DAY if kept.shown_in)
    return sum(_adopt(root / folder, history, kept) for kept, folder in shown)


def _adopt(folder: Path, history: Path, kept: KeptDays) -> int:
    if folder.is_symlink() or not folder.is_dir():
        return 0
    adopted = 0
    for file in day_files(folder.parent, kept._replace(kind=folder.name)):
        held = [kept_file for kept_file in day_files(history, kept) if kept_file.day == file.day]
        if not any(cmp(kept_file.path, file.path, shallow=False) for kept_file in held):
            number = held[-1].number + 1 if held else 1
            target = history / kept.kind / kept.file_name(file.day, number=number)
            hard_link(file.path, target)
            sync(target.parent)
            adopted += 1
    return adopted
