"""The index of one magnification: every region, its ZIP and a hash of the ZIP's content."""

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from lowpower.errors import InputError
from lowpower.files import CsvRow, fingerprint_images, read_rows, write_rows
from lowpower.log import say
from lowpower.text import count_of

COLUMNS = [
    *("region", "slide", "zip", "member", "width", "height"),
    *("area_mm2", "tissue", "annotation", "bytes", "fingerprint"),
]


def index_regions(
    regions: Sequence[str | Path],
    images: Sequence[str | Path],
    slides: Sequence[str],
    reduction: int,
    intake: str | Path,
    index: str | Path,
) -> None:
    """Write the index, sorted by region so that the order of the sheet does not matter.

    regions: each slide's region table; images: its ZIP at this magnification; both parallel to slides.
    reduction: teacher pixels per pixel of this magnification along a side, 1 at the teacher's own. intake: the intake
    table; slides that it excludes are left out, such as a slide cut twice under two ids.
    Raises InputError when a ZIP does not hold exactly the regions of its table.
    """
    usable = {row["slide"] for row in read_rows(intake) if row["state"] == "usable"}
    rows = []
    for slide, table, images_of_slide in zip(slides, regions, images, strict=True):
        if slide in usable:
            rows += _rows_of_slide(slide, read_rows(table), Path(images_of_slide), reduction, Path(index).parent)
    write_rows(index, COLUMNS, sorted(rows, key=lambda row: row["region"]))
    megabytes = sum(row["bytes"] for row in rows) / 1e6
    say(f"{Path(index).stem}: {count_of(len(rows), 'region')} of {count_of(len(slides), 'slide')}, {megabytes:,.1f} MB")


def _rows_of_slide(slide: str, table: list[CsvRow], images: Path, reduction: int, folder: Path) -> Iterable[dict]:
    sizes, fingerprint = _contents(images)
    rows = []
    for row in table:
        # the teacher's regions are JPEG, those reduced from them are lossless
        member = row["member"] if reduction == 1 else str(PurePosixPath(row["member"]).with_suffix(".png"))
        rows.append(
            {
                **{key: row[key] for key in ("region", "area_mm2", "tissue", "annotation")},
                "slide": slide,
                "zip": images.relative_to(folder).as_posix(),
                "member": member,
                "width": int(row["px_width"]) // reduction,
                "height": int(row["px_height"]) // reduction,
                "bytes": sizes.get(member),
                "fingerprint": fingerprint,
            }
        )
    members = {row["member"] for row in rows}
    if members != set(sizes):
        differing = sorted(members ^ set(sizes))[0]
        where = "the region table only" if differing in members else "the ZIP only"
        raise InputError(
            f"{images} holds {len(sizes)} images for {len(rows)} regions of slide {slide!r} "
            f"({differing} is in {where}); {_remedy(images)}"
        )
    return rows


def _contents(images: Path) -> tuple[dict[str, int], str]:
    """Bytes of each member of a ZIP, and the hash of its content."""
    try:
        with zipfile.ZipFile(images) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
        return sizes, fingerprint_images(images)
    except zipfile.BadZipFile as error:
        raise InputError(f"{images} is not a whole ZIP ({error}); {_remedy(images)}") from error


def _remedy(images: Path) -> str:
    return f"make it again with `snakemake --forcerun {images}` and the --configfile you use"
