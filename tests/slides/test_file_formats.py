"""What may differ between two slides of one tissue: format, scale, empty areas; and what never leaves a slide."""

import zipfile

import numpy as np
import openslide
import pytest
import tifffile
from format_files import KIND, SCALE, TILE, WRITERS, tile_jpeg, write_dicom
from mirax_file import write_mirax
from PIL import Image
from slide_files import cut_slide, draw_tissue, write_slide

from lowpower import files
from lowpower.magnification import mpp_of
from lowpower.slides.annotation import scan_corner
from lowpower.slides.downsampling import area_mean
from lowpower.slides.overview import UNREADABLE
from lowpower.slides.resampling import choose_scale, read_area
from lowpower.slides.slide import open_slide

PIECE = (300, 400, 400, 600)  # y, x, height, width at 0.5 µm
EVERY = WRITERS | {"mirax": write_mirax}
SIDES = ("x", "y", "width", "height")
STATES = ("check_slide", "mask_tissue", "tile_slide")


def images_of(folder):
    with zipfile.ZipFile(folder / "regions.zip") as archive:
        return [files.decode(archive.read(name)).astype(int) for name in archive.namelist()]


def read_box(path, mpp, um):
    """The pixels of a box at 10x, as they are before the JPEG."""
    with open_slide(path) as slide:
        return read_area(slide, choose_scale(slide.level_downsamples, 1 / mpp), *um).astype(int)


def numbers_of(folder, *names):
    return [[float(row[name]) for name in names] for row in files.read_rows(folder / "regions.csv")]


@pytest.mark.slow
@pytest.mark.parametrize("magnification", [10, 5])
@pytest.mark.parametrize("name", EVERY)
def test_every_format_gives_the_same_region(tmp_path, name, magnification):
    image = draw_tissue(1024, 1536, [PIECE])
    path = EVERY[name](tmp_path, image)
    states = cut_slide(tmp_path / "out", path, magnification=magnification, multiple=32)
    assert [state["step"] for state in states] == list(STATES) and states[-1]["reason"] == ""
    checked = states[0]
    assert (checked["vendor"], checked["mpp"], checked["mpp_source"]) == (name.split(",")[0], 0.5, "slide")
    (row,) = files.read_rows(tmp_path / "out/regions.csv")
    reduction = round(mpp_of(magnification) / 0.5)
    # Hamamatsu's further levels are OpenSlide's own, every power of two; the others have 1 and 4
    stored = reduction == 4 or name == "hamamatsu"
    level = {10: 1, 5: 2}[magnification] if name == "hamamatsu" else int(stored)
    assert (row["reader"], int(row["level"]), float(row["level_downsample"]), float(row["mpp"])) == (
        "tifffile" if name in ("aperio", "generic-tiff") else "openslide",
        level, reduction if stored else 1, mpp_of(magnification),
    )  # fmt: skip
    assert row["resampling"] == ("as stored" if stored else "mean 2x2")
    x, y, width, height = (int(row[side]) for side in SIDES)
    assert x <= 400 < 1000 <= x + width and y <= 300 < 700 <= y + height
    expected = area_mean(image[y : y + height, x : x + width], reduction)
    (region,) = images_of(tmp_path / "out")
    assert np.abs(region - expected).mean() < 2.5 < np.abs(region[:, 1:] - expected[:, :-1]).mean()  # of two JPEGs


