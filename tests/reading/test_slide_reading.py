"""One slide read alone gives, bit for bit, the numbers that the study's rules gave among other slides."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from level_files import cut
from package_files import CLASSES, choices, write_package
from project_paths import SCRIPTS
from safetensors.numpy import load_file
from slide_files import draw_tissue, write_slide

from lowpower import files
from lowpower.config.package import WEIGHTS
from lowpower.errors import InputError
from lowpower.evaluation.aggregation import Aggregation
from lowpower.evaluation.calibration import tempered
from lowpower.inference.model import open_model
from lowpower.inference.prediction import predict
from lowpower.reading.package_folder import load_package
from lowpower.reading.slide_reading import CHANGED, SlideReader, SlideToRead
from lowpower.slides.level_regions import read_level
from lowpower.tables.unit_judging import units

SHARED = (300, 80, 260, 300)  # a piece that both slides have: its regions share a pass of the study
PIECES = {"A": [SHARED, (40, 700, 500, 360), (700, 200, 300, 420)], "B": [SHARED, (700, 500, 120, 120)]}


@pytest.fixture(scope="module")
def slides(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slides")
    return {
        name: write_slide(folder / f"{name}.svs", draw_tissue(1152, 1216, pieces), compression="jpeg")
        for name, pieces in PIECES.items()
    }


@pytest.fixture(scope="module")
def study(slides, tmp_path_factory):
    """Indexes of both slides' regions at 10x, 2.5x and of levels, and their splits."""
    folder = tmp_path_factory.mktemp("study")
    indexes = {name: [] for name in ("10x", "2.5x", "2.5x-level")}
    for slide, path in slides.items():
        read_level(**cut(folder / slide, path, 4, slide=slide))
        for index, zip_name, n in (("10x", "regions", 1), ("2.5x", "low", 4), ("2.5x-level", "level", 4)):
            indexes[index] += [
                {
                    "region": row["region"], "slide": slide, "zip": f"{slide}/{zip_name}.zip",
                    "member": row["member"] if n == 1 else row["member"].replace("jpg", "png"),
                    "width": int(row["px_width"]) // n, "height": int(row["px_height"]) // n,
                    "area_mm2": row["area_mm2"], "annotation": "", "fingerprint": "",
                }
                for row in files.read_rows(folder / slide / "regions.csv")
            ]  # fmt: skip
    for name, rows in indexes.items():
        files.write_rows(folder / f"{name}.csv", list(rows[0]), rows)
    blank = dict.fromkeys(("site", "label", "true_label", "labeled_rank", "unlabeled_rank"), "")
    rows = [blank | {"seed": 0, "slide": slide, "patient": slide, "split": "test"} for slide in slides]
    files.write_rows(folder / "splits.csv", list(rows[0]), rows)
    return folder


@pytest.fixture(scope="module")
def student(tmp_path_factory):
    return load_package(write_package(tmp_path_factory.mktemp("student")))


def reader_of(package, pixels=None, **how):
    return SlideReader(package, open_model(package.weights), pixels, **how)


@pytest.mark.parametrize("network", ["resnet10", "color"])
@pytest.mark.parametrize("magnification, pixels", [(2.5, "averaged"), (2.5, "level"), (10, "averaged")])
def test_a_slide_gives_the_numbers_of_predictions_bit_for_bit(slides, study, tmp_path, magnification, pixels, network):
    mean, std = ([0.0] * 3, [1.0] * 3) if network == "color" else ([0.7, 0.5, 0.6], [0.2, 0.25, 0.2])
    package = load_package(write_package(tmp_path / "package", magnification, network=network, mean=mean, std=std))
    scale = f"{magnification}x"
    level = study / f"{scale}-level.csv" if magnification < 10 else None
    predict(
        package.folder / WEIGHTS, study / f"{scale}.csv", study / "splits.csv", 0, ["test"], 4, False,
        tmp_path / "predictions.parquet", level,
    )  # fmt: skip
    rows = pq.read_table(tmp_path / "predictions.parquet").to_pylist()
    expected = {row["region"]: row for row in rows if row["pixels"] == pixels}
    read = reader_of(package, pixels)
    readings = [read.read(SlideToRead(slide, str(path)), tmp_path / "out") for slide, path in slides.items()]
    found = {
        region.region: (region.area_mm2, *numbers)
        for reading in readings
        for region, numbers in zip(reading.regions, reading.probabilities.tolist(), strict=True)
    }
    assert found == {
        region: (row["area_mm2"], *(row[f"p_{name}"] for name in CLASSES)) for region, row in expected.items()
    }
    assert len(found) == 5 and len({row[0] for row in found.values()}) == 4  # one piece is on both slides


