"""The sheet of slides: no row is lost, no cell changed and no name spelled twice without a word."""

import contextlib
import csv
import datetime
import io
import re

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from project_paths import SHEET_SCHEMA as SHEET
from sheet_files import HEADINGS, a_zip, edited, workbook

from lowpower.config.sheet import by_file_name, read_sheet
from lowpower.config.sheet_cells import fault_of
from lowpower.errors import InputError
from lowpower.spelling import clean, likeness, lookalike_key, spelled_twice

HEADER = "slide,path,patient,label\n"


def write_sheet(tmp_path, content, name="slides.csv", encoding="utf-8"):
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return tmp_path / name


def read(tmp_path, content, name="slides.csv"):
    return read_sheet(write_sheet(tmp_path, content, name), SHEET)


def message(tmp_path, content, name="slides.csv"):
    with pytest.raises(InputError) as caught:
        read(tmp_path, content, name)
    return str(caught.value)


def slides(count=12):
    return [[f"S{k}", f"S{k}.svs", f"P{k}", "ab"[k % 2]] for k in range(1, count + 1)]


def as_text(rows, headings=HEADINGS):
    return "".join(",".join(row) + "\n" for row in (headings, *rows))


def ids(rows, column="slide"):
    return [getattr(row, column) for row in rows]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_sheets_of_any_separator_and_line_end_are_read_as_text(tmp_path, separator, mark, end):
    text = "\nslide,path,patient,label,mpp,note\n007,a.svs,P1,NA,0.25,x\n\n008,b/c.svs,P2,,,\n"
    rows = read(tmp_path, mark + text.replace(",", separator).replace("\n", end))
    assert ids(rows) == ["007", "008"]
    assert (rows[0].label, rows[0].mpp, rows[0].others["note"]) == ("NA", 0.25, "x")
    assert (rows[1].label, rows[1].mpp, rows[1].exclude) == ("", None, "")
    assert rows[1].file == str(tmp_path / "b/c.svs")


def test_a_decimal_comma_is_read_where_it_cannot_be_a_separator(tmp_path):
    text = 'slide,path,patient,label,mpp\na,a.svs,P1,x,"0,25"\n'
    assert read(tmp_path, text)[0].mpp == read(tmp_path, text.replace('"', "").replace(",", ";", 8))[0].mpp == 0.25


@pytest.mark.parametrize(
    "text, message",
    [
        ("slide,path,label\na,a.svs,x\n", "no column `patient` .*whose slides all go into one split"),
        ("slide,path,patients,label\na,a.svs,p,x\n", "no column `patient`.*`patients` looks like it"),
        (HEADER, "no rows"),
        ("", "no column `slide`"),
        (HEADER + "a,a.svs,p,x\na,b.svs,p,x\n", "line 3: the slide id 'a' is already in line 2"),
        (HEADER + "a,a.svs,p,x\nb,a.svs,p,x\n", "line 3: the slide file .*a.svs' is already in line 2"),
        (HEADER + "a,a.svs,p,x\nb,sub/../a.svs,p,x\n", "line 3: the slide file .*a.svs'"),
        (HEADER + "a,a.svs,,x\nb,b.svs,,x\nc,c.svs,,x\n", r"line 2 \(and 2 other lines\): `patient` is blank"),
        ("<!DOCTYPE html><html>login</html>", "is a web page, not a sheet"),
        (HEADER + "a,a.svs,,x\n", "line 2: `patient` is blank; write: id of the patient"),
        ("slide,path,patient,label,mpp\na,a.svs,p,x,0.25um\n", "line 2: `mpp` is '0.25um'; write: µm per pixel"),
        (
            "slide,path,patient,label,split\na,a.svs,p,x,Train\n",
            "line 2: `split` is 'Train'; write: train, val, test",
        ),
        ("slide,path,patient,label,true_lable\na,a.svs,p,x,y\n", "`true_lable` looks like `true_label`"),
        ("slide,path,patient,label,label\na,a.svs,p,x,y\n", r"columns 4 and 5 have the same name \(`label`, `label`\)"),
        ("slide,path,patient,label,Label\na,a.svs,p,x,y\n", r"columns 4 and 5 have the same name \(`label`, `Label`\)"),
        ("slide,note,path,patient,label,note \na,1,a.svs,p,x,2\n", "columns 2 and 6 have the same name"),
    ],
)
def test_a_bad_sheet_is_one_message(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, text)


