"""A row of a splits file, ``splits/seed*.csv``."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SplitRow:
    """One slide of the sheet for one seed. Ranks are in [0, 1); None where the patient has none."""

    seed: int
    slide: str
    patient: str
    site: str = ""
    label: str = ""  # class of the slide; blank for none
    true_label: str = ""
    split: str  # train, val, test or external
    labeled_rank: float | None = None  # among the labeled training patients of its class
    unlabeled_rank: float | None = None  # among the unlabeled training patients
