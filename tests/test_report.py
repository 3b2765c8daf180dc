import re
from html.parser import HTMLParser

import pytest

from lowpower import files
from lowpower.tables import cohort, cost, intake, results
from lowpower.tables.layout import html_table, markdown, number, percent, points, some
from lowpower.tables.report import write_report

NASTY = '<b>A & "B"</b>'


class Balanced(HTMLParser):
    """Fails on a tag that is closed without being open, and keeps the text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.texts = [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def report_of(folder, synthetic=False, full=True):
    tables = {
        "intake": (intake.COLUMNS, {"slide": NASTY, "state": "excluded", "reason": "bad <mpp>", "regions": 0}),
        "cohort": (cohort.COLUMNS, {"seeds": "0", "split": "train", "class": NASTY, "patients": 1}),
        "results": (
            results.COLUMNS,
            {
                "method": "sskd", "magnification": "2.5x", "per": "patient", "split": "test", "seeds": "1",
                "patients": 9, "accuracy": "0.8750", "accuracy_low": "0.8010", "accuracy_high": "0.9320",
            },
        ),
        "cost": (
            cost.COLUMNS,
            dict.fromkeys(cost.COLUMNS, "1") | {"magnification": "10x", "device": "cpu", "latency_ms": "3.210"},
        ),
    }  # fmt: skip
    for name, (columns, row) in tables.items():
        files.write_rows(folder / f"{name}.csv", columns, [row] if full else [])
    svg = folder / "accuracy_flops.svg"
    svg.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    paths = [folder / f"{name}.csv" for name in tables]
    write_report(*paths, [svg], NASTY, synthetic, 0.95, folder / "report.html")
    return (folder / "report.html").read_text(encoding="utf-8")


def test_text_of_the_user_is_escaped_and_tags_are_balanced(tmp_path):
    text = report_of(tmp_path)
    assert "<b>" not in text
    assert "bad &lt;mpp&gt;" in text
    shown = Balanced(text).texts
    assert shown.count(NASTY) >= 3  # title, class, slide
    assert "87.5 (80.1-93.2)" in shown


def test_sections_stand_in_order_and_nothing_is_fetched(tmp_path):
    text = report_of(tmp_path)
    assert re.findall("<h2>(.*?)</h2>", text) == ["Cohort", "Results", "Cost", "Figures"]
    assert not re.search(r"(src|href)=.(?!data:)", text)
    assert "data:image/svg+xml;base64," in text


def test_a_synthetic_cohort_is_labeled_as_such(tmp_path):
    assert "are synthetic" in report_of(tmp_path, synthetic=True)
    assert "are synthetic" not in report_of(tmp_path, synthetic=False)


def test_empty_tables_and_equal_bytes(tmp_path):
    text = report_of(tmp_path, full=False)
    assert results.NOTHING in text
    assert "<table>" not in text
    assert report_of(tmp_path, full=False) == text


@pytest.mark.parametrize(
    "found, expected",
    [
        (percent("0.8750", "0.8010", "0.9320"), "87.5 (80.1-93.2)"),
        (percent("0.8750"), "87.5"),
        (percent(""), ""),
        (points("-0.0500", "-0.1200", "0.0200"), "-5.0 (-12.0 to +2.0)"),
        (points(""), ""),
        (number(-0.00001, 4), "0.0000"),
        (number(float("nan"), 4), ""),
        (number(None, 2), ""),
        (some(["a", "b"]), "a, b"),
        (some(list("abcdefg")), "a, b, c, d, e and 2 more"),
    ],
)
def test_numbers_and_names_as_text(found, expected):
    assert found == expected


def test_tables_escape_what_would_break_them():
    rows = [{"class": "a|b\nc", "n": "1"}]
    assert markdown(rows) == "| class  | n |\n|--------|---|\n| a\\|b c | 1 |\n"
    assert "<td>&lt;i&gt;</td>" in html_table([{"class": "<i>"}])
    assert markdown([]) == html_table([]) == ""
