"""Files of readings: one per slide, written when it is read, and the two tables of all slides.

A slide's file is Parquet: a row per region, and in its metadata the answer for the slide and what was asked. So a kill
loses at most the slide at hand, and the tables can be made again from these files alone.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lowpower.config.package import Package
from lowpower.files import CsvRow, replacing, write_rows
from lowpower.reading.arrow_columns import numbers, texts
from lowpower.reading.slide_reading import SlideReading
from lowpower.reading_paths import REGIONS, TABLE

_KEY = b"lowpower"
_BOX = ("x", "y", "width", "height", "tissue", "area_mm2")
_OF_SLIDE = ("slide", "state", "reason", "read_by", "seconds", "megapixels", "bytes_read")


@dataclass(frozen=True)
class StoredReading:
    """A slide's file: what was asked, and the answer."""

    asked: dict[str, Any]
    about: dict[str, Any]  # slide, state, reason, warnings, answer, …
    regions: pa.Table


def write_reading(path: str | Path, reading: SlideReading, package: Package, asked: Mapping[str, Any]) -> None:
    """Write the file of one slide. asked: what would have to be the same for the reading to stand."""
    about = {name: getattr(reading, name) for name in _OF_SLIDE} | {
        "warnings": list(reading.warnings),
        "regions": len(reading.regions),
        "tissue_mm2": reading.tissue_mm2,
        "answer": reading.answer.tolist(),
        "answer_calibrated": [value for value in reading.answer_calibrated.tolist() if value == value],
        "student_answer": [],
        "teacher_seconds": 0.0,
        "teacher_megapixels": 0.0,
    }
    if low := reading.student:
        about |= {
            "student_answer": low.answer.tolist(),
            "teacher_seconds": reading.seconds - low.seconds,
            "teacher_megapixels": reading.megapixels - low.megapixels,
        }
    metadata = {_KEY: json.dumps({"asked": asked, "about": about}, sort_keys=True)}
    with replacing(path) as part:
        pq.write_table(_regions(reading, package).replace_schema_metadata(metadata), part)


def _regions(reading: SlideReading, package: Package) -> pa.Table:
    """Columns slide, region, read_by, box in pixels of level 0, tissue, area_mm2; per class logit_, p_, calibrated_."""
    rows = reading.regions
    columns = {"slide": texts([reading.slide] * len(rows)), "region": texts([row.region for row in rows])}
    columns["read_by"] = texts([reading.read_by] * len(rows))
    columns |= {name: numbers([getattr(row, name) for row in rows]) for name in _BOX}
    scores = (("logit", reading.logits), ("p", reading.probabilities), ("calibrated", reading.calibrated))
    for kind, values in scores:
        by_class = values.reshape(len(rows), len(package.classes)).T
        columns |= {f"{kind}_{name}": numbers(own) for name, own in zip(package.classes, by_class, strict=True)}
    return pa.table(list(columns.values()), names=list(columns))


def read_reading(path: str | Path) -> StoredReading | None:
    """Read the file of one slide; None if there is none, or none that this version wrote."""
    try:
        with pq.ParquetFile(path) as file:  # pyarrow.dataset, which read_table uses, imports pandas
            table = file.read()
        stored = json.loads(table.schema.metadata[_KEY])
        return StoredReading(stored["asked"], stored["about"], table.replace_schema_metadata(None))
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError):
        return None


def write_tables(
    folder: str | Path,
    readings: Sequence[StoredReading],
    package: Package,
    threshold: float | None,
    teacher_threshold: float | None = None,
) -> None:
    """Write readings.csv, a row per slide, and regions.parquet, a row per region, in the order of the readings.

    threshold: of the positive class, if any. teacher_threshold: the teacher's, for slides that were referred to it.
    """
    folder = Path(folder)
    thresholds = {False: threshold, True: teacher_threshold}
    rows = [_row(reading.about, package, thresholds[bool(reading.about["student_answer"])]) for reading in readings]
    write_rows(folder / TABLE, columns_of_table(package), rows)
    with replacing(folder / REGIONS) as part:
        pq.write_table(pa.concat_tables([reading.regions for reading in readings]), part)


def columns_of_table(package: Package) -> list[str]:
    """Columns of readings.csv."""
    columns = ["slide", "state", "reason", "class", "confidence"] + (["positive"] if package.positive_class else [])
    columns += ["read_by", "regions", "tissue_mm2", "seconds", "megapixels", "bytes_read"]
    if package.teacher is not None:
        columns += ["student_class", "student_confidence", "teacher_seconds", "teacher_megapixels"]
    return [*columns, *(f"{kind}_{name}" for kind in ("p", "calibrated") for name in package.classes), "warning"]


def _row(about: Mapping[str, Any], package: Package, threshold: float | None) -> CsvRow:
    """Row of readings.csv; blank cells for a slide that was not read."""
    row = dict.fromkeys(columns_of_table(package), "")
    row |= {name: about[name] for name in ("slide", "state", "reason")}
    row |= {"seconds": f"{about['seconds']:.2f}", "warning": "; ".join(about["warnings"])}
    if about["state"] != "read":
        return row
    answer = about["answer"]
    best = answer.index(max(answer))
    row |= {
        "class": package.classes[best],
        "confidence": f"{answer[best]:.6f}",
        "read_by": about["read_by"],
        "regions": str(about["regions"]),
        "tissue_mm2": f"{about['tissue_mm2']:.6f}",
        "megapixels": f"{about['megapixels']:.3f}",
        "bytes_read": "" if about["bytes_read"] is None else str(about["bytes_read"]),
    }
    if low := about["student_answer"]:
        best_low = low.index(max(low))
        row |= {
            "student_class": package.classes[best_low],
            "student_confidence": f"{low[best_low]:.6f}",
            "teacher_seconds": f"{about['teacher_seconds']:.2f}",
            "teacher_megapixels": f"{about['teacher_megapixels']:.3f}",
        }
    if package.positive_class and threshold is not None:
        row["positive"] = "yes" if answer[package.classes.index(package.positive_class)] >= threshold else "no"
    for kind, values in (("p", answer), ("calibrated", about["answer_calibrated"])):
        row |= {f"{kind}_{name}": f"{value:.6f}" for name, value in zip(package.classes, values, strict=False)}
    return row
