"""Different spellings of one name: unify those that cannot differ in meaning, and find those that may."""

import re
import unicodedata
from collections.abc import Iterable

# Invisible: soft hyphen, zero-width characters, direction marks, variation selectors and the byte order mark.
_UNSEEN = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_AS_FORMULA = re.compile(r'="(.*)"')  # exports write ="007" so that spreadsheets keep the zeros
# Dashes, and Cyrillic and Greek letters whose capitals look Latin (typed when a keyboard is switched within a word).
_ALIKE = str.maketrans("‐‑‒–—―−авекмнорстухіѕјαβεζηικμνορτυχ", "-------abekmhopctyxisjabezhikmnoptyx")


def clean(text: str) -> str:
    """Remove invisible differences from a name: Unicode form NFC, one plain space for each run of blanks."""
    if not (text.isascii() and text.isprintable()):
        text = _UNSEEN.sub("", text)
        text = "".join(letter for letter in text if letter.isspace() or unicodedata.category(letter) != "Cc")
        text = unicodedata.normalize("NFC", text)
    text = " ".join(text.split())
    wrapped = _AS_FORMULA.fullmatch(text)
    return wrapped[1].strip() if wrapped else text


def lookalike_key(name: str) -> str:
    """Key that is equal for names that look alike: it ignores case, width, kind of dash and look-alike alphabets."""
    return unicodedata.normalize("NFKC", name).casefold().translate(_ALIKE)


def likeness(name: str) -> str:
    """Key that is equal for names that may mean one thing: they look alike but for leading zeros and punctuation.

    ``likeness("P-01") == likeness("p_1.") == likeness("P1")``. Only leading zeros of the first number are ignored:
    100200.01 is not 100200.1.
    """
    text = re.sub("[_ ]", "-", lookalike_key(name)).strip("-.'\"")
    text = re.sub(r"(?<=[^\W\d])-+(?=\d)", "", text)  # P-1 is P1, but 1-11 is not 11-1
    text = re.sub(r"(?<=\d)\.0$", "", text)  # 7.0 is a 7 that a program read as a number
    return re.sub(r"^(\D*)0+(?=\d)", r"\1", text)


def spelled_twice(names: Iterable[str]) -> list[list[str]]:
    """Group different names that may mean one thing; sorted."""
    groups: dict[str, set[str]] = {}
    for name in names:
        groups.setdefault(likeness(name), set()).add(name)
    return sorted(sorted(group) for group in groups.values() if len(group) > 1)
