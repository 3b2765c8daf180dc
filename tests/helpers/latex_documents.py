"""LaTeX tables compiled in one document."""

import shutil
import subprocess

import pytest

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
