"""Citation of the software and of the article whose method it implements, from CITATION.cff."""

from pathlib import Path

import yaml

from lowpower.errors import InputError

FILE = Path(__file__).parents[3] / "CITATION.cff"


def _cited() -> tuple[dict, dict]:
    """Entries of the software and of the article."""
    if not FILE.is_file():
        raise InputError(f"{FILE} is missing; copy it from lowpower: the report reads its references from it")
    software = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return software, software["references"][0]


def references() -> list[str]:
    """References for the software and the article, as text."""
    software, article = _cited()
    authors = ", ".join(f"{family} {''.join(name[0] for name in given.split())}" for family, given in _authors(article))
    where = f"{article['journal']} {article['volume']}:{article['start']}, {article['year']}"
    return [
        f"{_owners(software)}. {software['title']}. Version {software['version']}.",
        f"{authors}. {article['title']}. {where}. doi:{article['doi']}",
    ]


def bibtex() -> str:
    """BibTeX of the software and the article."""
    software, article = _cited()
    of_software = {
        "title": f"{{{software['title']}}}", "author": f"{{{_owners(software)}}}", "version": software["version"],
    }  # fmt: skip
    of_article = {
        "title": article["title"], "author": " and ".join(", ".join(name) for name in _authors(article)),
        "journal": article["journal"], "volume": article["volume"], "pages": article["start"],
        "year": article["year"], "doi": article["doi"],
    }  # fmt: skip
    entries = (("software", "lowpower", of_software), ("article", "dipalma2021resolution", of_article))
    return "\n\n".join(
        f"@{kind}{{{key},\n" + "\n".join(f"  {name} = {{{value}}}," for name, value in fields.items()) + "\n}"
        for kind, key, fields in entries
    )


def _owners(software: dict) -> str:
    return " and ".join(author["name"] for author in software["authors"])


def _authors(article: dict) -> list[tuple[str, str]]:
    return [(author["family-names"], author["given-names"]) for author in article["authors"]]
