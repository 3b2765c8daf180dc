"""Layout of tables for people: numbers as text, and rows as Markdown or LaTeX."""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

from lowpower.files import CsvRow, replacing

Parts = Sequence[tuple[str, Sequence[CsvRow]]]  # the title, blank for none, and the rows of each table
DASH = "–"  # an empty cell; the note below the table gives the reason
_NUMBER = re.compile(
    r"[-+]?[\d,.]*\d[x%kMGTPE]?( \(([-+\d.]+( to |-)[-+\d.]+|–)\))?"
)  # 1,234  55x  4.8k  87.5 (80.1-93.2)
_LATEX = {c: f"\\{c}" for c in "{}$&#_%"} | {c: f"{{{c}}}" for c in "[]*"}  # "[" and "*" have a meaning after \\
_LATEX |= {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "|": r"\textbar{}"}
_LATEX |= {
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "µ": r"\textmu{}",
    "μ": r"\textmu{}",
    "²": r"\textsuperscript{2}",
    DASH: "--",
}


def number(value: float | None, digits: int) -> str:
    """A number with a fixed count of decimals, so that equal values give equal bytes; blank for None and NaN."""
    if value is None or value != value:
        return ""
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text  # no "-0.0000"


def decimals(cell: str, digits: int, times: int = 1, sign: str = "") -> str:
    """Multiply a table cell by ``times`` and round it to fewer decimals: ``decimals("0.0996", 2) == "0.10"``.

    Rounds the decimal digits of the cell, ties to even as in ``number``; "" for a blank cell. sign: "+" for a plus
    sign before values that are not negative, zero included.
    """
    if not cell:
        return ""
    value = (Decimal(cell) * times).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)
    return f"{value or abs(value):{sign}}"  # no "-0.0"


def in_units(cell: str) -> str:
    """Shorten a large number to three digits and a unit: ``in_units("48000") == "48k"``; "" for a blank cell."""
    if not cell:
        return ""
    digits, exponent = f"{float(cell):.2e}".split("e")
    unit = max(0, int(exponent) // 3)
    return f"{float(digits) * 10 ** (int(exponent) - 3 * unit):g}{('', *'kMGTPE')[unit]}"


def percent(value: str, low: str = "", high: str = "") -> str:
    """Text of a share and its interval in percent: ``percent(".875", ".801", ".932") == "87.5 (80.1-93.2)"``."""
    ends = [decimals(end, 1, times=100) for end in (low, high)]
    return decimals(value, 1, times=100) + (f" ({'-'.join(ends)})" if value and all(ends) else "")


def points(value: str, low: str = "", high: str = "") -> str:
    """Text of a signed difference in percentage points: ``points("-.05", "-.12", ".02") == "-5.0 (-12.0 to +2.0)"``."""
    ends = [decimals(end, 1, times=100, sign="+") for end in (low, high)]
    return decimals(value, 1, times=100, sign="+") + (f" ({' to '.join(ends)})" if value and all(ends) else "")


def write_texts(summary: str | Path, latex_path: str | Path, parts: Parts, note: str) -> None:
    """Write titled tables and a note below them as Markdown (summary) and as LaTeX."""
    for path, text in ((summary, summary_of(parts, note)), (latex_path, latex_of(parts, note))):
        with replacing(path) as part:
            part.write_text(text, encoding="utf-8")


def summary_of(parts: Parts, note: str) -> str:
    """Titled tables as Markdown, and a note below them."""
    tables = [f"### {title}\n\n{markdown(rows)}" if title else markdown(rows) for title, rows in parts]
    return "\n".join([*tables, f"{note}\n"])


def latex_of(parts: Parts, note: str) -> str:
    """Titled tables as LaTeX: one tabular per table; titles and note are comments."""
    tables = [f"% {title}\n{latex(rows)}" if title else latex(rows) for title, rows in parts]
    return "\n".join([*tables, f"% {note}\n"])


def markdown(rows: Sequence[CsvRow]) -> str:
    """Rows of text as a Markdown table; the keys of the first row are the header. No rows give an empty text."""
    if not rows:
        return ""
    table = [list(rows[0])] + [list(row.values()) for row in rows]
    table = [[" ".join(str(cell).replace("|", "\\|").split()) for cell in line] for line in table]
    widths = [max(len(line[k]) for line in table) for k in range(len(table[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in table
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]) + "\n"


def latex(rows: Sequence[CsvRow]) -> str:
    """Rows of text as a LaTeX tabular (package booktabs); columns of numbers are right-aligned.

    The keys of the first row are the header. No rows give an empty text.
    """
    if not rows:
        return ""
    sides = "".join("r" if numeric(rows, name) else "l" for name in rows[0])
    head, *body = (
        " & ".join("".join(_LATEX.get(c, c) for c in " ".join(str(cell).split())) for cell in line) + r" \\"
        for line in [list(rows[0]), *(row.values() for row in rows)]
    )
    lines = [rf"\begin{{tabular}}{{{sides}}}", r"\toprule", head, r"\midrule", *body, r"\bottomrule", r"\end{tabular}"]
    return "\n".join(lines) + "\n"


def numeric(rows: Sequence[CsvRow], name: str) -> bool:
    """True if all cells but blanks and dashes are numbers, with or without an interval; False if there are none."""
    cells = [str(row[name]) for row in rows if str(row[name]) not in ("", DASH)]
    return bool(cells) and all(_NUMBER.fullmatch(cell) for cell in cells)
