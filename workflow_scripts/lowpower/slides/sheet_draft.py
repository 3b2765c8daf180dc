"""Draft a sheet of slides, to be filled in, from a folder: ``lowpower sheet FOLDER [SHEET]``.

Each slide file becomes a row. A file that cannot be opened becomes a row with the reason, so that nothing is lost.
Other files are counted, with advice. Only µm per pixel are read from a slide, and the series UID from a DICOM file. The
column mpp stays blank, because a value in the sheet would override that of the slide.
"""

import csv
import io
import os
import shlex
from collections import Counter
from contextlib import redirect_stderr
from pathlib import Path
from typing import NamedTuple

from lowpower.errors import InputError
from lowpower.files import replacing
from lowpower.log import Progress
from lowpower.slides.excluded_slide import ExcludedSlide
from lowpower.slides.file_formats import ENDINGS
from lowpower.slides.pixel_size import PixelSize, find_mpp
from lowpower.slides.slide import open_slide
from lowpower.slides.slide_folder import describe_other_files, find_slides
from lowpower.spelling import clean, lookalike_key
from lowpower.text import abbreviate, count_of

COLUMNS = ["slide", "path", "patient", "label", "split", "mpp", "site", "exclude"]
FORMULA = "=+-@"  # a spreadsheet interprets text that starts with one of these as a formula


class OpenedFile(NamedTuple):
    """Result of opening a slide file once."""

    size: PixelSize | None = None  # from the slide
    reason: str = ""  # why it cannot be opened
    series: str | None = None  # of a DICOM file


def draft_sheet(folder: str | Path, sheet: str | Path | None = None) -> str:
    """Write a sheet with one row per slide file in a folder; return a summary and the next steps.

    sheet: a .csv file that does not exist yet, by default ``slides.csv`` in the folder. Raises InputError.
    """
    folder = Path(folder).expanduser()
    sheet = Path(sheet).expanduser() if sheet else folder / "slides.csv"
    if not folder.is_dir():
        problem = "is not a folder" if folder.exists() else "does not exist"
        raise InputError(f"{folder} {problem}; name the folder that holds your slides: lowpower sheet path/to/folder")
    _check_sheet(folder, sheet)
    slides, other_files = find_slides(folder)
    other_lines = describe_other_files(other_files)
    if not slides:
        nothing_found = (
            f"{folder} and its subfolders hold no slide; looked for files that end in {' '.join(ENDINGS)}, and DICOM"
        )
        raise InputError("; ".join([nothing_found, *other_lines]))
    paths, opened = _open_files(folder, slides)
    to_folder = Path(os.path.relpath(folder.resolve(), sheet.parent.resolve()))
    rows = [
        {"slide": name, "path": _as_cell(to_folder / path), "exclude": file.reason}
        for name, path, file in zip(name_slides(paths), paths, opened, strict=True)
    ]
    with replacing(sheet) as part, open(part, "w", newline="", encoding="utf-8-sig") as out:
        table = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    return _summarize(sheet, {row["slide"]: file for row, file in zip(rows, opened, strict=True)}, other_lines)


def _check_sheet(folder: Path, sheet: Path) -> None:
    """Raise InputError if the sheet cannot be written, before the slides are opened, which may take long."""
    command = f"lowpower sheet {shlex.quote(str(folder))} "
    if sheet.suffix.lower() != ".csv":
        raise InputError(
            f"the draft is a CSV file, but {sheet} does not end in .csv; write, for example, {command}my.csv"
        )
    if os.path.lexists(sheet):
        other_sheet = sheet.with_stem(f"{sheet.stem}-new")
        raise InputError(
            f"{sheet} already exists and is not overwritten; write another name: "
            f"{command}{shlex.quote(str(other_sheet))}"
        )
    if not sheet.parent.is_dir():
        raise InputError(f"there is no folder {sheet.parent} to write the sheet {sheet.name} into; create it first")
    if not os.access(sheet.parent, os.W_OK):
        raise InputError(f"cannot write into the folder {sheet.parent}; put the sheet elsewhere: {command}slides.csv")


def _open_files(folder: Path, slides: list[Path]) -> tuple[list[Path], list[OpenedFile]]:
    """Open each slide file; return paths and results, with only the first file of a DICOM series."""
    opened, series = {}, set()
    progress = Progress("slide files opened", len(slides))
    for number, path in enumerate(slides):
        progress.at(number)
        file = _open_file(folder / path)
        if file.series is None or (path.parent, file.series) not in series:
            opened[path] = file
            series.add((path.parent, file.series))
    return list(opened), list(opened.values())


def name_slides(paths: list[Path]) -> list[str]:
    """Choose an id for each file: its name without ending; if not unique, with its folder, then with its ending.

    Ids that differ only in case or in invisible characters are not unique: a sheet may not have both.
    """

    def bare(path: Path) -> Path:  # the last part of a name such as 1.2.840.10008 is not an ending
        return path.with_suffix("") if path.suffix.lower() in ENDINGS else path

    names = [bare(path).name.strip().lstrip(FORMULA) or path.name for path in paths]
    for longer in (lambda path: bare(path).as_posix(), lambda path: path.as_posix()):
        keys = [lookalike_key(clean(name)) for name in names]
        counts = Counter(keys)
        names = [name if counts[key] == 1 else longer(path) for name, key, path in zip(names, keys, paths, strict=True)]
    return names


def _open_file(path: Path) -> OpenedFile:
    try:
        with redirect_stderr(io.StringIO()), open_slide(path) as slide:  # the libraries' messages, which name no slide
            series = slide.properties.get("dicom.SeriesInstanceUID")
            try:
                return OpenedFile(find_mpp(slide, None), series=series)
            except ExcludedSlide:
                return OpenedFile(series=series)
    except ExcludedSlide as error:
        return OpenedFile(reason=str(error))


def _as_cell(path: Path) -> str:
    text = path.as_posix()
    return f"./{text}" if text.startswith((*FORMULA, " ")) else text


def _summarize(sheet: Path, opened: dict[str, OpenedFile], other_lines: list[str]) -> str:
    unreadable = [slide for slide, file in opened.items() if file.reason]
    unscaled = [slide for slide, file in opened.items() if not file.size and not file.reason]
    doubtful = [slide for slide, file in opened.items() if file.size and file.size.warnings]
    lines = [
        f"Wrote {sheet}, {count_of(len(opened), 'row')}, one per slide:",
        f"  with mpp in the file, so that the column may stay blank: {len(opened) - len(unreadable) - len(unscaled):,}",
        doubtful and f"  with a doubtful mpp: {len(doubtful):,} ({abbreviate(doubtful)}); snakemake intake says why",
        unscaled and f"  without mpp: {len(unscaled):,} ({abbreviate(unscaled)})",
        unreadable
        and f"  cannot be opened: {len(unreadable):,} ({abbreviate(unreadable)}); the column exclude says why",
        *(f"  {line}" for line in other_lines),
        "Next:",
        "  - fill in patient in every row, and label (blank = unlabeled)",
        unscaled and "  - fill in mpp, the µm per pixel, of slides without one, or they are excluded",
        unreadable and "  - clear the cell exclude of a file that you have repaired; a slide with a reason is excluded",
        f"  - copy configs/own.yaml to my.yaml and write there `slides: {sheet}`",
        "  - see which slides can be used: snakemake intake --configfile my.yaml",
    ]
    return "\n".join(line for line in lines if line)