@pytest.mark.parametrize("bags", ["mean", "attention"])
def test_a_model_trained_on_bags_gives_its_own_answer_bit_for_bit(slides, study, tmp_path, bags):
    chosen = [choices(pixels="averaged", aggregation="attention"), choices("region")]
    package = load_package(write_package(tmp_path / "package", bags=bags, choices=chosen))
    table = tmp_path / "predictions.parquet"
    index = study / "2.5x.csv"
    predict(package.folder / WEIGHTS, index, study / "splits.csv", 0, ["test"], 4, False, table)
    frame = pd.read_parquet(table).assign(label="Normal")
    judged = units(frame, "slide", CLASSES, False, Aggregation("attention"))
    read = reader_of(package, "averaged")
    for k, (slide, path) in enumerate(slides.items()):
        reading = read.read(SlideToRead(slide, str(path)), tmp_path / "out")
        assert reading.answer.tolist() == judged.probabilities[k].tolist()
    assert frame["attention"].any() == (bags == "attention")


def test_the_answer_of_a_slide_is_made_of_its_regions_as_validation_chose(slides, tmp_path):
    chosen = [choices(pixels="level", aggregation="max", temperature=3.0), choices("region", "level")]
    package = load_package(write_package(tmp_path / "package", choices=chosen))
    reading = reader_of(package, "level").read(SlideToRead("A", str(slides["A"])), tmp_path / "out")
    highest = reading.probabilities.max(0)
    assert reading.answer == pytest.approx(highest / highest.sum(), abs=1e-15)
    assert np.array_equal(reading.answer_calibrated, tempered(reading.answer[None], 3.0)[0])
    assert np.array_equal(reading.calibrated, tempered(reading.probabilities, 2.0))
    exponents = np.exp(reading.logits.astype(float))
    assert reading.probabilities == pytest.approx(exponents / exponents.sum(1, keepdims=True), abs=1e-12)


