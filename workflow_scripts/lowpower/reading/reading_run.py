"""Read many slides with a package: ``lowpower read``. A second call reads what is missing only."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from lowpower.config.package import Pixels
from lowpower.errors import InputError
from lowpower.files import read_json, safe_name, write_json
from lowpower.inference.model import open_model
from lowpower.log import Progress, say
from lowpower.reading.package_folder import PackageFolder, load_package
from lowpower.reading.pictures import write_pictures
from lowpower.reading.reading_files import StoredReading, read_reading, write_reading, write_tables
from lowpower.reading.referral import CHOSEN, Referring, ReferringReader, choose_referring
from lowpower.reading.slide_list import list_slides
from lowpower.reading.slide_reading import SlideReader, SlideToRead, chosen_pixels, stamp_of
from lowpower.reading_paths import PAGE, TABLE, geojson_of
from lowpower.text import abbreviate, count_of

if TYPE_CHECKING:
    from lowpower.pages.banners import Banner

IDENTITY = "package.json"  # in the output folder: the package whose readings it holds


def read_slides(
    package: str | Path,
    sources: str | Path | Sequence[str | Path],
    out: str | Path,
    pixels: Pixels | None = None,
    pictures: bool = True,
    refer: str = "",
) -> bool:
    """Read the slides of files, folders and sheets into ``out``; return True if every slide could be read.

    pixels: as for ``SlideReader``. pictures: write the evidence of each slide, and readings.html. refer: percent of
    slides that the teacher reads again, or chosen, as the package stores them; blank for none. Slides whose reading
    stands in ``out`` are not read again. Raises InputError.
    KeyboardInterrupt: the tables are written with the slides read so far, then it is raised again.
    """
    loaded, out = load_package(package), Path(out).expanduser()
    way = chosen_pixels(loaded.about, pixels)
    referring = choose_referring(loaded, way, refer) if refer else None
    slides = list_slides(*([sources] if isinstance(sources, str | Path) else sources))
    _claim_folder(out, loaded, way, referring.asked if referring else "")
    standing = {slide.slide: read_reading(_file_of(out, slide)) for slide in slides}
    missing = [slide for slide in slides if not _stands(standing[slide.slide], slide, out, pictures)]
    if len(missing) < len(slides):
        say(f"{count_of(len(slides) - len(missing), 'slide')} of {len(slides):,} were read before")
    try:
        if missing:
            student = SlideReader(loaded, open_model(loaded.weights), way, keep_logit_maps=pictures)
            _read_missing(student, referring, missing, out)
    finally:
        readings = _write_tables(out, slides, loaded, way)
        banners = _banners(readings, referring)
        if readings and pictures:
            _write_page(out, loaded, banners)
    unreadable = [reading.about["slide"] for reading in readings if reading.about["state"] == "unreadable"]
    say(_summary(out, readings, unreadable))
    for banner in banners:
        say(f"WARNING: {banner.text}" if banner.kind == "warning" else banner.text)
    return not unreadable


def _claim_folder(out: Path, package: PackageFolder, pixels: Pixels, refer: str) -> None:
    """Write into the folder whose readings it holds. Raises InputError if it holds those of another package or way."""
    own = {"name": package.about.name, "cohort": package.about.cohort, "sha256": package.sha256, "pixels": pixels}
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; write the name of a folder after --out")
    if not (out / IDENTITY).is_file():
        write_json(out / IDENTITY, own | ({"refer": refer} if refer else {}))
        return
    held = read_json(out / IDENTITY)
    before = held.pop("refer", "")
    if held != own:
        raise InputError(
            f"{out} holds readings of another package: {held.get('name')} of cohort {held.get('cohort')}, pixels "
            f"{held.get('pixels')}; this one is {own['name']} of {own['cohort']}, pixels {own['pixels']} "
            f"({'the same name, made anew' if held.get('name') == own['name'] else 'another model'}). Write another "
            "folder after --out"
        )
    if before != refer:
        raise InputError(
            f"{out} holds readings made {_referral_words(before)}, not {_referral_words(refer)}; write the same words "
            "as then, or another folder after --out"
        )


def _referral_words(refer: str) -> str:
    """The words of the command for a setting of referral."""
    return {"": "without --refer", CHOSEN: "with --refer"}.get(refer, f"with --refer-share {refer}")


def _file_of(out: Path, slide: SlideToRead) -> Path:
    return out / f"readings/{safe_name(slide.slide)}.parquet"


def _asked(slide: SlideToRead) -> dict:
    """What would have to be the same for a reading to stand: the file, its mask, and what the sheet says."""
    stamps = {name: stamp_of(getattr(slide, name)) for name in ("path", "mask", "annotation")}
    sheet = {key: value for key, value in asdict(slide).items() if key not in stamps}
    return sheet | {f"{name}_stamp": stamp and list(stamp) for name, stamp in stamps.items()}


def _stands(reading: StoredReading | None, slide: SlideToRead, out: Path, pictures: bool) -> bool:
    if reading is None or reading.asked != _asked(slide):
        return False
    return not pictures or reading.about["state"] != "read" or (out / geojson_of(slide.slide)).is_file()


def _read_missing(student: SlideReader, referring: Referring | None, slides: Sequence[SlideToRead], out: Path) -> None:
    reader = ReferringReader(student, referring) if referring else student
    progress = Progress("slides read", len(slides))
    for done, slide in enumerate(slides, start=1):
        asked = _asked(slide)  # before: a file that changes while it is read is read again by the next call
        reading = reader.read(slide, out)
        if student.keep_logit_maps and reading.state == "read":
            by = referring.teacher if referring and reading.student else student.package
            write_pictures(reading, slide.path, by.about, out)
        write_reading(_file_of(out, slide), reading, student.package.about, asked)
        progress.at(done)


def _write_tables(
    out: Path, slides: Sequence[SlideToRead], package: PackageFolder, pixels: Pixels
) -> list[StoredReading]:
    """Write the tables of the slides that were read so far; return their readings."""
    readings = [reading for slide in slides if (reading := read_reading(_file_of(out, slide)))]
    chosen = package.choices("slide", pixels)
    of_teacher = package.teacher.choices("slide", "averaged") if package.teacher else None
    if readings:
        thresholds = [one.threshold if one else None for one in (chosen, of_teacher)]
        write_tables(out, readings, package.about, *thresholds)
    return readings


def _banners(readings: Sequence[StoredReading], referring: Referring | None) -> list["Banner"]:
    if referring is None:
        return []
    from lowpower.reading.referral_report import referral_banners  # here: it takes scipy's statistics

    return referral_banners(readings, referring)


def _write_page(out: Path, package: PackageFolder, banners: Sequence["Banner"]) -> None:
    from lowpower.pages.readings_page import write_readings_page  # here: reading a slide needs no templates

    write_readings_page(out, package.about, banners)


def _summary(out: Path, readings: Sequence[StoredReading], unreadable: Sequence[str]) -> str:
    states = [reading.about["state"] for reading in readings]
    excluded = states.count("excluded")
    parts = [f"{count_of(states.count('read'), 'slide')} read"]
    parts += [f"{excluded:,} excluded by the sheet"] if excluded else []
    parts += [f"{len(unreadable):,} could not be read ({abbreviate(unreadable)})"] if unreadable else []
    page = out / PAGE
    return f"{', '.join(parts)}: {page if page.is_file() else out / TABLE}"