def test_a_sheet_in_another_encoding_or_no_sheet_is_said_so(tmp_path):
    with pytest.raises(InputError, match="line 2: a character is not UTF-8; save the sheet as CSV"):
        read_sheet(write_sheet(tmp_path, HEADER + "a,ä.svs,p,x\n", encoding="latin-1"), SHEET)
    with pytest.raises(InputError, match=r"there is no file .*none\.csv"):
        read_sheet(tmp_path / "none.csv", SHEET)
    with pytest.raises(InputError, match=r"cannot be read \(Is a directory\)"):
        read_sheet(tmp_path, SHEET)
    with pytest.raises(InputError, match="UTF-16"):
        read_sheet(write_sheet(tmp_path, HEADER + "a,ä.svs,p,x\n", encoding="utf-16"), SHEET)
    assert "line 1: a zero byte" in message(tmp_path, (HEADER + "a,a.svs,p,x\n").encode("utf-16-le"))
    assert "line 3: a zero byte" in message(tmp_path, HEADER + "a,a.svs,p,x\nb,b.svs,\0,x\n")
    assert "is a web page" in message(tmp_path, "<html></html>", "slides.xlsx")


@pytest.mark.parametrize(
    "content, kind",
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel file (.xls), or a workbook with a password"),
        (b"PAR1\x15\x04", "a Parquet file"),
        (b"ARROW1\0\0", "an Arrow file"),
        (b"\x1f\x8b\x08", "a compressed file (.gz)"),
        (b"%PDF-1.7", "a PDF"),
        (a_zip("mimetype", "content.xml"), "an OpenDocument file (.ods)"),
        (a_zip("Index/Document.iwa"), "a Numbers file"),
        (a_zip("xl/workbook.bin"), "a binary Excel workbook (.xlsb)"),
    ],
)
def test_files_that_are_no_sheet_are_called_by_their_kind_whatever_their_name(tmp_path, content, kind):
    for name in ("slides.csv", "slides.xlsx"):
        assert f"{name} is {kind}; save the sheet as CSV" in message(tmp_path, content, name)


# Rows


@pytest.mark.parametrize("column", range(4))
@pytest.mark.parametrize("closed", [None, 7, 12])
def test_a_quote_that_is_not_closed_swallows_no_row(tmp_path, column, closed):
    """closed: the row in which a stray quote in the same column makes the text a sheet again, of fewer rows."""
    rows = slides()
    rows[4][column] = '"' + rows[4][column]
    if closed:
        rows[closed - 1][column] += '"'
    told = message(tmp_path, as_text(rows))
    assert "line 6: a quote" in told
    assert not closed or f"closed only in line {closed + 1}" in told


@pytest.mark.parametrize("last", ['S2,S2.svs,P2,"a', 'S2,S2.svs,"P"2,a', 'S2,S2.svs,"P2" x,a'])
def test_a_quote_that_is_out_of_place_in_the_last_row_is_an_error(tmp_path, last):
    assert "line 3: a quote" in message(tmp_path, f"{HEADER}a,a.svs,p,x\n{last}")


FEWER = [  # each with a separator lost, so that the rows that are left have a cell for every column
    ("slide,path,patient,label,split,mpp", ['a,a.svs,P1,"x,train,0.5', 'b,b.svs,P2x",y,train,0.5'], 2),
    ("slide,path,patient,label,split,mpp", ['"a,a.svs,P1,xtrain0.5', 'b",b.svs,P2,y,train,0.5'], 2),
    ("slide,path,patient,label", ['a,a.svs,P1,"x', 'b,b.svs,P2"'], 2),
    ("slide,path,patient,label,exclude", ['a,a.svs,P1,x,"thin', 'b,b.svs,P2,old"'], 2),
    ("remark,slide,path,patient,label", ['"thin,a,a.svs,P1x', 'old",b,b.svs,P2,y'], 2),
    ('slide,path,patient,label,"remark', ['a,a.svsP1,x,thin"', "b,b.svs,P2,y,old"], 1),
]  # fmt: skip


