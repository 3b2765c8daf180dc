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
from lowpower.slides.file_formats import ENDINGS
from lowpower.slides.pixel_size import PixelSize, find_mpp
from lowpower.slides.slide import ExcludedSlide, open_slide
from lowpower.slides.slide_folder import find_slides, say_passed_over
from lowpower.spelling import clean, look_of
from lowpower.text import abbreviate, count_of

COLUMNS = ["slide", "path", "patient", "label", "split", "mpp", "site", "exclude"]
FORMULA = "=+-@"  # a spreadsheet interprets text that starts with one of these as a formula


class Look(NamedTuple):
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
        what = "is not a folder" if folder.exists() else "does not exist"
        raise InputError(f"{folder} {what}; name the folder that holds your slides: lowpower sheet path/to/folder")
    _check_sheet(folder, sheet)
    slides, others = find_slides(folder)
    passed_over = say_passed_over(others)
    if not slides:
        looked = (
            f"{folder} and its subfolders hold no slide; looked for files that end in {' '.join(ENDINGS)}, and DICOM"
        )
        raise InputError("; ".join([looked, *passed_over]))
    paths, looks = _look_at_all(folder, slides)
    way = Path(os.path.relpath(folder.resolve(), sheet.parent.resolve()))
    rows = [
        {"slide": name, "path": _as_cell(way / path), "exclude": look.reason}
        for name, path, look in zip(name_slides(paths), paths, looks, strict=True)
    ]
    with replacing(sheet) as part, open(part, "w", newline="", encoding="utf-8-sig") as out:
        table = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    return _summarize(sheet, {row["slide"]: look for row, look in zip(rows, looks, strict=True)}, passed_over)


def _check_sheet(folder: Path, sheet: Path) -> None:
    """Raise InputError if the sheet cannot be written, before the slides are opened, which may take long."""
    another = f"lowpower sheet {shlex.quote(str(folder))} "
    if sheet.suffix.lower() != ".csv":
        raise InputError(
            f"the draft is a CSV file, but {sheet} does not end in .csv; write, for example, {another}my.csv"
        )
    if os.path.lexists(sheet):
        other = sheet.with_stem(f"{sheet.stem}-new")
        raise InputError(
            f"{sheet} already exists and is not overwritten; write another name: {another}{shlex.quote(str(other))}"
        )
    if not sheet.parent.is_dir():
        raise InputError(f"there is no folder {sheet.parent} to write the sheet {sheet.name} into; create it first")
    if not os.access(sheet.parent, os.W_OK):
        raise InputError(f"cannot write into the folder {sheet.parent}; put the sheet elsewhere: {another}slides.csv")


def _look_at_all(folder: Path, found: list[Path]) -> tuple[list[Path], list[Look]]:
    """Open each slide file; return paths and results, with only the first file of a DICOM series."""
    looks, series = {}, set()
    progress = Progress("slide files opened", len(found))
    for done, path in enumerate(found):
        progress.at(done)
        look = _look_at(folder / path)
        if look.series is None or (path.parent, look.series) not in series:
            looks[path] = look
            series.add((path.parent, look.series))
    return list(looks), list(looks.values())


def name_slides(paths: list[Path]) -> list[str]:
    """Choose an id for each file: its name without ending; if not unique, with its folder, then with its ending.

    Ids that differ only in case or in invisible characters are not unique: a sheet may not have both.
    """

    def bare(path: Path) -> Path:  # the last part of a name such as 1.2.840.10008 is not an ending
        return path.with_suffix("") if path.suffix.lower() in ENDINGS else path

    names = [bare(path).name.strip().lstrip(FORMULA) or path.name for path in paths]
    for longer in (lambda path: bare(path).as_posix(), lambda path: path.as_posix()):
        looks = [look_of(clean(name)) for name in names]
        counts = Counter(looks)
        names = [
            name if counts[look] == 1 else longer(path) for name, look, path in zip(names, looks, paths, strict=True)
        ]
    return names


def _look_at(path: Path) -> Look:
    try:
        with redirect_stderr(io.StringIO()), open_slide(path) as slide:  # the libraries' messages, which name no slide
            series = slide.properties.get("dicom.SeriesInstanceUID")
            try:
                return Look(find_mpp(slide, None), series=series)
            except ExcludedSlide:
                return Look(series=series)
    except ExcludedSlide as error:
        return Look(reason=str(error))


def _as_cell(path: Path) -> str:
    text = path.as_posix()
    return f"./{text}" if text.startswith((*FORMULA, " ")) else text


def _summarize(sheet: Path, looks: dict[str, Look], passed_over: list[str]) -> str:
    closed = [slide for slide, look in looks.items() if look.reason]
    unscaled = [slide for slide, look in looks.items() if not look.size and not look.reason]
    doubtful = [slide for slide, look in looks.items() if look.size and look.size.warnings]
    lines = [
        f"Wrote {sheet}, {count_of(len(looks), 'row')}, one per slide:",
        f"  with mpp in the file, so that the column may stay blank: {len(looks) - len(closed) - len(unscaled):,}",
        doubtful and f"  with a doubtful mpp: {len(doubtful):,} ({abbreviate(doubtful)}); snakemake intake says why",
        unscaled and f"  without mpp: {len(unscaled):,} ({abbreviate(unscaled)})",
        closed and f"  cannot be opened: {len(closed):,} ({abbreviate(closed)}); the column exclude says why",
        *(f"  {line}" for line in passed_over),
        "Next:",
        "  - fill in patient in every row, and label (blank = unlabeled)",
        unscaled and "  - fill in mpp, the µm per pixel, of slides without one, or they are excluded",
        closed and "  - clear the cell exclude of a file that you have repaired; a slide with a reason is excluded",
        f"  - copy configs/own.yaml to my.yaml and write there `slides: {sheet}`",
        "  - see which slides can be used: snakemake intake --configfile my.yaml",
    ]
    return "\n".join(line for line in lines if line)
