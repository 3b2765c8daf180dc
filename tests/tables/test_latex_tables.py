"""Every table that is written as LaTeX compiles in a document that loads booktabs alone."""

import pytest
from latex_documents import compile_tables, needs_latex
from page_files import cohort_rows, hour_rows
from prediction_frames import STUDY
from prediction_frames import rows_of as results_of
from referral_frames import COSTS, STUDENT, TEACHER, rows_of

from lowpower import files
from lowpower.tables import cohort_table, cost_table, hours_table, layout, referral_table, results_table


def write(folder, name, text):
    with files.replacing(folder / f"{name}.tex") as part:
        part.write_text(text, encoding="utf-8")


@pytest.mark.slow
@needs_latex
def test_tables_with_names_that_mean_something_in_latex_compile(tmp_path):
    tables = tmp_path / "tables"
    every = [chr(code) for code in range(33, 127)]
    rows = [{f"{c}a": f"{c}{c}", "b": f"x {c}", "c": layout.DASH} for c in every]
    for k, row in enumerate([*rows, {"µm/px": "[5]", "*": "é ü ß ²"}]):
        write(tables, f"escapes{k:03}", layout.latex([row, row]))
    write(tables, "cohort", layout.latex(cohort_table.headline(cohort_rows())))
    write(tables, "results", layout.latex_of(results_table.sections(results_of(STUDY)), "100 % of it"))
    costs = [dict.fromkeys(cost_table.COLUMNS, "1") | {"network": "a_b", "magnification": "2.5x"}]
    write(tables, "cost", layout.latex(cost_table.headline(costs)))
    rows = referral_table.mark_best(rows_of([TEACHER, STUDENT], costs=COSTS[:1]), [TEACHER[0]], [])
    write(tables, "referral", layout.latex_of(referral_table.sections(rows), referral_table.note(rows, 0.95)))
    write(tables, "hours", layout.latex_of([("", hours_table.headline(hour_rows()))], hours_table.NOTE))
    assert {"cohort", "cost", "hours", "referral", "results"} < set(compile_tables(tmp_path, tables))
    assert (tmp_path / "all.pdf").stat().st_size > 10_000


@needs_latex
def test_a_table_that_is_not_escaped_would_be_found(tmp_path):
    write(tmp_path / "tables", "broken", "\\begin{tabular}{l}\na_b\n\\end{tabular}\n")
    with pytest.raises(AssertionError, match="Missing"):
        compile_tables(tmp_path, tmp_path / "tables")
