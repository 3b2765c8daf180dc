"""Units: predictions of regions, slides or patients, with their truth (``tables.unit_judging`` makes them)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

PER = ("patient", "slide", "region")  # patients are the headline


@dataclass(frozen=True)
class Units:
    """Units of one kind that a model predicted and whose truth is known, sorted by id."""

    ids: list[str]
    patients: list[str]
    truth: NDArray  # (n,) number of the class
    probabilities: NDArray  # (n, classes)
    sites: Sequence[str] = ()  # of each unit, blank where the sheet has none
    regions: Sequence[int] = ()  # number in each unit
    way: str = ""  # aggregation of its regions' probabilities; blank for regions

    def only(self, kept: NDArray) -> "Units":
        """Return the units that a mask (n,) keeps."""
        lists: dict[str, Any] = {
            name: [value for value, keep in zip(getattr(self, name), kept, strict=True) if keep]
            for name in ("ids", "patients", "sites", "regions")
            if len(getattr(self, name)) == len(kept)
        }
        return replace(self, truth=self.truth[kept], probabilities=self.probabilities[kept], **lists)


@dataclass(frozen=True)
class Judged:
    """Units of one kind, split and kind of pixels that the models predicted."""

    kind: dict[str, str]  # per, split, pixels
    patients: list[str]  # of the split, sorted; the same for every kind of pixels, so that draws are paired
    of_models: list[Units | None]  # parallel to the models; None for one without predictions on such pixels
    validation: Sequence[Units | None] = ()  # the same kind of units of validation patients, parallel to the models


def by_site(judged: Sequence[Judged]) -> list[Judged]:
    """Divide judged units by site, where there is more than one; validation units do not change."""
    found = []
    for one in judged:
        sites = sorted({site for u in one.of_models if u for site in u.sites} - {""})
        for site in sites if len(sites) > 1 else ():
            of_models = [u and u.only(np.array([own == site for own in u.sites], bool)) for u in one.of_models]
            patients = sorted({patient for u in of_models if u for patient in u.patients})
            found.append(Judged({"site": site} | one.kind, patients, of_models, one.validation))
    return found
