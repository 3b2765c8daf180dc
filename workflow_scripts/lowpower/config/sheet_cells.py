"""Invalid cells of the sheet: values that a program wrote in place of the user's text."""

import re
from collections.abc import Iterable

IDS = ("slide", "patient")
# Spreadsheet errors in any language: #N/A, #REF!, #DIV/0!, #NAME?, #WERT!, #NV; ### where a column is too narrow.
_ERROR = re.compile(r"#(¡?[^\W\d_]+(/0)?[!?]|N/?[ADV]|##*)", re.I)
_NOTHING = re.compile(r"n/?a|n\.a\.|<na>|nan|nat|none|null|nil|missing|unknown|undefined|tbd|[-–—?.]+", re.I)
_NO = re.compile(r"false|no|[-+]?[0-9.,]+", re.I)
_EXPONENT = re.compile(r"[-+]?\d+([.,]\d+)?e\+\d+", re.I)
_MONTH = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_DATE = re.compile(
    rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d.*|\d\d:\d\d:\d\d|\d{{1,2}}-{_MONTH}(-\d+)?|{_MONTH}-\d{{1,4}}", re.I
)
_ZERO = re.compile(r"0*[.,]?0+")
_LOGICAL = re.compile(r"true|false", re.I)
_AS_TEXT = "format the column as text and write the id again"
_DECIMAL = re.compile(r"\d+\.0")


def fault_of(column: str, text: str) -> str:
    """Describe why a cell of a known column is invalid, and what to write; "" for a valid cell. text: cleaned."""
    if _ERROR.fullmatch(text):
        return "an error of a spreadsheet program; write the value itself"
    if column in IDS and _NOTHING.fullmatch(text):
        return f"a program's word for a blank cell, not an id; write the {column}'s id"
    if column in ("site", "scanner") and _NOTHING.fullmatch(text):
        return f"a program's word for a blank cell; leave it blank, or write the {column}'s name in full"
    if column in IDS and _EXPONENT.fullmatch(text):
        return f"a long number that a spreadsheet program shortened; {_AS_TEXT}"
    if column in IDS and _DATE.fullmatch(text):
        return f"a date or time that a spreadsheet program made of the id; {_AS_TEXT}"
    if column in IDS and _LOGICAL.fullmatch(text):
        return f"a truth value, not an id; {_AS_TEXT}"
    if column == "exclude" and (_NO.fullmatch(text) or _NOTHING.fullmatch(text)):
        return (
            "not a reason, but any text here excludes the slide; write the reason in words, or leave the cell blank to "
            "keep the slide (a number may come from a decimal comma in an earlier column: write 0.25)"
        )
    if column == "mpp" and _ZERO.fullmatch(text):
        return (
            "but no pixel is 0 µm wide; write a number such as 0.25 (0,25 is two cells if commas separate them), or "
            "leave the cell blank"
        )
    return ""


def all_decimal(ids: Iterable[str]) -> bool:
    """True if every id ends in .0: a program read them as numbers with decimals, 1000003 as 1000003.0."""
    return all(map(_DECIMAL.fullmatch, ids))
