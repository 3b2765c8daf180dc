"""Names and counts in sentences for people."""

import difflib
from collections.abc import Iterable, Sequence


def abbreviate(names: Sequence[str], most: int = 5) -> str:
    """Up to ``most`` names for a message, and how many more there are."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def join_lines(lines: Sequence[str], most: int) -> str:
    """Up to ``most`` of the lines, one below the other, and how many more there are."""
    more = [f"  and {len(lines) - most:,} more"] if len(lines) > most else []
    return "\n".join([*lines[:most], *more])


def count_of(count: int, thing: str) -> str:
    """A count with its noun: ``count_of(1, "slide") == "1 slide"``, ``count_of(2, "slide") == "2 slides"``."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def nearest(name: str, known: Iterable[str], least: float = 0.6) -> str | None:
    """The known name that ``name`` was probably meant to be, whatever its case, or None."""
    by_lower = {other.lower(): other for other in known}
    found = difflib.get_close_matches(name.lower(), by_lower, 1, least)
    return by_lower[found[0]] if found else None
