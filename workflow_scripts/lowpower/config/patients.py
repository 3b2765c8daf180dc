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
    found: dict[str, Patient] = {}
    for row in sorted(sheet, key=lambda row: (row.patient, row.slide)):
        found.setdefault(row.patient, Patient(row.label, row.split, row.site))
    return found


def patient_problems(sheet: Sequence[PatientRow], classes: Sequence[str], by: str) -> Iterator[str]:
    """Problems with labels, splits and sites, each with its correction.

    sheet: one row per slide.
    by: source of the split (sheet, random, kfold or site); it decides which columns are checked.
    """
    slides: dict[str, list[PatientRow]] = {}
    for row in sorted(sheet, key=lambda row: (row.patient, row.slide)):
        slides.setdefault(row.patient, []).append(row)
    yield from _labels(sheet, classes)
    yield from _spellings(sheet, "patient", "a patient in two splits is a leak")
    yield from _spellings(sheet, "site", "tables and splits treat them as two")
    yield from _several(slides, "label", "give all slides of a patient one label, or leave them all blank")
    yield from _several(slides, "true_label", "give all slides of a patient one true_label, or leave them all blank")
    if by == "sheet":
        yield from _blank_splits(slides)
        yield from _several(slides, "split", "a patient in two splits is a leak; write one split for all its slides")
    if by == "site":
        yield from _several(slides, "site", "splitting by site needs one site for each patient")


def _labels(sheet: Sequence[PatientRow], classes: Sequence[str]) -> Iterator[str]:
    for column in ("label", "true_label"):
        strange: dict[str, list[str]] = {}
        for row in sheet:
            name = getattr(row, column)
            if name and name not in classes:
                strange.setdefault(name, []).append(row.slide)
        for label, slides in sorted(strange.items()):
            near = next((name for name in classes if likeness(name) == likeness(label)), nearest(label, classes))
            yield (
                f"{column} {label!r} on {count_of(len(slides), 'slide')} ({abbreviate(sorted(slides))}) is not one of "
                f"the config's `classes` ({', '.join(classes)}); "
                + (f"did you mean {near!r}? " if near else "")
                + "Correct the sheet, or add it to `classes`"
            )


def _spellings(sheet: Sequence[PatientRow], column: str, why: str) -> Iterator[str]:
    slides = {getattr(row, column): row.slide for row in reversed(sheet)}
    slides.pop("", None)
    for names in spelled_twice(slides):
        found = " and ".join(f"{name!r} (slide {slides[name]})" for name in names)
        yield (
            f"{column} {found} may be two spellings of the same name: they differ only in case, punctuation, leading "
            f"zeros or letters that look alike, and {why}; use one of them everywhere, or, if they are not the same, "
            "names that differ more"
        )


def _several(slides: dict[str, list[PatientRow]], column: str, remedy: str) -> Iterator[str]:
    for patient, rows in slides.items():
        found = {getattr(row, column): row.slide for row in reversed(rows)}
        if column == "split":  # blank splits are reported separately
            found.pop("", None)
        if len(found) > 1:
            values = "; ".join(f"{value or 'blank'} on slide {slide}" for value, slide in sorted(found.items()))
            yield f"patient {patient!r} has more than one {column} ({values}); {remedy}"


def _blank_splits(slides: dict[str, list[PatientRow]]) -> Iterator[str]:
    blank = [patient for patient, rows in slides.items() if not all(row.split for row in rows)]
    if blank:
        which = (
            "every patient" if len(blank) == len(slides) else f"{count_of(len(blank), 'patient')} ({abbreviate(blank)})"
        )
        yield (
            f"`split` is blank for {which}; write {', '.join(SPLITS[:-1])} or {SPLITS[-1]} for every slide of the "
            "sheet, or let the workflow divide the patients: write `split: {by: random}` into the config"
        )