@pytest.mark.parametrize("header, rows, line", FEWER)
def test_a_quote_that_is_not_closed_swallows_no_row_though_separators_are_lost(tmp_path, header, rows, line):
    width = len(header.split(",")) - 4
    text = "\n".join([header, *rows, "c,c.svs,P3,x" + "," * width])
    assert f"line {line}: a quote" in message(tmp_path, text)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_cells_of_several_lines_as_spreadsheet_programs_save_them_are_read(tmp_path, end):
    text = 'slide,"path","Tumor\n(%)",patient,"label\n",exclude\n'
    text += '"a",a.svs,"5\n(3, 7)",P1,"x\n","thin, old,\nsee mail"\n'
    row = read(tmp_path, text.replace("\n", end))[0]
    assert (row.label, row.exclude) == ("x", "thin, old, see mail")
    assert row.others["Tumor (%)"] == f"5{end}(3, 7)"


def test_cells_of_several_lines_and_of_any_length_are_read_and_lines_are_those_of_the_file(tmp_path):
    text = "slide,path,patient,label,remark\n" + 'a,a.svs,p,x,"pale,\nold, and\nthin"\nb,b.svs,q,y,"' + "z" * 200_000
    rows = read(tmp_path, text + '"\n')
    assert rows[0].others["remark"] == "pale,\nold, and\nthin" and len(rows[1].others["remark"]) == 200_000
    assert "line 5: `patient` is blank" in message(tmp_path, text.replace("q", "") + '"\n')


@pytest.mark.parametrize(
    "row, told",
    [
        ("b,b.svs,q,x,0,25,", "line 3: 7 cells below 6 headings; a comma within a cell, as in 0,25"),
        ("b,b.svs,q,x,0,25,,,", "line 3: 9 cells below 6 headings"),
        ("b,b.svs,q,x", "line 3: 4 cells below 6 headings; is the line cut short?"),
        ("b,b.svs,q", "line 3: 3 cells below 6 headings; is the line cut short?"),
    ],
)
def test_a_row_has_a_cell_for_every_column(tmp_path, row, told):
    text = f"slide,path,patient,label,mpp,exclude\na,a.svs,p,x,,\n{row}\n"
    assert told in message(tmp_path, text)


def test_a_column_without_heading_may_stand_before_others_but_not_after_them(tmp_path):
    assert ids(read(tmp_path, ",slide,path,patient,label,,\n0,a,a.svs,p,x,,\n")) == ["a"]
    assert "line 2: 6 cells below 5 headings" in message(tmp_path, ",slide,path,patient,label,,\n0,a,a.svs,p,x,5,\n")


def test_a_workbook_whose_dimension_is_too_small_is_read_to_its_end(tmp_path):
    book = edited(workbook(*slides()), rb'<dimension ref="[^"]*"', b'<dimension ref="A1:B7"')
    assert ids(read(tmp_path, book, "slides.xlsx")) == [row[0] for row in slides()]


def add_worksheet(title, rows, hidden=False, first=False):
    def change(book):
        sheet = book.create_sheet(title, 0 if first else None)
        for row in rows:
            sheet.append(row)
        sheet.sheet_state = "hidden" if hidden else "visible"
        book.active = len(book.worksheets) - 1 if first else 0

    return change


@pytest.mark.parametrize("first", [True, False])
def test_the_visible_worksheet_with_slides_is_read(tmp_path, first):
    old = [HEADINGS, ["old", "old.svs", "P", "a"]]
    assert len(read(tmp_path, workbook(*slides(), change=add_worksheet("old", old, True, first)), "s.xlsx")) == 12
    notes = [["Notes"], ["see below"]]
    assert len(read(tmp_path, workbook(*slides(), change=add_worksheet("notes", notes, False, first)), "s.xlsx")) == 12


def test_of_two_worksheets_with_slides_none_is_chosen(tmp_path):
    book = workbook(*slides(), change=add_worksheet("second", [HEADINGS, ["T1", "T1.svs", "P", "a"]]))
    told = message(tmp_path, book, "s.xlsx")
    assert "2 worksheets have a column `slide` ('Sheet', 'second')" in told


def test_messages_name_the_worksheet_where_there_are_several(tmp_path):
    rows = [*slides(), ["S13", "S13.svs", None, "a"]]
    book = workbook(*rows, change=add_worksheet("notes", [["Notes"]]))
    assert "s.xlsx, worksheet 'Sheet', line 14: `patient` is blank" in message(tmp_path, book, "s.xlsx")


