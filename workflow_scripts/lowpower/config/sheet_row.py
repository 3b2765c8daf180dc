"""A row of the sheet of slides: its columns with their allowed values, and the columns that determine splits."""

from dataclasses import dataclass, field, fields
from typing import Self

from lowpower.config.settings import REQUIRED, setting


@dataclass(frozen=True, kw_only=True)
class SheetRow:
    """One slide. Blank cells are empty text."""

    slide: str = setting(REQUIRED, "id of the slide, unique, any text", minLength=1)
    path: str = setting(REQUIRED, "the slide's file, relative to the sheet", minLength=1)
    patient: str = setting(
        REQUIRED,
        "id of the patient; slides of one patient stay in one split, so write the slide's id again where each slide is "
        "a patient",
        minLength=1,
    )
    label: str = setting(REQUIRED, "class of the slide; blank for an unlabeled slide")
    split: str = setting(
        "",
        "train, val, test or external; for all patients or for none",
        enum=["", "train", "val", "test", "external"],
    )
    true_label: str = setting(
        "", "the class of a slide whose label is withheld, for the row all_labels and for judging"
    )
    mpp: float | None = setting(
        None,
        "µm per pixel of the slide's finest level, a number such as 0.25, where the file does not say it or says it "
        "wrong; it goes before the file's",
        pattern="^$|^[0-9]*[.,]?[0-9]+$",
    )
    site: str = setting("", "hospital or laboratory")
    scanner: str = setting("", "scanner")
    annotation: str = setting(
        "", "file with annotated regions (QuPath's GeoJSON, XML of ASAP or ImageScope), relative to the sheet"
    )
    mask: str = setting("", "image with the pathologist's own tissue mask, relative to the sheet")
    exclude: str = setting("", "a reason to leave this slide out")
    file: str  # the slide's path from the working folder
    others: dict[str, str] = field(default_factory=dict)  # the sheet's other columns


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
