"""One name under two spellings: what nobody can have meant is made one, what could be two is found."""

import re
import unicodedata
from collections.abc import Iterable

# Soft hyphen, zero-width characters, direction marks, variation selectors and the byte order mark, which nobody sees.
_UNSEEN = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_AS_FORMULA = re.compile(r'="(.*)"')  # how exports keep a spreadsheet program from making a number of 007
# Dashes, and the Cyrillic and Greek letters that look like Latin ones in capitals (keyboards are switched in mid-word).
_ALIKE = str.maketrans("‐‑‒–—―−авекмнорстухіѕјαβεζηικμνορτυχ", "-------abekmhopctyxisjabezhikmnoptyx")


def clean(text: str) -> str:
    """A name without what nobody sees: in Unicode's form NFC, each run of blanks of any kind one plain space."""
    if not (text.isascii() and text.isprintable()):
        text = _UNSEEN.sub("", text)
        text = "".join(letter for letter in text if letter.isspace() or unicodedata.category(letter) != "Cc")
        text = unicodedata.normalize("NFC", text)
    text = " ".join(text.split())
    wrapped = _AS_FORMULA.fullmatch(text)
    return wrapped[1].strip() if wrapped else text


def look_of(name: str) -> str:
    """The same for names that look alike: in case, width, kind of dash and letters of another alphabet."""
    return unicodedata.normalize("NFKC", name).casefold().translate(_ALIKE)


def likeness(name: str) -> str:
    """The same for names that may be meant for one: alike in look, apart from leading zeros and punctuation.

    ``likeness("P-01") == likeness("p_1.") == likeness("P1")``. Only zeros of the first number count: 100200.01 is not
    100200.1.
    """
    text = re.sub("[_ ]", "-", look_of(name)).strip("-.'\"")
    text = re.sub(r"(?<=[^\W\d])-+(?=\d)", "", text)  # P-1 is P1, but 1-11 is not 11-1
    text = re.sub(r"(?<=\d)\.0$", "", text)  # 7.0 is 7 that a program took for a number
    return re.sub(r"^(\D*)0+(?=\d)", r"\1", text)


def spelled_twice(names: Iterable[str]) -> list[list[str]]:
    """Different names that may be meant for one, together; sorted."""
    together: dict[str, set[str]] = {}
    for name in names:
        together.setdefault(likeness(name), set()).add(name)
    return sorted(sorted(group) for group in together.values() if len(group) > 1)
