"""The command reads slides of a file, folder or sheet; a second call reads what is missing only."""

import csv
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow.parquet as pq
import pytest
from package_files import choices, write_package
from project_paths import SCRIPTS
from slide_files import draw_tissue, write_slide

from lowpower import command, files
from lowpower.errors import InputError
from lowpower.reading import slide_reading
from lowpower.reading.reading_run import read_slides
from lowpower.reading.slide_list import list_slides

PIECE = (20, 350, 250, 180)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A package, and a folder with two slides of one name in subfolders, one without tissue, and a text file."""
    folder = tmp_path_factory.mktemp("made")
    write_package(folder / "package")
    for name, pieces in (("a/s", [PIECE]), ("b/s", [PIECE, (300, 40, 200, 200)]), ("glass", [])):
        write_slide(folder / f"slides/{name}.svs", draw_tissue(576, 608, pieces))
    (folder / "slides/notes.txt").write_text("x")
    return folder


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def table(out):
    return {row["slide"]: row for row in files.read_rows(out / "readings.csv")}


def test_a_folder_is_read_with_a_row_for_each_slide_and_region(made, out, capsys):
    assert not read_slides(made / "package", made / "slides", out)  # one cannot be read
    rows = table(out)
    assert [(name, row["state"], row["regions"]) for name, row in rows.items()] == [
        ("a/s", "read", "1"), ("b/s", "read", "2"), ("glass", "unreadable", ""),
    ]  # fmt: skip
    assert "no tissue of at least" in rows["glass"]["reason"] and not rows["glass"]["class"]
    row = rows["b/s"]
    numbers = [float(row[f"p_{name}"]) for name in ("Normal", "Sprue")]
    assert sum(numbers) == pytest.approx(1, abs=2e-6) and float(row["confidence"]) == max(numbers)
    assert row["class"] == ("Normal", "Sprue")[int(np.argmax(numbers))] and row["read_by"] == "student"
    assert row["positive"] == ("yes" if numbers[1] >= 0.5 else "no")
    odds = [(number / (1 - number)) ** 0.5 for number in numbers]  # at a temperature of 2
    assert float(row["calibrated_Sprue"]) == pytest.approx(odds[1] / (1 + odds[1]), abs=1e-5)
    regions = pq.read_table(out / "regions.parquet").to_pylist()
    assert [region["region"] for region in regions] == ["a%2Fs_00000", "b%2Fs_00000", "b%2Fs_00001"]
    assert sum(region["area_mm2"] for region in regions[1:]) == pytest.approx(float(row["tissue_mm2"]))
    said = capsys.readouterr().err
    assert "slides read: 3 of 3" in said and "1 could not be read (glass)" in said and "skipped: 1 file" in said


def test_a_second_call_reads_what_is_missing_or_changed_only(made, out, monkeypatch, tmp_path):
    folder = shutil.copytree(made / "slides", tmp_path / "slides")
    (folder / "glass.svs").unlink()
    read, plain = [], slide_reading.SlideReader.read
    monkeypatch.setattr(slide_reading.SlideReader, "read", lambda *a: (read.append(a[1].slide), plain(*a))[1])

    def reading(source=folder):
        read.clear()
        read_slides(made / "package", source, out)
        return read

    assert reading() == ["a/s", "b/s"]
    before = (out / "regions.parquet").read_bytes(), (out / "readings.csv").read_bytes()
    assert reading() == []
    assert before == ((out / "regions.parquet").read_bytes(), (out / "readings.csv").read_bytes())
    (out / "readings/a%2Fs.parquet").unlink()
    (out / "readings/b%2Fs.parquet").write_bytes(b"PAR1")  # a file cut short
    assert reading() == ["a/s", "b/s"]
    assert (out / "regions.parquet").read_bytes() == before[0]
    os.utime(folder / "b/s.svs", (1, 1))
    assert reading() == ["b/s"]
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("slide,path,mpp\na/s,slides/a/s.svs,\nb/s,slides/b/s.svs,0.5\n")
    assert reading(sheet) == ["b/s"]  # its µm per pixel are now the sheet's


def test_a_sheet_needs_no_patients_and_its_mpp_mask_and_exclude_count(made, tmp_path, out):
    shutil.copytree(made / "slides", tmp_path / "slides")
    mask = np.zeros((576, 608), np.uint8)
    mask[256:512, :256] = 255
    (tmp_path / "mask.png").write_bytes(files.encode(mask))
    header, rows = "slide;path;mpp;mask;exclude", ["1;slides/a/s.svs;0,25;;", "2;slides/b/s.svs;;mask.png;"]
    rows.append("3;slides/glass.svs;;;out of focus")
    (tmp_path / "sheet.csv").write_text("\n".join([header, *rows]) + "\n")
    assert read_slides(made / "package", tmp_path / "sheet.csv", out)  # what the sheet excludes is no failure
    found = table(out)
    assert found["3"]["state"] == "excluded" and found["3"]["reason"] == "the sheet excludes it: out of focus"
    boxes = {row["slide"]: row for row in pq.read_table(out / "regions.parquet").to_pylist()}
    assert boxes["1"]["width"] % 512 == 0  # 128 pixels of 1 µm are 512 of 0.25 µm
    assert (boxes["2"]["x"], boxes["2"]["y"], boxes["2"]["width"]) == (0, 256, 256)
    (tmp_path / "sheet.csv").write_text("slide,file\n1,s.svs\n")
    with pytest.raises(InputError, match=r"sheet.csv: no column `path` \(the slide's file, relative to the sheet\)"):
        list_slides(tmp_path / "sheet.csv")


def test_a_change_of_the_working_folder_reads_nothing_again(made, out, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    read_slides(made / "package", made / "slides/a", out)
    (tmp_path / "new.txt").touch()
    os.utime(tmp_path, (1, 1))
    monkeypatch.setattr(slide_reading.SlideReader, "read", None)
    assert read_slides(made / "package", made / "slides/a", out)


def test_one_file_is_one_slide_and_a_source_without_slides_is_refused(made, tmp_path):
    (slide,) = list_slides(made / "slides/a/s.svs")
    assert (slide.slide, slide.path) == ("s", str(made / "slides/a/s.svs"))
    with pytest.raises(InputError, match=r"there is no .*; name a slide, a folder of slides or a sheet"):
        list_slides(tmp_path / "none.svs")
    with pytest.raises(InputError, match=r"and its subfolders hold no slide; looked for files that end in .svs"):
        list_slides(tmp_path)


def test_files_and_folders_are_read_together_unless_two_slides_have_one_name(made):
    files = [made / "slides/a/s.svs", made / "slides/b/s.svs"]
    assert [slide.path for slide in list_slides(*files)] == [str(path) for path in files]
    assert len({slide.slide for slide in list_slides(*files)}) == 2
    with pytest.raises(InputError, match=r"two slides are called s: .*; rename one, or read them into two folders"):
        list_slides(made / "slides/a", made / "slides/b")


def test_readings_of_another_package_or_of_other_pixels_are_never_mixed(made, tmp_path, out):
    read_slides(made / "package", made / "slides/a", out)
    other = write_package(tmp_path / "other", choices=[choices()])
    for package, pixels in ((other, None), (made / "package", "averaged")):
        with pytest.raises(InputError, match=r"holds readings of another package: .*Write another folder after --out"):
            read_slides(package, made / "slides/a", out, pixels)
    with pytest.raises(InputError, match="is a file; write the name of a folder after --out"):
        read_slides(made / "package", made / "slides/a", made / "slides/notes.txt")


def test_the_command_says_in_its_exit_status_whether_all_could_be_read(made, out, capsys):
    words = ["read", str(made / "package"), str(made / "slides"), "--out", str(out)]
    with pytest.raises(SystemExit) as left:
        command.main(words)
    assert left.value.code == 1
    command.main([*words[:2], str(made / "slides/a"), "--out", f"{out}2"])
    with pytest.raises(SystemExit, match="lowpower: there is no folder none; name the folder of a package"):
        command.main(["read", "none", *words[2:]])
    with pytest.raises(SystemExit, match="the following arguments are required: --out"):
        command.main(words[:3])


def test_ctrl_c_keeps_what_is_read_and_the_tables(made, out, monkeypatch):
    plain = slide_reading.SlideReader.read

    def read(self, slide, folder):
        if slide.slide == "b/s":
            raise KeyboardInterrupt
        return plain(self, slide, folder)

    monkeypatch.setattr(slide_reading.SlideReader, "read", read)
    with pytest.raises(SystemExit) as left:
        command.main(["read", str(made / "package"), str(made / "slides"), "--out", str(out)])
    assert left.value.code == 130 and list(table(out)) == ["a/s"]


@pytest.mark.slow
def test_a_kill_loses_the_slide_at_hand_at_most(made, tmp_path, out):
    for k in range(12):
        (tmp_path / f"slides/{k:02}.svs").parent.mkdir(exist_ok=True)
        shutil.copy(made / "slides/b/s.svs", tmp_path / f"slides/{k:02}.svs")
    words = [sys.executable, "-m", "lowpower.command", "read", made / "package", tmp_path / "slides", "--out", out]
    run = subprocess.Popen(words, env={"PYTHONPATH": str(SCRIPTS)}, stderr=subprocess.DEVNULL)
    while run.poll() is None and len(list(out.glob("readings/*.parquet"))) < 4:
        time.sleep(0.005)
    run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL, "it ended before it could be killed"
    kept = {path: path.stat().st_mtime_ns for path in out.glob("readings/*.parquet")}
    said = subprocess.run(words, env={"PYTHONPATH": str(SCRIPTS)}, capture_output=True, text=True, check=True).stderr
    assert re.search(rf"{len(kept)} slides of 12 were read before", said) and len(kept) >= 4
    assert all(path.stat().st_mtime_ns == then for path, then in kept.items())
    with open(out / "readings.csv") as rows:
        assert len({row["p_Sprue"] for row in csv.DictReader(rows)}) == 1  # twelve times the same slide
    assert len(table(out)) == 12 and not list(out.rglob("*.part"))
