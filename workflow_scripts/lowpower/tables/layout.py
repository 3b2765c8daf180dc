"""How tables are laid out for people: numbers as text, and rows as Markdown or HTML."""

import html
from collections.abc import Sequence


def number(value: float | None, digits: int) -> str:
    """A number with a fixed count of decimals, so that equal values give equal bytes; blank for None and NaN."""
    if value is None or value != value:
        return ""
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text  # no "-0.0000"


def percent(value: str, low: str = "", high: str = "") -> str:
    """Text of a share and its interval in percent: ``percent(".875", ".801", ".932") == "87.5 (80.1-93.2)"``."""
    if not value:
        return ""
    interval = f" ({100 * float(low):.1f}-{100 * float(high):.1f})" if low and high else ""
    return f"{100 * float(value):.1f}{interval}"


def points(value: str, low: str = "", high: str = "") -> str:
    """Text of a signed difference in percentage points: ``points("-.05", "-.12", ".02") == "-5.0 (-12.0 to +2.0)"``."""
    if not value:
        return ""
    interval = f" ({100 * float(low):+.1f} to {100 * float(high):+.1f})" if low and high else ""
    return f"{100 * float(value):+.1f}{interval}"


def some(names: Sequence[str], most: int = 5) -> str:
    """Up to ``most`` names for a message, and how many more there are."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def count_of(count: int, thing: str) -> str:
    """A count with its noun: ``count_of(1, "slide") == "1 slide"``, ``count_of(2, "slide") == "2 slides"``."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def markdown(rows: Sequence[dict[str, str]]) -> str:
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


def html_table(rows: Sequence[dict[str, str]]) -> str:
    """Rows of text as an HTML table; every cell is escaped. No rows give an empty text."""
    if not rows:
        return ""
    head = "".join(f"<th>{html.escape(str(name))}</th>" for name in rows[0])
    body = "\n".join(
        "<tr>" + "".join(f"<td>{html.escape(str(c))}</td>" for c in row.values()) + "</tr>" for row in rows
    )
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n"
