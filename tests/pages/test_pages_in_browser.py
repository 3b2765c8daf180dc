"""Both pages in a real browser without a network: no error, every picture there, all inside the window, and clicks."""

import html
import json
import re
import shutil
import subprocess
from functools import cache

import numpy as np
import pytest
from package_files import write_package
from page_files import SLIDES, intake_page_of, report_of
from readings_files import many_rows, package_in, write_readings

from lowpower.files import encode
from lowpower.reading_paths import PAGE
from lowpower.tables.layout import DASH


@cache
def browser():
    """The browser that works here, or None: a distribution may have a stand-in that only says how to install it."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name) and subprocess.run([name, "--version"], capture_output=True).returncode == 0:
            return name
    return None


pytestmark = [
    pytest.mark.skipif(browser() is None, reason="needs a browser: chromium or google-chrome on the PATH"),
    pytest.mark.slow,
]

# Runs in a copy of the page, whose policy would not let it run: clicks, and writes down what came of it.
BEFORE = """<script>
const errors = [];
window.onerror = (message) => { errors.push(message); };
console.error = (...words) => { errors.push(words.join(" ")); };
</script>"""
AFTER = """<script>
window.onload = () => {
  const folded = [...document.querySelectorAll("details:not([open])")];
  window.dispatchEvent(new Event("beforeprint"));
  const printed = folded.every((part) => part.open);
  window.dispatchEvent(new Event("afterprint"));
  const refolded = folded.every((part) => !part.open);
  for (const part of folded) part.open = true;
  const tables = [...document.querySelectorAll("table")].map((table) => {
    const heads = [...table.tHead.rows[0].cells];
    const rows = () => [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent));
    const before = rows();
    const clicks = heads.flatMap((head, k) => [1, 2].map(() => {
      head.querySelector("button").click();
      return [k, head.getAttribute("aria-sort"), heads.filter((h) => h.hasAttribute("aria-sort")).length, rows()];
    }));
    return { heads: heads.map((head) => head.textContent), before, clicks };
  });
  const inside = (element) => element.parentElement.closest(".wide, nav div, pre, dialog");
  const edge = document.documentElement.clientWidth + 1;
  const beyond = [...document.body.querySelectorAll("*")].filter((element) => !inside(element)
    && element.getBoundingClientRect().right > edge).map((element) => element.outerHTML.slice(0, 80));
  if (document.documentElement.scrollWidth > edge) beyond.push(`${document.documentElement.scrollWidth} px in all`);
  const broken = [...document.images].filter((image) => !image.naturalWidth).map((image) => image.alt);
  const link = document.querySelector("a.large");
  link.click();
  const dialog = document.querySelector("dialog");
  const enlarged = [dialog.open, dialog.querySelector("img").src === link.querySelector("img").src,
    dialog.contains(document.activeElement), location.hash];
  dialog.querySelector("button").click();
  const found = { errors, tables, beyond, broken, enlarged, closed: !dialog.open, printed, refolded,
    folded: folded.length, images: document.images.length };
  const probe = document.createElement("pre");
  probe.id = "probe";
  probe.textContent = JSON.stringify(found);
  document.body.append(probe);
};
</script>"""


def browse(folder, name, *options):
    """What the browser says of a page: its document after the scripts ran, and its log."""
    command = [
        browser(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
        f"--user-data-dir={folder / 'browser'}", "--virtual-time-budget=5000", "--enable-logging=stderr",
        *options, "--dump-dom", (folder / name).as_uri(),
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert "</html>" in run.stdout, run.stderr
    return run.stdout, [line for line in run.stderr.splitlines() if "CONSOLE" in line]


def probe(folder, text, width):
    """What the probe found in a window of this width."""
    text = re.sub('<meta http-equiv="Content-Security-Policy".*?>', BEFORE, text, count=1)
    text = text.replace('loading="lazy"', 'loading="eager"')
    (folder / "probe.html").write_text(text.replace("</body>", f"{AFTER}</body>"), encoding="utf-8")
    document, said = browse(folder, "probe.html", f"--window-size={width},900")
    found = re.search('<pre id="probe">(.*?)</pre>', document, re.S)
    assert found, (said, document[-2000:])
    return json.loads(html.unescape(found[1])) | {"said": said}


def readings_page_of(folder):
    """Page of 20 slides; the pictures beside it are 40, their large ones 80 pixels wide."""
    package = package_in(write_package(folder / "package"))
    small, large = (encode(np.zeros((30, width, 3), np.uint8), 80) for width in (40, 80))
    return write_readings(folder, package, many_rows(package, 20), small, large)


def page_of(kind, folder):
    if kind == "readings":
        return readings_page_of(folder)
    return report_of(folder) if kind == "report" else intake_page_of(folder, problems=["write `a`"])


@pytest.mark.parametrize(
    "kind, width", [("report", 1280), ("report", 500), ("intake", 1280), ("readings", 1280), ("readings", 500)]
)
def test_a_page_shows_everything_and_stays_in_its_window(tmp_path, kind, width):
    found = probe(tmp_path, page_of(kind, tmp_path), width)
    assert found["errors"] == [] and found["said"] == []
    assert found["broken"] == [] and found["images"] >= len(SLIDES)
    assert found["beyond"] == []


def test_a_page_as_it_is_runs_its_own_script_and_complains_of_nothing(tmp_path):
    report_of(tmp_path)
    document, said = browse(tmp_path, "report.html")
    assert said == []
    assert '<th scope="col"><button type="button">' in document.replace(' class="number"', "")


def test_all_that_is_folded_is_printed(tmp_path):
    found = probe(tmp_path, page_of("report", tmp_path), 1280)
    assert found["folded"] > 1 and found["printed"] and found["refolded"]


def test_without_scripts_a_page_reads_the_same(tmp_path):
    text = report_of(tmp_path)
    (tmp_path / "plain.html").write_text(re.sub("<script>.*?</script>", "", text, flags=re.S), encoding="utf-8")
    document, said = browse(tmp_path, "plain.html")
    assert said == [] and "<button" not in document and document.count("<td") == text.count("<td")


def value(cell):
    return float(re.match(r"[-+\d.]+", cell)[0])


def test_clicks_on_headers_sort_numbers_as_numbers_keep_ties_and_leave_blanks_last(tmp_path):
    tables = probe(tmp_path, page_of("report", tmp_path), 1280)["tables"]
    table = next(table for table in tables if "macro F1" in table["heads"])
    expected = table["before"]
    assert [row[0] for row in expected] == ["teacher", "scratch", "sskd"] and len(table["clicks"]) == 16
    for click, (k, state, marked, rows) in enumerate(table["clicks"]):
        assert (state, marked) == (("ascending", "descending")[click % 2], 1)
        known = [row for row in expected if row[k] not in ("", DASH)]
        filled = sorted(known, key=lambda row: value(row[k]) if k else row[k], reverse=click % 2 == 1)
        expected = filled + [row for row in expected if row not in known]
        assert rows == expected, table["heads"][k]


def test_numbers_with_units_sort_by_their_size(tmp_path):
    tables = probe(tmp_path, page_of("report", tmp_path), 1280)["tables"]
    table = next(table for table in tables if "looks" in table["heads"])
    column = table["heads"].index("looks")
    assert [[row[column] for row in rows] for k, *_, rows in table["clicks"] if k == column] == [
        ["999", "48k"], ["48k", "999"]
    ]  # fmt: skip


def test_names_sort_as_a_person_sorts_them(tmp_path):
    table = probe(tmp_path, page_of("intake", tmp_path), 1280)["tables"][-1]
    slides = [row[0] for row in table["clicks"][0][3]]
    assert sorted(slides) == sorted(SLIDES) and slides.index("2") < slides.index("10")


def test_a_click_on_a_picture_enlarges_it_and_its_window_closes(tmp_path):
    found = probe(tmp_path, page_of("intake", tmp_path), 1280)
    assert found["enlarged"] == [True, True, True, ""] and found["closed"]


def test_pictures_beside_a_page_are_allowed_and_a_click_shows_the_large_one(tmp_path):
    text = readings_page_of(tmp_path)
    _, said = browse(tmp_path, PAGE)
    assert said == []  # its policy blocks no picture
    found = probe(tmp_path, text, 1280)
    assert found["broken"] == [] and found["images"] == 19 + 1  # and the large one
    is_open, is_small_one, *_ = found["enlarged"]
    assert is_open and not is_small_one and found["closed"]
    blocked = text.replace("img-src data: 'self' file:", "img-src data:")
    (tmp_path / "blocked.html").write_text(blocked, encoding="utf-8")
    assert any("violates" in line for line in browse(tmp_path, "blocked.html")[1])
