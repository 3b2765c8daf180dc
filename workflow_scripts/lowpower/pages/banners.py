"""What has to be read before any number: banners for the top of a page, as HTML."""

from collections.abc import Sequence

from lowpower.pages.page import banner
from lowpower.tables.layout import number, percent
from lowpower.text import abbreviate, count_of

FEW = 30  # patients: of fewer, each moves an accuracy by more than 3 points
ON_PURPOSE = "the sheet excludes it"  # so begins the reason of a slide that its sheet leaves out


def about_slides(study: dict, taken: Sequence[dict[str, str]]) -> list[str]:
    """The config's note, whether the slides are synthetic, and whether their scale is only declared.

    study: the complete configuration. taken: rows of intake.csv.
    """
    found = [banner(study["note"])] if study["note"] else []
    if study.get("demo"):
        said = "The slides of this cohort are synthetic: the workflow drew them. No patient is in it."
        found.append(banner(said, "warning"))
    doubtful = [row["slide"] for row in taken if row["warning"]]
    if doubtful:
        said = (
            f"{count_of(len(doubtful), 'slide')} with a warning ({abbreviate(doubtful)}): look at the pictures below "
            "and at the column warning of the intake table. Warnings exclude nothing."
        )
        found.append(banner(said, "warning"))
    declared = sum(row["mpp_source"] == "sheet" for row in taken)
    if declared:
        said = (
            f"Scale declared: the µm per pixel of {declared:,} of {count_of(len(taken), 'slide')} is what the sheet "
            "says, not what was read from the file. Magnifications are as right as that column."
        )
        found.append(banner(said, "warning"))
    return found


def about_results(study: dict, counts: Sequence[dict[str, str]], rows: Sequence[dict[str, str]]) -> list[str]:
    """Whether the results are of validation data, and whether the teacher had something to teach.

    counts, rows: of cohort.csv and results.csv.
    """
    found = []
    if study["report_split"] == "val":
        said = (
            "These are results on validation data. Weights were chosen on them, so they flatter. The test data have "
            "not been touched; once the study is final, write `report_split: test`."
        )
        found.append(banner(said, "warning"))
    for row in rows:
        if row["method"] == "teacher" and row["per"] == "patient" and 0 < int(row["patients"]) < FEW:
            said = (
                f"Only {count_of(int(row['patients']), 'patient')} in {row['split']}, fewer than {FEW}: each moves an "
                f"accuracy by {100 / int(row['patients']):.1f} points. Intervals are wide and tell models hardly apart."
            )
            found.append(banner(said, "warning"))
        if row["method"] == "teacher" and row["per"] == "patient" and row["accuracy"]:
            common = number(_share_of_largest_class(counts, row["split"]), 4)  # as many decimals, or .6667 is above 2/3
            if float(row["accuracy"]) <= float(common):
                said = (
                    "The teacher is no better than calling every patient by the commonest class: "
                    f"{percent(row['accuracy'])} % against {percent(common)} % of the {row['split']} patients. What "
                    "its students learned means as little."
                )
                found.append(banner(said, "warning"))
    return found


def _share_of_largest_class(counts: Sequence[dict[str, str]], split: str) -> float:
    """Of the patients of a split, over all seeds that divide them differently; 0 where there is none."""
    patients: dict[str, int] = {}
    for row in counts:
        if row["split"] == split:
            patients[row["class"]] = patients.get(row["class"], 0) + int(row["patients"])
    return max(patients.values()) / sum(patients.values()) if any(patients.values()) else 0.0


def about_missing(taken: Sequence[dict[str, str]], problems: Sequence[str]) -> list[str]:
    """What the sheet lacks for training, which slides cannot be used, and what to do next.

    taken: rows of intake.csv. problems: what the check of the sheet found, each with what to write instead.
    """
    unread: dict[str, list[str]] = {}
    for row in taken:
        if row["step"] == "check_slide" and row["state"] == "excluded" and not row["reason"].startswith(ON_PURPOSE):
            unread.setdefault(row["reason"], []).append(row["slide"])
    slides = [f"{abbreviate(names)}: {reason}" for reason, names in unread.items()]
    said = f"{count_of(sum(len(names) for names in unread.values()), 'slide')} cannot be used without a change:"
    unusable = [banner(said, "warning", slides)] if slides else []
    if problems:
        return [banner("Training cannot start yet. The sheet of slides lacks:", "warning", problems), *unusable]
    go_on = "continue with `snakemake`, and the --configfile you use; `snakemake plan` tells how long it will take."
    if unusable:
        return [*unusable, banner(f"Training can start all the same: {go_on}", "good")]
    return [banner(f"Nothing is missing; {go_on}", "good")]
