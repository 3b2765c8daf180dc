"""Intake page, before training: next steps, the state of each slide, and its overview."""

from collections.abc import Sequence
from pathlib import Path

from lowpower.config.study import Study
from lowpower.files import read_json, read_rows, safe_name
from lowpower.log import say
from lowpower.pages.banners import about_slides, about_study, next_steps
from lowpower.pages.flow_diagram import flow
from lowpower.pages.gallery import gallery
from lowpower.pages.page import INTAKE, Table, write_page
from lowpower.pseudonyms import read_names
from lowpower.tables import cohort_table
from lowpower.tables.cohort_counts import UNLABELED, CohortRow
from lowpower.tables.intake_table import COLUMNS, IntakeRow, summary_of
from lowpower.text import count_of
from lowpower.typed_values import as_cells, as_type, typed_rows

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
    """Write the page from the intake table, the overviews (JPEG) and, once patients are split, the cohort table.

    config: the complete configuration (JSON). labels: parallel to slides and overviews, blank for unlabeled.
    problems: gaps of the sheet that prevent training, each with its correction. names: pseudonyms.csv if slides are
    shown under pseudonyms (which the tables then already have), else None.
    """
    study, shown = as_type(Study, read_json(config)), read_names(names)
    states = typed_rows(IntakeRow, read_rows(intake))
    counts = typed_rows(CohortRow, read_rows(cohort)) if cohort else []
    cells = [as_cells(row) for row in states]
    rows = [{_TITLES.get(name, name): row[name] for name in COLUMNS} for row in cells]
    links = [] if shown.hidden else [{"slide": f"slides/{safe_name(row.slide)}.json"} for row in states]
    write_page(
        page,
        "intake.html.j2",
        title=f"{study.cohort}: the slides, before training",
        lead=summary_of(states),
        next_steps=next_steps(states, [shown.text(problem) for problem in problems]),
        warnings=[*about_study(study), *about_slides(states)],
        flow=flow(states, counts),
        by_label=_by_label(states, [shown.slide(slide) for slide in slides], labels),
        by_split=Table("By split and class", cohort_table.headline(counts), "tables/cohort.csv"),
        gallery=gallery(slides, overviews, states, shown),
        intake=Table(count_of(len(states), "slide"), rows, INTAKE, links),
    )
    if shown.hidden:  # whoever corrects the sheet needs its ids
        for problem in problems:
            say(f"- {problem}")
    lacking = f"; {count_of(len(problems), 'thing')} to correct before training" if problems else ""
    say(f"{summary_of(states)} Look at {page}{lacking}")


def _by_label(states: Sequence[IntakeRow], slides: Sequence[str], labels: Sequence[str]) -> Table:
    """Number of usable and excluded slides for each label of the sheet; unlabeled slides last."""
    usable = {row.slide: row.is_usable for row in states}
    rows = []
    for label in sorted(set(labels), key=lambda label: (not label, label)):
        members = [usable[slide] for slide, own in zip(slides, labels, strict=True) if own == label]
        rows.append({"label": label or UNLABELED, "slides": f"{len(members)}", "usable": f"{sum(members)}"})
        rows[-1]["excluded"] = f"{len(members) - sum(members)}"
    return Table("By label", rows, INTAKE)
