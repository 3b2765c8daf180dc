"""What the sheet says of each patient, or an error that names the patient and what to write instead."""

from collections.abc import Sequence
from dataclasses import dataclass

from lowpower.tables.layout import count_of, some

SPLITS = ("train", "val", "test", "external")


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient's one label (blank = unlabeled), split and site, as the sheet gives them."""

    label: str
    split: str
    site: str


def read_patients(sheet: Sequence[dict[str, str]], classes: Sequence[str], by: str) -> dict[str, Patient]:
    """The patients of the sheet, sorted by id.

    sheet: one dict per slide with slide, patient, site, label, true_label and split, all text, "" for blank.
    by: what divides the patients (sheet, random, kfold or site); decides which columns must be in order.
    Raises ValueError.
    """
    _check_labels(sheet, classes)
    slides: dict[str, list[dict[str, str]]] = {}
    for row in sorted(sheet, key=lambda row: (row["patient"], row["slide"])):
        slides.setdefault(row["patient"], []).append(row)
    _one_value(slides, "label", "give all slides of a patient one label, or leave them all blank")
    _one_value(slides, "true_label", "give all slides of a patient one true_label, or leave them all blank")
    if by == "sheet":
        _check_splits(slides)
    if by == "site":
        _one_value(slides, "site", "splitting by site needs one site for each patient")
    return {patient: Patient(rows[0]["label"], rows[0]["split"], rows[0]["site"]) for patient, rows in slides.items()}


def _check_labels(sheet: Sequence[dict[str, str]], classes: Sequence[str]) -> None:
    for column in ("label", "true_label"):
        for row in sheet:
            if row[column] and row[column] not in classes:
                raise ValueError(
                    f"slide {row['slide']!r} has the {column} {row[column]!r}, not one of the config's classes "
                    f"({', '.join(classes)}); correct the sheet or add it to `classes`"
                )


def _one_value(slides: dict[str, list[dict[str, str]]], column: str, remedy: str) -> None:
    for patient, rows in slides.items():
        found = {row[column]: row["slide"] for row in reversed(rows)}
        if len(found) > 1:
            values = "; ".join(f"{value or 'blank'} on slide {slide}" for value, slide in sorted(found.items()))
            raise ValueError(f"patient {patient!r} has more than one {column} ({values}); {remedy}")


def _check_splits(slides: dict[str, list[dict[str, str]]]) -> None:
    blank = [patient for patient, rows in slides.items() if not all(row["split"] for row in rows)]
    if blank:
        raise ValueError(
            f"`split` is blank for {count_of(len(blank), 'patient')} ({some(blank)}); write {', '.join(SPLITS[:-1])} "
            f"or {SPLITS[-1]} for every slide in the sheet, or divide them with `split: {{by: random}}`"
        )
    _one_value(slides, "split", "a patient in two splits is a leak; write the same split for all its slides")
    unknown = next((row for rows in slides.values() for row in rows if row["split"] not in SPLITS), None)
    if unknown:
        raise ValueError(f"slide {unknown['slide']!r} has the split {unknown['split']!r}; write {', '.join(SPLITS)}")
