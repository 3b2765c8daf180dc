"""The parts of a page for people: one HTML file that opens offline, whatever the names in it look like.

Every function takes plain text and gives HTML in which it is escaped; only ``document`` and ``link`` take HTML. Links
lead to the files beside the page.
"""

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from urllib.parse import quote

from lowpower.files import safe_name
from lowpower.pages.page_style import SCRIPT, STYLE
from lowpower.pseudonyms import OWN, Names
from lowpower.tables.layout import numeric
from lowpower.text import count_of

PICTURES = 20_000_000  # bytes of pictures in one gallery; a page of three times that takes long to open
WORDY = 40  # characters; a column with longer cells breaks its lines
INTAKE = "tables/intake.csv"
_NUMBER = re.compile(r"\d(?:[\d,.]*\d)?")


def document(title: str, lead: str, banners: Iterable[str], sections: Sequence[tuple[str, str]]) -> str:
    """A whole page. banners: HTML. sections: (heading, HTML), each with its place in the table of contents."""
    names = [re.sub(r"[^a-z]+", "-", heading.lower()).strip("-") for heading, _ in sections]
    contents = "".join(
        f'<a href="#{name}">{prose(heading)}</a>' for name, (heading, _) in zip(names, sections, strict=True)
    )
    body = "\n".join(
        f'<section id="{name}">\n<h2>{prose(heading)}</h2>\n{content}\n</section>'
        for name, (heading, content) in zip(names, sections, strict=True)
    )
    # nothing may be fetched, and no script runs but the one below
    allowed = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<nav aria-label="Contents"><div><b>lowpower</b>{contents}</div></nav>\n'
        f'<main>\n<h1>{html.escape(title)}</h1>\n<p class="lead">{prose(lead)}</p>\n'
        + "\n".join([*banners, body])
        + f"\n</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def prose(text: str, source: str = "") -> str:
    """Text in which `code` between backticks is set as code, and numbers lead to the file they stand in."""
    parts = html.escape(text).split("`")
    if len(parts) % 2 == 0:  # a backtick without its second one is a character like others
        parts[-2:] = ["`".join(parts[-2:])]
    shown = [f"<code>{part}</code>" if k % 2 else _with_links(part, source) for k, part in enumerate(parts)]
    return "".join(shown)


def _with_links(escaped: str, source: str) -> str:
    if not source:
        return escaped
    spared = re.split(r"(&[#\w]+;)", escaped)  # the number of an escaped character is no number
    return "".join(
        part if k % 2 else _NUMBER.sub(lambda found: link(source, found[0], "n"), part) for k, part in enumerate(spared)
    )


def paragraph(text: str, kind: str = "", source: str = "") -> str:
    """A paragraph of text (``prose``). kind: "soft" for what is said beside."""
    looks = f' class="{kind}"' if kind else ""
    return f"<p{looks}>{prose(text, source)}</p>"


def banner(text: str, kind: str = "", points: Sequence[str] = ()) -> str:
    """What has to be read first. kind: "warning", "good" or none. points: listed below the text."""
    listed = "".join(f"<li>{prose(point)}</li>" for point in points)
    listed = f"<ul>{listed}</ul>" if points else ""
    return f'<div class="banner {kind}"><p>{prose(text)}</p>{listed}</div>'


def link(target: str, text: str, kind: str = "") -> str:
    """A link whose text is HTML already. target: a path beside the page. Numbers (kind "n") are no tab stops."""
    looks = ' class="n" tabindex="-1"' if kind == "n" else ""
    return f'<a{looks} href="{html.escape(quote(target))}">{text}</a>'


