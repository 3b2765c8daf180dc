"""Low power first: a slide of which the student is less sure than the threshold gets the teacher's answer."""

import io
import math
import subprocess
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from package_files import CLASSES, choices, write_package
from PIL import Image
from project_paths import SCRIPTS
from slide_files import cut_slide, draw_tissue, write_slide

from lowpower import command, files
from lowpower.config.package import Referral
from lowpower.errors import InputError
from lowpower.evaluation import referral_share
from lowpower.inference.model import open_model
from lowpower.inference.outputs import probabilities_of
from lowpower.reading import referral, slide_reading
from lowpower.reading.package_folder import load_package
from lowpower.reading.reading_run import read_slides
from lowpower.reading.referral import ReferringReader, choose_referring
from lowpower.reading.slide_reading import CHANGED, SlideReader, SlideToRead
from lowpower.reading_paths import geojson_of, ome_of, overlay_of, preview_of

PIECES = {"a": [(20, 350, 250, 180)], "b": [(20, 350, 250, 180), (300, 40, 200, 200)]}
SHARES = [Referral(asked="0", threshold=0.0, share=0.0), Referral(asked="100", share=1.0)]


@pytest.fixture(scope="module")
def slides(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slides")
    for name, pieces in PIECES.items():
        write_slide(folder / f"{name}.svs", draw_tissue(576, 608, pieces))
    return folder


def write_pair(folder, threshold=0.75, pixels="level", **changes):
    """A student's package with its teacher's; threshold: of the share that validation chose."""
    chosen = choices(pixels=pixels, referral=[Referral(asked="chosen", threshold=threshold, share=0.25), *SHARES])
    own = [choices(temperature=3.0, aggregation="max", threshold=0.0, referral=[])]
    teacher = write_package(folder / "t", 10, method="teacher", pixels=["averaged"], seed=1, choices=own)
    student = write_package(folder / "package", teacher=teacher, **({"choices": [chosen]} | changes))
    teacher.rename(student / "teacher")
    return student


@pytest.fixture(scope="module")
def between(slides, tmp_path_factory):
    """A package whose threshold is the student's confidence in the one slide of which it is more sure."""
    folder = tmp_path_factory.mktemp("between")
    package = load_package(write_package(folder / "alone"))
    student = SlideReader(package, open_model(package.weights))
    sure = {name: student.read(SlideToRead(name, str(slides / f"{name}.svs")), folder).answer.max() for name in PIECES}
    assert sure["a"] != sure["b"]
    return write_pair(folder, max(sure.values())), min(sure, key=sure.get), max(sure, key=sure.get)


def readers(folder, asked="chosen", pixels="level", **how):
    package = load_package(folder)
    student = SlideReader(package, open_model(package.weights), pixels, **how)
    return student, ReferringReader(student, choose_referring(package, pixels, asked))


def same(one, other):
    """True if two readings have the same numbers, bit for bit."""
    names = ("logits", "probabilities", "calibrated", "answer", "answer_calibrated")
    return all(np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True) for name in names)


def test_only_less_sure_slides_are_referred_and_get_the_teachers_numbers_bit_for_bit(slides, between, tmp_path):
    folder, unsure, _ = between
    student, both = readers(folder)
    package = load_package(folder)
    teacher = SlideReader(package.teacher, open_model(package.teacher.weights), "averaged")
    for name in PIECES:
        slide = SlideToRead(name, str(slides / f"{name}.svs"))
        found, low, high = (one.read(slide, tmp_path / "out") for one in (both, student, teacher))
        assert found.read_by == ("teacher" if name == unsure else "student")  # a confidence at the threshold stays
        assert same(found, high if name == unsure else low) and not same(low, high)
        assert found.regions == (high if name == unsure else low).regions
        assert [(r.region, r.x, r.y, r.width, r.height) for r in low.regions] == [
            (r.region, r.x, r.y, r.width, r.height) for r in high.regions
        ]
        if name == unsure:
            assert same(found.student, low) and found.megapixels == low.megapixels + high.megapixels
            assert found.seconds > found.student.seconds > 0
        else:
            assert found.student is None and found.megapixels == low.megapixels


