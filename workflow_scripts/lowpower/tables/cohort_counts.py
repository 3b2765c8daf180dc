"""Count patients, slides and regions of each split and class."""

from collections.abc import Sequence

from lowpower.errors import InputError
from lowpower.tables.layout import number
from lowpower.text import abbreviate

UNLABELED = "unlabeled"
SPLITS = ("train", "val", "test", "external")


def count(
    splits: Sequence[dict], index: Sequence[dict], classes: Sequence[str], excluded: set[str] = frozenset()
) -> list[dict]:
    """Return one row per split and class, once for all seeds with the same division of patients.

    A region has the class of its annotation, else of its slide's label, else it is unlabeled; in training every region
    of an unlabeled patient is unlabeled. Patients and slides with such a region are counted. excluded_slides: slides
    of ``excluded`` with this label in the sheet.
    """
    regions: dict[str, list[dict]] = {}
    for row in index:
        regions.setdefault(row["slide"], []).append(row)
    alike: dict[tuple, list[str]] = {}  # a division -> its seeds
    by_seed: dict[str, list[dict]] = {}
    for row in splits:
        by_seed.setdefault(str(row["seed"]), []).append(row)
    for seed, slides in by_seed.items():
        alike.setdefault(tuple((row["slide"], row["split"]) for row in slides), []).append(seed)
    rows = []
    for seeds in alike.values():
        rows += _count_division(by_seed[seeds[0]], " ".join(seeds), regions, classes, excluded)
    return rows


def _count_division(
    slides: list[dict], seeds: str, regions: dict[str, list[dict]], classes: Sequence[str], excluded: set[str]
) -> list[dict]:
    rows = []
    for split in SPLITS:
        members = [row for row in slides if row["split"] == split]
        for label in [*classes, ""]:
            found = [
                (row, region)
                for row in members
                for region in regions.get(row["slide"], [])
                if _class_of(row, region) == label
            ]
            lost = sum(row["slide"] in excluded and row["label"] == label for row in members)
            if not found and not lost and (label == "" or split == "external"):
                continue  # only train, val and test must hold each class
            rows.append(
                {
                    "seeds": seeds,
                    "split": split,
                    "class": label or UNLABELED,
                    "patients": len({row["patient"] for row, _ in found}),
                    "slides": len({row["slide"] for row, _ in found}),
                    "excluded_slides": lost,
                    "regions": len(found),
                    "area_mm2": number(sum(float(region["area_mm2"]) for _, region in found), 3),
                }
            )
    return rows


def _class_of(slide: dict, region: dict) -> str:
    if slide["split"] == "train" and not slide["label"]:
        return ""  # training does not use its annotations
    return region["annotation"] or slide["label"]


def check_counts(rows: Sequence[dict], classes: Sequence[str]) -> None:
    """Raise InputError when a class has no labeled region left to train or validate on."""
    for row in rows:
        if row["split"] in ("train", "val") and row["class"] in classes and not row["regions"]:
            raise InputError(
                f"class {row['class']!r} has patients but no region in {row['split']} (seeds {row['seeds']}): all its "
                "slides there were excluded or hold no tissue; tables/intake.csv says why"
            )


def describe(rows: Sequence[dict]) -> str:
    """The counts as a few lines for the terminal: one per division and split."""
    parts: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        text = f"{row['class']} {row['patients']}/{row['slides']}/{row['regions']}"
        parts.setdefault((row["seeds"], row["split"]), []).append(text)
    lines = [
        f"  seed {abbreviate(seeds.split())}, {split}: {', '.join(texts)}" for (seeds, split), texts in parts.items()
    ]
    return "\n".join(["patients/slides/regions of each class:", *lines])
