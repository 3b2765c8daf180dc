"""A sheet of slides drafted from a folder."""

import csv
import os
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from format_files import write_dicom
from project_paths import SHEET_SCHEMA as SCHEMA
from slide_files import cut_slide, draw_tissue, write_slide

from lowpower.command import main
from lowpower.config.sheet import read_sheet
from lowpower.slides import sheet_draft
from lowpower.slides.sheet_draft import COLUMNS, draft_sheet, name_slides
from lowpower.slides.slide_folder import find_slides

TISSUE = draw_tissue(64, 64, [(8, 8, 40, 40)])


def add(path, **how):
    return write_slide(path, TISSUE, reductions=(), **how)


def touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def rows_of(sheet):
    with open(sheet, newline="", encoding="utf-8-sig") as table:
        return list(csv.DictReader(table))


def test_every_slide_becomes_a_row_to_fill_in(tmp_path):
    folder = tmp_path / "slides"
    add(folder / "b.svs")
    add(folder / "Grün/a.TIFF", mpp=0.2527384)
    add(folder / "c.svs", mpp=None)
    add(folder / "d.svs", mpp=352.8)
    touch(folder / "damaged.ndpi", folder / ".hidden/e.svs", folder / "._b.svs", folder / "notes.txt")
    text = draft_sheet(folder)
    assert (folder / "slides.csv").read_bytes().startswith(b"\xef\xbb\xbfslide,path,patient,label,split,mpp,site,excl")
    rows = rows_of(folder / "slides.csv")
    assert [(row["slide"], row["path"], row["mpp"]) for row in rows] == [
        ("a", "Grün/a.TIFF", ""),  # what the slide knows stays in the slide
        ("b", "b.svs", ""),
        ("c", "c.svs", ""),
        ("d", "d.svs", ""),
        ("damaged", "damaged.ndpi", ""),
    ]
    assert all(row[name] == "" for row in rows for name in ("patient", "label", "split", "site"))
    assert [row["exclude"] for row in rows] == ["", "", "", "", "the file is empty (0 bytes); copy it again"]
    for said in (
        "5 rows",
        "with mpp in the file, so that the column may stay blank: 2\n",
        "without mpp: 2 (c, d)",
        "cannot be opened: 1 (damaged)",
        "skipped: 1 file of other kinds (.txt)",
        "configs/own.yaml",
    ):
        assert said in text


def test_what_is_in_order_is_not_mentioned(tmp_path):
    add(tmp_path / "a.svs")
    text = draft_sheet(tmp_path)
    assert "1 row," in text and "without mpp" not in text and "exclude" not in text


def test_a_drafted_sheet_can_be_read_once_patients_are_filled_in(tmp_path):
    for name in ("a/007.svs", "b/007.svs", "-5.svs", "=1+1, x.svs"):
        add(tmp_path / "slides" / name)
    sheet = tmp_path / "sheets/mine.csv"
    sheet.parent.mkdir()
    draft_sheet(tmp_path / "slides", sheet)
    rows = rows_of(sheet)
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "-"))]
    with open(sheet, "w", newline="", encoding="utf-8-sig") as out:
        table = csv.DictWriter(out, COLUMNS)
        table.writeheader()
        table.writerows(row | {"patient": row["slide"]} for row in rows)
    read = read_sheet(sheet, SCHEMA)
    assert sorted(row.slide for row in read) == ["1+1, x", "5", "a/007", "b/007"]
    assert {row.mpp for row in read} == {None}
    assert all(Path(row.file).is_file() for row in read)


def test_equal_names_are_told_apart_by_folder_then_by_ending():
    paths = [Path(name) for name in ("a/x.svs", "b/x.svs", "x.svs", "a/y.svs", "a/y.tif", "b/z.ome.tif")]
    assert name_slides(paths) == ["a/x", "b/x", "x", "a/y.svs", "a/y.tif", "z.ome"]


def test_names_that_a_sheet_may_not_both_have_are_told_apart_by_their_folders():
    paths = [Path("a/x1.svs"), Path("b/X1.svs"), Path("a/\u00fc.svs"), Path("b/u\u0308.svs")]
    assert name_slides(paths) == ["a/x1", "b/X1", "a/\u00fc", "b/u\u0308"]


