"""Banners: notes and warnings at the top of a page, before any number."""

from collections.abc import Sequence
from typing import NamedTuple

from lowpower.config.study import Study
from lowpower.files import CsvRow
from lowpower.tables.cohort_counts import CohortRow
from lowpower.tables.intake_table import IntakeRow
from lowpower.tables.layout import number, percent
from lowpower.text import abbreviate, count_of

FEW = 30  # patients: with fewer, each changes an accuracy by more than 3 points
ON_PURPOSE = "the sheet excludes it"  # first words of the reason if the sheet excludes a slide


class Banner(NamedTuple):
    """A sentence or two in a box. kind: "warning", "good" or "". points: listed below the text."""

    text: str
    kind: str = ""
    points: Sequence[str] = ()


def about_study(study: Study) -> list[Banner]:
    """Note of the config, and a warning if the slides are synthetic."""
    banners = [Banner(study.note)] if study.note else []
    if study.demo:
        text = "The slides of this cohort are synthetic: the workflow drew them. The cohort has no real patients."
        banners.append(Banner(text, "warning"))
    return banners


def about_slides(slides: Sequence[IntakeRow]) -> list[Banner]:
    """List slides with a warning, and slides whose scale is declared in the sheet."""
    banners = []
    doubtful = [row.slide for row in slides if row.warning]
    if doubtful:
        text = (
            f"{count_of(len(doubtful), 'slide')} with a warning ({abbreviate(doubtful)}): check their pictures and the "
            "column `warning` of the intake table. A warning does not exclude a slide."
        )
        banners.append(Banner(text, "warning"))
    declared = sum(row.mpp_source == "sheet" for row in slides)
    if declared:
        text = (
            f"Scale declared: the µm per pixel of {declared:,} of {count_of(len(slides), 'slide')} comes from the "
            "sheet, not from the slide file. The magnifications are only as accurate as that column."
        )
        banners.append(Banner(text, "warning"))
    return banners


def about_results(study: Study, counts: Sequence[CohortRow], rows: Sequence[CsvRow]) -> list[Banner]:
    """Warn of results on validation data, on few patients, or with a teacher that learned nothing.

    rows: of results.csv.
    """
    banners = []
    if study.report_split == "val":
        text = (
            "These are results on validation data, which also chose the weights, so they are optimistic. The test data "
            "have not been used; once the study is final, write `report_split: test`."
        )
        banners.append(Banner(text, "warning"))
    for row in rows:
        if row["method"] == "teacher" and row["per"] == "patient" and 0 < int(row["patients"]) < FEW:
            text = (
                f"Only {count_of(int(row['patients']), 'patient')} in {row['split']}, fewer than {FEW}: each moves an "
                f"accuracy by {100 / int(row['patients']):.1f} points. Intervals are too wide to distinguish models."
            )
            banners.append(Banner(text, "warning"))
        if row["method"] == "teacher" and row["per"] == "patient" and row["accuracy"]:
            common = number(_share_of_largest_class(counts, row["split"]), 4)  # as many decimals, or .6667 > 2/3
            if float(row["accuracy"]) <= float(common):
                text = (
                    "The teacher is no better than assigning every patient to the most frequent class: "
                    f"{percent(row['accuracy'])} % against {percent(common)} % of the {row['split']} patients. Its "
                    "students had nothing to learn from it."
                )
                banners.append(Banner(text, "warning"))
    return banners


def _share_of_largest_class(counts: Sequence[CohortRow], split: str) -> float:
    """Largest class's share of a split's patients, over all seeds that split them differently; 0 without patients."""
    patients: dict[str, int] = {}
    for row in counts:
        if row.split == split:
            patients[row.class_] = patients.get(row.class_, 0) + row.patients
    return max(patients.values()) / sum(patients.values()) if any(patients.values()) else 0.0


def next_steps(slides: Sequence[IntakeRow], problems: Sequence[str]) -> list[Banner]:
    """List the next steps: complete the sheet, replace or repair slides, or start training.

    problems: gaps of the sheet that prevent training, each with its correction.
    """
    unread: dict[str, list[str]] = {}
    for row in slides:
        if row.step == "check_slide" and not row.is_usable and not row.reason.startswith(ON_PURPOSE):
            unread.setdefault(row.reason, []).append(row.slide)
    reasons = [f"{abbreviate(names)}: {reason}" for reason, names in unread.items()]
    text = f"{count_of(sum(len(names) for names in unread.values()), 'slide')} cannot be used without a change:"
    unusable = [Banner(text, "warning", reasons)] if reasons else []
    if problems:
        return [Banner("Training cannot start yet. The sheet of slides lacks:", "warning", problems), *unusable]
    command = "run `snakemake` with the same --configfile. `snakemake plan` estimates how long that takes."
    if unusable:
        return [*unusable, Banner(f"Training can start without them: {command}", "good")]
    return [Banner(f"The sheet is complete. To start training, {command}", "good")]
