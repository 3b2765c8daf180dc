"""A sheet of slides to fill in, drafted from a folder: ``python -m lowpower.slides.sheet_draft FOLDER [SHEET]``.

Each slide file becomes a row: a file that cannot be opened too, with the reason, so that nothing is lost. Of a slide
only its µm per pixel are read, and of a DICOM file which series it belongs to.
"""

import csv
import io
import os
import re
import shlex
import sys
from collections import Counter
from contextlib import redirect_stderr
from pathlib import Path

from lowpower.errors import InputError, remedy
from lowpower.files import replacing
from lowpower.log import Progress
from lowpower.slides.slide import ExcludedSlide, find_mpp, open_slide
from lowpower.spelling import clean, look_of
from lowpower.wording import count_of, some

ENDINGS = (
    ".svs", ".tif", ".tiff", ".ndpi", ".vms", ".vmu", ".scn", ".mrxs", ".svslide", ".bif", ".dcm", ".czi",
)  # fmt: skip
COLUMNS = ["slide", "path", "patient", "label", "split", "mpp", "site", "exclude"]
UNWRITABLE = re.compile(r"[\r\n\ud800-\udfff]")  # line breaks, and bytes of a name that is not UTF-8
FORMULA = "=+-@"  # a spreadsheet takes what starts with one of these for a formula


def draft_sheet(folder: str | Path, sheet: str | Path | None = None) -> str:
    """Write a sheet with one row per slide file in a folder, and say in plain words what is in it and what comes next.

    sheet: a .csv file that does not exist yet, by default ``slides.csv`` in the folder. Raises InputError.
    """
    folder = Path(folder).expanduser()
    sheet = Path(sheet).expanduser() if sheet else folder / "slides.csv"
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise InputError(f"{folder} {what}; name the folder that holds your slides: make sheet SLIDES=path/to/folder")
    _check_sheet(folder, sheet)
    rows = _draft_rows(folder, sheet.parent)
    with replacing(sheet) as part, open(part, "w", newline="", encoding="utf-8-sig") as out:
        table = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    return _summarize(sheet, rows)


def _check_sheet(folder: Path, sheet: Path) -> None:
    """Before the slides are opened, which may take long."""
    another = f"make sheet SLIDES={shlex.quote(str(folder))} SHEET="
    if sheet.suffix.lower() != ".csv":
        raise InputError(f"the draft is a CSV file and {sheet} is not named like one; write for example SHEET=my.csv")
    if os.path.lexists(sheet):
        other = sheet.with_stem(f"{sheet.stem}-new")
        raise InputError(
            f"{sheet} exists already and is left as it is; name another: {another}{shlex.quote(str(other))}"
        )
    if not sheet.parent.is_dir():
        raise InputError(f"there is no folder {sheet.parent} to write the sheet {sheet.name} into; make it first")
    if not os.access(sheet.parent, os.W_OK):
        raise InputError(
            f"nothing can be written into the folder {sheet.parent}; put the sheet elsewhere: {another}slides.csv"
        )


def _draft_rows(folder: Path, start: Path) -> list[dict]:
    """The rows of the sheet; their paths are relative to the folder ``start``."""
    found = find_slides(folder)
    if not found:
        raise InputError(f"{folder} and its subfolders hold no slide; looked for files that end in {' '.join(ENDINGS)}")
    paths, looks, series = [], [], set()
    progress = Progress("slide files opened", len(found))
    for done, path in enumerate(found):
        progress.at(done)
        *look, of_series = _look_at(folder / path)
        if of_series is None or (path.parent, of_series) not in series:
            paths.append(path)
            looks.append(look)
            series.add((path.parent, of_series))
    way = Path(os.path.relpath(folder.resolve(), start.resolve()))
    return [
        {"slide": name, "path": _as_cell(way / path), "mpp": mpp, "exclude": reason}
        for name, path, (mpp, reason) in zip(name_slides(paths), paths, looks, strict=True)
    ]