def test_a_reading_holds_boxes_areas_costs_and_maps_if_asked(slides, student, tmp_path):
    averaged, level = (
        reader_of(student, pixels, keep_maps=True).read(SlideToRead("A", str(slides["A"])), tmp_path)
        for pixels in ("averaged", "level")
    )
    assert [region.region for region in level.regions] == ["A_00000", "A_00001", "A_00002"]
    for region, one in zip(level.regions, level.maps, strict=True):
        assert one.shape == (256, region.px_height // 128, region.px_width // 128)
        assert region.width == 2 * region.px_width  # 0.5 µm at level 0, 1.0 at 10x
    head = load_file(student.weights)
    pooled = np.stack([one.mean((1, 2)) for one in level.maps])
    logits = pooled @ head["head.weight"].T + head["head.bias"]
    assert logits == pytest.approx(level.logits, abs=1e-5)
    assert level.tissue_mm2 == averaged.tissue_mm2 > 0.08
    # the stored level at 2.0 µm is read 2 x 2 to 1; 10x is level 0, 2 x 2 to 1
    assert averaged.megapixels == pytest.approx(16 * level.megapixels)
    if Path("/proc/self/io").exists():
        assert level.bytes_read > 10_000


def test_the_level_is_read_where_the_study_tested_it(tmp_path):
    for pixels, expected in ((["averaged", "level"], "level"), (["averaged"], "averaged")):
        package = load_package(write_package(tmp_path / expected, pixels=pixels))
        assert reader_of(package).pixels == expected
    with pytest.raises(InputError, match="was not tested on pixels level, but on averaged; write one of these"):
        reader_of(package, "level")


def test_a_slide_too_coarse_for_the_teacher_is_read_from_its_levels_and_one_too_coarse_for_both_is_not(
    student, tmp_path
):
    image = draw_tissue(576, 608, [(20, 350, 250, 180)])
    for mpp, state, level in ((1.5, "read", 1), (6, "unreadable", 0)):
        path = str(write_slide(tmp_path / f"{mpp}.svs", image, mpp=mpp))
        reading = reader_of(student, "level").read(SlideToRead("s", path), tmp_path)
        assert reading.state == state and len(reading.regions) == level
        too_coarse = reader_of(student, "averaged").read(SlideToRead("s", path), tmp_path)
        assert "too coarse for 10x (1.0 µm/px); write --pixels level" in too_coarse.reason
    assert "its pixels are 6 µm wide, too coarse for 2.5x (4.0 µm/px); use a package of a lower" in reading.reason


def test_the_sheet_gives_mpp_mask_and_a_reason_to_exclude(slides, student, tmp_path):
    path = str(write_slide(tmp_path / "s.svs", draw_tissue(576, 608, [(20, 350, 250, 180)]), mpp=None))
    read = reader_of(student)
    assert "no mpp" in read.read(SlideToRead("s", path), tmp_path).reason
    assert read.read(SlideToRead("s", path, mpp=0.5), tmp_path).state == "read"
    mask = np.zeros((576, 608), np.uint8)
    mask[:256, :256] = 255
    (tmp_path / "mask.png").write_bytes(files.encode(mask))
    (region,) = read.read(SlideToRead("s", path, mpp=0.5, mask=str(tmp_path / "mask.png")), tmp_path).regions
    assert (region.x, region.y, region.width) == (0, 0, 256)
    excluded = read.read(SlideToRead("s", "nowhere.svs", exclude="folded"), tmp_path)
    assert (excluded.state, excluded.reason) == ("excluded", "the sheet excludes it: folded")


@pytest.mark.parametrize("change", [lambda path: path.write_bytes(path.read_bytes() + b"more"), Path.unlink])
def test_a_file_that_grows_or_vanishes_while_it_is_read_is_no_reading(slides, student, tmp_path, monkeypatch, change):
    (tmp_path / "s.svs").write_bytes(slides["B"].read_bytes())
    read = reader_of(student)
    plain = read.model.run

    def run(images):
        if not (tmp_path / "changed").exists():
            change(tmp_path / "s.svs")
            (tmp_path / "changed").touch()
        return plain(images)

    monkeypatch.setattr(read.model, "run", run)
    reading = read.read(SlideToRead("s", str(tmp_path / "s.svs")), tmp_path / "out")
    assert (reading.state, reading.reason, len(reading.regions)) == ("unreadable", CHANGED, 0)


@pytest.mark.slow
@pytest.mark.parametrize("pictures", [False, True])
def test_reading_imports_neither_pandas_nor_snakemake_nor_matplotlib(slides, student, tmp_path, pictures):
    code = (
        "import sys; from lowpower.reading.reading_run import read_slides\n"
        f"read_slides({str(student.folder)!r}, {str(slides['B'])!r}, {str(tmp_path)!r}, pictures={pictures})\n"
        "print(sorted({'pandas', 'snakemake', 'matplotlib', 'sklearn', 'jinja2'} & {*sys.modules}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": str(SCRIPTS)}, check=False
    )
    assert run.stdout == ("['jinja2']\n" if pictures else "[]\n"), run.stderr[-2000:]  # only the page needs it
