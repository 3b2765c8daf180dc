"""The page before training: what the slides look like, what became of each, and what is missing."""

from collections.abc import Sequence
from pathlib import Path

from lowpower.files import read_json, read_rows, replacing, safe_name
from lowpower.log import say
from lowpower.pages.banners import about_missing, about_slides
from lowpower.pages.flow_diagram import flow
from lowpower.pages.page import INTAKE, document, files, gallery, table
from lowpower.pseudonyms import read_names
from lowpower.tables import cohort_table as cohort_table
from lowpower.tables.cohort_counts import UNLABELED
from lowpower.tables.intake_table import summary_of
from lowpower.text import count_of

_TITLES = {"mpp": "µm/px", "mpp_source": "scale from", "tissue_mm2": "tissue mm²"}


def show_intake(
    config: str | Path,
    intake: str | Path,
    overviews: Sequence[str | Path],
    slides: Sequence[str],
    labels: Sequence[str],
    cohort: str | Path | None,
    problems: Sequence[str],
    page: str | Path,
    names: str | Path | None = None,
) -> None:
    """Write the page from the intake table, the overviews (JPEG) and, where there is a division, the cohort table.

    config: the complete configuration (JSON). labels: parallel to slides and overviews, blank for unlabeled.
    problems: what the sheet lacks for training, each with what to write instead. names: pseudonyms.csv where slides are
    not to be called by their ids (the tables then have pseudonyms already), else None.
    """
    study, taken, known = read_json(config), read_rows(intake), read_names(names)
    counts = read_rows(cohort) if cohort else []
    by_slide = [] if known.hidden else [{"slide": f"slides/{safe_name(row['slide'])}.json"} for row in taken]
    by_label = _by_label(taken, [known.slide(slide) for slide in slides], labels)
    by_split = "<h3>By split and class</h3>\n" + table(cohort_table.headline(counts), "tables/cohort.csv")
    sections = [
        ("Cohort", "\n".join([flow(taken, counts), by_label, by_split if counts else ""])),
        ("Slides", gallery(slides, overviews, taken, known)),
        ("Intake table", table(_for_people(taken), INTAKE, by_slide) + files(INTAKE)),
    ]
    banners = [*about_missing(taken, [known.text(problem) for problem in problems]), *about_slides(study, taken)]
    title = f"{study['cohort']}: the slides, before training"
    with replacing(page) as part:
        part.write_text(document(title, summary_of(taken), banners, sections), encoding="utf-8")
    if known.hidden:  # who mends the sheet needs its ids
        for problem in problems:
            say(f"- {problem}")
    lacking = f"; {count_of(len(problems), 'thing')} to mend before training" if problems else ""
    say(f"{summary_of(taken)} Look at {page}{lacking}")


def _by_label(taken: Sequence[dict[str, str]], slides: Sequence[str], labels: Sequence[str]) -> str:
    """Slides of each label of the sheet, usable and excluded; the unlabeled last."""
    state = {row["slide"]: row["state"] for row in taken}
    rows = []
    for label in sorted(set(labels), key=lambda label: (not label, label)):
        states = [state[slide] for slide, own in zip(slides, labels, strict=True) if own == label]
        usable = states.count("usable")
        rows.append({"label": label or UNLABELED, "slides": f"{len(states)}", "usable": f"{usable}"})
        rows[-1]["excluded"] = f"{len(states) - usable}"
    return f"<h3>By label</h3>\n{table(rows, INTAKE)}"


def _for_people(taken: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    return [{_TITLES.get(name, name): cell for name, cell in row.items()} for row in taken]
