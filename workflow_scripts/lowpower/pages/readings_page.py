"""Page of readings: the answer for each new slide, the least sure first, with pictures of where it comes from."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from lowpower.config.package import Package
from lowpower.files import CsvRow, read_rows
from lowpower.magnification import describe
from lowpower.pages.banners import Banner
from lowpower.pages.page import Table, write_page
from lowpower.reading_paths import PAGE, REGIONS, TABLE, geojson_of, ome_of, overlay_of, preview_of
from lowpower.text import count_of

LEGEND = (
    "Left: the tissue. Right: evidence for the answer, orange for it, blue against it, white none; pale tissue was not "
    "read. A click enlarges both, with the scale. The percentage is the probability of the answer{calibrated}."
)


class Card(NamedTuple):
    """One slide that was read. percent: probability of its answer. preview: path of a small picture, blank for none."""

    slide: str
    answer: str
    percent: str
    referred: bool
    warning: str
    preview: str
    overlay: str  # path of the large picture
    files: Sequence[tuple[str, str]]  # name and path, for QuPath


def write_readings_page(folder: str | Path, package: Package, banners: Sequence[Banner] = ()) -> None:
    """Write readings.html from readings.csv and the pictures that lie in the folder. banners: above all answers."""
    folder = Path(folder)
    rows = read_rows(folder / TABLE)
    read = sorted((row for row in rows if row["state"] == "read"), key=lambda row: (probability_of(row), row["slide"]))
    unread = [row for row in rows if row["state"] != "read"]
    reasons = [{key: row[key] for key in ("slide", "state", "reason")} for row in unread]
    is_calibrated = any(row.get(f"calibrated_{row['class']}") for row in read)
    write_page(
        folder / PAGE,
        "readings.html.j2",
        title=f"Readings: {count_of(len(rows), 'slide')}",
        lead=_lead(read, unread, package),
        terms=package.terms,
        banners=banners,
        answers=Table("By answer", _by_answer(read, package), TABLE),
        not_read=Table(count_of(len(unread), "slide"), reasons, TABLE),
        legend=LEGEND.format(calibrated=", calibrated on validation data" if is_calibrated else ", not calibrated"),
        cards=[_card(row, folder, package) for row in read],
        files=[TABLE, REGIONS],
    )


def probability_of(row: CsvRow) -> float:
    """Probability of the answer of a row of readings.csv, calibrated where it is known."""
    return float(row.get(f"calibrated_{row['class']}") or row["confidence"])


def _lead(read: Sequence[CsvRow], unread: Sequence[CsvRow], package: Package) -> str:
    referred = sum(is_referred(row, package) for row in read)
    parts = [
        f"{len(read):,} read with `{package.name}` of cohort {package.cohort} at {describe(package.magnification)}",
        f"{referred:,} of them read again by the teacher" if referred else "",
        f"{len(unread):,} not read" if unread else "",
    ]
    return f"{'; '.join(part for part in parts if part)}. The least sure come first."


def is_referred(row: CsvRow, package: Package) -> bool:
    """True if the teacher read a slide for the student."""
    return row["read_by"] == "teacher" and package.method != "teacher"


def _by_answer(read: Sequence[CsvRow], package: Package) -> list[CsvRow]:
    """Number of slides with each answer, of those read by the teacher, and their median probability."""
    rows = []
    for name in package.classes:
        members = [row for row in read if row["class"] == name]
        row = {"answer": name, "slides": f"{len(members):,}"}
        if package.teacher is not None:
            row["read by the teacher"] = f"{sum(is_referred(member, package) for member in members):,}"
        row["median probability, %"] = f"{100 * median(map(probability_of, members)):.1f}" if members else ""
        rows.append(row)
    return rows


def _card(row: CsvRow, folder: Path, package: Package) -> Card:
    slide = row["slide"]
    exports = {"GeoJSON": geojson_of(slide), "OME-TIFF": ome_of(slide)}
    has_picture = (folder / preview_of(slide)).is_file()
    return Card(
        slide=slide,
        answer=row["class"],
        percent=f"{100 * probability_of(row):.1f}",
        referred=is_referred(row, package),
        warning=row["warning"],
        preview=preview_of(slide) if has_picture else "",
        overlay=overlay_of(slide),
        files=[(name, path) for name, path in exports.items() if (folder / path).is_file()],
    )