@pytest.mark.slow
def test_the_two_scales_of_a_cohort_show_the_same_field(tmp_path):
    """What is 40x is drawn; what is 20x is its area mean. In the end both are means of the same pixels."""
    fine = draw_tissue(2200, 3200, [tuple(2 * side for side in PIECE), (1500, 300, 400, 500)])
    for name, image, mpp in (("40x", fine, 0.25), ("20x", area_mean(fine, 2), 0.5)):
        cut_slide(tmp_path / name, write_slide(tmp_path / f"{name}.svs", image, mpp))
    boxes = {name: np.array(numbers_of(tmp_path / name, *SIDES)) for name in ("40x", "20x")}
    assert len(boxes["20x"]) == 2 and np.array_equal(boxes["40x"] * 0.25, boxes["20x"] * 0.5)  # µm
    shares = [np.array(numbers_of(tmp_path / name, "tissue")) for name in ("40x", "20x")]
    assert np.abs(np.subtract(*shares)).max() < 0.002  # a pixel of the mask, by rounding
    same = ("px_width", "px_height", "mpp")
    assert numbers_of(tmp_path / "40x", *same) == numbers_of(tmp_path / "20x", *same)
    for um in boxes["20x"] * 0.5:
        fields = [
            read_box(tmp_path / f"{name}.svs", mpp, um.astype(int)) for name, mpp in (("40x", 0.25), ("20x", 0.5))
        ]
        assert fields[0].shape == fields[1].shape == (um[3], um[2], 3)
        assert np.abs(np.subtract(*fields)).max() <= 1  # rounded once, and twice


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["tissue", "grid"])
def test_where_nothing_is_rounded_the_two_scales_give_the_same_bytes(tmp_path, unit):
    coarse = draw_tissue(1100, 1600, [PIECE])
    for name, image, mpp in (("40x", coarse.repeat(2, 0).repeat(2, 1), 0.25), ("20x", coarse, 0.5)):
        path = write_slide(tmp_path / f"{name}.svs", image, mpp, reductions=())
        cut_slide(tmp_path / name, path, unit=unit)
    assert len(images_of(tmp_path / "20x")) == {"tissue": 1, "grid": 4}[unit]
    for made in ("regions.zip", "mask.png"):
        assert (tmp_path / "40x" / made).read_bytes() == (tmp_path / "20x" / made).read_bytes()


