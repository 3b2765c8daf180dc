"""Stored pixels, read by OpenSlide or from the tiles: the same ones, or OpenSlide's."""

from functools import partial
from types import SimpleNamespace

import imagecodecs
import numpy as np
import pytest
import simplejpeg
import tifffile
from PIL import Image
from slide_files import cut_slide, draw_tissue, write_slide

from lowpower import files, rng
from lowpower.slides import pyramid, slide_reader, tiff_tiles
from lowpower.slides.excluded_slide import ExcludedSlide
from lowpower.slides.resampling import Scale, read_area
from lowpower.slides.slide import open_slide
from lowpower.slides.slide_reader import PlainReader
from lowpower.slides.tiff_tiles import blend_on_white

TISSUE = draw_tissue(1200, 1600, [(100, 150, 900, 1300)])
BOXES = [(0, 0, 256, 256), (512, 256, 256, 256), (130, 70, 700, 500), (-40, -30, 100, 90), (1500, 1100, 300, 300)]
OUTSIDE = [(-300, 20, 100, 100), (5000, 5000, 60, 50), (100, 1210, 60, 50), (1610, 100, 60, 50)]


def write_tiff(path, image, how=None, **kind):
    """A plain tiled TIFF, which OpenSlide calls generic-tiff."""
    kind = {"tile": (240, 256), "photometric": "rgb", "compression": "jpeg", "metadata": None, "software": False} | kind
    with tifffile.TiffWriter(path) as out:
        out.write(image, **kind)
        out.write(image[::2, ::2].copy(), subfiletype=1, **kind)
    return path


def areas_of(slide, level, of_plain):
    picked = PlainReader(slide, level) if of_plain else slide.reader(level)
    for x, y, width, height in BOXES + OUTSIDE:
        out = np.empty((height, width, 3), np.uint8)
        picked.fill(out, x, y)
        yield out


def aperio(path, **how):
    return write_slide(path, TISSUE, reductions=(4,), compression="jpeg", **how)


def demo(path):
    pyramid.write_slide(path, TISSUE, 0.5)
    return path


def subsampled(path):
    return write_tiff(path, TISSUE, subsampling=(2, 1))


def bigtiff(path):
    with tifffile.TiffWriter(path, bigtiff=True) as out:
        out.write(TISSUE, tile=(256, 256), photometric="rgb", compression="jpeg")
    return path


def unmixed(path):
    """Red, green and blue as they are, not as YCbCr, with nothing in the data that says so: as Aperio's own files."""
    return write_tiff(path, TISSUE, compressionargs={"outcolorspace": "rgb"})


@pytest.mark.slow
@pytest.mark.parametrize("cache", [tiff_tiles.CACHE, 1_000_000, 1])
@pytest.mark.parametrize("write", [aperio, demo, subsampled, unmixed, bigtiff])
def test_tiles_are_openslides_pixels(tmp_path, monkeypatch, write, cache):
    monkeypatch.setattr(tiff_tiles, "CACHE", cache)
    with open_slide(write(tmp_path / "a.svs")) as slide:
        for level in range(slide.level_count):
            assert slide.reader(level).name == "tifffile"
            for mine, theirs in zip(areas_of(slide, level, False), areas_of(slide, level, True), strict=True):
                assert np.array_equal(mine, theirs)


@pytest.mark.parametrize("scale", [Scale(0, 1, 1), Scale(0, 1, 2), Scale(0, 1, 5), Scale(0, 1, 2.3), Scale(1, 4, 1.7)])
def test_an_area_is_the_same_by_either_reader(tmp_path, monkeypatch, scale):
    path = aperio(tmp_path / "a.svs")
    with open_slide(path) as slide:
        fast = read_area(slide, scale, x=-3, y=11, width=150, height=130)
        assert slide.reader(scale.level).name == "tifffile"
    monkeypatch.setattr(slide_reader, "PROVEN", ())
    with open_slide(path) as slide:
        assert np.array_equal(read_area(slide, scale, x=-3, y=11, width=150, height=130), fast)
        assert slide.reader(scale.level).name == "openslide"


def deflated(path):
    return write_slide(path, TISSUE)


def jpeg_2000(path):
    head = "Aperio Image Library v12.0.15\r\n1600x1200 [0,0 1600x1200] (256x256) J2K/KDU Q=70|AppMag = 20|MPP = 0.5"
    with tifffile.TiffWriter(path) as out:
        kind = {"tile": (256, 256), "compression": "aperio_jp2000_rgb", "photometric": "rgb", "metadata": None}
        out.write(TISSUE, description=head, **kind)
    return path


@pytest.mark.parametrize("write", [deflated, jpeg_2000])
def test_other_tiles_are_left_to_openslide(tmp_path, write):
    with open_slide(write(tmp_path / "a.svs")) as slide:
        assert slide.reader(0).name == "openslide"


def test_a_level_between_two_pixels_is_left_to_openslide(tmp_path):
    with open_slide(write_slide(tmp_path / "a.svs", TISSUE[:1198], reductions=(4,), compression="jpeg")) as slide:
        assert slide.level_downsamples[1] != 4
        assert [slide.reader(level).name for level in (0, 1)] == ["tifffile", "openslide"]


