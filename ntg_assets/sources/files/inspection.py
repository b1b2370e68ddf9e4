"""What the bytes of source files say before any reader is trusted with them."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.errors import SourceError
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.files.file_kinds import Format, describe_misnamed, format_of
from ntg_assets.sources.files.file_names import SHOWN_NAMES, name_of
from ntg_assets.sources.files.manifests import Manifests, raise_if_other_content
from ntg_assets.sources.files.other_kinds import raise_if_no_parquet
from ntg_assets.sources.files.packing import Packing, packing_of, unpacking
from ntg_assets.sources.files.partitions import partition_of
from ntg_assets.sources.files.source_files import SourceFile
from ntg_assets.sources.files.staging.staged_files import staging_folder
from ntg_assets.sources.files.staging.staged_parquet import stage_parquet
from ntg_assets.sources.files.text_inspection import inspect_text, staged_text


def inspect_files(
    paths: Sequence[Path],
    described: Described,
    *,
    home: Path,
    scratch: Path | None,
    first_number: int,
    mixed: bool = False,
) -> list[SourceFile]:
    """Look at each file's bytes: hash, size, lines, header, encoding;
    mark files whose content came before.

    Args:
        paths: The files.
        described: What the configuration says of them.
        home: Project folder.
        scratch: Folder for what must be written once more before it can be read.
        first_number: Number of the first file.
        mixed: Whether files of several formats may lie together.

    Raises:
        SourceError: a file is empty, damaged, no data, not of its encoding, holds NUL bytes, is not
            what its manifest says, or the files are of several kinds.
    """
    kinds = kinds_of(paths, described, home=home, mixed=mixed)
    manifests = Manifests(home)
    return mark_copies(
        inspect_file(
            path, described, manifests, number=number, format_=kinds[path], scratch=scratch
        )
        for number, path in enumerate(paths, start=first_number)
    )


def kinds_of(
    paths: Sequence[Path], described: Described, *, home: Path, mixed: bool = False
) -> dict[Path, Format]:
    """Tell the format of each file by its first bytes.

    Args:
        paths: The files.
        described: What the configuration says of them.
        home: Project folder.
        mixed: As of `inspect_files`.

    Raises:
        SourceError: a file is empty or no data, or the files are of several kinds.
    """
    kinds = {path: _kind(path, name=name_of(path, home), source=described.source) for path in paths}
    if not mixed and len(set(kinds.values())) > 1:
        _raise_if_mixed(kinds, home=home)
    return kinds


def inspect_file(
    path: Path,
    described: Described,
    manifests: Manifests,
    *,
    number: int,
    format_: Format,
    scratch: Path | None,
) -> SourceFile:
    """Look at the bytes of one file, and hold it against its manifest.

    Args:
        path: The file.
        described: What the configuration says of it.
        manifests: Those of the project folder.
        number: Its number.
        format_: As its first bytes tell.
        scratch: As of `inspect_files`.

    Raises:
        SourceError: as of `inspect_files`.
    """
    name = name_of(path, manifests.home)
    file = _inspect(path, described, number=number, name=name, format_=format_, scratch=scratch)
    return _as_stated(file, manifests, required=described.source.require_manifest)


def mark_copies(files: Iterable[SourceFile]) -> list[SourceFile]:
    """Mark files, in the order of their numbers, whose content came before."""
    marked: list[SourceFile] = []
    numbers: dict[str, int] = {}
    for file in files:
        marked.append(replace(file, copy_of=numbers.get(file.identity)))
        numbers.setdefault(file.identity, file.number)
    return marked


def _as_stated(file: SourceFile, manifests: Manifests, *, required: bool) -> SourceFile:
    """A file beside what its manifest says of it; refuses one of other content."""
    stated = manifests.find(file.path, name=file.name, required=required)
    if stated is None:
        return file
    raise_if_other_content(stated, name=file.name, sha256=file.sha256)
    return replace(file, n_stated_rows=stated.n_rows)


def _raise_if_mixed(kinds: dict[Path, Format], *, home: Path) -> None:
    shown = [
        next(path for path in kinds if kinds[path] == kind)
        for kind in dict.fromkeys(kinds.values())
    ]
    shown_files = ", ".join(
        f"{name_of(path, home)} ({kinds[path]})"
        for path in sorted({*list(kinds)[: SHOWN_NAMES - len(shown)], *shown})
    )
    words = {"csv": "CSV", "json": "JSON", "parquet": "Parquet"}
    named = " and ".join(words[kind] for kind in sorted(set(kinds.values())))
    raise SourceError(
        f"one source holds {named} files together: {shown_files}. Name files of one kind."
    )


def _kind(path: Path, *, name: str, source: FileSource) -> Format:
    try:
        if path.stat().st_size == 0:
            raise SourceError(
                f"{name}: is empty (0 bytes), at least a header was expected. Was its copy"
                " interrupted? Deliver it again or remove it."
            )
        return format_of(path, name=name, source=source)
    except PermissionError:
        raise SourceError(f"{name}: may not be read by this user. Grant read permission.") from None


def _inspect(
    path: Path,
    described: Described,
    *,
    number: int,
    name: str,
    format_: Format,
    scratch: Path | None,
) -> SourceFile:
    stat = path.stat()
    packing: Packing = "none" if format_ == "parquet" else packing_of(path)
    file = SourceFile(
        number,
        path,
        name,
        format_,
        sha256_of(path),
        stat.st_size,
        stat.st_mtime_ns,
        partition=(*partition_of(name), *described.said_by_place(name)),
        packing=packing,
        misnamed=describe_misnamed(path, format_=format_, packing=packing),
    )
    if format_ == "parquet":
        raise_if_no_parquet(path, name=name, source=described.source)
        return _with_lists_exploded(file, described, folder=staging_folder(scratch))
    with unpacking(name):
        folder = staging_folder(scratch)
        staged = staged_text(file, described, folder=folder)
        return inspect_text(staged, described, folder=folder)


def _with_lists_exploded(file: SourceFile, described: Described, *, folder: Path) -> SourceFile:
    """A Parquet file, of which lists are written as rows where the configuration says so."""
    explode, wanted = described.source.explode, described.mapping.values()
    if not explode:
        return file
    staged = stage_parquet(
        file.path, explode, wanted=wanted, name=file.name, sha256=file.sha256, folder=folder
    )
    return replace(file, staged=staged.path, n_before=staged.n_before)


def sha256_of(path: Path) -> str:
    """Hash the bytes of a file."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
