"""The report: one HTML file with the tables and figures in it, readable without a network."""

import base64
import html
from collections.abc import Sequence
from pathlib import Path

from lowpower.files import read_rows, replacing
from lowpower.tables import cohort as cohort_table
from lowpower.tables import cost as cost_table
from lowpower.tables import intake as intake_table
from lowpower.tables import results as results_table
from lowpower.tables.layout import html_table

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 72rem; margin: 2rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; } h3 { font-size: 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .88rem; }
.wide { overflow-x: auto; } figure { margin: 1rem 0; } img { max-width: 100%; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #ddd; vertical-align: top; }
th { border-bottom: 2px solid #888; } .note { color: #555; font-size: .88rem; }
.synthetic { background: #fff4d6; border-left: 4px solid #e69f00; padding: .6rem 1rem; }
"""
_CAPTIONS = {
    "accuracy_flops": "Accuracy against the cost of reading one region. Vertical lines: intervals from a bootstrap of "
    "patients; gray band and dashed line: the teacher.",
    "examples": "One region of each class, drawn by chance: what teacher and student read and called it, and how "
    "strongly each place of their last map answers (dark: not, bright: most).",
    "training_curves": "Validation log loss during training; a ring marks the weights that were kept.",
}


def write_report(
    intake: str | Path,
    cohort: str | Path,
    results: str | Path,
    cost: str | Path,
    figures: Sequence[str | Path],
    title: str,
    synthetic: bool,
    confidence: float,
    report: str | Path,
) -> None:
    """Write the report from the tables (CSV) and figures (SVG).

    title: the cohort's name. synthetic: whether the workflow drew the slides itself; the report then says so first.
    confidence: of the intervals in the tables.
    """
    slides, counts, rows, costs = (read_rows(path) for path in (intake, cohort, results, cost))
    sections = results_table.sections(rows)
    parts = [
        f"<h1>{html.escape(title)}</h1>",
        "<p>Classifying histology at low magnification, taught by a model that reads high magnification.</p>",
        _synthetic() if synthetic else "",
        "<h2>Cohort</h2>",
        _paragraph(intake_table.summary_of(slides)),
        _table(cohort_table.headline(counts)),
        "<h3>Excluded slides</h3>" if intake_table.excluded_slides(slides) else "",
        _table(intake_table.excluded_slides(slides)),
        "<h2>Results</h2>",
        *(f"<h3>{html.escape(name)}</h3>\n{_table(table)}" for name, table in sections),
        _paragraph(results_table.note(confidence) if sections else results_table.NOTHING),
        "<h2>Cost</h2>",
        _table(cost_table.headline(costs)),
        _paragraph(f"{cost_table.CONVENTION} {cost_table.timing(costs)}") if costs else "",
        "<h2>Figures</h2>",
        *(_figure(Path(path)) for path in figures),
    ]
    body = "\n".join(part for part in parts if part)
    with replacing(report) as part:
        part.write_text(
            f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>lowpower: {html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
            f"<body>\n{body}\n</body>\n</html>\n",
            encoding="utf-8",
        )


def _synthetic() -> str:
    return (
        '<p class="synthetic">The slides of this cohort are synthetic: the workflow drew them. No patient is in it.</p>'
    )


def _paragraph(text: str) -> str:
    return f'<p class="note">{html.escape(text)}</p>'


def _table(rows: Sequence[dict[str, str]]) -> str:
    return f'<div class="wide">{html_table(rows)}</div>' if rows else ""


def _figure(path: Path) -> str:
    """A figure as an image with its data in it: ids of several SVGs in one page would clash."""
    data = base64.b64encode(path.read_bytes()).decode()
    caption = html.escape(_CAPTIONS.get(path.stem, path.stem.replace("_", " ")))
    image = f'<img alt="{caption}" src="data:image/svg+xml;base64,{data}">'
    return f"<figure>{image}<figcaption class=note>{caption}</figcaption></figure>"
