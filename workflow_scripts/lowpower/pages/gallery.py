"""Gallery of slides: each overview with its name, state, reason and warnings."""

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from lowpower.files import safe_name
from lowpower.pseudonyms import OWN, Names
from lowpower.tables.intake_table import IntakeRow

PICTURES = 20_000_000  # bytes of pictures in one gallery; a page three times as large opens slowly


class Card(NamedTuple):
    """One slide. file: name of its files without suffix, blank if ids are hidden."""

    slide: str
    picture: Path
    row: IntakeRow
    file: str


class Gallery(NamedTuple):
    """Cards of a page. left: number of slides that do not fit. hidden: True if ids are pseudonyms."""

    cards: Sequence[Card]
    left: int
    hidden: bool


def gallery(
    slides: Sequence[str], overviews: Sequence[str | Path], intake: Sequence[IntakeRow], names: Names = OWN
) -> Gallery:
    """Choose the overviews (JPEG, parallel to slides) that fit into a page.

    names: if these are pseudonyms, pictures are sorted by them and have no links, because
    file names contain the original ids.
    """
    rows = {row.slide: row for row in intake}
    pairs = [(names.slide(slide), Path(path)) for slide, path in zip(slides, overviews, strict=True)]
    pairs = sorted(pairs) if names.hidden else pairs
    shown = sum(size <= PICTURES for size in accumulate(path.stat().st_size for _, path in pairs))
    cards = [Card(slide, path, rows[slide], "" if names.hidden else safe_name(slide)) for slide, path in pairs[:shown]]
    return Gallery(cards, len(pairs) - shown, names.hidden)
