"""Patients of the sheet, and the problems in it that prevent training."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lowpower.config.sheet_row import PatientRow
from lowpower.spelling import likeness, spelled_twice
from lowpower.text import abbreviate, count_of, nearest

SPLITS = ("train", "val", "test", "external")


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient's label (blank = unlabeled), split and site from the sheet."""

    label: str
    split: str
    site: str


def read_patients(sheet: Sequence[PatientRow]) -> dict[str, Patient]:
    """Patients of a sheet without ``patient_problems``, sorted by id."""
    patients: dict[str, Patient] = {}
    for row in sorted(sheet, key=lambda row: (row.patient, row.slide)):
        patients.setdefault(row.patient, Patient(row.label, row.split, row.site))
    return patients


def patient_problems(sheet: Sequence[PatientRow], classes: Sequence[str], by: str) -> Iterator[str]:
    """Problems with labels, splits and sites, each with its correction.

    sheet: one row per slide.
    by: source of the split (sheet, random, kfold or site); it decides which columns are checked.
    """
    slides: dict[str, list[PatientRow]] = {}
    for row in sorted(sheet, key=lambda row: (row.patient, row.slide)):
        slides.setdefault(row.patient, []).append(row)
    yield from _label_problems(sheet, classes)
    yield from _spelling_problems(sheet, "patient", "a patient in two splits is a leak")
    yield from _spelling_problems(sheet, "site", "tables and splits treat them as two")
    yield from _contradictions(slides, "label", "give all slides of a patient one label, or leave them all blank")
    yield from _contradictions(
        slides, "true_label", "give all slides of a patient one true_label, or leave them all blank"
    )
    if by == "sheet":
        yield from _blank_split_problems(slides)
        yield from _contradictions(
            slides, "split", "a patient in two splits is a leak; write one split for all its slides"
        )
    if by == "site":
        yield from _contradictions(slides, "site", "splitting by site needs one site for each patient")


def _label_problems(sheet: Sequence[PatientRow], classes: Sequence[str]) -> Iterator[str]:
    for column in ("label", "true_label"):
        unknown_labels: dict[str, list[str]] = {}
        for row in sheet:
            name = getattr(row, column)
            if name and name not in classes:
                unknown_labels.setdefault(name, []).append(row.slide)
        for label, slides in sorted(unknown_labels.items()):
            suggestion = next((name for name in classes if likeness(name) == likeness(label)), nearest(label, classes))
            yield (
                f"{column} {label!r} on {count_of(len(slides), 'slide')} ({abbreviate(sorted(slides))}) is not one of "
                f"the config's `classes` ({', '.join(classes)}); "
                + (f"did you mean {suggestion!r}? " if suggestion else "")
                + "Correct the sheet, or add it to `classes`"
            )


def _spelling_problems(sheet: Sequence[PatientRow], column: str, why: str) -> Iterator[str]:
    slides = {getattr(row, column): row.slide for row in reversed(sheet)}
    slides.pop("", None)
    for names in spelled_twice(slides):
        spellings = " and ".join(f"{name!r} (slide {slides[name]})" for name in names)
        yield (
            f"{column} {spellings} may be two spellings of the same name: they differ only in case, punctuation, "
            f"leading zeros or letters that look alike, and {why}; use one of them everywhere, or, if they are not the "
            "same, names that differ more"
        )


def _contradictions(slides: dict[str, list[PatientRow]], column: str, remedy: str) -> Iterator[str]:
    for patient, rows in slides.items():
        slide_by_value = {getattr(row, column): row.slide for row in reversed(rows)}
        if column == "split":  # blank splits are reported separately
            slide_by_value.pop("", None)
        if len(slide_by_value) > 1:
            values = "; ".join(
                f"{value or 'blank'} on slide {slide}" for value, slide in sorted(slide_by_value.items())
            )
            yield f"patient {patient!r} has more than one {column} ({values}); {remedy}"


def _blank_split_problems(slides: dict[str, list[PatientRow]]) -> Iterator[str]:
    blank = [patient for patient, rows in slides.items() if not all(row.split for row in rows)]
    if blank:
        whom = (
            "every patient" if len(blank) == len(slides) else f"{count_of(len(blank), 'patient')} ({abbreviate(blank)})"
        )
        yield (
            f"`split` is blank for {whom}; write {', '.join(SPLITS[:-1])} or {SPLITS[-1]} for every slide of the "
            "sheet, or let the workflow divide the patients: write `split: {by: random}` into the config"
        )
