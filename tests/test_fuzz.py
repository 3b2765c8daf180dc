"""Whatever stands in a config, sheet, workbook, GeoJSON or mask: an accepted study, or one message of ours.

Examples are the same in every run; `--hypothesis-profile=search` looks at others, and at more of them.
"""

import csv
import io
import json
import math
import re
import zipfile
from copy import deepcopy

import numpy as np
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image
from project_paths import ROOT
from sheet_files import edited, workbook

from lowpower.config.config_file import read_config, read_unquoted
from lowpower.config.job_counts import count_tested, planned_jobs
from lowpower.config.sheet import by_file_name, read_sheet
from lowpower.config.sheet_row import PatientRow
from lowpower.config.split_settings import Split
from lowpower.config.splits import find_problems
from lowpower.config.study_models import level_of, measured_networks, models
from lowpower.errors import InputError
from lowpower.slides.annotation import read_annotations
from lowpower.slides.slide import ExcludedSlide
from lowpower.slides.user_mask import read_own_mask

pytestmark = pytest.mark.slow

CONFIG, SHEET = ROOT / "schemas/config.schema.yaml", ROOT / "schemas/sheet.schema.yaml"
PRESETS = [ROOT / "config.yaml", *sorted((ROOT / "configs").glob("*.yaml"))]
PRESETS = [path for path in PRESETS if "claims" not in path.name]

MOST = settings.default.max_examples  # of one kind; the profiles stand in conftest.py

AWKWARD = [
    "", " ", "NO", "010", "1e-3", "1:30", "2020-01-01", "1.0", "NaN", "inf", "{x}", "%41", "../x", "a" * 300, "ä\u0308",
    "\u200b", "\u202e", "\x00", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "=1+1", "#N/A", '"',
    "'", "a\nb", "a\tb", ",", ";", "10x", "CON", ".", "..", "train", "007", "1E+11", "0,25", "null", "~", "[", "*a",
]  # fmt: skip
TEXTS = st.sampled_from(AWKWARD) | st.text(max_size=12)
NUMBERS = st.integers(-(10**20), 10**20) | st.integers(-3, 12) | st.floats() | st.sampled_from([math.nan, math.inf])
PLAIN = st.none() | st.booleans() | NUMBERS | TEXTS
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))


@st.composite
def changed(draw, content, values=VALUES):
    """Content with one to three of its places changed: replaced, taken away, repeated or added to."""
    content = deepcopy(content)
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
        places = list(_places(content))
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        change = draw(st.sampled_from([*["alike"] * 4, "replace", "replace", "take", "repeat", "add"]))
        if change == "alike":
            holder[key] = draw(_alike(holder[key], values))
        elif change == "replace":
            holder[key] = draw(values)
        elif change == "take":
            del holder[key]
        elif change == "add" and isinstance(holder, dict):
            holder[draw(TEXTS)] = draw(values)
        elif isinstance(holder, list):
            holder.insert(key, deepcopy(holder[key]))
        else:
            holder[draw(TEXTS)] = deepcopy(holder[key])
    return content


def _alike(value, values):
    """Values of the kind of one that stands there."""
    if isinstance(value, bool):
        return st.booleans()
    if isinstance(value, int | float):
        return NUMBERS | st.integers(1, 12) | st.floats(0, 1) | st.sampled_from([value * 2, value / 2, float(value)])
    return TEXTS if isinstance(value, str) else values


def _places(content):
    """Every place of nested lists and dicts, as the holder and the key in it."""
    for key in content if isinstance(content, dict) else range(len(content)):
        yield content, key
        if isinstance(content[key], dict | list):
            yield from _places(content[key])


