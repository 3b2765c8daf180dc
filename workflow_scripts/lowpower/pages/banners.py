"""Banners: notes and warnings at the top of a page, before any number."""

from collections.abc import Sequence
from typing import NamedTuple

from lowpower.config.study import Study
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
    found = [Banner(study.note)] if study.note else []
    if study.demo:
        text = "The slides of this cohort are synthetic: the workflow drew them. The cohort has no real patients."
        found.append(Banner(text, "warning"))
    return found


def about_slides(taken: Sequence[dict[str, str]]) -> list[Banner]:
    """List slides with a warning, and slides whose scale is declared in the sheet. taken: rows of intake.csv."""
    found = []
    doubtful = [row["slide"] for row in taken if row["warning"]]
    if doubtful:
        text = (
            f"{count_of(len(doubtful), 'slide')} with a warning ({abbreviate(doubtful)}): check their pictures and the "
            "column `warning` of the intake table. A warning does not exclude a slide."
        )
        found.append(Banner(text, "warning"))
    declared = sum(row["mpp_source"] == "sheet" for row in taken)
    if declared:
        text = (
            f"Scale declared: the µm per pixel of {declared:,} of {count_of(len(taken), 'slide')} comes from the "
            "sheet, not from the slide file. The magnifications are only as accurate as that column."
        )
        found.append(Banner(text, "warning"))
    return found


def about_results(study: Study, counts: Sequence[dict[str, str]], rows: Sequence[dict[str, str]]) -> list[Banner]:
    """Warn of results on validation data, on few patients, or with a teacher that learned nothing.

    counts, rows: of cohort.csv and results.csv.
    """
    found = []
    if study.report_split == "val":
        text = (
            "These are results on validation data, which also chose the weights, so they are optimistic. The test data "
            "have not been used; once the study is final, write `report_split: test`."
        )
        found.append(Banner(text, "warning"))
    for row in rows:
        if row["method"] == "teacher" and row["per"] == "patient" and 0 < int(row["patients"]) < FEW:
            text = (
                f"Only {count_of(int(row['patients']), 'patient')} in {row['split']}, fewer than {FEW}: each moves an "
                f"accuracy by {100 / int(row['patients']):.1f} points. Intervals are too wide to distinguish models."
            )
            found.append(Banner(text, "warning"))
        if row["method"] == "teacher" and row["per"] == "patient" and row["accuracy"]:
            common = number(_share_of_largest_class(counts, row["split"]), 4)  # as many decimals, or .6667 > 2/3
            if float(row["accuracy"]) <= float(common):
                text = (
                    "The teacher is no better than assigning every patient to the most frequent class: "
                    f"{percent(row['accuracy'])} % against {percent(common)} % of the {row['split']} patients. Its "
                    "students had nothing to learn from it."
                )
                found.append(Banner(text, "warning"))
    return found


def _share_of_largest_class(counts: Sequence[dict[str, str]], split: str) -> float:
    """Largest class's share of a split's patients, over all seeds that split them differently; 0 without patients."""
    patients: dict[str, int] = {}
    for row in counts:
        if row["split"] == split:
            patients[row["class"]] = patients.get(row["class"], 0) + int(row["patients"])
    return max(patients.values()) / sum(patients.values()) if any(patients.values()) else 0.0


def next_steps(taken: Sequence[dict[str, str]], problems: Sequence[str]) -> list[Banner]:
    """List the next steps: complete the sheet, replace or repair slides, or start training.

    taken: rows of intake.csv. problems: gaps of the sheet that prevent training, each with its correction.
    """
    unread: dict[str, list[str]] = {}
    for row in taken:
        if row["step"] == "check_slide" and row["state"] == "excluded" and not row["reason"].startswith(ON_PURPOSE):
            unread.setdefault(row["reason"], []).append(row["slide"])
    slides = [f"{abbreviate(names)}: {reason}" for reason, names in unread.items()]
    text = f"{count_of(sum(len(names) for names in unread.values()), 'slide')} cannot be used without a change:"
    unusable = [Banner(text, "warning", slides)] if slides else []
    if problems:
        return [Banner("Training cannot start yet. The sheet of slides lacks:", "warning", problems), *unusable]
    command = "run `snakemake` with the same --configfile. `snakemake plan` estimates how long that takes."
    if unusable:
        return [*unusable, Banner(f"Training can start without them: {command}", "good")]
    return [Banner(f"The sheet is complete. To start training, {command}", "good")]