@pytest.mark.parametrize("rows", [1200, 1199])
def test_what_lies_left_of_and_above_the_slide_moves_nothing(tmp_path, rows):
    kind = {"tile": (240, 256), "photometric": "rgb", "compression": "zlib"}
    with tifffile.TiffWriter(tmp_path / "a.tif") as out:
        out.write(TISSUE[:rows], **kind)
        out.write(TISSUE[: rows // 2 * 2 : 2, ::2].copy(), subfiletype=1, **kind)
    with open_slide(tmp_path / "a.tif") as slide:
        assert (slide.level_downsamples[1] == 2) == (rows == 1200)  # 2.0008: half of the rows, rounded down
        inside, outside = np.empty((2, 100, 120, 3), np.uint8)
        PlainReader(slide, 1).fill(inside, 0, 0)
        PlainReader(slide, 1).fill(outside, -7, -5)
    assert np.array_equal(outside[5:, 7:], inside[:-5, :-7])
    assert (outside[:5] == 255).all() and (outside[:, :7] == 255).all()


def test_a_slide_whose_tiles_are_not_openslides_pixels_is_left_to_it(tmp_path, monkeypatch):
    faster = partial(simplejpeg.decode_jpeg, fastupsample=True)  # off by a few, where the color is subsampled
    monkeypatch.setattr(tiff_tiles, "simplejpeg", SimpleNamespace(decode_jpeg=faster))
    with open_slide(aperio(tmp_path / "a.svs")) as slide:
        assert slide.reader(0).name == "openslide"


def test_a_missing_tile_is_left_to_openslide(tmp_path):
    path = aperio(tmp_path / "a.svs")
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        tag = tiff.pages[0].tags["TileByteCounts"]
        tag.overwrite([0, *tag.value[1:]])
    with open_slide(path) as slide:
        assert slide.reader(0).name == "openslide"


def damage(path, how):
    """Spoil one tile that open_reader does not look at, the second of the last row of five."""
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages[0]
        index = 4 * (-(-page.imagewidth // page.tilewidth)) + 1
        offset, count = page.dataoffsets[index], page.databytecounts[index]
    data = bytearray(path.read_bytes())
    tile = data[offset : offset + count]
    data[offset : offset + count] = how(tile, count)
    path.write_bytes(data)
    return index


def zeroed(tile, count):
    return tile[: count // 2] + bytes(count - count // 2)


def holed(tile, count):
    return tile[: count // 3] + bytes(count // 3) + tile[count // 3 * 2 :]


def headless(tile, count):
    return b"abcd" + tile[4:]


def smaller(tile, count):
    at = tile.index(b"\xff\xc0") + 5
    return tile[:at] + (128).to_bytes(2, "big") + tile[at + 2 :]


@pytest.mark.parametrize("how", [zeroed, holed, headless, smaller])
def test_a_damaged_tile_excludes_the_slide(tmp_path, capsys, how):
    path = aperio(tmp_path / "a.svs")
    damage(path, how)
    for by_tiles in (True, False):
        with open_slide(path) as slide:
            if not by_tiles:
                slide._readers[0] = PlainReader(slide, 0)
            assert slide.reader(0).name == ("tifffile" if by_tiles else "openslide")
            with pytest.raises(ExcludedSlide, match="damaged"):
                read_area(slide, Scale(0, 1, 1), x=200, y=1000, width=300, height=200)
    *_, tiled = cut_slide(tmp_path / "out", path)
    assert tiled["state"] == "excluded" and "damaged" in tiled["reason"]


@pytest.mark.slow
def test_the_table_says_which_reader_it_was(tmp_path, monkeypatch):
    for name, expected in (("jpeg", "tifffile"), ("zlib", "openslide")):
        path = write_slide(tmp_path / f"{name}.svs", TISSUE, reductions=(), compression=name)
        cut_slide(tmp_path / name, path)
        assert {row["reader"] for row in files.read_rows(tmp_path / name / "regions.csv")} == {expected}


def test_a_closed_slide_keeps_no_file_open(tmp_path):
    with open_slide(aperio(tmp_path / "a.svs")) as slide:
        opened = slide.reader(0).file
    assert opened.closed


@pytest.mark.parametrize("shape", [(64, 64), (333, 257), (7, 1000)])
@pytest.mark.parametrize("quality", [50, 95, 100])
def test_regions_are_encoded_as_files_does(shape, quality):
    image = rng.generator(0, "encode", *shape).integers(0, 256, (*shape, 3)).astype(np.uint8)
    for pixels in (image, TISSUE[200 : 200 + shape[0], 300 : 300 + shape[1]].copy()):
        assert imagecodecs.jpeg8_encode(pixels, quality, subsampling="444") == files.encode(pixels, quality)


def test_transparent_becomes_white_not_black():
    image = Image.new("RGBA", (3, 1), (0, 0, 0, 0))
    image.putpixel((1, 0), (10, 20, 30, 255))
    image.putpixel((2, 0), (0, 0, 0, 51))
    assert np.asarray(blend_on_white(image)).tolist() == [[[255] * 3, [10, 20, 30], [204] * 3]]
