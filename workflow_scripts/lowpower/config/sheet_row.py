"""A row of the sheet of slides: its columns with their allowed values, and the columns that determine splits."""

from dataclasses import dataclass, field, fields
from typing import Self

from lowpower.config.settings import REQUIRED, setting


@dataclass(frozen=True, kw_only=True)
class SheetRow:
    """One slide. Blank cells are empty text."""

    slide: str = setting(REQUIRED, "unique id of the slide, any text", minLength=1)
    path: str = setting(REQUIRED, "the slide's file, relative to the sheet", minLength=1)
    patient: str = setting(
        REQUIRED,
        "id of the patient, whose slides all go into one split; if each slide is a patient, repeat the slide's id",
        minLength=1,
    )
    label: str = setting(REQUIRED, "class of the slide; blank for an unlabeled slide")
    split: str = setting(
        "",
        "train, val, test or external; fill it for all patients, or leave it blank for all",
        enum=["", "train", "val", "test", "external"],
    )
    true_label: str = setting("", "class of a slide whose label is withheld, for the row all_labels and for evaluation")
    mpp: float | None = setting(
        None,
        "µm per pixel of the slide's finest level, a number such as 0.25, if the file has none or a wrong one; it "
        "overrides the file's",
        pattern="^$|^[0-9]*[.,]?[0-9]+$",
    )
    site: str = setting("", "hospital or laboratory")
    scanner: str = setting("", "scanner")
    annotation: str = setting(
        "", "file with annotated regions (QuPath's GeoJSON, XML of ASAP or ImageScope), relative to the sheet"
    )
    mask: str = setting("", "image with your own tissue mask, relative to the sheet")
    exclude: str = setting("", "reason to exclude this slide; blank to keep it")
    file: str  # the slide's path from the working folder
    others: dict[str, str] = field(default_factory=dict)  # the sheet's other columns
    warning: str = ""  # about its cells


@dataclass(frozen=True, kw_only=True)
class PatientRow:
    """Columns of a slide's row that determine splits; a change of other columns reruns no split."""

    slide: str
    patient: str
    site: str = ""
    label: str = ""
    true_label: str = ""
    split: str = ""

    @classmethod
    def of(cls, row: SheetRow) -> Self:
        """Take these columns from a row of the sheet."""
        return cls(**{column.name: getattr(row, column.name) for column in fields(cls)})