def test_the_teacher_reads_the_images_that_tile_slide_writes(slides, between, tmp_path):
    _, both = readers(between[0], "100")
    path = slides / "b.svs"
    reading = both.read(SlideToRead("b", str(path)), tmp_path / "out")
    cut_slide(tmp_path / "study", path, slide="b", multiple=128)
    with zipfile.ZipFile(tmp_path / "study/regions.zip") as images:
        pixels = [np.asarray(Image.open(io.BytesIO(images.read(name)))) for name in sorted(images.namelist())]
    model = open_model(load_package(between[0]).teacher.weights)
    expected = [probabilities_of(model.run([one.transpose(2, 0, 1)]).logits)[0].tolist() for one in pixels]
    assert reading.probabilities.tolist() == expected and len(expected) == 2
    highest = reading.probabilities.max(0)  # by the teacher's own aggregation
    assert reading.answer == pytest.approx(highest / highest.sum(), abs=1e-15)


def test_tables_page_and_last_lines_say_who_read_what_and_at_what_cost(slides, between, tmp_path, capsys):
    folder, unsure, sure = between
    out = tmp_path / "out"
    command.main(["read", str(folder), str(slides), "--out", str(out), "--refer"])
    said = capsys.readouterr().err
    rows = {row["slide"]: row for row in files.read_rows(out / "readings.csv")}
    assert (rows[unsure]["read_by"], rows[sure]["read_by"]) == ("teacher", "student")
    referred = rows[unsure]
    assert float(referred["seconds"]) > float(referred["teacher_seconds"]) > 0
    assert float(referred["megapixels"]) > float(referred["teacher_megapixels"]) > float(referred["megapixels"]) / 2
    assert 0.5 <= float(referred["student_confidence"]) < float(rows[sure]["confidence"])
    assert referred["student_class"] in CLASSES and referred["positive"] == "yes"  # the teacher's threshold is 0
    empty = ("student_class", "student_confidence", "teacher_seconds", "teacher_megapixels")
    assert [rows[sure][name] for name in empty] == [""] * 4
    regions = pq.read_table(out / "regions.parquet").to_pylist()
    assert {(row["slide"], row["read_by"]) for row in regions} == {(unsure, "teacher"), (sure, "student")}
    low, high = (sum(float(row[name] or 0) for row in rows.values()) for name in ("seconds", "teacher_seconds"))
    sentence = (
        "of 2 slides the student was not sure enough of 1 (50.0 %), which the teacher read again at 10x (1.0 µm/px)."
    )
    promise = "Validation promised 25.0 % (1 of 4 slides; the share that it chose)."
    for text in (said, (out / "readings.html").read_text(encoding="utf-8")):
        assert sentence in text and promise in text
    seconds = [float(word) for word in said.split("Seconds: ")[1].split()[::6][:2]]
    assert seconds == pytest.approx([low - high, high], abs=0.1)
    assert read_slides(folder, slides, out, refer="chosen")  # again: all stand
    assert "2 slides of 2 were read before" in (again := capsys.readouterr().err) and sentence in again


def test_pictures_show_what_the_reader_of_the_answer_saw(slides, between, tmp_path):
    folder, unsure, sure = between
    read_slides(folder, slides, tmp_path / "both", refer="chosen")
    for name, package in ((unsure, folder / "teacher"), (sure, folder)):
        read_slides(package, slides / f"{name}.svs", tmp_path / name)
        for path_of in (overlay_of, preview_of, geojson_of, ome_of):
            one, alone = ((tmp_path / run / path_of(name)).read_bytes() for run in ("both", name))
            assert one == alone, path_of(name)


@pytest.mark.parametrize("asked, number", [("0", 0), ("100", 2), ("100.0%", 2)])
def test_another_share_refers_by_its_own_threshold(slides, between, tmp_path, asked, number):
    command.main(
        ["read", str(between[0]), str(slides), "--out", str(tmp_path), "--refer-share", asked, "--no-pictures"]
    )
    rows = files.read_rows(tmp_path / "readings.csv")
    assert [row["read_by"] for row in rows].count("teacher") == number


def test_a_share_or_teacher_or_threshold_that_is_missing_is_named(between, tmp_path, slides):
    package = load_package(between[0])
    with pytest.raises(
        InputError, match="no threshold for a share of 7 %, but for 0, 100; write one of these after --re"
    ):
        choose_referring(package, "level", "7")
    for pixels, referring in (("averaged", []), ("level", []), ("level", None)):
        chosen = [choices(pixels="level", referral=referring)] if referring is not None else []
        broken = replace(package, about=replace(package.about, choices=chosen))
        with pytest.raises(InputError, match=f"no threshold of referral for slides read with pixels {pixels}, because"):
            choose_referring(broken, pixels, "chosen")
    with pytest.raises(
        InputError, match=r"has no folder teacher, which holds the teacher .*\(teacher-seed0\); copy the"
    ):
        choose_referring(replace(package, teacher=None), "level", "chosen")
    with pytest.raises(
        InputError, match="has no teacher to refer slides to; name a student's package, or read without"
    ):
        read_slides(between[0] / "teacher", slides, tmp_path / "out", refer="chosen")
    assert not (tmp_path / "out").exists()