def test_the_parts_of_a_slide_are_no_slides(tmp_path):
    touch(tmp_path / "m.mrxs", tmp_path / "m/Data0000.dat", tmp_path / "m/Slidedat.ini", tmp_path / "m/inner.tif")
    touch(tmp_path / "n/o.mrxs")
    assert find_slides(tmp_path) == ([Path("m.mrxs"), Path("n/o.mrxs")], [])


def test_linked_folders_are_followed_once(tmp_path):
    touch(tmp_path / "elsewhere/a.svs", tmp_path / "slides/b.svs")
    (tmp_path / "slides/linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/back").symlink_to(tmp_path / "slides")
    assert find_slides(tmp_path / "slides") == ([Path("b.svs"), Path("linked/a.svs")], [])


def test_one_dicom_series_is_one_slide(tmp_path, monkeypatch):
    series = {"p/1.dcm": "A", "p/2.dcm": "A", "p/3.dcm": "B", "q/1.dcm": "A"}
    touch(*(tmp_path / name for name in series))

    @contextmanager
    def opened(path):
        named = {"dicom.SeriesInstanceUID": series[path.relative_to(tmp_path).as_posix()]}
        yield SimpleNamespace(properties=named | dict.fromkeys(("openslide.mpp-x", "openslide.mpp-y"), "0.25"))

    monkeypatch.setattr(sheet_draft, "open_slide", opened)
    draft_sheet(tmp_path)
    rows = rows_of(tmp_path / "slides.csv")
    assert [(row["slide"], row["path"]) for row in rows] == [("p/1", "p/1.dcm"), ("3", "p/3.dcm"), ("q/1", "q/1.dcm")]


def test_dicom_files_without_ending_are_found_and_grouped(tmp_path):
    image = draw_tissue(512, 512, [(100, 100, 300, 300)])
    for folder, names in (("p", ("1.2.840.10008.1", "1.2.840.10008.2")), ("q", ("IMG0001", "IMG0002"))):
        (tmp_path / folder).mkdir()
        write_dicom(tmp_path / folder, image)
        for number, name in enumerate(names):
            (tmp_path / f"{folder}/level{number}.dcm").rename(tmp_path / folder / name)
    (tmp_path / "DICOMDIR").write_bytes(bytes(128) + b"DICM")
    (tmp_path / "CT.1").write_bytes(bytes(128) + b"DICM")  # of another kind: a row, so that nothing is lost
    text = draft_sheet(tmp_path)
    rows = rows_of(tmp_path / "slides.csv")
    assert [(row["slide"], row["path"], bool(row["exclude"])) for row in rows] == [
        ("CT.1", "CT.1", True),
        ("1.2.840.10008.1", "p/1.2.840.10008.1", False),
        ("IMG0001", "q/IMG0001", False),
    ]
    assert "skipped: 1 file of other kinds (no ending)" in text
    checked, *_, tiled = cut_slide(tmp_path / "out", tmp_path / "p/1.2.840.10008.1")
    assert (checked["vendor"], len(checked["levels"]), tiled["regions"]) == ("dicom", 2, 1)


def test_what_is_passed_over_is_counted_with_what_to_do(tmp_path, capsys):
    names = ["a.vsi", "b.isyntax", "c.sdpc", "d.kfb", "e.zvi", "f.svs.gz", "g.jp2", "h.JPG", "i.png", "j.csv", "k"]
    touch(*(tmp_path / name for name in names), tmp_path / "b2.iSyntax", tmp_path / "_a_/stack1/frame_t.ets")
    touch(tmp_path / "x.ome.zarr/0/0/0", tmp_path / "x.ome.zarr/.zattrs")
    said = fails([tmp_path], capsys)
    add(tmp_path / "slide.svs")
    text = draft_sheet(tmp_path)
    for line in (
        "skipped: 1 Olympus VSI file (a.vsi): export it as OME-TIFF with QuPath",
        "skipped: 2 Philips iSyntax files (b.isyntax, b2.iSyntax): export it as SVS, DICOM or",
        "skipped: 1 Sqray SDPC file (c.sdpc): export",
        "skipped: 1 KFBIO KFB file (d.kfb): export",
        "skipped: 1 Zeiss ZVI file (e.zvi): export",
        "skipped: 1 packed file (f.svs.gz): unpack it",
        "skipped: 1 JPEG 2000 file (g.jp2): if it is a slide: `vips tiffsave FILE",
        "skipped: 2 plain picture files (h.JPG, i.png): if it is a slide: `vips",
        "skipped: 1 OME-Zarr file (x.ome.zarr): export",
        "skipped: 2 files of other kinds (.csv, no ending)",
    ):
        assert line in text and line in said
    assert "1 row," in text