def table(
    rows: Sequence[dict[str, str]],
    source: str,
    links: Sequence[dict[str, str]] = (),
    kinds: dict[str, str] | None = None,
) -> str:
    """Rows of text as a table in a box that scrolls; the keys of the first row are the header. No rows: no table.

    source: the CSV, as seen from the page; every number leads there. links: parallel to rows, the file that a cell of
    a column leads to instead. kinds: what cells of these texts are, "good" or "warning".
    """
    if not rows:
        return ""
    numbers = {name for name in rows[0] if numeric(rows, name)}
    wordy = {name for name in rows[0] if any(len(str(row[name])) > WORDY for row in rows)}
    marks = {
        name: ' class="number"' if name in numbers else ' class="long"' if name in wordy else "" for name in rows[0]
    }
    head = "".join(f'<th scope="col"{marks[name]}>{html.escape(name)}</th>' for name in rows[0])
    lines = []
    for k, row in enumerate(rows):
        targets = dict.fromkeys(numbers, source) | (links[k] if links else {})
        cells = []
        for name, cell in row.items():
            text = html.escape(str(cell))
            if text and name in targets:
                text = link(targets[name], text, "n" if targets[name] == source else "")
            looks = f' class="{kinds[cell]}"' if kinds and cell in kinds else marks[name]
            cells.append(f"<td{looks}>{text}</td>")
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{html.escape(source)}">'
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n" + "\n".join(lines) + "\n</tbody>\n</table></div>"
    )


def files(*paths: str) -> str:
    """One line that names the files a table stands in."""
    links = " · ".join(link(path, html.escape(path)) for path in paths)
    return f'<p class="files">{links}</p>'


def figure(path: str | Path, caption: str, target: str) -> str:
    """A figure (SVG) as an image with its data in it: ids of several SVGs in one page would clash."""
    return f"<figure>{_picture(path, 'svg+xml', caption, target)}<figcaption>{prose(caption)}</figcaption></figure>"


def gallery(
    slides: Sequence[str], overviews: Sequence[str | Path], intake: Sequence[dict[str, str]], names: Names = OWN
) -> str:
    """The slides' overviews (JPEG, parallel to slides), each with its name, state, reason and warnings.

    intake: the table for people. names: where they are pseudonyms, pictures stand in their order and lead to no file,
    because files have own ids in their names.
    """
    known = {row["slide"]: row for row in intake}
    pairs = [(names.slide(slide), path) for slide, path in zip(slides, overviews, strict=True)]
    pairs = sorted(pairs) if names.hidden else pairs
    sizes = accumulate(Path(path).stat().st_size for _, path in pairs)
    shown = sum(size <= PICTURES for size in sizes)
    cards = "\n".join(_card(slide, path, known[slide], not names.hidden) for slide, path in pairs[:shown])
    left = len(slides) - shown
    where = "not shown" if names.hidden else link("overviews/", "overviews/")
    more = f"<p>{count_of(left, 'more slide')}: {where}</p>" if left else ""
    said = (
        "Blue: what was taken for tissue. Orange: the regions. Gray: an excluded slide; crossed out: no tissue to show."
    )
    legend = paragraph(said, "soft")
    return f'{legend}\n<div class="gallery">\n{cards}\n</div>\n{more}'


def _card(slide: str, path: str | Path, row: dict[str, str], linked: bool) -> str:
    name = safe_name(slide)
    title = link(f"slides/{name}.json", html.escape(slide)) if linked else html.escape(slide)
    usable = row["state"] == "usable"
    why = prose(f", {count_of(int(row['regions']), 'region')}", INTAKE) if usable else f": {prose(row['reason'])}"
    doubt = f'<br><b class="doubt">Warning:</b> {prose(row["warning"])}' if row["warning"] else ""
    looks = "" if usable else ' class="excluded"'
    return (
        f"<figure{looks}>{_picture(path, 'jpeg', slide, f'overviews/{name}.jpg' if linked else '#slides')}"
        f"<figcaption>{title}<br>"
        f"<b>{html.escape(row['state'])}</b>{why}{doubt}</figcaption></figure>"
    )


def _picture(path: str | Path, kind: str, words: str, target: str) -> str:
    """A picture that is enlarged by a click, or opens as a file where no script runs."""
    data = base64.b64encode(Path(path).read_bytes()).decode()
    return (
        f'<a class="large" href="{html.escape(quote(target, "/#"))}">'
        f'<img loading="lazy" decoding="async" alt="{html.escape(words)}" src="data:image/{kind};base64,{data}"></a>'
    )