def hide(book):
    book.active.row_dimensions[5].hidden = True


def outline(book):
    book.active.row_dimensions.group(4, 6, hidden=True)


def merge(book):
    book.active.merge_cells("D2:D5")


@pytest.mark.parametrize(
    "change, told",
    [(hide, r"rows are hidden.*\(5\)"), (outline, r"rows are hidden.*\(4, 5, 6\)"), (merge, r"merged \(D2:D5\)")],
)
def test_what_a_workbook_hides_is_an_error(tmp_path, change, told):
    assert re.search(told, message(tmp_path, workbook(*slides(), change=change), "s.xlsx"))


def test_hidden_rows_without_cells_do_not_matter(tmp_path):
    book = workbook(*slides(), change=lambda book: book.active.row_dimensions.group(20, 30, hidden=True))
    assert len(read(tmp_path, book, "s.xlsx")) == 12


def test_blank_rows_of_a_workbook_are_no_rows_and_lines_are_those_of_the_workbook(tmp_path):
    rows = slides(3)
    book = workbook(rows[0], [None] * 4, [" ", None], *rows[1:])
    assert len(read(tmp_path, book, "s.xlsx")) == 3
    rows[2][2] = None
    assert "line 6: `patient`" in message(tmp_path, workbook(rows[0], [None] * 4, [" ", None], *rows[1:]), "s.xlsx")


@pytest.mark.parametrize("number", [b"2", b"4"])
def test_rows_of_a_workbook_that_are_out_of_order_are_not_lost(tmp_path, number):
    book = edited(workbook(*slides()), rb'<row r="5"', b'<row r="' + number + b'"')
    assert "rows are not in order" in message(tmp_path, book, "s.xlsx")


def test_two_rows_of_a_workbook_that_damage_made_one_are_not_one_slide(tmp_path):
    book = edited(workbook(*slides()), rb'</row><row r="5"[^>]*>', b"")
    assert "rows are not in order" in message(tmp_path, book, "s.xlsx")


def test_cells_beyond_the_headings_of_a_workbook_are_an_error(tmp_path):
    assert "line 3: 5 cells below 4 headings" in message(
        tmp_path, workbook(slides(1)[0], ["S2", "S2.svs", "P2", "a", "pale"]), "s.xlsx"
    )


def test_formulas_are_read_by_their_results_and_those_without_are_an_error(tmp_path):
    rows = slides(3)
    rows[1][3] = '=IF(A1="","a","b")'
    book = workbook(*rows)
    assert re.search(r"formulas without a result \(D3\)", message(tmp_path, book, "s.xlsx"))
    computed = edited(book, rb'<c r="D3"><f>(.*?)</f><v\s*/>', rb'<c r="D3" t="str"><f>\1</f><v>b</v>')
    assert ids(read(tmp_path, computed, "s.xlsx"), "label") == ["b", "b", "b"]
    blank = edited(book, rb'<c r="D3"><f>(.*?)</f><v\s*/>', rb'<c r="D3" t="str"><f>\1</f><v></v>')
    assert ids(read(tmp_path, blank, "s.xlsx"), "label") == ["b", "", "b"]
    wrong = edited(book, rb'<c r="D3"><f>(.*?)</f><v\s*/>', rb'<c r="D3" t="e"><f>\1</f><v>#REF!</v>')
    assert "line 3: `label` is '#REF!', an error of a spreadsheet program" in message(tmp_path, wrong, "s.xlsx")


def test_a_damaged_workbook_is_one_message(tmp_path):
    book = workbook(*slides(40))
    cut_short = edited(book, rb"(?s)(<sheetData>.{900}).*", rb"\1")
    for content in (b"PK\x03\x04", book[:2000], cut_short, a_zip("a")):
        assert "not an Excel workbook, or a damaged one" in message(tmp_path, content, "s.xlsx")


# Cells


def test_numbers_of_a_workbook_are_text_as_excel_shows_them(tmp_path):
    shown = {
        "100200.01": 100200.01, "1000003": 1000003.0, "12": 12, "123456789012345": 123456789012345,
        "0.3": 0.1 + 0.2, "0.29": 0.28999999999999998, "-5": -5,
    }  # fmt: skip
    rows = [[f"S{k}", f"S{k}.svs", value, "a"] for k, value in enumerate(shown.values())]
    assert ids(read(tmp_path, workbook(*rows), "s.xlsx"), "patient") == list(shown)


