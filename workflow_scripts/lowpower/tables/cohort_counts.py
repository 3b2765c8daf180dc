"""Count patients, slides and regions of each split and class."""

from collections.abc import Sequence
from dataclasses import dataclass

from lowpower.config.split_row import SplitRow
from lowpower.errors import InputError
from lowpower.files import CsvRow
from lowpower.tables.layout import number
from lowpower.text import abbreviate
from lowpower.typed_values import as_cells

UNLABELED = "unlabeled"
SPLITS = ("train", "val", "test", "external")


@dataclass(frozen=True, kw_only=True)
class CountedRegion:
    """Columns of the index of regions that are counted."""

    slide: str
    annotation: str  # class of its annotation; blank for none
    area_mm2: float = 0.0  # of tissue


@dataclass(frozen=True, kw_only=True)
class CohortRow:
    """Numbers of one class in one split: a row of cohort.csv."""

    seeds: str  # with this division of the patients, separated by spaces
    split: str
    class_: str  # ``UNLABELED`` for none
    patients: int
    slides: int
    excluded_slides: int
    regions: int
    area_mm2: float  # of tissue

    def cells(self) -> CsvRow:
        """Cells of cohort.csv."""
        return as_cells(self) | {"area_mm2": number(self.area_mm2, 3)}


def count(
    splits: Sequence[SplitRow], index: Sequence[CountedRegion], classes: Sequence[str], excluded: set[str] = frozenset()
) -> list[CohortRow]:
    """Return one row per split and class, once for all seeds with the same division of patients.

    A region has the class of its annotation, else of its slide's label, else it is unlabeled; in training every region
    of an unlabeled patient is unlabeled. Patients and slides with such a region are counted. excluded_slides: slides
    of ``excluded`` with this label in the sheet.
    """
    regions: dict[str, list[CountedRegion]] = {}
    for region in index:
        regions.setdefault(region.slide, []).append(region)
    slides_of: dict[int, list[SplitRow]] = {}
    for row in splits:
        slides_of.setdefault(row.seed, []).append(row)
    seeds_of: dict[tuple, list[int]] = {}  # by division of the patients
    for seed, slides in slides_of.items():
        seeds_of.setdefault(tuple((row.slide, row.split) for row in slides), []).append(seed)
    rows = []
    for seeds in seeds_of.values():
        rows += _count_division(slides_of[seeds[0]], " ".join(map(str, seeds)), regions, classes, excluded)
    return rows


def _count_division(
    slides: list[SplitRow],
    seeds: str,
    regions: dict[str, list[CountedRegion]],
    classes: Sequence[str],
    excluded: set[str],
) -> list[CohortRow]:
    rows = []
    for split in SPLITS:
        members = [row for row in slides if row.split == split]
        for label in [*classes, ""]:
            counted = [
                (row, region)
                for row in members
                for region in regions.get(row.slide, [])
                if _class_of(row, region) == label
            ]
            lost = sum(row.slide in excluded and row.label == label for row in members)
            if not counted and not lost and (label == "" or split == "external"):
                continue  # only train, val and test must hold each class
            rows.append(
                CohortRow(
                    seeds=seeds,
                    split=split,
                    class_=label or UNLABELED,
                    patients=len({row.patient for row, _ in counted}),
                    slides=len({row.slide for row, _ in counted}),
                    excluded_slides=lost,
                    regions=len(counted),
                    area_mm2=sum(region.area_mm2 for _, region in counted),
                )
            )
    return rows


def _class_of(slide: SplitRow, region: CountedRegion) -> str:
    if slide.split == "train" and not slide.label:
        return ""  # training does not use its annotations
    return region.annotation or slide.label


def check_counts(rows: Sequence[CohortRow], classes: Sequence[str]) -> None:
    """Raise InputError when a class has no labeled region left to train or validate on."""
    for row in rows:
        if row.split in ("train", "val") and row.class_ in classes and not row.regions:
            raise InputError(
                f"class {row.class_!r} has patients but no region in {row.split} (seeds {row.seeds}): all its "
                "slides there were excluded or hold no tissue; tables/intake.csv says why"
            )


def describe(rows: Sequence[CohortRow]) -> str:
    """The counts as a few lines for the terminal: one per division and split."""
    parts: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        text = f"{row.class_} {row.patients}/{row.slides}/{row.regions}"
        parts.setdefault((row.seeds, row.split), []).append(text)
    lines = [
        f"  seed {abbreviate(seeds.split())}, {split}: {', '.join(texts)}" for (seeds, split), texts in parts.items()
    ]
    return "\n".join(["patients/slides/regions of each class:", *lines])
