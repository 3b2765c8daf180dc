"""Reading slides writes their pictures, in place, and the page."""

import json

import numpy as np
import pytest
import tifffile
from package_files import write_package
from PIL import Image
from slide_files import draw_tissue, write_slide

from lowpower import command, files
from lowpower.inference.model import open_model
from lowpower.reading import pictures
from lowpower.reading.package_folder import load_package
from lowpower.reading.reading_run import read_slides
from lowpower.reading.slide_reading import SlideReader, SlideToRead
from lowpower.reading_paths import PAGE, TABLE, geojson_of, ome_of, overlay_of, preview_of
from lowpower.slides.excluded_slide import ExcludedSlide

PIECES = [(20, 350, 250, 180), (300, 40, 200, 200)]  # y, x, height, width at 0.5 µm
EVERY = (overlay_of, preview_of, geojson_of, ome_of)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    write_package(folder / "package")
    write_slide(folder / "slides/s 1.svs", draw_tissue(576, 608, PIECES))
    write_slide(folder / "slides/glass.svs", draw_tissue(576, 608, []))
    return folder


def test_the_logits_at_the_positions_average_to_those_of_the_region(made, tmp_path):
    package = load_package(made / "package")
    reader = SlideReader(package, open_model(package.weights), keep_logit_maps=True)
    reading = reader.read(SlideToRead("s", str(made / "slides/s 1.svs")), tmp_path)
    assert len(reading.logit_maps) == len(reading.regions) == 2
    for one, logits, row in zip(reading.logit_maps, reading.logits, reading.regions, strict=True):
        assert one.shape == (2, row.px_height // 128, row.px_width // 128)
        assert one.mean((1, 2)) == pytest.approx(logits, abs=1e-5)


def test_each_slide_that_is_read_has_its_pictures_and_the_page_shows_them(made, tmp_path, capsys):
    assert not read_slides(made / "package", made / "slides", tmp_path)
    assert all((tmp_path / path_of("s 1")).is_file() for path_of in EVERY)
    assert not any((tmp_path / path_of("glass")).exists() for path_of in EVERY)
    page = (tmp_path / PAGE).read_text(encoding="utf-8")
    assert "pictures/s%2520201.png" not in page and "s 1" in page and "no tissue of at least" in page
    assert str(tmp_path / PAGE) in capsys.readouterr().err
    with Image.open(tmp_path / preview_of("s 1")) as preview:
        assert preview.format == "JPEG"


def test_overlay_geojson_and_image_lie_on_the_tissue(made, tmp_path):
    """Regions of the three files are those of regions.parquet; the slide has 0.5 µm per pixel."""
    read_slides(made / "package", made / "slides", tmp_path)
    features = json.loads((tmp_path / geojson_of("s 1")).read_text(encoding="utf-8"))["features"]
    boxes = [
        np.array(feature["geometry"]["coordinates"][0])
        for feature in features
        if feature["properties"]["objectType"] == "annotation"
    ]
    y, x, height, width = np.array(PIECES).T
    for k, ring in enumerate(boxes):
        left, top = ring.min(0)
        right, bottom = ring.max(0)
        assert left <= x[k] + 8 and top <= y[k] + 8 and right >= x[k] + width[k] - 8
        assert bottom >= y[k] + height[k] - 8
    evidence = tifffile.imread(tmp_path / ome_of("s 1"))
    um = 32 * 4.0 / 4
    for ring in boxes:
        column, row = (ring.mean(0) * 0.5 / um).astype(int)
        assert not np.isnan(evidence[:, row, column]).any()
    assert np.isnan(evidence[:, -1, -1]).all()  # the lower right of the slide is glass
    assert evidence.shape[1] * um >= 576 * 0.5 and evidence.shape[2] * um >= 608 * 0.5


def test_a_second_call_makes_missing_pictures_and_keeps_the_others(made, tmp_path, monkeypatch):
    read_slides(made / "package", made / "slides/s 1.svs", tmp_path, pictures=False)
    assert (tmp_path / TABLE).is_file() and not (tmp_path / PAGE).exists()
    assert not any((tmp_path / path_of("s 1")).exists() for path_of in EVERY)
    read_slides(made / "package", made / "slides/s 1.svs", tmp_path)
    bytes_before = {path_of: (tmp_path / path_of("s 1")).read_bytes() for path_of in EVERY}
    monkeypatch.setattr(SlideReader, "read", None)  # a reading with pictures stands
    read_slides(made / "package", made / "slides/s 1.svs", tmp_path)
    monkeypatch.undo()
    (tmp_path / geojson_of("s 1")).unlink()
    read_slides(made / "package", made / "slides/s 1.svs", tmp_path)
    assert bytes_before == {path_of: (tmp_path / path_of("s 1")).read_bytes() for path_of in EVERY}


def test_a_network_without_a_map_says_so_and_gives_regions_alone(made, tmp_path):
    write_package(tmp_path / "color", network="color", mean=[0.0] * 3, std=[1.0] * 3)
    read_slides(tmp_path / "color", made / "slides/s 1.svs", tmp_path / "out")
    assert not (tmp_path / "out" / ome_of("s 1")).exists()
    features = json.loads((tmp_path / "out" / geojson_of("s 1")).read_text(encoding="utf-8"))["features"]
    assert [feature["properties"]["objectType"] for feature in features] == ["annotation"] * 2
    assert (tmp_path / "out" / overlay_of("s 1")).is_file()
    assert "OME-TIFF" not in (tmp_path / "out" / PAGE).read_text(encoding="utf-8")


def test_a_slide_that_gives_no_picture_keeps_its_answer(made, tmp_path, monkeypatch, capsys):
    def fail(*_):
        raise ExcludedSlide("it is damaged")

    monkeypatch.setattr(pictures, "picture_tissue", fail)
    assert read_slides(made / "package", made / "slides/s 1.svs", tmp_path)
    (row,) = files.read_rows(tmp_path / TABLE)
    assert row["state"] == "read" and not (tmp_path / overlay_of("s 1")).exists()
    assert "WARNING: s 1: not all of its pictures could be made: it is damaged" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_leaves_pictures_out_on_request(made, tmp_path):
    command.main(["read", str(made / "package"), str(made / "slides/s 1.svs"), "--out", str(tmp_path), "--no-pictures"])
    assert (tmp_path / TABLE).is_file() and not (tmp_path / PAGE).exists()