def find_slides(folder: Path) -> list[Path]:
    """The files in a folder and its subfolders that are slides by their ending, as seen from the folder, sorted.

    Left out are what is hidden and the folder beside an .mrxs file, which holds its parts. Links are followed, into
    each folder once. Raises InputError for a name that no sheet can hold, and OSError.
    """

    def stop(error: OSError) -> None:  # a folder that may not be read must not be passed over in silence
        raise error

    found, seen = [], set()
    for where, folders, names in os.walk(folder, onerror=stop, followlinks=True):
        parts = {Path(name).stem for name in names if name.lower().endswith(".mrxs")}
        new = os.path.realpath(where) not in seen
        seen.add(os.path.realpath(where))
        folders[:] = sorted(name for name in folders if new and not name.startswith(".") and name not in parts)
        if new:
            slides = (name for name in names if name.lower().endswith(ENDINGS) and not name.startswith("."))
            found += [Path(where).relative_to(folder) / name for name in slides]
    for path in found:
        if UNWRITABLE.search(str(path)):
            raise InputError(f"the name of the file {str(path)!a} cannot stand in a sheet; rename the file")
    return sorted(found)


def name_slides(paths: list[Path]) -> list[str]:
    """An id for each file: its name without ending; where that is not unique with its folder, then with its ending.

    Ids that differ only in case, or in what nobody sees, are not unique: a sheet may not have both.
    """
    names = [path.stem.strip().lstrip(FORMULA) or path.name for path in paths]
    for longer in (lambda path: path.with_suffix("").as_posix(), lambda path: path.as_posix()):
        looks = [look_of(clean(name)) for name in names]
        counts = Counter(looks)
        names = [
            name if counts[look] == 1 else longer(path) for name, look, path in zip(names, looks, paths, strict=True)
        ]
    return names


def _look_at(path: Path) -> tuple[str, str, str | None]:
    """What the slide says of its mpp, why it cannot be opened, and its DICOM series: "", "" and None where nothing."""
    try:
        with redirect_stderr(io.StringIO()), open_slide(path) as slide:  # OpenSlide's own words, which name no slide
            series = slide.properties.get("dicom.SeriesInstanceUID")
            try:
                return str(round(find_mpp(slide, None)[0], 6)), "", series
            except ExcludedSlide:
                return "", "", series
    except ExcludedSlide as error:
        return "", str(error), None


def _as_cell(path: Path) -> str:
    text = path.as_posix()
    return f"./{text}" if text.startswith((*FORMULA, " ")) else text


def _summarize(sheet: Path, rows: list[dict]) -> str:
    closed = [row["slide"] for row in rows if row["exclude"]]
    unscaled = [row["slide"] for row in rows if not row["mpp"] and not row["exclude"]]
    lines = [
        f"Wrote {sheet}, {count_of(len(rows), 'row')}, one per slide:",
        f"  with mpp: {len(rows) - len(closed) - len(unscaled):,}",
        unscaled and f"  without mpp: {len(unscaled):,} ({some(unscaled)})",
        closed and f"  cannot be opened: {len(closed):,} ({some(closed)}); the column exclude says why",
        "Next:",
        "  - fill in patient in every row, and label (blank = unlabeled)",
        unscaled and "  - fill in mpp, the µm per pixel, where it is blank, or the slide is left out",
        closed and "  - empty the cell exclude of a file that you have mended; with a reason the slide is left out",
        f"  - copy configs/own.yaml to my.yaml and write there `slides: {sheet}`",
        "  - see what becomes of every slide: snakemake intake --configfile my.yaml",
    ]
    return "\n".join(line for line in lines if line)


def main(arguments: list[str]) -> None:
    """Draft the sheet; what the user has to change ends it with one line and exit status 1."""
    try:
        if not arguments or not arguments[0]:
            raise InputError("name the folder that holds your slides: make sheet SLIDES=path/to/folder")
        if len(arguments) > 2:
            raise InputError(f"give one folder and one sheet, not {arguments}; put names with blanks in quotes")
        print(draft_sheet(*arguments))
    except (InputError, OSError) as error:
        sys.exit(f"lowpower: {remedy(error) or error}")


if __name__ == "__main__":
    main(sys.argv[1:])
