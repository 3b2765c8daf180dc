"""The slides to read: files, folders with their subfolders, and sheets."""

from itertools import pairwise
from pathlib import Path

from lowpower.config.sheet import read_sheet
from lowpower.errors import InputError
from lowpower.log import say
from lowpower.reading.slide_reading import SlideToRead
from lowpower.slides.excluded_slide import ExcludedSlide
from lowpower.slides.file_formats import ENDINGS, is_dicom
from lowpower.slides.sheet_draft import name_slides
from lowpower.slides.slide import open_slide
from lowpower.slides.slide_folder import describe_other_files, find_slides

SCHEMA = Path(__file__).resolve().parents[3] / "schemas/sheet.schema.yaml"
SHEETS = (".csv", ".tsv", ".txt", ".xlsx")
COLUMNS = ("slide", "path", "mpp", "annotation", "mask", "exclude")  # of a sheet; no patients and no labels are needed


def list_slides(*sources: str | Path) -> list[SlideToRead]:
    """List the slides of files, folders and sheets, sorted by id.

    A slide's id is its file's name without ending; of several with one name, with their folders. Raises InputError.
    """
    slides, files = [], []
    for source in map(Path, sources):
        source = source.expanduser()
        if source.is_dir():
            slides += _of_folder(source)
        elif not source.exists():
            raise InputError(f"there is no {source}; name a slide, a folder of slides or a sheet")
        elif source.suffix.lower() in SHEETS:
            slides += _of_sheet(source)
        else:
            files.append(source)
    slides += [SlideToRead(name, str(path)) for name, path in zip(name_slides(files), files, strict=True)]
    slides.sort(key=lambda slide: slide.slide)
    for one, other in pairwise(slides):
        if one.slide == other.slide:
            raise InputError(
                f"two slides are called {one.slide}: {one.path} and {other.path}; rename one, or read them into two "
                "folders"
            )
    return slides


def _of_folder(folder: Path) -> list[SlideToRead]:
    paths, other_files = find_slides(folder)
    if not paths:
        looked = f"looked for files that end in {' '.join(ENDINGS)}, and DICOM"
        nothing = f"{folder} and its subfolders hold no slide; {looked}"
        raise InputError("; ".join([nothing, *describe_other_files(other_files)]))
    for line in describe_other_files(other_files):
        say(line)
    paths = _first_of_series(folder, paths)
    slides = [SlideToRead(name, str(folder / path)) for name, path in zip(name_slides(paths), paths, strict=True)]
    return sorted(slides, key=lambda slide: slide.slide)


def _first_of_series(folder: Path, paths: list[Path]) -> list[Path]:
    """Drop all files of a DICOM series but its first, which stands for the slide."""
    kept, series = [], set()
    for path in paths:
        key = (path.parent, _series_of(folder / path)) if is_dicom(folder / path) else None
        if key is None or key[1] is None or key not in series:
            kept.append(path)
        series.add(key)
    return kept


def _series_of(path: Path) -> str | None:
    try:
        with open_slide(path) as slide:
            return slide.properties.get("dicom.SeriesInstanceUID")
    except ExcludedSlide:  # it gets a row with the reason when it is read
        return None


def _of_sheet(sheet: Path) -> list[SlideToRead]:
    def beside(name: str) -> str:
        return str(sheet.parent / name) if name else ""

    rows = read_sheet(sheet, SCHEMA, COLUMNS)
    slides = [
        SlideToRead(row.slide, row.file, row.mpp, beside(row.mask), beside(row.annotation), row.exclude, row.warning)
        for row in rows
    ]
    return sorted(slides, key=lambda slide: slide.slide)
