"""Every table that is written as LaTeX compiles in a document that loads booktabs alone."""

import shutil
import subprocess

import pytest
from page_files import cohort_rows
from test_referral import COSTS, STUDENT, TEACHER, rows_of
from test_results import STUDY
from test_results import rows_of as results_of

from lowpower import files
from lowpower.tables import cohort_table, cost_table, layout, referral_table, results_table

DOCUMENT = r"""\documentclass{article}
\usepackage{booktabs}
\begin{document}
%s
\end{document}
"""

needs_latex = pytest.mark.skipif(
    not shutil.which("pdflatex"), reason="needs pdflatex: Debian's texlive-latex-base and texlive-latex-recommended"
)


def compile_tables(folder, tables):
    """Set every .tex table of a folder in one document; the names of those that were set."""
    paths = sorted(tables.glob("*.tex"))
    (folder / "all.tex").write_text(DOCUMENT % "\n\n".join(rf"\input{{{path.resolve()}}}" for path in paths))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=120)
    assert run.returncode == 0, run.stdout[-2000:]
    return [path.stem for path in paths]


def write(folder, name, text):
    with files.replacing(folder / f"{name}.tex") as part:
        part.write_text(text, encoding="utf-8")


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
    assert {"cohort", "cost", "referral", "results"} < set(compile_tables(tmp_path, tables))
    assert (tmp_path / "all.pdf").stat().st_size > 10_000


@needs_latex
def test_a_table_that_is_not_escaped_would_be_found(tmp_path):
    write(tmp_path / "tables", "broken", "\\begin{tabular}{l}\na_b\n\\end{tabular}\n")
    with pytest.raises(AssertionError, match="Missing"):
        compile_tables(tmp_path, tmp_path / "tables")