def test_numbers_that_excel_shows_with_leading_zeros_have_them(tmp_path):
    def pad(book):
        book.active["C2"].number_format = "000"

    assert ids(read(tmp_path, workbook(["a", "a.svs", 7, "x"], change=pad), "s.xlsx"), "patient") == ["007"]


@pytest.mark.parametrize(
    "value, told",
    [
        (1.2345678901234501e16, "'1.23456789012345e+16', a long number that a spreadsheet program shortened"),
        (12345678901234567, "e+16', a long number"),
        (datetime.datetime(2026, 2, 1), "'2026-02-01 00:00:00', a date or time"),
        (datetime.time(12, 30), "'12:30:00', a date or time"),
        (True, "'TRUE', a truth value"),
    ],
)
@pytest.mark.parametrize("column", [0, 2])
def test_values_of_a_workbook_that_are_no_ids_any_more_are_refused(tmp_path, value, told, column):
    rows = slides(3)
    rows[1][column] = value
    name = HEADINGS[column]
    said = message(tmp_path, workbook(*rows), "s.xlsx")
    assert f"line 3: `{name}` is " in said and told in said


def test_other_values_of_a_workbook_are_text(tmp_path):
    day = datetime.datetime(2026, 2, 1)
    book = workbook([*slides(1)[0], day, True, "a_x000D_\nb"], headings=[*HEADINGS, "day", "old", "note"])
    row = read(tmp_path, book, "s.xlsx")[0]
    assert tuple(row.others[name] for name in ("day", "old", "note")) == ("2026-02-01 00:00:00", "TRUE", "a \nb")


NO_IDS = {
    "an error of a spreadsheet program": ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NV", "#WERT!", "####"],
    "a program's word for a blank cell": ["NA", "nan", "NaN", "None", "NULL", "-", "?", "--", "n/a", "<NA>", "unknown"],
    "a long number": ["1.23E+11", "1,23E+11", "1e+15"],
    "a date or time": ["2026-02-01 00:00:00", "1-Mar", "Mar-01", "01-Feb-2026"],
    "a truth value": ["TRUE", "False"],
}


@pytest.mark.parametrize("column", ["slide", "patient"])
@pytest.mark.parametrize("why, texts", NO_IDS.items(), ids=lambda value: str(value)[:24])
def test_what_a_program_wrote_in_place_of_an_id_is_refused(tmp_path, column, why, texts):
    for text in texts:
        rows = slides(3)
        rows[1][HEADINGS.index(column)] = f'"{text}"'
        assert f"line 3: `{column}` is {text!r}, {why}" in message(tmp_path, as_text(rows))


def test_ids_that_look_like_it_are_kept(tmp_path):
    texts = [
        "007",
        "1E5",
        "2E10",
        "#12",
        "P-NA",
        "12.0",
        "NA-1",
        "2026-02-01",
        "Nancy",
        "mar-tin",
        "true-1",
        "1000003.0",
    ]
    rows = [[text, f"{k}.svs", text, "NA"] for k, text in enumerate(texts)]
    assert ids(read(tmp_path, as_text(rows)), "patient") == texts
    assert {row.label for row in read(tmp_path, as_text(rows))} == {"NA"}


def test_ids_that_a_program_read_as_numbers_with_decimals_are_refused(tmp_path):
    rows = [[f"S{k}", f"{k}.svs", f"{1000003 + k}.0", "a"] for k in range(4)]
    assert "every `patient` ends in .0 ('1000003.0')" in message(tmp_path, as_text(rows))


@pytest.mark.parametrize("mpp", ["0", "0.0", ",0", "-0.25", "0.25 µm", "40x", "1e-1", "nan", "0.2.5", "1,234.5"])
def test_an_mpp_is_a_number_above_zero(tmp_path, mpp):
    text = f'slide,path,patient,label,mpp\na,a.svs,p,x,"{mpp}"\n'
    assert f"line 2: `mpp` is {mpp!r}" in message(tmp_path, text)


@pytest.mark.parametrize("reason", ["25", "0", "False", "no", "nan", "-"])
def test_a_reason_to_exclude_is_in_words(tmp_path, reason):
    text = f"slide,path,patient,label,exclude\na,a.svs,p,x,\nb,b.svs,q,x,{reason}\n"
    assert f"line 3: `exclude` is {reason!r}, not a reason" in message(tmp_path, text)