@st.composite
def torn(draw, content: bytes):
    """Bytes with one to three pieces taken away, repeated, or written over."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(0, len(content) - 1)))
        length = draw(st.integers(0, 40))
        new = draw(st.binary(max_size=3) | st.sampled_from([b'"', b"\n", b"\t", b": ", b"- ", b"\r", b"{", b","]))
        new = draw(st.sampled_from([b"", new, content[at : at + length] * 2]))
        content = content[:at] + new + content[at + length :]
    return content


def study_of(raw, written=None):
    """What the Snakefile computes from a config before it plans any job."""
    config = read_config(raw, CONFIG, written)
    found = models(config)
    folders = [model.folder for model in found]
    assert len(set(folders)) == len(folders) > 0
    assert all(model.as_row() for model in found) and [level_of(model, config) for model in found]
    assert measured_networks(found)
    assert all(count >= 0 for count in planned_jobs(config, 10, 5).values())
    return config


@settings(max_examples=8 * MOST)
@given(st.sampled_from(PRESETS).flatmap(lambda path: changed(yaml.safe_load(path.read_text(encoding="utf-8")))))
def test_a_changed_config_is_a_study_or_one_message(raw):
    try:
        config = study_of(raw)
    except InputError as error:
        assert str(error).strip() and len(str(error)) < 3000
    else:
        assert all(math.isfinite(number) for number in _numbers(config.as_dict()))


def _numbers(content):
    for holder, key in _places(content):
        if isinstance(holder[key], int | float):
            yield holder[key]


@settings(max_examples=3 * MOST // 2)
@given(st.data())
def test_a_torn_config_file_is_a_study_or_one_message(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("config") / "config.yaml"
    path.write_bytes(data.draw(torn(data.draw(st.sampled_from(PRESETS)).read_bytes())))
    try:
        written = read_unquoted([path])
        study_of(yaml.safe_load(path.read_bytes()), written)
    except InputError as error:
        assert str(error).strip() and len(str(error)) < 3000


COLUMNS = ["slide", "path", "patient", "label", "split", "mpp"]
CELLS = TEXTS | st.sampled_from(["a", "b", "0.5", "train", "val"])


@st.composite
def tables(draw):
    """Rows that could stand in a sheet, a few cells of which are awkward."""
    rows = [
        [f"s{k}", f"s{k}.svs", f"p{k // 2}", "ab"[k // 2 % 2], "train", "0.5"] for k in range(draw(st.integers(1, 8)))
    ]
    for _ in range(draw(st.integers(0, 3))):
        rows[draw(st.integers(0, len(rows) - 1))][draw(st.integers(0, 5))] = draw(CELLS)
    return rows


def accept(path, least):
    """The rows of a sheet that is accepted, else None; what is accepted goes on to the division of patients."""
    try:
        rows = read_sheet(path, SHEET)
    except InputError as error:
        assert str(error).strip() and len(str(error)) < 3000
        return None
    assert len(rows) == least == len(by_file_name(rows)), path.read_bytes()
    people = [PatientRow.of(row) for row in rows]
    for by in ("sheet", "random", "kfold", "site"):
        division = Split(by=by, folds=3, val=0.2, test=0.2)
        problems = find_problems(people, classes=["a", "b"], seeds=[0], split=division, annotated=False)
        if not problems:
            count_tested(people, classes=["a", "b"], seeds=[0], split=division)
    return rows


SEPARATORS, ENDS = st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n", "\r"])
SLIDES = 12


@st.composite
def right_rows(draw):
    """The header and the rows of a sheet without a fault: labels may be blank, and one column is perhaps a remark."""
    label = draw(st.sampled_from(["a", "a", ""]))
    rows = [COLUMNS, *([f"s{k}", f"s{k}.svs", f"p{k}", label, "train", "0.5"] for k in range(SLIDES))]
    if draw(st.booleans()):
        at = draw(st.integers(0, len(COLUMNS)))
        return [[*row[:at], "thin" if k else "remark", *row[at:]] for k, row in enumerate(rows)]
    return [list(row) for row in rows]


def written(rows, separator, end, quoted):
    """The text of a sheet as programs write it, with quotes at every cell or where they are needed."""
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    csv.writer(text, delimiter=separator, lineterminator=end, quoting=quoting).writerows(rows)
    return text.getvalue()


@st.composite
def cells_amiss(draw):
    """A sheet with one to three faults at its cells: a quote too many, a separator or a line end too many or lost."""
    separator, end = draw(SEPARATORS), draw(ENDS)
    text = written(draw(right_rows()), separator, end, draw(st.booleans()))
    for _ in range(draw(st.integers(1, 3))):
        ends = [0, *(k + 1 for k, letter in enumerate(text) if letter in separator + "\r\n"), len(text)]
        at = draw(st.sampled_from(ends))
        new = draw(st.sampled_from(['"', '"', separator, end, "x", '"a', 'a"', ""]))
        text = text[: max(0, at - (not new))] + new + text[at:]
    return text


@st.composite
def quote_over_rows(draw):
    """A sheet in which a quote that opens in one row closes in a later one, and up to two separators are amiss there.

    Without its other faults such a row often has a cell for every column, or one more or less: nothing but the cell
    itself then tells that it has swallowed rows.
    """
    rows = draw(right_rows())
    last = len(COLUMNS) - 1
    first, column = draw(st.sampled_from([0] * 5 + list(range(1, SLIDES)))), draw(st.integers(0, last))
    closing = min(SLIDES, first + draw(st.sampled_from([1, 1, 1, 2])))
    rows[first][column] = '"' + rows[first][column]
    rows[closing][min(last, max(0, column + draw(st.sampled_from([0, 0, -1, 1]))))] += '"'
    for _ in range(draw(st.sampled_from([0, 1, 1, 2]))):
        row, at = rows[draw(st.sampled_from([first, closing]))], draw(st.integers(0, last - 2))
        row[at : at + 2] = ["".join(row[at : at + 2])] if draw(st.sampled_from([True, True, False])) else [row[at], ""]
    return draw(ENDS).join(map(draw(SEPARATORS).join, rows))


@settings(max_examples=2 * MOST)
@given(tables(), SEPARATORS, ENDS, st.booleans())
def test_a_sheet_has_as_many_slides_as_rows(tmp_path_factory, rows, separator, end, quoted):
    path = tmp_path_factory.mktemp("sheet") / "slides.csv"
    path.write_bytes(written([COLUMNS, *rows], separator, end, quoted).encode())
    accept(path, sum(any(map(str.strip, row)) for row in rows))


@settings(max_examples=MOST // 2)
@given(tables(), st.integers(0, 7), st.booleans())
def test_a_row_of_more_or_fewer_cells_than_columns_is_an_error(tmp_path_factory, rows, which, longer):
    path = tmp_path_factory.mktemp("ragged") / "slides.csv"
    row = rows[which % len(rows)]
    row[:] = [*row, "0"] if longer else ["x", *row[1:-1]]
    path.write_bytes(written([COLUMNS, *rows], ",", "\n", False).encode())
    assert accept(path, len(rows)) is None


def lines_of(content: bytes) -> int:
    """Lines of a sheet below its header in which anything stands, whatever its quotes say; 0 of what is no text."""
    try:
        lines = re.split(r"\r\n|\r|\n", content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return 0
    return sum(bool(line.strip(' \t",;')) for line in lines) - 1


@settings(max_examples=MOST)
@given(right_rows().flatmap(lambda rows: torn(written(rows, ",", "\n", False).encode())))
def test_a_torn_sheet_loses_no_row(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("torn") / "slides.csv"
    path.write_bytes(content)
    accept(path, lines_of(content))


@settings(max_examples=3 * MOST)
@given(cells_amiss() | quote_over_rows() | quote_over_rows())
@example('slide,path,patient,label,"remark\na,a.svsP1,x,thin"\nb,b.svs,P2,y,old')  # each a row short at one time
@example('slide,path,patient,label,split,mpp\na,a.svs,P1,"x,train,0.5\nb,b.svs,P2x",y,train,0.5')
@example('slide,path,patient,label,remark\na,a.svs,P1,x,"thin\nb,b.svs,P2y,old"')
def test_quotes_separators_and_line_ends_amiss_lose_no_row(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("amiss") / "slides.csv"
    path.write_bytes(text.encode())
    accept(path, min(SLIDES, lines_of(text.encode())))  # a line end that is lost makes two rows one line


@settings(max_examples=MOST // 2)
@given(st.data())
def test_a_workbook_has_as_many_slides_as_rows(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("book") / "slides.xlsx"
    rows = data.draw(tables())
    kept = [["".join(c for c in cell if ord(c) > 31 and not 0xD7FF < ord(c) < 0xE000) for cell in row] for row in rows]
    try:
        content = workbook(*kept, headings=COLUMNS)
    except ValueError:  # what openpyxl does not write
        return
    if data.draw(st.booleans()):  # as some exporters write it
        content = edited(content, rb'<dimension ref="[^"]*"', b'<dimension ref="A1:B2"')
    path.write_bytes(content)
    accept(path, sum(any(map(str.strip, row)) for row in kept))


def parts_of_a_workbook():
    """The parts of a workbook of six slides, the same in every run: openpyxl writes the time into one."""
    rows = [[f"s{k}", f"s{k}.svs", f"p{k}", "a", "train", 0.5] for k in range(6)]
    with zipfile.ZipFile(io.BytesIO(workbook(*rows, headings=COLUMNS))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return parts | {"docProps/core.xml": re.sub(rb"\d{4}-[^<]*Z", b"2020-01-01T00:00:00Z", parts["docProps/core.xml"])}


def packed(parts):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name), part)
    return content.getvalue()


PARTS = parts_of_a_workbook()


@settings(max_examples=MOST)
@given(
    torn(packed(PARTS))
    | st.sampled_from(sorted(PARTS)).flatmap(
        lambda name: torn(PARTS[name]).map(lambda part: packed(PARTS | {name: part}))
    )
)
def test_a_damaged_workbook_loses_no_row(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("damaged") / "slides.xlsx"
    path.write_bytes(content)
    try:
        rows = read_sheet(path, SHEET)
    except InputError as error:
        assert str(error).strip() and len(str(error)) < 3000
    else:
        assert len(rows) >= 5  # a tear may take the text of one whole row away, which nothing in the file tells


SQUARE = [[10, 10], [90, 10], [90, 90], [10, 90], [10, 10]]
FEATURES = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "id": "PathAnnotationObject",
            "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
            "properties": {"objectType": "annotation", "classification": {"name": "a", "color": [1, 2, 3]}},
        },
        {
            "type": "Feature",
            "geometry": {"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]},
            "properties": {"classification": {"names": ["a", "b"]}, "object_type": "annotation"},
        },
    ],
}


def annotations_or_message(path):
    try:
        found = read_annotations(path, (100, 100), (0, 0))
    except ExcludedSlide as error:
        assert str(error).strip()
        return
    assert found
    for name, parts in found:
        assert isinstance(name, str)
        for ring in (ring for part in parts for ring in part):
            assert np.isfinite(ring).all() and ring.min() >= 0 and ring.max() <= 100


@settings(max_examples=3 * MOST)
@given(changed(FEATURES))
def test_changed_annotations_are_outlines_or_one_message(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("marks") / "a.geojson"
    path.write_text(json.dumps(content), encoding="utf-8")
    annotations_or_message(path)


@settings(max_examples=3 * MOST // 2)
@given(torn(json.dumps(FEATURES).encode()))
def test_torn_annotations_are_outlines_or_one_message(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("torn") / "a.geojson"
    path.write_bytes(content)
    annotations_or_message(path)


@settings(max_examples=MOST)
@given(
    st.sampled_from(["1", "L", "P", "LA", "RGB", "RGBA", "I;16", "F", "CMYK"]),
    st.sampled_from(["PNG", "JPEG", "TIFF", "BMP"]),
    st.lists(st.integers(0, 255), min_size=1, max_size=4),
    st.tuples(st.integers(1, 60), st.integers(1, 60)),
    st.data(),
)
def test_any_image_is_a_mask_or_one_message(tmp_path_factory, mode, kind, values, size, data):
    path = tmp_path_factory.mktemp("mask") / "mask.img"
    gray = np.array(values, np.uint8)[np.indices(size[::-1]).sum(0) // 7 % len(values)]
    try:
        image = Image.fromarray(gray)
        image = Image.fromarray(gray.astype(np.uint16)) if mode == "I;16" else image.convert(mode)
        image.save(path, kind)
    except (OSError, ValueError):  # a mode that such a file does not hold
        return
    if data.draw(st.booleans()):
        path.write_bytes(data.draw(torn(path.read_bytes())))
    try:
        mask, warnings = read_own_mask(path, slide_size=(1000, 1000), size=(25, 25), scanned=(0, 0, 1000, 1000))
    except ExcludedSlide as error:
        assert str(error).strip()
    else:
        assert mask.shape == (25, 25) and mask.dtype == bool and all(warnings)
