"""Workbooks for tests, and what other programs than openpyxl make of them."""

import io
import re
import zipfile

import openpyxl

HEADINGS = ["slide", "path", "patient", "label"]


def workbook(*rows, headings=HEADINGS, change=None):
    """The bytes of a workbook with these rows; change: what is done to the book before it is saved."""
    book = openpyxl.Workbook()
    for row in (headings, *rows):
        book.active.append(row)
    if change:
        change(book)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def edited(content, pattern, by, part="xl/worksheets/sheet1.xml"):
    """A workbook with a pattern in one of its parts replaced: what other programs write than openpyxl."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == part:
                data, found = re.subn(pattern, by, data)
                assert found
            new.writestr(name, data)
    return changed.getvalue()


def a_zip(*names):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return made.getvalue()
