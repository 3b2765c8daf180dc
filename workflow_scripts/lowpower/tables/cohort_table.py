"""The cohort table: numbers of patients, slides and regions of each class in each split."""

from collections.abc import Sequence
from pathlib import Path

from lowpower.config.split_row import SplitRow
from lowpower.files import CsvRow, read_rows, replacing, write_rows
from lowpower.tables import layout
from lowpower.tables.cohort_counts import CohortRow, CountedRegion, count
from lowpower.tables.intake_table import IntakeRow, summary_of
from lowpower.typed_values import columns_of, typed_rows

COLUMNS = columns_of(CohortRow)


def count_cohort(
    splits: Sequence[str | Path],
    index: str | Path,
    intake: str | Path,
    classes: Sequence[str],
    csv: str | Path,
    md: str | Path,
    tex: str | Path,
) -> None:
    """Write the cohort table, over the splits of all seeds, as CSV, Markdown and LaTeX."""
    slides = typed_rows(IntakeRow, read_rows(intake))
    excluded = {row.slide for row in slides if not row.is_usable}
    split_rows = typed_rows(SplitRow, (row for path in splits for row in read_rows(path)))
    rows = count(split_rows, typed_rows(CountedRegion, read_rows(index)), classes, excluded)
    write_rows(csv, COLUMNS, (row.cells() for row in rows))
    with replacing(md) as part:
        part.write_text(f"{summary_of(slides)}\n\n{layout.markdown(headline(rows))}", encoding="utf-8")
    with replacing(tex) as part:
        part.write_text(layout.latex(headline(rows)), encoding="utf-8")


def headline(rows: Sequence[CohortRow]) -> list[CsvRow]:
    """The cohort table for people; seeds are shown only where their divisions of patients differ."""
    hidden = {"seeds"} if len({row.seeds for row in rows}) == 1 else set()
    titles = {"excluded_slides": "excluded slides", "area_mm2": "tissue, mm²"}
    return [{titles.get(name, name): cell for name, cell in row.cells().items() if name not in hidden} for row in rows]
