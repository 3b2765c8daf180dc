"""Find the slides in a folder, and the other files."""

import os
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from lowpower.errors import InputError
from lowpower.slides.file_formats import ENDINGS, PARTS, PASSED_OVER, is_dicom
from lowpower.text import abbreviate, count_of

UNWRITABLE = re.compile(r"[\r\n\ud800-\udfff]")  # line breaks, and bytes of a name that is not UTF-8


def find_slides(folder: Path) -> tuple[list[Path], list[Path]]:
    """List the slides in a folder and its subfolders, by ending or as DICOM, and the other files.

    Paths are relative to the folder, and sorted. Hidden files and parts of slides are skipped: the folder beside an
    .mrxs or .vsi file, the pictures beside a .vms file. Links are followed, into each folder once. Raises InputError
    for a slide's name that a sheet cannot hold, and OSError.
    """
    slides: list[Path] = []
    other_files: list[Path] = []
    for path in _walk(folder):
        ending = path.suffix.lower()
        is_slide = ending in ENDINGS or (ending not in PASSED_OVER and is_dicom(folder / path))
        (slides if is_slide else other_files).append(path)
    for path in slides:
        if UNWRITABLE.search(str(path)):
            raise InputError(f"the name of the file {str(path)!a} cannot be written into a sheet; rename the file")
    return sorted(slides), sorted(other_files)


def _walk(folder: Path) -> Iterator[Path]:
    """Yield each file below a folder, and each folder named like a file that is passed over, relative to the folder."""

    def fail(error: OSError) -> None:  # an unreadable folder must not be skipped silently
        raise error

    visited = set()
    for walked, folders, names in os.walk(folder, onerror=fail, followlinks=True):
        if os.path.realpath(walked) in visited:
            folders.clear()
            continue
        visited.add(os.path.realpath(walked))
        below, files = Path(walked).relative_to(folder), [Path(name) for name in names if not name.startswith(".")]
        parts = {part.format(stem=file.stem) for file in files for part in PARTS.get(file.suffix.lower(), ())}
        passed_over = [name for name in folders if Path(name).suffix.lower() in PASSED_OVER]
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in {*parts, *passed_over})
        yield from (below / file for file in files if file.suffix.lower() not in parts)
        yield from (below / name for name in passed_over)


def describe_other_files(paths: list[Path]) -> list[str]:
    """Count the files that are not slides, by kind, with advice."""
    kinds, unknown = defaultdict(list), []
    for path in paths:
        if path.suffix.lower() in PASSED_OVER:
            kinds[PASSED_OVER[path.suffix.lower()]].append(path.name)
        else:
            unknown.append(path)
    lines = [
        f"skipped: {count_of(len(names), f'{kind} file')} ({abbreviate(names, 3)}): {advice}"
        for (kind, advice), names in sorted(kinds.items())
    ]
    if unknown:
        endings = sorted({path.suffix.lower() or "no ending" for path in unknown})
        lines.append(f"skipped: {count_of(len(unknown), 'file')} of other kinds ({abbreviate(endings)})")
    return lines