def test_the_parts_of_a_vms_slide_are_not_passed_over(tmp_path):
    touch(tmp_path / "a.vms", tmp_path / "a_1_0.jpg", tmp_path / "a.opt", tmp_path / "other/b.jpg")
    assert find_slides(tmp_path) == ([Path("a.vms")], [Path("other/b.jpg")])


def test_a_folder_named_like_another_file_is_no_part_of_a_slide(tmp_path):
    touch(tmp_path / "m.mrxs", tmp_path / "m/Data0000.dat", tmp_path / "n.svs", tmp_path / "n/o.svs")
    assert find_slides(tmp_path) == ([Path("m.mrxs"), Path("n/o.svs"), Path("n.svs")], [])


def test_a_doubtful_mpp_is_said(tmp_path):
    add(tmp_path / "a.svs", mpp=0.05)
    add(tmp_path / "b.svs")
    assert "with a doubtful mpp: 1 (a); snakemake intake says why" in draft_sheet(tmp_path)


def fails(arguments, capsys):
    """The one line on stderr with which the command ends."""
    with pytest.raises(SystemExit) as end:
        main(["sheet", *map(str, arguments)])
    assert isinstance(end.value.code, str)  # which Python prints on stderr, with exit status 1
    assert not capsys.readouterr().out
    assert "\n" not in end.value.code
    return end.value.code


def test_mistakes_are_said_in_one_line(tmp_path, capsys):
    for arguments in ([], [""]):
        assert "lowpower sheet path/to/folder" in fails(arguments, capsys)
    assert "does not exist" in fails([tmp_path / "none"], capsys)
    touch(tmp_path / "notes.txt")
    assert "is not a folder" in fails([tmp_path / "notes.txt"], capsys)
    assert "no slide; looked for files that end in .svs .tif " in fails([tmp_path], capsys)
    assert f"lowpower sheet {tmp_path} my.csv" in fails([tmp_path, tmp_path / "sheet.xlsx"], capsys)
    assert "there is no folder" in fails([tmp_path, tmp_path / "none/sheet.csv"], capsys)
    assert "quotes" in fails([tmp_path, "my", "sheet.csv"], capsys)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt"]


def test_a_sheet_is_never_overwritten(tmp_path, capsys):
    add(tmp_path / "a.svs")
    (tmp_path / "slides.csv").write_text("filled in")
    assert f"lowpower sheet {tmp_path} {tmp_path}/slides-new.csv" in fails([tmp_path], capsys)
    assert (tmp_path / "slides.csv").read_text() == "filled in"
    main(["sheet", str(tmp_path), str(tmp_path / "slides-new.csv")])
    assert "slides-new.csv" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_said_before_any_slide_is_opened(tmp_path, capsys, monkeypatch):
    add(tmp_path / "a.svs")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere
    monkeypatch.setattr(sheet_draft, "open_slide", pytest.fail)
    assert f"lowpower sheet {tmp_path} slides.csv" in fails([tmp_path], capsys)


def test_a_folder_that_cannot_be_read_is_not_passed_over(tmp_path, capsys, monkeypatch):
    add(tmp_path / "a.svs")
    (tmp_path / "closed").mkdir()
    scan = os.scandir

    def refuse(path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert f"{tmp_path}/closed cannot be" in fails([tmp_path], capsys)


def test_a_name_that_is_no_text_is_said(tmp_path, capsys):
    name = os.fsdecode(b"gr\xfcn.svs")
    try:
        touch(tmp_path / name)
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    assert r"gr\udcfcn.svs" in fails([tmp_path], capsys)


def test_real_slides(tmp_path, shared):
    text = draft_sheet(shared / "data/slides", tmp_path / "slides.csv")
    found = {row["slide"]: (row["mpp"], row["exclude"][:30]) for row in rows_of(tmp_path / "slides.csv")}
    unknown = "OpenSlide does not support thi"
    assert found == {
        "CMU-0-small": ("", ""),
        "broken": ("", unknown),
        "cmu-1-small-region": ("", ""),
        "kidney-48-5": ("", ""),
        "tcga-cr-7395-01a-01-ts1": ("", ""),
    }
    assert "may stay blank: 2" in text and "without mpp: 2 (kidney-48-5, tcga-cr-7395-01a-01-ts1)" in text
    assert "cannot be opened: 1 (broken)" in text
