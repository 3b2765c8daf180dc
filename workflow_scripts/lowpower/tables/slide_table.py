"""The table of slides for people: the state of each, under its id or its pseudonym.

It is separate from intake, so that a change of names reruns neither tiling nor training.
"""

from pathlib import Path

from lowpower.files import read_rows, replacing, write_rows
from lowpower.pseudonyms import read_names
from lowpower.tables.intake_table import COLUMNS, doubtful_slides, excluded_slides, summary_of
from lowpower.tables.layout import markdown


def tabulate_slides(intake: str | Path, names: str | Path | None, csv: str | Path, md: str | Path) -> None:
    """Write the intake table for people, and a Markdown summary of the excluded and the doubtful slides.

    intake: from ``gather_slides``. names: pseudonyms.csv, or None where slides keep their ids.
    """
    known = read_names(names)
    rows = [
        row | {"slide": known.slide(row["slide"]), "patient": known.patient(row["patient"])}
        | {"reason": known.text(row["reason"]), "warning": known.text(row["warning"])}
        for row in read_rows(intake)
    ]  # fmt: skip
    rows.sort(key=lambda row: row["slide"])  # pseudonyms in the order of ids would reveal that order
    write_rows(csv, COLUMNS, [{key: row[key] for key in COLUMNS} for row in rows])
    with replacing(md) as part:
        parts = [f"{summary_of(rows)}\n", markdown(excluded_slides(rows)), markdown(doubtful_slides(rows))]
        part.write_text("\n".join(text for text in parts if text), encoding="utf-8")
