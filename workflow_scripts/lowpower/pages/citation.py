"""What to cite. CITATION.cff says the same in its own form; a test holds the two together."""

from lowpower import __version__

TITLE = "lowpower: classifying histology slides at low magnification"
AUTHOR = "The lowpower developers"
DOI = "10.1016/j.artmed.2021.102136"
ARTICLE = {
    "title": "Resolution-based distillation for efficient histology image classification",
    "author": ("DiPalma, Joseph", "Suriawinata, Arief A.", "Tafe, Laura J.", "Torresani, Lorenzo", "Hassanpour, Saeed"),
    "journal": "Artificial Intelligence in Medicine",
    "volume": "119",
    "pages": "102136",
    "year": "2021",
    "doi": DOI,
}


def references() -> list[str]:
    """The software and the article whose method it implements, as text."""
    authors = ", ".join(f"{family} {''.join(name[0] for name in given.split())}" for family, given in _authors())
    article = "{title}. {journal} {volume}:{pages}, {year}.".format(**ARTICLE)
    return [f"{AUTHOR}. {TITLE}. Version {__version__}.", f"{authors}. {article} doi:{DOI}"]


def bibtex() -> str:
    """Both as BibTeX."""
    software = {"title": f"{{{TITLE}}}", "author": f"{{{AUTHOR}}}", "version": __version__}
    article = ARTICLE | {"author": " and ".join(ARTICLE["author"])}
    entries = (("software", "lowpower", software), ("article", "dipalma2021resolution", article))
    return "\n\n".join(
        f"@{kind}{{{key},\n" + "\n".join(f"  {name} = {{{value}}}," for name, value in fields.items()) + "\n}"
        for kind, key, fields in entries
    )


def _authors() -> list[list[str]]:
    return [author.split(", ") for author in ARTICLE["author"]]
