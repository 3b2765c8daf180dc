"""The table of slides for people: the state of each, under its id or its pseudonym.

It is separate from intake, so that a change of names reruns neither tiling nor training.
"""

from dataclasses import replace
from pathlib import Path

from lowpower.files import read_rows, replacing, write_rows
from lowpower.pseudonyms import read_names
from lowpower.tables.intake_table import COLUMNS, IntakeRow, doubtful_slides, excluded_slides, summary_of
from lowpower.tables.layout import markdown
from lowpower.typed_values import as_cells, typed_rows


def tabulate_slides(intake: str | Path, names: str | Path | None, csv: str | Path, md: str | Path) -> None:
    """Write the intake table for people, and a Markdown summary of the excluded and the doubtful slides.

    intake: from ``gather_slides``. names: pseudonyms.csv, or None where slides keep their ids.
    """
    shown = read_names(names)
    rows = [
        replace(
            row,
            slide=shown.slide(row.slide),
            patient=shown.patient(row.patient),
            reason=shown.text(row.reason),
            warning=shown.text(row.warning),
        )
        for row in typed_rows(IntakeRow, read_rows(intake))
    ]
    rows.sort(key=lambda row: row.slide)  # pseudonyms in the order of ids would reveal that order
    cells = [as_cells(row) for row in rows]
    write_rows(csv, COLUMNS, [{name: row[name] for name in COLUMNS} for row in cells])
    with replacing(md) as part:
        parts = [f"{summary_of(rows)}\n", markdown(excluded_slides(rows)), markdown(doubtful_slides(rows))]
        part.write_text("\n".join(text for text in parts if text), encoding="utf-8")