def test_a_decimal_comma_that_became_two_cells_is_refused(tmp_path):
    text = "slide,path,patient,label,mpp,exclude\na,a.svs,p,x,{},25\n"
    assert "line 2: `mpp` is '0', but no pixel is 0 µm wide; write a number such as 0.25" in message(
        tmp_path, text.format(0)
    )
    assert "line 2: `exclude` is '25', not a reason" in message(tmp_path, text.format(1))


@pytest.mark.parametrize(
    "column, text", [("site", "nan"), ("scanner", "None"), ("site", "#N/A"), ("label", "#N/A"), ("path", "#REF!")]
)
def test_what_stands_for_nothing_is_no_name_either(column, text):
    assert fault_of(column, text) and not fault_of(column, "East")


# Spellings

MUELLER = [
    "M\u00fcller",
    "Mu\u0308ller",
    "M\u00fcl\u200bler",
    " M\u00fcller\u00a0",
    "\ufeffM\u00fcl\u00adler",
    "M\u00fcller\u2060\t",
]


@pytest.mark.parametrize("spelling", MUELLER)
def test_what_nobody_sees_makes_no_second_name(tmp_path, spelling):
    rows = slides(3)
    rows[0][2:], rows[1][2:] = ["M\u00fcller", "a"], [spelling, spelling]
    read_rows = read(tmp_path, as_text(rows))
    assert ids(read_rows, "patient")[:2] == ["M\u00fcller"] * 2 and read_rows[1].label == "M\u00fcller"


@pytest.mark.parametrize(
    "text, cleaned",
    [
        ("a\u00a0\u3000b", "a b"),
        ("a\n b\r\n", "a b"),
        ("\u200b", ""),
        ('="007"', "007"),
        ("a\x07b", "ab"),
        ("e\x07\u0301", "\u00e9"),
        ("\uff21", "\uff21"),
        ("e\u0301", "\u00e9"),
    ],
)
def test_cleaning_changes_only_what_nobody_sees(text, cleaned):
    assert clean(text) == clean(clean(text)) == cleaned


def test_names_of_files_are_looked_up_as_they_are_written(tmp_path):
    row = read(tmp_path, f"{HEADER}e\u0301,e\u0301  1.svs,p,x\n")[0]
    assert row.slide == "\u00e9" and row.file == str(tmp_path / "e\u0301  1.svs")


ONE_PATIENT = [
    ("P-01", "p-01"), ("P-01", "P-01."), ("P-01", "P-01_"), ("P-01", "P-01 -"), ("P-01", "\uff30-\uff10\uff11"),
    ("P-01", "P\u201301"), ("P-01", "P\u201101"), ("P-01", "P_01"), ("P-01", "P 01"), ("P-01", "P-1"), ("P-01", "P1"),
    ("7", "007"), ("007", "'007"), ("P1", 'P1"'), ("1000003", "1000003.0"), ("\u0410-1", "A-1"),
]  # fmt: skip


@pytest.mark.parametrize("one, other", ONE_PATIENT)
def test_names_that_may_be_one_are_found(one, other):
    assert spelled_twice([one, other, one, "other"]) == [sorted([one, other])]


@pytest.mark.parametrize(
    "one, other",
    [
        ("P1", "P10"),
        ("1-11", "11-1"),
        ("1-1", "11"),
        ("100200.01", "100200.1"),
        ("0", "00a"),
        ("1.0", "10"),
        ("A", "B"),
    ],
)
def test_names_that_are_two_are_left_alone(one, other):
    assert likeness(one) != likeness(other) and spelled_twice([one, other]) == []


@pytest.mark.parametrize("one, other", [("a", "A"), ("S-1", "S\u20131"), ("S1", "\uff331"), ("stra\u00dfe", "STRASSE")])
def test_slides_that_a_disk_may_not_tell_apart_are_an_error(tmp_path, one, other):
    rows = slides(3)
    rows[0][0], rows[2][0] = one, other
    assert f"line 4: the slide id {other!r} differs from {one!r} in line 2 only in case" in message(
        tmp_path, as_text(rows)
    )


def test_slides_may_differ_by_leading_zeros(tmp_path):
    assert len(read(tmp_path, HEADER + "1,1.svs,p,x\n01,01.svs,p,x\n")) == 2