def test_a_folder_holds_readings_of_one_setting_of_referral(slides, between, tmp_path):
    out = tmp_path / "out"
    read_slides(between[0], slides, out, pictures=False, refer="chosen")
    for refer, words in (("", "without --refer"), ("100", "with --refer-share 100")):
        with pytest.raises(InputError, match=f"holds readings made with --refer, not {words}; write the same words as"):
            read_slides(between[0], slides, out, pictures=False, refer=refer)
    read_slides(between[0], slides, tmp_path / "plain", pictures=False)
    with pytest.raises(InputError, match="holds readings made without --refer, not with --refer-share 0;"):
        read_slides(between[0], slides, tmp_path / "plain", pictures=False, refer="0")


def test_a_slide_that_the_teacher_cannot_read_keeps_the_students_answer_with_a_warning(between, tmp_path, capsys):
    write_slide(tmp_path / "coarse/s.svs", draw_tissue(576, 608, PIECES["a"]), mpp=1.5)
    assert read_slides(between[0], tmp_path / "coarse", tmp_path / "out", refer="100")
    (row,) = files.read_rows(tmp_path / "out/readings.csv")
    assert (row["state"], row["read_by"], row["teacher_seconds"]) == ("read", "student", "")
    assert "the teacher could not read the slide: its pixels are 1.5 µm wide, too coarse for 10x" in row["warning"]
    assert "--pixels level" not in row["warning"]  # the teacher cannot
    assert "1 of these the teacher could not read: the student's answer stands." in capsys.readouterr().err


def test_a_file_that_changes_before_the_teacher_reads_it_is_no_reading(slides, between, tmp_path, monkeypatch):
    path = tmp_path / "s.svs"
    path.write_bytes((slides / "a.svs").read_bytes())
    _, both = readers(between[0], "100")
    say = referral.say
    monkeypatch.setattr(referral, "say", lambda text: (path.write_bytes(path.read_bytes() + b"more"), say(text)))
    reading = both.read(SlideToRead("s", str(path)), tmp_path / "out")
    assert (reading.state, reading.reason, len(reading.regions)) == ("unreadable", CHANGED, 0)


def test_a_share_far_from_the_promised_one_is_a_warning(slides, tmp_path, monkeypatch, capsys):
    """Twenty slides, all less sure than a threshold that referred 2 of 40 validation slides."""
    few = Referral(asked="chosen", threshold=1.0, share=0.05)
    package = write_pair(tmp_path, choices=[choices(pixels="level", units=40, referral=[few])])
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("\n".join(["slide,path", *(f"s{k:02},s{k:02}.svs" for k in range(referral_share.FEWEST))]))
    for k in range(referral_share.FEWEST):
        (tmp_path / f"s{k:02}.svs").write_bytes((slides / "a.svs").read_bytes())
    words = "These slides are not like those of the study: 100.0 % were referred, where validation promised 5.0 %;"
    plain = slide_reading.SlideReader.read
    kept = {}

    def read(self, slide, folder, is_masked=False):  # the slides are one slide
        key = self.package.about.name
        if key not in kept:
            kept[key] = plain(self, slide, folder, is_masked)
        return replace(kept[key], slide=slide.slide)

    monkeypatch.setattr(slide_reading.SlideReader, "read", read)
    read_slides(package, sheet, tmp_path / "out", pictures=False, refer="chosen")
    assert f"WARNING: {words}" in capsys.readouterr().err
    sheet.write_text("\n".join(sheet.read_text().splitlines()[:-1]))  # one slide fewer than are enough
    read_slides(package, sheet, tmp_path / "few", pictures=False, refer="chosen")
    assert "WARNING" not in capsys.readouterr().err


def test_a_threshold_below_which_every_slide_is_has_no_number(between):
    assert choose_referring(load_package(between[0]), "level", "100").threshold == math.inf


@pytest.mark.slow
def test_referral_imports_neither_pandas_nor_snakemake_nor_matplotlib(slides, between, tmp_path):
    code = (
        "import sys; from lowpower.reading.reading_run import read_slides\n"
        f"read_slides({str(between[0])!r}, {str(slides)!r}, {str(tmp_path)!r}, refer='chosen')\n"
        "print(sorted({'pandas', 'snakemake', 'matplotlib', 'sklearn', 'torch'} & {*sys.modules}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": str(SCRIPTS)}, check=False
    )
    assert run.stdout == "[]\n", run.stderr[-2000:]
