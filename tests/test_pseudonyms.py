"""Pseudonyms: nothing that leaves the lab tells whose slide or which patient it was."""

import html
import json
import re
import zipfile

import pytest
from page_files import SLIDES, intake_page_of, report_of, write_study
from page_files import intake_rows as shown_rows

from lowpower import files
from lowpower.errors import InputError
from lowpower.pages.intake_page import show_intake
from lowpower.pages.report import write_report
from lowpower.provenance.leaks import check_published
from lowpower.pseudonyms import KEY, OWN, make_pseudonyms, read_names
from lowpower.tables.slide_table import tabulate_slides

PATIENTS = [f"P{k}" for k in range(len(SLIDES))]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "private/pseudonyms.csv"
    make_pseudonyms([*SLIDES, "S-001", "a b/c"], [*PATIENTS, "S-001"], path)
    return path


def test_the_same_key_gives_the_same_pseudonyms_and_another_key_others(tmp_path, table):
    first = table.read_text()
    make_pseudonyms([*SLIDES[::-1], "S-001", "a b/c", "added"], [*PATIENTS, "S-001"], table)
    assert {*first.splitlines()} < {*table.read_text().splitlines()}
    make_pseudonyms(["S-001"], ["S-001"], tmp_path / "elsewhere/pseudonyms.csv")
    other = read_names(tmp_path / "elsewhere/pseudonyms.csv")
    assert other.slide("S-001") != read_names(table).slide("S-001")
    (tmp_path / "elsewhere" / KEY).write_text((table.parent / KEY).read_text())
    make_pseudonyms(["S-001"], ["S-001"], tmp_path / "elsewhere/pseudonyms.csv")
    again = read_names(tmp_path / "elsewhere/pseudonyms.csv")
    assert again.slide("S-001") == read_names(table).slide("S-001")
    assert re.fullmatch("S-[0-9a-f]{12}", again.slide("S-001"))
    assert again.patient("S-001")[2:] != again.slide("S-001")[2:]


def test_key_and_table_are_for_their_owner_alone(table):
    modes = [path.stat().st_mode & 0o777 for path in (table, table.parent / KEY, table.parent)]
    assert modes == [0o600, 0o600, 0o700]


def test_ids_are_replaced_wherever_they_stand_as_words(table):
    names = read_names(table)
    slide = names.slide("S-001")
    assert names.text("the same image as slide 'S-001'; see S-0012") == f"the same image as slide '{slide}'; see S-0012"
    assert names.region("S-001_00003") == f"{slide}_00003"
    assert names.region("a%20b%2Fc_00000") == f"{names.slide('a b/c')}_00000"
    assert names.text("P3 and a b/c") == f"{names.patient('P3')} and {names.slide('a b/c')}"
    with pytest.raises(KeyError):
        names.slide("not in the sheet")  # rather no table than an id in it
    assert (OWN.slide("x"), OWN.patient("x"), OWN.region("x_1"), OWN.text("x")) == ("x", "x", "x_1", "x")


def published(folder, table):
    """The tables and pages of the small study under pseudonyms; SLIDES holds names that pages may stumble over."""
    made = write_study(folder)
    own = [row | {"content": "c"} for row in shown_rows()]
    own[3]["reason"] = f"it is the same image as slide {SLIDES[5]}"
    files.write_rows(folder / "intake.csv", list(own[0]), own)
    tabulate_slides(folder / "intake.csv", names=table, csv=made["intake"], md=folder / "tables/intake.md")
    write_report(**made, report=folder / "report.html", names=table)
    pages = {key: made[key] for key in ("config", "intake", "overviews", "slides", "cohort")}
    problems = [f"`split` is blank for {PATIENTS[1]}"]
    show_intake(**pages, labels=[""] * 8, problems=problems, page=folder / "intake.html", names=table)
    return [folder / name for name in ("report.html", "intake.html", "tables/intake.csv", "tables/intake.md")]


def test_pages_and_tables_show_no_own_id_and_link_to_no_file_that_is_named_by_one(tmp_path, table, capsys):
    names = read_names(table)
    for path in published(tmp_path, table):
        text = re.sub(r"base64,[\w+/=]*", "", path.read_text(encoding="utf-8"))
        text = re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.S)
        assert names.slide(SLIDES[3]) in text, path.name
        for own in [name for name in SLIDES if len(name) > 2]:
            assert own not in text and html.escape(own) not in text and files.safe_name(own) not in text, path.name
        assert not re.search(r"\bP\d\b", text), path.name
        assert "overviews/" not in text and "slides/" not in text
        assert ">2<br" not in text and ">10<br" not in text
    assert f"`split` is blank for {PATIENTS[1]}" in capsys.readouterr().err  # for who has to mend the sheet
    rows = files.read_rows(tmp_path / "tables/intake.csv")
    assert [row["slide"] for row in rows] == sorted(names.slide(slide) for slide in SLIDES)
    check_published([tmp_path / "report.html", tmp_path / "tables/intake.csv"], tmp_path, table)


def test_own_ids_stay_where_the_config_does_not_hide_them(tmp_path):
    assert "overviews/" in report_of(tmp_path) and SLIDES[5] in html.unescape(intake_page_of(tmp_path))


@pytest.mark.parametrize("where", ["tables/a.csv", "tables/a.md", "report.html", "seed0/model_card.md"])
def test_an_id_in_a_file_that_leaves_the_lab_is_found(tmp_path, table, where):
    path = tmp_path / where
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('slide,n\n"<img src=""base64,S-001"">S-0012",1\n')
    check_published([path], tmp_path, table)
    path.write_text("slide,n\nnote S-001.,1\n")
    check_published([path], tmp_path, None)
    with pytest.raises(InputError, match=f"{where} holds 'S-001', the id of a slide or patient"):
        check_published([path], tmp_path, table)
    check_published([path.rename(tmp_path / "history.csv")], tmp_path, table)  # stays in the lab


def test_short_ids_are_found_in_cells_and_long_ones_in_examples(tmp_path, table):
    files.write_rows(tmp_path / "tables/b.csv", ["patient", "n"], [{"patient": "p", "n": "2"}])
    check_published([tmp_path / "tables/b.csv"], tmp_path, table)
    files.write_rows(tmp_path / "tables/b.csv", ["patient", "n"], [{"patient": "P2", "n": "2"}])
    with pytest.raises(InputError, match="holds 'P2'"):
        check_published([tmp_path / "tables/b.csv"], tmp_path, table)
    (tmp_path / "examples").mkdir()
    with zipfile.ZipFile(tmp_path / "examples/e.zip", "w") as archive:
        archive.writestr("examples.json", json.dumps({"region": "S-001_00003"}))
    with pytest.raises(InputError, match="holds 'S-001'"):
        check_published([tmp_path / "examples/e.zip"], tmp_path, table)