@pytest.mark.slow
def test_empty_areas_are_white_and_no_tissue(tmp_path):
    """A scanner leaves out tiles in which it saw nothing; OpenSlide gives them as transparent."""
    image = draw_tissue(1024, 1536, [PIECE])
    image[:256] = image[:, :256] = 0  # black, were transparency dropped
    with tifffile.TiffWriter(tmp_path / "a.tif") as out:
        out.write(image, compression="zlib", **KIND, **SCALE)
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+b") as file:
        page = file.pages[0]
        left_out = [tile < 6 or tile % 6 == 0 for tile in range(24)]
        counts = [0 if gone else count for gone, count in zip(left_out, page.databytecounts, strict=True)]
        page.tags["TileByteCounts"].overwrite(counts)
    *_, tiled = cut_slide(tmp_path / "out", tmp_path / "a.tif", multiple=512)
    assert tiled["state"] == "usable" and tiled["regions"] == 1
    ((top,),) = numbers_of(tmp_path / "out", "y")  # the region grew into what is empty
    (region,) = images_of(tmp_path / "out")
    empty = region[: int(256 - top) // 2 - 8]
    assert len(empty) > 100 and empty.min() > 250
    with Image.open(tmp_path / "out/mask.png") as mask:
        found = np.argwhere(np.asarray(mask))
    assert found.min() >= 256 // 16


def test_a_mirax_slide_has_the_pixels_of_its_images_and_white_where_none_was_taken(tmp_path):
    image = draw_tissue(1024, 1536, [PIECE])
    missing = {(row, 0) for row in range(4)} | {(1, 5)}
    path = write_mirax(tmp_path, image, missing)
    expected = np.full_like(image, 255)
    for row, column in np.ndindex(4, 6):
        if (row, column) not in missing:
            field = slice(row * TILE, (row + 1) * TILE), slice(column * TILE, (column + 1) * TILE)
            expected[field] = files.decode(tile_jpeg(image[field]))
    assert np.array_equal(read_box(path, 1, (0, 0, 1536, 1024)), expected)  # each stored pixel
    with open_slide(path) as slide:
        assert scan_corner(slide) == (256, 0)
        assert slide.read_region((0, 0), 0, (1, 1)).getpixel((0, 0)) == (0, 0, 0, 0)
    *_, tiled = cut_slide(tmp_path / "out", path, multiple=512)
    assert tiled["state"] == "usable"
    ((x, y, width, height),) = numbers_of(tmp_path / "out", *SIDES)
    assert 0 < x < 256  # the region grew into what is empty
    pixels = read_box(path, 0.5, [round(side / 2) for side in (x, y, width, height)])
    top, left = round(-min(y, 0)) // 2, round(x) // 2
    shown = area_mean(expected, 2)[: len(pixels) - top, left : left + 512]
    assert np.array_equal(pixels[top:], shown) and (pixels[:top] == 255).all()
    (region,) = images_of(tmp_path / "out")
    assert region[:, : 128 - left - 8].min() > 250
    assert np.abs(region[top:] - shown).mean() < 2.5


ALLOWED = {"openslide.vendor", "openslide.mpp-x", "openslide.mpp-y"}


def guard_associated_images(monkeypatch):
    """Label, macro image and thumbnail cannot be opened without the test failing."""

    def opened(*arguments):
        raise AssertionError("an associated image was opened")

    monkeypatch.setattr(openslide.OpenSlide, "associated_images", property(opened))
    monkeypatch.setattr(openslide.lowlevel, "read_associated_image", opened)


@pytest.mark.slow
def test_nothing_that_names_a_person_leaves_a_slide(tmp_path, shared, monkeypatch):
    path = shared / "data/slides/cmu-1-small-region.svs"
    with openslide.OpenSlide(path) as slide:
        assert {"label", "macro"} <= set(slide.associated_images)
        assert {"aperio.User", "aperio.Date", "aperio.Filename"} <= set(slide.properties)
        secrets = {text for name, text in slide.properties.items() if len(text) >= 5 and name not in ALLOWED}
    secrets |= {path.stem, path.stem.upper(), str(path.parent)}
    guard_associated_images(monkeypatch)
    *_, tiled = cut_slide(tmp_path, path)
    assert tiled["state"] == "usable"
    assert_nowhere(tmp_path, secrets)


@pytest.mark.slow
def test_the_patient_of_a_dicom_series_stays_in_it(tmp_path, monkeypatch):
    path = write_dicom(tmp_path, draw_tissue(1024, 1536, [PIECE]))
    with openslide.OpenSlide(path) as slide:
        assert slide.properties["dicom.PatientName"] == "Doe^Jane"
    guard_associated_images(monkeypatch)
    *_, tiled = cut_slide(tmp_path / "out", path)
    assert tiled["state"] == "usable"
    assert_nowhere(tmp_path / "out", {"Doe", "Jane", "level0", "1.2.3"})


def assert_nowhere(folder, secrets):
    written = sorted(path for path in folder.rglob("*") if path.is_file())
    assert len(written) == 8
    for path in written:
        for secret in secrets:
            assert secret.encode() not in path.read_bytes(), f"{secret!r} in {path.name}"
            assert secret not in path.name


@pytest.mark.slow
@pytest.mark.parametrize("pieces", [[PIECE], []])
def test_writing_on_the_glass_is_not_shown(tmp_path, pieces):
    """Black ink on a corner, away from the tissue; and on a slide on which no tissue is found."""
    image = draw_tissue(1100, 1600, pieces)
    image[900:1000, 1300:1550:10] = 20
    states = cut_slide(tmp_path / "out", write_slide(tmp_path / "a.svs", image))
    assert states[-1]["state"] == ("usable" if pieces else "excluded")
    with Image.open(tmp_path / "out/overview.jpg") as overview:
        picture = np.asarray(overview.convert("RGB")).astype(int)
        assert pieces or overview.size == UNREADABLE
    dark = picture.max(axis=2) < 100
    assert not dark.any()