def test_rows_are_found_by_file_name_whatever_their_order(tmp_path):
    rows = read(tmp_path, HEADER + "b/1,b.svs,p,x\na,a.svs,p,x\n")
    assert list(by_file_name(rows)) == list(by_file_name(rows[::-1])) == ["a", "b%2F1"]


# Whatever the file

CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
DAMAGE = st.sampled_from(['"', ",", ";", "\n", "\r", "", "\t", "\u200b", "x", '""', ',"'])


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(CELL, CELL), min_size=1, max_size=6), st.lists(st.tuples(st.floats(0, 1), DAMAGE), max_size=3)
)
def test_what_is_accepted_has_as_many_slides_as_the_file_has_rows(tmp_path_factory, rows, damages):
    """Written by csv, then damaged by characters put in: read are all rows, or an error is raised."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*HEADINGS, "note"])
    for k, (name, note) in enumerate(rows):
        writer.writerow([f"S{k}", f"S{k}.svs", name or "P", "a", note])
    text = out.getvalue()
    for where, put in damages:
        place = int(where * len(text))
        text = text[:place] + put + text[place:]
    path = write_sheet(tmp_path_factory.mktemp("sheet"), text)
    try:
        found = read_sheet(path, SHEET)
    except InputError:
        return
    assert len(found) >= len(rows)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), CELL), max_size=8)
)
def test_a_workbook_has_as_many_slides_as_rows_with_a_slide(tmp_path_factory, patients):
    patients = [openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", p) if isinstance(p, str) else p for p in patients]
    rows = [[f"S{k}", f"S{k}.svs", patient, "a"] for k, patient in enumerate(patients)]
    path = write_sheet(tmp_path_factory.mktemp("sheet"), workbook(*rows), "s.xlsx")
    with contextlib.suppress(InputError):
        assert len(read_sheet(path, SHEET)) == len(rows)


@pytest.mark.slow
@given(st.text(st.characters(exclude_characters="="), max_size=8))
def test_what_is_clean_stays_as_it_is(text):
    assert clean(clean(text)) == clean(text) == clean(text).strip()


def test_looks_differ_where_names_do():
    assert lookalike_key("P1") != lookalike_key("P2") and lookalike_key("\u00e9") != lookalike_key("e")


RIGHT = {
    "sheet_open_quote_last_column.csv": "line 13: a quote",
    "x_dimension_short.xlsx": 12,
    "float_merge_silent.xlsx": 40,
    "x_broken_sheet_xml.xlsx": "not an Excel workbook, or a damaged one",
    "sheet_two_label_columns.csv": "the columns 4 and 6 have the same name",
    "sheet_decimal_comma.csv": r"line 2 \(and 11 other lines\): `mpp` is '0'",
    "sheet_braces.csv": 6,
    "sheet_long_ids.csv": "line 5: 7 cells below 6 headings",
    "nfc_nfd_patient_leak.csv": 11,
}


def test_the_cases_are_taken_rightly(shared):
    for name, right in RIGHT.items():
        if isinstance(right, int):
            rows = read_sheet(shared / "cases" / name, SHEET)
            assert len(set(ids(rows, "patient"))) == right, name
        else:
            with pytest.raises(InputError, match=right):
                read_sheet(shared / "cases" / name, SHEET)


def test_a_cell_of_several_lines_is_a_warning_in_text_and_none_in_a_workbook(tmp_path):
    text = 'slide,path,patient,label,note\nS1,a.svs,P1,a,"two\nlines"\nS2,b.svs,P2,b,one\n'
    first, second = read(tmp_path, text)
    assert first.warning == (
        "its cell `note` in the sheet has 2 lines; if they are rows of other slides, correct the quotes in the sheet"
    )
    assert second.warning == ""
    book = workbook([*slides(1)[0], "two\nlines"], headings=[*HEADINGS, "note"])
    assert read(tmp_path, book, "s.xlsx")[0].warning == ""


def test_a_row_lost_to_five_faults_is_a_warning(tmp_path):
    text = 'slide,path,patient,label,note\nS1,a.svs,P1,a,"x\nS2 b.svs P2 b y"\nS3,c.svs,P3,b,z\n'
    rows = read(tmp_path, text)
    assert len(rows) == 2 and "has 2 lines" in rows[0].warning
