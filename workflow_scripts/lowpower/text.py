"""Names and counts in messages."""

import difflib
from collections.abc import Iterable, Sequence


def abbreviate(names: Sequence[str], most: int = 5) -> str:
    """List up to ``most`` names for a message, and the number of further ones."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def join_lines(lines: Sequence[str], most: int) -> str:
    """Join up to ``most`` lines, and the number of further ones."""
    more = [f"  and {len(lines) - most:,} more"] if len(lines) > most else []
    return "\n".join([*lines[:most], *more])


def count_of(count: int, thing: str) -> str:
    """Format a count with its noun: ``count_of(1, "slide") == "1 slide"``, ``count_of(2, "slide") == "2 slides"``."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def nearest(name: str, names: Iterable[str], least: float = 0.6) -> str | None:
    """Find the name most similar to ``name``, ignoring case; None if none is similar."""
    by_lower = {candidate.lower(): candidate for candidate in names}
    matches = difflib.get_close_matches(name.lower(), by_lower, 1, least)
    return by_lower[matches[0]] if matches else None
