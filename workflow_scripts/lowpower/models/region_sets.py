"""Regions that a job trains or tests on (an index joined with one seed of the splits), and their order."""

from dataclasses import dataclass
from pathlib import Path

from lowpower import rng
from lowpower.files import read_rows


@dataclass(frozen=True, slots=True)
class Region:
    """One region at one magnification, with the data of its slide and patient. Blank text means unknown."""

    region: str
    slide: str
    patient: str
    site: str
    split: str
    label: str
    true_label: str
    label_source: str  # slide or annotation
    labeled_rank: float  # nested subsets of training patients; inf for patients in no subset
    unlabeled_rank: float
    area_mm2: float
    width: int  # pixels at this magnification
    height: int
    zip: Path
    member: str
    content: str  # hash of the ZIP's content

    @property
    def truth(self) -> str:
        """Reference class: the annotation's class, else the slide's true label, else the slide's label."""
        return self.label if self.label_source == "annotation" else self.true_label or self.label


def read_regions(index: str | Path, splits: str | Path, seed: int) -> list[Region]:
    """Read all regions of the index, sorted by id. A region's label is its annotation's class, else its slide's."""
    slides = {row["slide"]: row for row in read_rows(splits) if int(row["seed"]) == seed}
    regions = []
    for row in read_rows(index):
        slide = slides[row["slide"]]
        regions.append(
            Region(
                region=row["region"],
                **{key: slide[key] for key in ("slide", "patient", "site", "split", "true_label")},
                label=row["annotation"] or slide["label"],
                label_source="annotation" if row["annotation"] else "slide",
                labeled_rank=float(slide["labeled_rank"] or "inf"),
                unlabeled_rank=float(slide["unlabeled_rank"] or "inf"),
                area_mm2=float(row["area_mm2"]),
                width=int(row["width"]),
                height=int(row["height"]),
                zip=Path(index).parent / row["zip"],
                member=row["member"],
                content=row["fingerprint"],
            )
        )
    return sorted(regions, key=lambda region: region.region)


def in_split(regions: list[Region], *splits: str) -> list[Region]:
    """Regions of patients in these splits."""
    return [region for region in regions if region.split in splits]


def labeled(regions: list[Region], percent: float) -> list[Region]:
    """Training regions of the first ``percent`` of the labeled training patients (nested)."""
    return [r for r in in_split(regions, "train") if r.labeled_rank < percent / 100]


def unlabeled(regions: list[Region], percent: float) -> list[Region]:
    """Training regions of the first ``percent`` of the unlabeled training patients (nested)."""
    return [r for r in in_split(regions, "train") if r.unlabeled_rank < percent / 100]


def sorted_union(*groups: list[Region]) -> list[Region]:
    """Regions of all groups without repeats, sorted by id, so that the order of files never affects the training."""
    return sorted({region.region: region for group in groups for region in group}.values(), key=lambda r: r.region)


class Order:
    """Items of each optimizer step: pass after pass over all items, each pass in its own order.

    A pure function of (seed, items, step). A batch may extend from one pass into the next; with drop_last the
    incomplete batch at the end of a pass is left out, as in the released code.
    """

    def __init__(self, seed: int, items: int, batch: int, drop_last: bool = False) -> None:
        self.seed, self.items, self.batch = seed, items, batch
        self.length = items - items % batch if drop_last and items > batch else items
        self.orders: dict[int, list[int]] = {}

    def at(self, step: int) -> list[tuple[int, int]]:
        """Item, and number of the pass, for each position in the batch of a step."""
        positions = range(step * self.batch, (step + 1) * self.batch)
        return [(self._order(p // self.length)[p % self.length], p // self.length) for p in positions]

    def _order(self, number: int) -> list[int]:
        if number not in self.orders:
            self.orders = {k: v for k, v in self.orders.items() if k >= number - 1}
            self.orders[number] = rng.generator(self.seed, "order", number).permutation(self.items).tolist()
        return self.orders[number]
