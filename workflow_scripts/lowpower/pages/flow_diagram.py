"""Flow of slides, as in a CONSORT diagram: slides in the sheet, exclusions with reasons, usable slides, splits."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from lowpower.pages.page import INTAKE
from lowpower.tables.cohort_counts import CohortRow
from lowpower.tables.intake_table import IntakeRow
from lowpower.text import count_of

MOST_REASONS = 5  # for one step; the table below the diagram has all reasons
_COHORT = "tables/cohort.csv"
_STEPS = {"check_slide": "when opened", "mask_tissue": "in the search for tissue", "tile_slide": "when tiled"}


class Box(NamedTuple):
    """Box of the diagram. kind: "main", "out", or "" for a split. source: the file that its numbers link to."""

    title: str
    words: str = ""
    points: Sequence[str] = ()
    kind: str = "main"
    source: str = INTAKE


class Flow(NamedTuple):
    """Boxes of the diagram. seeds: those whose split is drawn, blank if all seeds have one split."""

    sheet: Box
    excluded: Box | None
    usable: Box
    splits: Sequence[Box]
    seeds: str


def flow(slides: Sequence[IntakeRow], counts: Sequence[CohortRow]) -> Flow:
    """Count the slides in each box. counts: empty before the split."""
    usable = [row for row in slides if row.is_usable]
    excluded = [row for row in slides if not row.is_usable]
    regions = sum(row.regions for row in usable)
    return Flow(
        Box(f"{count_of(len(slides), 'slide')} in the sheet", _patients(slides)),
        _excluded(excluded) if excluded else None,
        Box(f"{count_of(len(usable), 'slide')} usable", f"{_patients(usable)}, {count_of(regions, 'region')}"),
        _splits(counts),
        counts[0].seeds if len({row.seeds for row in counts}) > 1 else "",
    )


def _patients(slides: Sequence[IntakeRow]) -> str:
    return count_of(len({row.patient for row in slides}), "patient")


def _excluded(slides: Sequence[IntakeRow]) -> Box:
    """Excluded slides by step, in the order of the steps, each with its most frequent reasons."""
    points = []
    for step in dict.fromkeys([*_STEPS, *(row.step for row in slides)]):
        reasons = Counter(row.reason for row in slides if row.step == step)
        common = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
        points += [f"{count} {_STEPS.get(step, step)}: {reason}" for reason, count in common[:MOST_REASONS]]
        rest = sum(count for _, count in common[MOST_REASONS:])
        points += [f"{rest} {_STEPS.get(step, step)}: other reasons, listed below"] if rest else []
    return Box(f"{count_of(len(slides), 'slide')} excluded", points=points, kind="out")


def _splits(counts: Sequence[CohortRow]) -> list[Box]:
    """Patients and regions of each split; for the first seeds only, if seeds split the patients differently."""
    first = [row for row in counts if row.seeds == counts[0].seeds]
    boxes = []
    for split in dict.fromkeys(row.split for row in first):
        rows = [row for row in first if row.split == split]
        patients, regions = sum(row.patients for row in rows), sum(row.regions for row in rows)
        points = [f"{row.class_}: {_size(row.patients, row.regions)}" for row in rows]
        boxes.append(Box(split, _size(patients, regions), points, kind="", source=_COHORT))
    return boxes


def _size(patients: int, regions: int) -> str:
    return f"{count_of(patients, 'patient')}, {count_of(regions, 'region')}"
